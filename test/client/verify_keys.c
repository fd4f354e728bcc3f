/*
 * The keys of stay_verify: when they are fetched, kept, and given up.
 */
#include <pthread.h>
#include <stdio.h>

#include "check.h"
#include "client/clock.h"
#include "client/issuer.h"
#include "client/verify.h"

enum { THREADS = 8 };

static void unknown_keys(void **state)
{
    struct issuer issuer;

    (void)state;
    issuer_open(&issuer);
    CASE("an unknown key is asked for once a minute and no more");
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_GOOD);
    for (int i = 0; i < 50; i++)
        CHECK_EQ(issuer_ask(&issuer, 3), STAY_VERDICT_UNKNOWN_KEY);
    CHECK_EQ(fake_count(issuer.server, ""), 1);
    clock_shift(VERIFY_PAUSE_MS - 2000);
    CHECK_EQ(issuer_ask(&issuer, 3), STAY_VERDICT_UNKNOWN_KEY);
    CHECK_EQ(fake_count(issuer.server, ""), 1);
    CASE("after the minute a key published meanwhile is found");
    issuer.published[3] = true;
    clock_shift(2000);
    CHECK_EQ(issuer_ask(&issuer, 3), STAY_VERDICT_GOOD);
    CHECK_EQ(fake_count(issuer.server, ""), 2);
    CASE("the others are kept");
    CHECK_EQ(issuer_ask(&issuer, 1), STAY_VERDICT_GOOD);
    CHECK_EQ(fake_count(issuer.server, ""), 2);
    CASE("when they are old they are fetched again");
    clock_shift(VERIFY_LIFE_MS - 2000);
    CHECK_EQ(issuer_ask(&issuer, 1), STAY_VERDICT_GOOD);
    CHECK_EQ(fake_count(issuer.server, ""), 2);
    clock_shift(2000);
    issuer.published[1] = false;
    CHECK_EQ(issuer_ask(&issuer, 1), STAY_VERDICT_UNKNOWN_KEY);
    CHECK_EQ(fake_count(issuer.server, ""), 3);
    issuer_close(&issuer);
}

static void cache_control(void **state)
{
    struct issuer issuer;

    (void)state;
    issuer_open(&issuer);
    CASE("keys are kept for as long as Cache-Control says");
    issuer.cache = "Cache-Control: public, max-age=900\r\n";
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_GOOD);
    clock_shift(898 * 1000);
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_GOOD);
    CHECK_EQ(fake_count(issuer.server, ""), 1);
    issuer.cache = "cache-control: max-age=0\r\n";
    clock_shift(2000);
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_GOOD);
    CHECK_EQ(fake_count(issuer.server, ""), 2);
    CASE("but a minute at least");
    clock_shift(VERIFY_LIFE_MIN_MS - 2000);
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_GOOD);
    CHECK_EQ(fake_count(issuer.server, ""), 2);
    issuer_close(&issuer);
}

static void issuer_down(void **state)
{
    struct issuer issuer;

    (void)state;
    issuer_open(&issuer);
    CASE("without any keys it is not the token's fault");
    issuer.status = 503;
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_NO_KEYS);
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_NO_KEYS);
    CHECK_EQ(fake_count(issuer.server, ""), 1);
    CASE("they are asked for again in five seconds");
    issuer.status = 200;
    clock_shift(VERIFY_PAUSE_FIRST_MS);
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_GOOD);
    CASE("old keys serve while new ones cannot be had");
    issuer.status = 500;
    clock_shift(VERIFY_LIFE_MS);
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_GOOD);
    CHECK_EQ(fake_count(issuer.server, ""), 3);
    CASE("a key that they lack is not the token's fault then");
    CHECK_EQ(issuer_ask(&issuer, 3), STAY_VERDICT_NO_KEYS);
    CASE("a day later they are not believed any more");
    clock_shift(VERIFY_STALE_MS);
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_NO_KEYS);
    issuer_close(&issuer);
}

static const struct set_row {
    const char *name;
    int status;
    const char *text;
} sets[] = {
    {"a page instead of keys",                     200, "<html>sign in</html>"},
    {"a redirect",                                 302, "{\"keys\":[]}"       },
    {"a list",                                     200, "[]"                  },
    {"a shared secret among them",                 200,
     "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"k0\","
     "\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}"               },
    {"a private key among them",                   200,
     "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k0\","
     "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
     "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}]}"               },
    {"two keys of one name",                       200,
     "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k0\","
     "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k0\","
     "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"               },
    {"a name twice, and one of the two is no key", 200,
     "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k0\","
     "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k0\","
     "\"x\":\"AAAA\"}]}"                                                      },
};

static void bad_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sets); i++) {
        struct issuer issuer;

        check_case("no keys: %s", sets[i].name);
        issuer_open(&issuer);
        issuer.status = sets[i].status;
        issuer.instead = sets[i].text;
        CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_NO_KEYS);
        CHECK_EQ(fake_count(issuer.server, ""), 1);
        issuer_close(&issuer);
    }
}

/* ---- Threads ---- */

struct worker {
    struct issuer *issuer;
    const char *token;
    size_t good;
};

static void *run(void *data)
{
    struct worker *worker = data;
    struct stay_claims out;

    for (int i = 0; i < 200; i++) {
        worker->good += stay_verify(worker->issuer->verifier, worker->token,
                                    &out) == STAY_VERDICT_GOOD;
        stay_claims_clear(&out);
    }
    return NULL;
}

static void threads(void **state)
{
    static char text[ISSUER_KEYS][ISSUER_TEXT_MAX];
    char claims[ISSUER_CLAIMS_MAX];
    struct issuer issuer;
    struct worker workers[THREADS];
    pthread_t thread[THREADS];

    (void)state;
    issuer_open(&issuer);
    CASE("eight threads at once: one fetch, and every token is judged good");
    issuer_claims(issuer_good, claims);
    issuer_sign(&issuer, 0, ISSUER_HEADER("EdDSA", "k0"), claims, text[0]);
    issuer_sign(&issuer, 1, ISSUER_HEADER("ES256", "k1"), claims, text[1]);
    issuer_sign(&issuer, 2, ISSUER_HEADER("RS256", "k2"), claims, text[2]);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.issuer = &issuer, .token = text[i % 3]};
        CHECK_EQ(pthread_create(&thread[i], NULL, run, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(thread[i], NULL);
        CHECK_EQ(workers[i].good, 200);
    }
    CHECK_EQ(fake_count(issuer.server, ""), 1);
    issuer_close(&issuer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_keys), cmocka_unit_test(cache_control),
        cmocka_unit_test(issuer_down),  cmocka_unit_test(bad_sets),
        cmocka_unit_test(threads),
    };

    return check_run("client/verify_keys", tests);
}
