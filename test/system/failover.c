/*
 * The primary of PostgreSQL is lost and its standby promoted, under three stayd
 * behind nginx that know both hosts. What an asynchronous standby has not got,
 * sessions heal from; with a synchronous one nothing that was answered is lost.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "cluster.h"
#include "holder.h"
#include "postgres.h"
#include "refresher.h"
#include "wire.h"

enum {
    BEFORE = 9, /* refreshes before the loss, more than a row remembers */
    AFTER = 3,  /* and after it */
    FAMILIES = 3,
    SESSIONS = 6,
    STEPS = 100, /* granted to all of them together in each stretch */
    CLERKS = 3,
    DEEDS_MAX = 2000, /* of one clerk */
    DEEDS = 60,       /* of all, before the primary is lost */
    DEEDS_FULL = 600,
    SILENCE_MS = 500, /* for so long nothing is answered */
};

/* ---- A primary, its standby, and three stayd that know both ---- */

struct pair {
    struct postgres primary;
    struct postgres standby;
    struct cluster cluster;
    char database[128];
};

static bool open_pair(struct pair *p, bool synchronous,
                      const char *const more[])
{
    memset(p, 0, sizeof *p);
    if (!postgres_start(&p->primary) ||
        !postgres_standby(&p->standby, &p->primary, synchronous))
        return false;
    (void)snprintf(p->database, sizeof p->database,
                   "postgresql://stay@127.0.0.1:%d,127.0.0.1:%d/stay",
                   p->primary.port, p->standby.port);
    return cluster_start(&p->cluster, p->database, more);
}

static void close_pair(struct pair *p)
{
    cluster_clear(&p->cluster);
    postgres_clear(&p->standby);
    postgres_clear(&p->primary);
}

/* The primary dies, the standby takes over, and each stayd finds it. */
static void fail_over(struct pair *p)
{
    postgres_stop(&p->primary, SIGKILL);
    CHECK(postgres_promote(&p->standby));
    for (size_t i = 0; i < CLUSTER_SIZE; i++)
        CHECK(cluster_wait(&p->cluster, i, 200));
}

/* ---- With the last commits lost ---- */

static const struct loss {
    const char *name;
    const char *dialect;
    unsigned lost; /* moves of its row that the standby never saw */
    enum stay_reason over;
} losses[] = {
    {"stay: nothing lost",                                             "stay",    0, STAY_REASON_NONE       },
    {"stay: one refresh lost",                                         "stay",    1, STAY_REASON_NONE       },
    {"stay: two refreshes lost",                                       "stay",    2, STAY_REASON_NONE       },
    {"stay: seven refreshes lost",                                     "stay",    7, STAY_REASON_NONE       },
    {"stay: eight refreshes lost",                                     "stay",    8, STAY_REASON_NONE       },
    {"stay: nine refreshes lost: it ends, and says whose fault it is", "stay",
     9,                                                                              STAY_REASON_SERVER_LOST},
    {"express: nothing lost",                                          "express", 0, STAY_REASON_NONE       },
    {"express: one move lost",                                         "express", 1, STAY_REASON_NONE       },
    {"express: two moves lost",                                        "express", 2, STAY_REASON_NONE       },
    {"django: nothing lost",                                           "django",  0, STAY_REASON_NONE       },
    {"django: one move lost",                                          "django",  1, STAY_REASON_NONE       },
};

static void refresh(struct holder *h, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        holder_let_expire();
        CHECK_EQ(holder_get(h, HOLDER_PAGE), 200);
    }
}

/* The moves of all rows of that dialect. */
static long count_moves(struct postgres *db, const char *dialect)
{
    char sql[128], got[32] = "";

    (void)snprintf(
        sql, sizeof sql,
        "SELECT sum(generation) FROM session WHERE dialect = '%.20s'", dialect);
    CHECK(postgres_sql(db, sql, got, sizeof got));
    return strtol(got, NULL, 10);
}

/*
 * Refreshes until its row has moved so often; only this one does so now. Each
 * refresh moves the row of committed rotation, and of offered those that come
 * when the window of the move before is over.
 */
static void move(struct postgres *db, struct holder *h, const struct loss *loss)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    long begin = count_moves(db, loss->dialect);
    long now = begin;

    if (families[0].committed &&
        strcmp(loss->dialect, families[0].dialect) == 0)
        refresh(h, loss->lost);
    while (now < begin + (long)loss->lost && process_now_ms() < end_ms) {
        now = count_moves(db, loss->dialect);
        if (now < begin + (long)loss->lost)
            refresh(h, 1);
    }
    CHECK_EQ(now, begin + (long)loss->lost);
}

static bool begin_session(struct pair *p, struct holder *h, size_t number)
{
    char name[32];

    (void)snprintf(name, sizeof name, "session%zu", number);
    if (!holder_open(h, p->cluster.nginx.port, losses[number].dialect,
                     p->cluster.folder, name) ||
        !holder_sign_in(h))
        return false;
    refresh(h, BEFORE);
    return true;
}

static void go_on(struct holder *h, const struct loss *loss)
{
    CASE(loss->name);
    holder_let_expire();
    if (loss->over == STAY_REASON_NONE) {
        CHECK_EQ(holder_until_good(h), 200);
        refresh(h, AFTER);
        CHECK(holder_signed_in(h));
        CHECK_EQ(h->signed_out, 0);
    } else {
        (void)holder_until_good(h);
        CHECK(!holder_signed_in(h));
        CHECK_EQ(h->reason, loss->over);
    }
}

static long count_losses(const char *dialect)
{
    long count = 0;

    for (size_t i = 0; i < COUNT(losses); i++)
        if (strcmp(losses[i].dialect, dialect) == 0)
            count += losses[i].lost;
    return count;
}

static void lose_commits(struct pair *p)
{
    struct holder holders[COUNT(losses)];
    long had[FAMILIES];
    size_t count = 0;

    CASE("sessions of three families are signed in");
    while (count < COUNT(losses) && begin_session(p, &holders[count], count))
        count++;
    CHECK_EQ(count, COUNT(losses));
    CASE("the standby is cut off, and the sessions go on");
    CHECK(postgres_caught_up(&p->standby, &p->primary));
    CHECK(postgres_detach(&p->standby));
    for (size_t i = 0; i < count; i++)
        move(&p->primary, &holders[i], &losses[i]);
    for (size_t k = 0; k < FAMILIES; k++)
        had[k] = count_moves(&p->primary, families[k].dialect);
    CASE("the primary is lost, the standby promoted, and each stayd finds it");
    fail_over(p);
    for (size_t k = 0; k < FAMILIES; k++)
        CHECK_EQ(had[k] - count_moves(&p->standby, families[k].dialect),
                 count_losses(families[k].dialect));
    for (size_t i = 0; i < count; i++)
        go_on(&holders[i], &losses[i]);
    for (size_t i = 0; i < count; i++)
        holder_close(&holders[i]);
}

static void asynchronous(void **state)
{
    // An offered session moves only where it has not for so long.
    static const char *const soon[] = {"--refresh-soft", "1s", NULL};
    struct pair pair;

    (void)state;
    CASE("a primary, a standby that follows, three stayd and nginx start");
    if (open_pair(&pair, false, soon))
        lose_commits(&pair);
    close_pair(&pair);
}

/* ---- With nothing lost ---- */

enum kind { KEEPS, SIGNS_OUT, REVOKES, KINDS };

/* What was asked of the server about one session, and whether it said yes. */
struct deed {
    char token[256]; /* to refresh with */
    enum kind kind;
    bool answered; /* that it is ended; of KEEPS, that it is there */
};

/* Signs sessions in and out without end. */
struct clerk {
    pthread_t thread;
    int port;
    const char *manager; /* a header with the access token of who may revoke */
    _Atomic bool *stop;
    _Atomic size_t count;
    struct deed deeds[DEEDS_MAX];
};

/* The session's id, out of its access token. */
static bool read_sid(const char *token, char sid[64])
{
    char claims[1024] = "";
    const char *body = strchr(token, '.');
    const char *at;
    size_t used = 0;

    if (body == NULL ||
        sodium_base642bin((uint8_t *)claims, sizeof claims - 1, body + 1,
                          strcspn(body + 1, "."), NULL, &used, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    at = strstr(claims, "\"sid\":\"");
    return at != NULL && sscanf(at, "\"sid\":\"%63[^\"]", sid) == 1;
}

static bool sign_in(const struct clerk *c, struct deed *deed, char sid[64])
{
    const struct wire_request ask = {
        .method = "POST",
        .path = "/d/express/api/auth/signin",
        .body = "{\"username\":\"ada\",\"password\":\"lovelace\"}"};
    struct wire_reply reply = wire_ask(c->port, &ask);
    char access[1024];
    bool done =
        reply.status == 200 &&
        wire_member(&reply, "accessToken", access, sizeof access) &&
        wire_member(&reply, "refreshToken", deed->token, sizeof deed->token) &&
        read_sid(access, sid);

    wire_clear(&reply);
    return done;
}

static bool sign_out(const struct clerk *c, const struct deed *deed)
{
    char body[300];
    const struct wire_request ask = {
        .method = "POST", .path = "/d/express/api/auth/signout", .body = body};
    struct wire_reply reply;
    bool done;

    (void)snprintf(body, sizeof body, "{\"refreshToken\":\"%s\"}", deed->token);
    reply = wire_ask(c->port, &ask);
    done = reply.status == 200;
    wire_clear(&reply);
    return done;
}

static bool end_other(const struct clerk *c, const char *sid)
{
    char path[128];
    const struct wire_request ask = {
        .method = "DELETE", .path = path, .headers = c->manager};
    struct wire_reply reply;
    bool done;

    (void)snprintf(path, sizeof path, "/d/stay/api/sessions/%s", sid);
    reply = wire_ask(c->port, &ask);
    done = reply.status == 204;
    wire_clear(&reply);
    return done;
}

static void *work(void *context)
{
    struct clerk *c = context;

    while (!atomic_load(c->stop) && atomic_load(&c->count) < DEEDS_MAX) {
        size_t count = atomic_load(&c->count);
        struct deed *deed = &c->deeds[count];
        char sid[64];

        if (!sign_in(c, deed, sid)) {
            process_pause();
            continue; // what was not answered is nobody's
        }
        deed->kind = (enum kind)(count % KINDS);
        deed->answered =
            deed->kind == KEEPS ||
            (deed->kind == SIGNS_OUT ? sign_out(c, deed) : end_other(c, sid));
        atomic_store(&c->count, count + 1);
    }
    return NULL;
}

static size_t count_deeds(struct clerk *clerks)
{
    size_t count = 0;

    for (size_t i = 0; i < CLERKS; i++)
        count += atomic_load(&clerks[i].count);
    return count;
}

static bool reach_deeds(struct clerk *clerks, size_t wanted)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (count_deeds(clerks) < wanted && process_now_ms() < end_ms)
        process_pause();
    return count_deeds(clerks) >= wanted;
}

/* 200: the session lives; 403: it is over. */
static int ask_deed(int port, const struct deed *deed)
{
    char body[300];
    const struct wire_request ask = {.method = "POST",
                                     .path = "/d/express/api/auth/refreshtoken",
                                     .body = body};
    struct wire_reply reply;
    int status;

    (void)snprintf(body, sizeof body, "{\"refreshToken\":\"%s\"}", deed->token);
    reply = wire_ask(port, &ask);
    status = reply.status;
    wire_clear(&reply);
    return status;
}

static void check_deeds(struct clerk *clerks)
{
    static const char *const names[KINDS] = {
        [KEEPS] = "no session that was answered is lost",
        [SIGNS_OUT] = "no sign-out that was answered is lost",
        [REVOKES] = "no revocation that was answered is lost",
    };

    for (int kind = 0; kind < KINDS; kind++) {
        size_t answered = 0, open = 0;

        CASE(names[kind]);
        for (size_t i = 0; i < CLERKS; i++)
            for (size_t k = 0; k < clerks[i].count; k++) {
                const struct deed *deed = &clerks[i].deeds[k];

                if (deed->kind != (enum kind)kind)
                    continue;
                answered += deed->answered;
                open += !deed->answered;
                if (deed->answered)
                    CHECK_EQ(ask_deed(clerks[i].port, deed),
                             kind == KEEPS ? 200 : 403);
            }
        check_note("%zu answered, %zu not", answered, open);
        CHECK(answered >= DEEDS / (KINDS + 1));
    }
}

/* Another session of the same person, who may end the others. */
static bool open_manager(struct holder *h, int port, char header[1200])
{
    struct stay_token token;

    if (!holder_open(h, port, "stay", NULL, NULL) || !holder_sign_in(h) ||
        !CHECK_EQ(stay_get(h->stay, 0, &token), STAY_OK))
        return false;
    (void)snprintf(header, 1200, "Authorization: Bearer %s\r\n", token.text);
    stay_token_clear(&token);
    return true;
}

/* A change waits for the standby: one that has not got it gives no answer. */
static void cut_replica(struct pair *p)
{
    int fd = wire_connect(p->cluster.nginx.port);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    struct clerk clerk = {.port = p->cluster.nginx.port};
    struct wire_reply reply;
    struct deed deed;
    char sid[64], text[512], body[300];

    CASE("while the standby is cut off, a sign-out is not answered");
    CHECK(sign_in(&clerk, &deed, sid));
    CHECK(postgres_detach(&p->standby));
    (void)snprintf(body, sizeof body, "{\"refreshToken\":\"%s\"}", deed.token);
    (void)snprintf(text, sizeof text,
                   "POST /d/express/api/auth/signout HTTP/1.1\r\nHost: a\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    CHECK(wire_send(fd, text, strlen(text)));
    CHECK_EQ(poll(&wait, 1, SILENCE_MS), 0);
    CASE("and then it is");
    CHECK(postgres_attach(&p->standby));
    CHECK(wire_read(fd, false, &reply));
    CHECK_EQ(reply.status, 200);
    wire_clear(&reply);
    (void)close(fd);
}

static void lose_nothing(struct pair *p, struct clerk *clerks)
{
    size_t deeds = getenv("FULL") != NULL ? DEEDS_FULL : DEEDS;
    int port = p->cluster.nginx.port;
    struct refreshers_counts n;
    struct refreshers *all;
    struct holder manager;
    char header[1200];
    _Atomic bool stop = false;

    CASE("sessions refresh, others are signed in, signed out and revoked");
    if (!open_manager(&manager, port, header))
        return;
    all = refreshers_mix(&port, 1, SESSIONS);
    if (all == NULL)
        return;
    for (size_t i = 0; i < CLERKS; i++) {
        clerks[i].port = port;
        clerks[i].manager = header;
        clerks[i].stop = &stop;
        CHECK_EQ(pthread_create(&clerks[i].thread, NULL, work, &clerks[i]), 0);
    }
    CHECK(reach_deeds(clerks, deeds));
    CHECK(refreshers_reach(all, STEPS));
    CASE("the primary is lost under that load, the standby promoted");
    fail_over(p);
    CHECK(reach_deeds(clerks, count_deeds(clerks) + deeds / 4));
    CHECK(refreshers_reach(all, refreshers_count(all).granted + STEPS));
    atomic_store(&stop, true);
    for (size_t i = 0; i < CLERKS; i++)
        (void)pthread_join(clerks[i].thread, NULL); // joined once
    CASE("every session goes on, from where it was");
    CHECK(refreshers_end(all, &n));
    check_note("%zu sessions: %zu granted, %zu advanced, %zu unavailable",
               n.sessions, n.granted, n.advanced, n.unavailable);
    CHECK_EQ(n.ended, 0);
    CHECK_EQ(n.others, 0);
    CHECK_EQ(n.behind, 0);
    CHECK_EQ(n.silent, 0);
    CHECK_EQ(n.gateway, 0);
    if (n.wrong[0] != '\0')
        check_note("%s", n.wrong);
    check_deeds(clerks);
    holder_close(&manager);
}

static void synchronous(void **state)
{
    struct clerk *clerks = calloc(CLERKS, sizeof *clerks);
    struct pair pair;

    (void)state;
    if (clerks == NULL)
        abort();
    CASE("a primary, a synchronous standby, three stayd and nginx start");
    if (open_pair(&pair, true, NULL)) {
        cut_replica(&pair);
        lose_nothing(&pair, clerks);
    }
    close_pair(&pair);
    free(clerks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(asynchronous),
        cmocka_unit_test(synchronous),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/failover", tests);
}
