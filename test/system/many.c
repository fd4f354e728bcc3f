/*
 * Many stayd on one PostgreSQL behind one nginx: they agree, sessions wander
 * between them, and one of them, or the database, may go.
 */
#include <curl/curl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "cluster.h"
#include "holder.h"
#include "jwks.h"
#include "postgres.h"
#include "refresher.h"
#include "wire.h"

enum {
    ROUNDS = 2, /* of three that start at once, each on a database of its own */
    ROUNDS_FULL = 20,
    WALKS = 9, /* refreshes of each holder, one after another */
    WALKS_FULL = 60,
    SESSIONS = 9, /* under load, three of each family */
    STEPS = 150,  /* granted in each stretch, all sessions together */
    STEPS_FULL = 5000,
};

static bool is_full(void)
{
    const char *full = getenv("FULL");

    return full != NULL && full[0] == '1';
}

static size_t steps(void)
{
    return is_full() ? STEPS_FULL : STEPS;
}

/* ---- Three begin at once ---- */

struct tokens {
    char access[1024];
    char refresh[256];
};

static struct tokens sign_in(int port)
{
    const struct wire_request ask = {
        .method = "POST",
        .path = "/d/express/api/auth/signin",
        .body = "{\"username\":\"ada\",\"password\":\"lovelace\"}"};
    struct wire_reply reply = wire_ask(port, &ask);
    struct tokens t;

    CHECK(wire_member(&reply, "accessToken", t.access, sizeof t.access));
    CHECK(wire_member(&reply, "refreshToken", t.refresh, sizeof t.refresh));
    wire_clear(&reply);
    return t;
}

/* One's tokens, shown to another. */
static void show(const struct tokens *t, int port)
{
    char header[1100], body[300];
    const struct wire_request page = {
        .method = "GET", .path = "/d/express/api/test/user", .headers = header};
    const struct wire_request renew = {.method = "POST",
                                       .path =
                                           "/d/express/api/auth/refreshtoken",
                                       .body = body};
    struct wire_reply reply;

    CHECK(jwks_verify(port, t->access));
    (void)snprintf(header, sizeof header, "x-access-token: %s\r\n", t->access);
    reply = wire_ask(port, &page);
    CHECK_EQ(reply.status, 200);
    wire_clear(&reply);
    (void)snprintf(body, sizeof body, "{\"refreshToken\":\"%s\"}", t->refresh);
    reply = wire_ask(port, &renew);
    CHECK_EQ(reply.status, 200);
    wire_clear(&reply);
}

static void check_agreement(struct cluster *c)
{
    char *first = jwks_read(c->stayd[0].port);

    CHECK(first != NULL && strstr(first, "\"kid\"") != NULL);
    CHECK(first != NULL && strstr(first, "},{") == NULL); // one key, not three
    for (size_t i = 0; first != NULL && i < CLUSTER_SIZE; i++) {
        char *other = jwks_read(c->stayd[i].port);
        struct tokens t = sign_in(c->stayd[i].port);

        CHECK_TEXT(other == NULL ? "" : other, first);
        for (size_t k = 0; k < CLUSTER_SIZE; k++)
            show(&t, c->stayd[k].port);
        free(other);
    }
    free(first);
}

static void begin_at_once(void **state)
{
    struct postgres db;
    struct cluster c;
    char name[32], url[POSTGRES_URL_SIZE];

    (void)state;
    CASE("PostgreSQL starts");
    if (!postgres_start(&db))
        return;
    for (int i = 0; i < (is_full() ? ROUNDS_FULL : ROUNDS); i++) {
        check_case("three begin at once on an empty database, and agree, %d",
                   i);
        (void)snprintf(name, sizeof name, "empty%d", i);
        if (postgres_add_database(&db, name, url) &&
            cluster_begin(&c, url, NULL))
            check_agreement(&c);
        cluster_clear(&c);
    }
    postgres_clear(&db);
}

/* ---- Sessions wander ---- */

static void verify_everywhere(struct cluster *c, struct holder *h)
{
    struct stay_token token;

    if (!CHECK_EQ(stay_get(h->stay, 0, &token), STAY_OK))
        return;
    for (size_t i = 0; i < CLUSTER_SIZE; i++)
        CHECK(jwks_verify(c->stayd[i].port, token.text));
    stay_token_clear(&token);
}

/* Did each instance have a part in it? */
static void check_shares(struct cluster *c, const char *dialect)
{
    char series[128];

    (void)snprintf(
        series, sizeof series,
        "stay_refreshes_total{dialect=\"%.20s\",outcome=\"granted\"}", dialect);
    for (size_t i = 0; i < CLUSTER_SIZE; i++)
        CHECK(stayd_metric(&c->stayd[i], series) >= 1);
}

static void wander(struct cluster *c)
{
    unsigned walks = is_full() ? WALKS_FULL : WALKS;
    struct holder h;

    for (size_t k = 0; k < families_count; k++) {
        check_case("a session of %s wanders between them", families[k].dialect);
        if (!holder_open(&h, c->nginx.port, families[k].dialect, c->folder,
                         families[k].dialect) ||
            !holder_sign_in(&h))
            continue;
        for (unsigned i = 0; i < walks; i++) {
            holder_let_expire();
            CHECK_EQ(holder_get(&h, HOLDER_PAGE), 200);
            verify_everywhere(c, &h);
        }
        CHECK_EQ(h.refreshed, walks);
        CHECK_EQ(h.refresh_failed, 0);
        CHECK(holder_signed_in(&h));
        check_shares(c, families[k].dialect);
        holder_close(&h);
    }
}

/* ---- Under load ---- */

/* All went on; a request that died with its server was asked again by nginx. */
static void check_counts(const struct refreshers_counts *n)
{
    check_note("%zu sessions: %zu granted, %zu advanced, %zu unavailable, "
               "%zu silent, %zu from nginx itself",
               n->sessions, n->granted, n->advanced, n->unavailable, n->silent,
               n->gateway);
    CHECK_EQ(n->ended, 0);
    CHECK_EQ(n->others, 0);
    CHECK_EQ(n->behind, 0);
    CHECK_EQ(n->silent, 0);
    CHECK_EQ(n->gateway, 0);
    if (n->wrong[0] != '\0')
        check_note("%s", n->wrong);
}

static bool more(struct refreshers *all, size_t count)
{
    return refreshers_reach(all, refreshers_count(all).granted + count);
}

/* It was started just now, so what it has granted is new. */
static bool soon_serves(const struct stayd *stayd)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    bool serves = false;

    while (!serves && process_now_ms() < end_ms) {
        serves = stayd_metric(stayd, "stay_refreshes_total{dialect=\"stay\","
                                     "outcome=\"granted\"}") >= 1;
        if (!serves)
            process_pause();
    }
    return serves;
}

static void kill_each(struct cluster *c)
{
    struct refreshers_counts counts;
    struct refreshers *all;

    CASE("sessions of three families refresh without end");
    all = refreshers_mix(&c->nginx.port, 1, SESSIONS);
    if (all == NULL)
        return;
    CHECK(more(all, steps()));
    for (size_t i = 0; i < CLUSTER_SIZE; i++) {
        check_case("stayd %zu is killed under load: no refresh fails", i);
        CHECK_EQ(stayd_stop(&c->stayd[i], SIGKILL), 128 + SIGKILL);
        CHECK(more(all, steps()));
        CASE("it comes back, and serves");
        CHECK(cluster_restart(c, i));
        CHECK(more(all, steps()));
    }
    CASE("nginx asks each again, soon");
    for (size_t i = 0; i < CLUSTER_SIZE; i++)
        CHECK(soon_serves(&c->stayd[i]));
    CASE("every session lives");
    CHECK(refreshers_end(all, &counts));
    check_counts(&counts);
    CHECK_EQ(counts.unavailable, 0);
}

/* What a next version might bring, and that this one may stay beside it. */
static const char next_version[] =
    "BEGIN;"
    "ALTER TABLE session ADD COLUMN later_s bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN later text NOT NULL DEFAULT '';"
    "INSERT INTO stay_migration (number, name)"
    " SELECT max(number) + 1, 'next' FROM stay_migration;"
    "INSERT INTO setting SELECT 'schema_oldest',"
    " convert_to((max(number) - 1)::text, 'UTF8') FROM stay_migration;"
    "COMMIT";

static void meet_next_version(struct cluster *c, struct postgres *db)
{
    struct refreshers_counts counts;
    struct refreshers *all = refreshers_mix(&c->nginx.port, 1, SESSIONS);

    if (all == NULL)
        return;
    CASE("the next version migrates under load, and this one goes on");
    CHECK(more(all, steps()));
    CHECK(postgres_sql(db, next_version, NULL, 0));
    CHECK(more(all, steps()));
    CASE("and starts beside it");
    CHECK_EQ(stayd_stop(&c->stayd[0], SIGTERM), 0);
    CHECK(cluster_restart(c, 0));
    CHECK(soon_serves(&c->stayd[0]));
    CASE("no session was lost to that");
    CHECK(refreshers_end(all, &counts));
    check_counts(&counts);
    CHECK_EQ(counts.unavailable, 0);
}

static void lose_database(struct cluster *c, struct postgres *db)
{
    static const int signals[] = {SIGINT, SIGKILL};
    struct refreshers_counts counts;
    struct refreshers *all = refreshers_mix(&c->nginx.port, 1, SESSIONS);

    for (size_t i = 0; all != NULL && i < COUNT(signals); i++) {
        check_case("PostgreSQL goes under load, signal %d: 503 meanwhile",
                   signals[i]);
        CHECK(more(all, steps()));
        postgres_stop(db, signals[i]);
        for (size_t k = 0; k < CLUSTER_SIZE; k++)
            CHECK(cluster_wait(c, k, 503));
        CASE("it comes back, and work goes on without a restart");
        CHECK(postgres_restart(db));
        CHECK(more(all, steps()));
        for (size_t k = 0; k < CLUSTER_SIZE; k++)
            CHECK(cluster_wait(c, k, 200));
    }
    CASE("no session was lost, and each refusal said when to try again");
    CHECK(all != NULL && refreshers_end(all, &counts));
    if (all == NULL)
        return;
    check_counts(&counts);
    CHECK(counts.unavailable > 0);
}

/* ---- As the world sees them ---- */

static size_t drop(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    (void)data;
    return size * count;
}

static CURL *open_curl(const struct nginx *nginx, const char *url)
{
    CURL *curl = curl_easy_init();
    char path[PROCESS_PATH_SIZE + 32];

    if (curl == NULL)
        return NULL;
    (void)snprintf(path, sizeof path, "%s/certificate.pem", nginx->folder);
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, path);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    return curl;
}

static void ask_by_tls(const struct nginx *nginx)
{
    char url[128], resolve[128];
    struct curl_slist *names = NULL;
    long status = 0, version = 0;
    CURL *curl;

    (void)snprintf(url, sizeof url,
                   "https://" NGINX_NAME ":%d/.well-known/jwks.json",
                   nginx->tls_port);
    (void)snprintf(resolve, sizeof resolve, NGINX_NAME ":%d:127.0.0.1",
                   nginx->tls_port);
    names = curl_slist_append(NULL, resolve);
    curl = open_curl(nginx, url);
    (void)curl_easy_setopt(curl, CURLOPT_RESOLVE, names);
    CHECK_EQ(curl_easy_perform(curl), CURLE_OK);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
    CHECK_EQ(status, 200);
    CHECK_EQ(version, CURL_HTTP_VERSION_2_0);
    curl_easy_cleanup(curl);
    curl_slist_free_all(names);
}

static void ask_plain(const struct nginx *nginx)
{
    char path[PROCESS_PATH_SIZE + 16];
    char *where = NULL;
    long status = 0;
    CURL *curl = open_curl(nginx, "http://" NGINX_NAME "/api/account?a=b");

    (void)snprintf(path, sizeof path, "%s/tell", nginx->folder);
    (void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path);
    CHECK_EQ(curl_easy_perform(curl), CURLE_OK);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &where);
    CHECK_EQ(status, 308);
    CHECK_TEXT(where == NULL ? "" : where,
               "https://" NGINX_NAME "/api/account?a=b");
    curl_easy_cleanup(curl);
}

static void together(void **state)
{
    struct postgres db;
    struct cluster c;

    (void)state;
    CASE("PostgreSQL, three stayd and nginx start");
    if (!postgres_start(&db))
        return;
    if (cluster_start(&c, db.url, NULL)) {
        CASE("by TLS and HTTP/2 they are one server");
        ask_by_tls(&c.nginx);
        CASE("without TLS there is only the way to it");
        ask_plain(&c.nginx);
        wander(&c);
        kill_each(&c);
        meet_next_version(&c, &db);
        lose_database(&c, &db);
        for (size_t i = 0; i < CLUSTER_SIZE; i++) {
            check_case("stayd %zu stops when told to", i);
            CHECK_EQ(stayd_stop(&c.stayd[i], SIGTERM), 0);
        }
    }
    cluster_clear(&c);
    postgres_clear(&db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(begin_at_once),
        cmocka_unit_test(together),
    };

    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return 1;
    return check_run("system/many", tests);
}
