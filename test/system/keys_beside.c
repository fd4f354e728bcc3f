/*
 * Two stayd on one database that were told different algorithms: what is signed
 * is one thing for both at any time, and each knows the other's tokens.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

#define ISSUER "https://auth.example.org"

/* How the access tokens of the two algorithms begin: {"alg":"EdD, {"alg":"HS2. */
#define EDDSA "eyJhbGciOiJFZE"
#define HS256 "eyJhbGciOiJIUz"

struct pair {
    struct stayd first; /* of EdDSA, as by default; made the database */
    struct stayd other; /* of HS256 */
    struct rows rows;
};

// clang-format off
static const struct row sign_in[] = {
    {"ada signs in", "POST", "/api/auth/signin", NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}", 200, NULL, NULL,
     "TOKEN=accessToken REFRESH=refreshToken"},
};

static const struct row verify[] = {
    {"and the token is good", "GET", "/auth/verify",
     "Authorization: Bearer $TOKEN\r\n", NULL, 204, NULL, NULL, NULL},
};

static const struct row verify_old[] = {
    {"and that of before is", "GET", "/auth/verify",
     "Authorization: Bearer $OLD\r\n", NULL, 204, NULL, NULL, NULL},
};

static const struct row refresh[] = {
    {"a refresh is granted", "POST", "/api/auth/refreshtoken", NULL,
     "{\"refreshToken\":\"$REFRESH\"}", 200, NULL, NULL,
     "TOKEN=accessToken REFRESH=refreshToken"},
};
// clang-format on

static bool start_pair(struct pair *p)
{
    char key_file[PROCESS_PATH_SIZE + 16];
    const char *const plain[] = {"--issuer", ISSUER, NULL};
    const char *const other[] = {"--issuer",        ISSUER,       "--database",
                                 p->first.database, "--key-file", key_file,
                                 "--algorithm",     "HS256",      NULL};

    if (!stayd_start(&p->first, plain))
        return false;
    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", p->first.folder);
    return stayd_start(&p->other, other);
}

static bool signs(const struct pair *p, const char *algorithm)
{
    return strncmp(rows_value(&p->rows, "TOKEN"), algorithm,
                   strlen(algorithm)) == 0;
}

static void ask(struct pair *p, const struct stayd *stayd,
                const struct row *row)
{
    p->rows.port = stayd->port;
    rows_run(&p->rows, row, 1);
}

/* A token of each is shown to the other. */
static void cross(struct pair *p, const char *algorithm)
{
    const struct stayd *both[] = {&p->first, &p->other};

    for (size_t i = 0; i < COUNT(both); i++) {
        ask(p, both[i], sign_in);
        CHECK(signs(p, algorithm));
        ask(p, both[1 - i], verify);
        ask(p, both[1 - i], refresh);
        CHECK(signs(p, algorithm));
        ask(p, both[i], verify);
    }
}

/* Its log says so when the key is handed to the loops, which takes a moment. */
static bool soon_signs(struct pair *p, const struct stayd *stayd,
                       const char *algorithm)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;

    if (!process_line(stayd->process, PROCESS_ERR, "\"algorithm\":\"HS256\"",
                      &from, line))
        return false;
    do
        ask(p, stayd, refresh);
    while (!signs(p, algorithm) && process_now_ms() < end_ms);
    return signs(p, algorithm);
}

static void algorithms(void **state)
{
    struct pair p = {.rows = {.port = 0}};

    (void)state;
    CASE(
        "one of EdDSA, and beside it one of HS256: both sign with the key that "
        "is in use");
    if (!start_pair(&p))
        return;
    rows_init(&p.rows, p.first.port);
    cross(&p, EDDSA);
    rows_set(&p.rows, "OLD", rows_value(&p.rows, "TOKEN"));
    CASE("in its time both sign with the key of the later start");
    CHECK(soon_signs(&p, &p.first, HS256));
    CHECK(soon_signs(&p, &p.other, HS256));
    cross(&p, HS256);
    ask(&p, &p.first, verify_old);
    ask(&p, &p.other, verify_old);
    rows_clear(&p.rows);
    stayd_clear(&p.other);
    stayd_clear(&p.first);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(algorithms)};

    return check_run("system/keys_beside", tests);
}
