/* A token for code that has an HTTP client of its own: here, bare libcurl. */
#include <stdio.h>

#include <stay.h>

/* The status of one request that shows the token, or 0. */
static long ask(const char *url, const char *token)
{
    CURL *curl = curl_easy_init();
    long status = 0;

    if (curl == NULL)
        return 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status;
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct stay_token token;
    struct stay *stay;
    long status = 0;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK &&
        stay_get(stay, 5000, &token) == STAY_OK) {
        status = ask("http://127.0.0.1:8080/api/test/user", token.text);
        if (status == 401)
            stay_refused(stay, token.number); // the next one is a new one
        stay_token_clear(&token);
    }
    printf("\n%ld\n", status);
    stay_close(stay);
    return status != 200;
}
