/* A service that lets people in by the access tokens of another server. */
#include <stdio.h>

#include <stay.h>

/* The status that a request with this token deserves. */
static int judge(struct stay_verifier *verifier, const char *token)
{
    struct stay_claims claims;
    enum stay_verdict verdict = stay_verify(verifier, token, &claims);
    int status = 401;

    if (verdict == STAY_VERDICT_GOOD)
        status = stay_verify_role(&claims, "user") ? 200 : 403;
    else if (verdict >= STAY_VERDICT_NO_KEYS)
        status = 503; // the token may well be good
    printf("%d %s: %s\n", status, claims.roles, stay_verdict_text(verdict));
    stay_claims_clear(&claims);
    return status;
}

int main(void)
{
    const struct stay_config person = {.url = "http://127.0.0.1:8080"};
    const struct stay_verifier_config config = {
        .keys_url = "http://127.0.0.1:8080/.well-known/jwks.json",
        .issuer = "http://127.0.0.1:8080",
        .audience = "http://127.0.0.1:8080",
    };
    struct stay_verifier *verifier;
    struct stay_token token;
    struct stay *stay;
    int status = 0;

    if (stay_verifier_open(&verifier, &config) != STAY_OK)
        return 1;
    if (stay_open(&stay, &person) == STAY_OK) {
        // In earnest the token comes with somebody's request.
        if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK &&
            stay_get(stay, 0, &token) == STAY_OK) {
            status = judge(verifier, token.text);
            stay_token_clear(&token);
        }
        stay_close(stay);
    }
    stay_verifier_close(verifier);
    return status != 200;
}
