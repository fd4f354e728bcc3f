#include "refresher.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "check.h"
#include "process.h"
#include "wire.h"

enum {
    BODY_SIZE = 768,
    TOKEN_SIZE = 256,
    HELD = 12, /* secrets: more than the server keeps */
};

/* How a family of offered rotation says it. */
struct speech {
    const char *sign_in; /* path */
    const char *refresh;
    const char *member; /* of the refresh token, both ways */
};

/* The first is committed rotation, which is said otherwise. */
static const struct speech speeches[] = {
    {NULL,                                NULL,                                 NULL},
    {"/d/express/api/auth/signin",        "/d/express/api/auth/refreshtoken",
     "refreshToken"                                                                 },
    {"/d/django/api/v1/auth/jwt/create/", "/d/django/api/v1/auth/jwt/refresh/",
     "refresh"                                                                      },
};

struct session {
    struct refreshers *all;
    pthread_t thread;
    const struct speech *speech; /* NULL: committed rotation */
    char token[TOKEN_SIZE];      /* of offered rotation */
    uint8_t root[32];
    uint8_t sid[16];
    uint8_t secret[HELD][32]; /* S_i stands at i % HELD */
    size_t generation;
    size_t turn; /* which port is next */
    bool last_granted;
};

struct refreshers {
    int ports[REFRESHERS_PORTS];
    size_t ports_count;
    struct session sessions[REFRESHERS_MAX];
    pthread_mutex_t lock; /* over `counts` */
    struct refreshers_counts counts;
    _Atomic bool ending;
};

static void write_text(char *out, const void *bytes, size_t size)
{
    out[base64url_encode(bytes, size, out)] = '\0';
}

static uint8_t *secret_of(struct session *s, size_t i)
{
    return s->secret[i % HELD];
}

static void write_next(struct session *s, size_t i, char out[48])
{
    uint8_t hash[32];

    crypto_hash_sha256(hash, secret_of(s, i), 32);
    write_text(out, hash, sizeof hash);
}

static struct wire_reply post(struct session *s, const char *path,
                              const char *body)
{
    const struct refreshers *all = s->all;
    const struct wire_request request = {
        .method = "POST", .path = path, .body = body};

    return wire_ask(all->ports[s->turn++ % all->ports_count], &request);
}

/* The token that a reply offers is taken at once. */
static bool adopt(struct session *s, const struct wire_reply *reply)
{
    char token[TOKEN_SIZE];

    if (reply->status != 200 ||
        !wire_member(reply, s->speech->member, token, sizeof token))
        return false;
    memcpy(s->token, token, sizeof token);
    return true;
}

static bool sign_in_offered(struct session *s)
{
    struct wire_reply reply =
        post(s, s->speech->sign_in,
             "{\"username\":\"ada\",\"password\":\"lovelace\"}");
    bool done = adopt(s, &reply);

    if (!done)
        check_note("sign-in: %d %.200s", reply.status, reply.body);
    wire_clear(&reply);
    return done;
}

static bool sign_in(struct session *s)
{
    char sid[48], next[48], body[BODY_SIZE];
    struct wire_reply reply;
    uint8_t hash[32];
    bool done;

    randombytes_buf(s->root, sizeof s->root);
    randombytes_buf(s->secret, sizeof s->secret);
    crypto_hash_sha256(hash, s->root, sizeof s->root);
    memcpy(s->sid, hash, sizeof s->sid);
    write_text(sid, s->sid, sizeof s->sid);
    write_next(s, 0, next);
    (void)snprintf(body, sizeof body,
                   "{\"username\":\"ada\",\"password\":\"lovelace\",\"sid\":"
                   "\"%s\",\"next\":\"%s\"}",
                   sid, next);
    reply = post(s, "/api/session", body);
    done = reply.status == 201;
    if (!done)
        check_note("sign-in: %d %.200s", reply.status, reply.body);
    wire_clear(&reply);
    return done;
}

static struct wire_reply ask(struct session *s)
{
    char root[48], sid[48], shown[48], next[48], body[BODY_SIZE];

    if (s->speech != NULL) {
        (void)snprintf(body, sizeof body, "{\"%s\":\"%s\"}", s->speech->member,
                       s->token);
        return post(s, s->speech->refresh, body);
    }
    write_text(root, s->root, sizeof s->root);
    write_text(sid, s->sid, sizeof s->sid);
    write_text(shown, secret_of(s, s->generation), 32);
    write_next(s, s->generation + 1, next);
    (void)snprintf(body, sizeof body,
                   "{\"session\":\"%s\",\"sid\":\"%s\",\"generation\":%zu,"
                   "\"secret\":\"%s\",\"next\":\"%s\"}",
                   root, sid, s->generation, shown, next);
    return post(s, "/api/session/refresh", body);
}

/* The next step is taken: the oldest secret makes room for a new one. */
static void move_on(struct session *s)
{
    s->generation++;
    randombytes_buf(secret_of(s, s->generation + 1), 32);
}

/* A 409 says where the server stands; NULL: something else is wrong. */
static size_t *judge_conflict(struct session *s, const struct wire_reply *reply,
                              struct refreshers_counts *n)
{
    char value[64];
    size_t generation;

    if (!wire_member(reply, "error", value, sizeof value))
        return NULL;
    if (strcmp(value, "advance") == 0) {
        move_on(s);
        return &n->advanced;
    }
    if (strcmp(value, "behind") != 0 ||
        !wire_member(reply, "generation", value, sizeof value))
        return NULL;
    // Our steps are said again from there; their successors are held.
    generation = strtoul(value, NULL, 10);
    if (generation >= s->generation || generation + 9 < s->generation)
        return NULL;
    s->generation = generation;
    return &n->behind;
}

/* What came, in one word; the record moves on where it is to. */
static size_t *judge(struct session *s, const struct wire_reply *reply,
                     struct refreshers_counts *n)
{
    char value[1024];
    size_t *count = NULL;

    if (reply->status == 0)
        return &n->silent;
    if (reply->status == 502 || reply->status == 504)
        return &n->gateway;
    if (reply->status == 503 && wire_header(reply, "Retry-After", 0, value))
        return &n->unavailable;
    if (s->speech != NULL && adopt(s, reply))
        return &n->granted;
    if (s->speech == NULL && reply->status == 200) {
        move_on(s);
        return &n->granted;
    }
    if (s->speech == NULL && reply->status == 409)
        count = judge_conflict(s, reply, n);
    if (count != NULL)
        return count;
    if (n->wrong[0] == '\0')
        (void)snprintf(n->wrong, sizeof n->wrong, "%d %.200s", reply->status,
                       reply->body);
    return reply->status == 401 || reply->status == 403 ? &n->ended
                                                        : &n->others;
}

static void *refresh(void *context)
{
    struct session *s = context;
    struct refreshers *all = s->all;
    int64_t end_ms = 0;

    for (;;) {
        struct wire_reply reply = ask(s);
        bool ending = atomic_load(&all->ending); // asked before it ended: no
        size_t *count;

        pthread_mutex_lock(&all->lock);
        count = judge(s, &reply, &all->counts);
        (*count)++;
        s->last_granted = count == &all->counts.granted;
        pthread_mutex_unlock(&all->lock);
        wire_clear(&reply);
        if (count == &all->counts.ended || count == &all->counts.others)
            return NULL;
        process_pause(); // a client would wait for minutes
        if (!ending)
            continue;
        if (end_ms == 0)
            end_ms = process_now_ms() + PROCESS_LIMIT_MS;
        if (s->last_granted || process_now_ms() > end_ms)
            return NULL;
    }
}

static struct refreshers *start(const int *ports, size_t ports_count,
                                size_t count, size_t speeches_count)
{
    struct refreshers *all = calloc(1, sizeof *all);

    if (all == NULL || count > REFRESHERS_MAX || ports_count > REFRESHERS_PORTS)
        abort();
    memcpy(all->ports, ports, ports_count * sizeof *ports);
    all->ports_count = ports_count;
    (void)pthread_mutex_init(&all->lock, NULL);
    for (size_t i = 0; i < count; i++) {
        struct session *s = &all->sessions[i];
        const struct speech *speech = &speeches[i % speeches_count];

        s->all = all;
        s->turn = i;
        s->speech = speech->sign_in == NULL ? NULL : speech;
        if (!CHECK(s->speech == NULL ? sign_in(s) : sign_in_offered(s))) {
            free(all);
            return NULL;
        }
    }
    all->counts.sessions = count;
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(pthread_create(&all->sessions[i].thread, NULL, refresh,
                                &all->sessions[i]),
                 0);
    return all;
}

struct refreshers *refreshers_start(const int *ports, size_t ports_count,
                                    size_t count)
{
    return start(ports, ports_count, count, 1);
}

struct refreshers *refreshers_mix(const int *ports, size_t ports_count,
                                  size_t count)
{
    return start(ports, ports_count, count, COUNT(speeches));
}

struct refreshers_counts refreshers_count(struct refreshers *all)
{
    struct refreshers_counts counts;

    pthread_mutex_lock(&all->lock);
    counts = all->counts;
    pthread_mutex_unlock(&all->lock);
    return counts;
}

bool refreshers_reach(struct refreshers *all, size_t granted)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (process_now_ms() < end_ms) {
        if (refreshers_count(all).granted >= granted)
            return true;
        process_pause();
    }
    return false;
}

bool refreshers_end(struct refreshers *all, struct refreshers_counts *counts)
{
    bool good = true;

    atomic_store(&all->ending, true);
    for (size_t i = 0; i < all->counts.sessions; i++) {
        (void)pthread_join(all->sessions[i].thread, NULL); // joined once
        good = good && all->sessions[i].last_granted;
    }
    *counts = all->counts;
    (void)pthread_mutex_destroy(&all->lock);
    free(all);
    return good;
}
