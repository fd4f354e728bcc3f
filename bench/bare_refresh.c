/*
 * The bare limit of a durable refresh: the same libraries and the same work as
 * stayd, and nothing around it. One loop on epoll: read all that has come, parse
 * strictly, hash, UPDATE, sign, commit the turn as one group, answer.
 *
 * usage: bare_refresh FOLDER SESSIONS
 *
 * Serves POST /api/session/refresh for sessions 0 .. SESSIONS-1 of chain.h, with
 * SESSIONS 0 for those that fill.c has written into FOLDER/bare.db, and
 * the key at /.well-known/jwks.json; any other request is answered 404. Says
 * "listening on PORT", and ends when killed.
 *
 * Schema, UPDATE and settings are stayd's own. The log is copied into the main
 * file between commits, when it has grown by 16,384 pages, or by 1,000 and nobody
 * has come for 20 ms; stayd does that beside them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "base/base64url.h"
#include "base/json.h"
#include "chain.h"
#include "server/http.h"
#include "store/sqlite_store.h"

enum {
    CONNECTIONS_MAX = 1024,
    BUFFER_SIZE = 8192,
    TOKENS = 64,
    TURN_MAX = 256,
    LOG_LONG = 16384,
    LOG_WORTH_IT = 1000, /* as in server/writer.c, and so is this: */
    IDLE_MS = 20,
    DAY_S = 86400,
};

static const char pragmas[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA wal_autocheckpoint = 0;"
                              "PRAGMA journal_size_limit = 67108864;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -16384;";

struct connection {
    char bytes[BUFFER_SIZE];
    size_t length;
};

/* An answer waits for its group's commit. */
struct answer {
    int fd;
    size_t length;
    char bytes[2048];
};

struct bare {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *update;
    int log_pages, log_copied;
    uint8_t key[crypto_sign_SECRETKEYBYTES];
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    struct connection *connections;
    struct answer *answers;
    size_t answers_count;
    struct http_request request;
};

struct step {
    uint8_t session[CHAIN_SIZE], secret[CHAIN_SIZE], next[CHAIN_SIZE];
    uint8_t sid[CHAIN_SID_SIZE];
    int64_t generation;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bare_refresh: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void run_sql(struct bare *b, const char *sql)
{
    if (sqlite3_exec(b->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(b->db));
}

static sqlite3_stmt *prepare(struct bare *b, const char *sql)
{
    sqlite3_stmt *q = NULL;

    if (sqlite3_prepare_v3(b->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q,
                           NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(b->db));
    return q;
}

static int note_log(void *context, sqlite3 *db, const char *name, int pages)
{
    struct bare *b = context;

    (void)db;
    (void)name;
    if (pages < b->log_pages) // copied to its end, it has begun anew
        b->log_copied = 0;
    b->log_pages = pages;
    return SQLITE_OK;
}

static void open_database(struct bare *b, const char *folder)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/bare.db", folder);
    if (sqlite3_open(path, &b->db) != SQLITE_OK)
        fail("open");
    run_sql(b, pragmas);
    (void)sqlite3_wal_hook(b->db, note_log, b);
    if (sqlite_migrate(b->db) != STORE_OK)
        fail(sqlite3_errmsg(b->db));
    b->begin = prepare(b, "BEGIN IMMEDIATE");
    b->commit = prepare(b, "COMMIT");
    b->update = prepare(b, statement_text(SESSION_STEP));
}

static void add_sessions(struct bare *b, unsigned count)
{
    sqlite3_stmt *q = prepare(
        b, "INSERT INTO session VALUES (?1, 1, 0, 0, 0, 0, ?3, ?3, 0, 0, 0, "
           "?2, 'user', 'stay', '', 'bench', '127.0.0.1')");
    uint8_t chain[STORE_CHAIN_SIZE] = {0};
    struct chain c;

    run_sql(b, "BEGIN");
    for (unsigned i = 0; i < count; i++) {
        chain_init(&c, i);
        chain_commitment(&c, chain);
        (void)sqlite3_bind_blob(q, 1, c.sid, sizeof c.sid, SQLITE_STATIC);
        (void)sqlite3_bind_blob(q, 2, chain, sizeof chain, SQLITE_STATIC);
        (void)sqlite3_bind_int64(q, 3, (int64_t)time(NULL));
        if (sqlite3_step(q) != SQLITE_DONE)
            fail("insert");
        (void)sqlite3_reset(q);
    }
    run_sql(b, "COMMIT");
    (void)sqlite3_finalize(q);
}

static bool take_bytes(const struct json *json, const char *name, uint8_t *out,
                       size_t size)
{
    size_t got = 0;

    return base64url_decode(json_raw(json, json_member(json, 0, name)), out,
                            size, &got) &&
           got == size;
}

static bool read_step(struct span body, struct step *out)
{
    struct json_token tokens[TOKENS];
    struct json json;
    uint8_t hash[32];

    if (json_parse(&json, body.text, body.length, tokens, TOKENS) != JSON_OK)
        return false;
    if (!take_bytes(&json, "session", out->session, sizeof out->session) ||
        !take_bytes(&json, "sid", out->sid, sizeof out->sid) ||
        !take_bytes(&json, "secret", out->secret, sizeof out->secret) ||
        !take_bytes(&json, "next", out->next, sizeof out->next) ||
        !json_int(&json, json_member(&json, 0, "generation"), &out->generation))
        return false;
    (void)crypto_hash_sha256(hash, out->session, sizeof out->session);
    return bytes_equal_secret(hash, out->sid, sizeof out->sid);
}

static void bind_step(sqlite3_stmt *q, const struct step *s,
                      const uint8_t shown[32])
{
    int64_t now_s = (int64_t)time(NULL);

    (void)sqlite3_bind_int64(q, 1, now_s);
    (void)sqlite3_bind_blob(q, 2, s->next, sizeof s->next, SQLITE_STATIC);
    (void)sqlite3_bind_blob(q, 3, s->sid, sizeof s->sid, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 4, now_s - 180 * DAY_S);
    (void)sqlite3_bind_int64(q, 5, now_s - 30 * DAY_S);
    (void)sqlite3_bind_int64(q, 6, s->generation);
    (void)sqlite3_bind_blob(q, 7, shown, 32, SQLITE_STATIC);
    (void)sqlite3_bind_blob(q, 8, s->next, STORE_LINK_SIZE, SQLITE_STATIC);
}

static bool step_row(struct bare *b, const struct step *s)
{
    uint8_t hash[32];
    int code;
    bool moved;

    (void)crypto_hash_sha256(hash, s->secret, sizeof s->secret);
    bind_step(b->update, s, hash);
    code = sqlite3_step(b->update);
    moved = code == SQLITE_ROW;
    while (code == SQLITE_ROW)
        code = sqlite3_step(b->update);
    (void)sqlite3_reset(b->update);
    return moved && code == SQLITE_DONE;
}

static size_t sign_token(const struct bare *b, const struct step *s,
                         char out[1024])
{
    static const char head[] =
        "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"AAAAAAAAAAAAAAAAAAAAAA"
        "\"}";
    uint8_t signature[crypto_sign_BYTES];
    uint8_t id[16];
    char sid[32], jti[32], payload[512];
    size_t length = base64url_encode(head, sizeof head - 1, out);
    int64_t now_s = (int64_t)time(NULL);
    int n;

    randombytes_buf(id, sizeof id);
    sid[base64url_encode(s->sid, sizeof s->sid, sid)] = '\0';
    jti[base64url_encode(id, sizeof id, jti)] = '\0';
    n = snprintf(payload, sizeof payload,
                 "{\"iss\":\"http://127.0.0.1:8080\",\"sub\":\"1\",\"aud\":"
                 "\"http://127.0.0.1:8080\",\"exp\":%lld,\"iat\":%lld,\"jti\":"
                 "\"%s\",\"sid\":\"%s\",\"roles\":[\"user\"],\"dialect\":"
                 "\"stay\"}",
                 (long long)now_s + 300, (long long)now_s, jti, sid);
    out[length++] = '.';
    length += base64url_encode(payload, (size_t)n, out + length);
    (void)crypto_sign_detached(signature, NULL, (const uint8_t *)out, length,
                               b->key);
    out[length++] = '.';
    length += base64url_encode(signature, sizeof signature, out + length);
    out[length] = '\0';
    return length;
}

static struct answer *add_answer(struct bare *b, int fd)
{
    struct answer *a = &b->answers[b->answers_count++];

    a->fd = fd;
    return a;
}

static void answer_text(struct bare *b, int fd, const char *status)
{
    struct answer *a = add_answer(b, fd);

    a->length =
        (size_t)snprintf(a->bytes, sizeof a->bytes,
                         "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status);
}

static void answer_step(struct bare *b, int fd, const struct step *s)
{
    struct answer *a = add_answer(b, fd);
    char token[1024];
    char body[1280];
    int n;

    (void)sign_token(b, s, token);
    n = snprintf(body, sizeof body,
                 "{\"access_token\":\"%s\",\"token_type\":\"Bearer\","
                 "\"expires_in\":300,\"generation\":%lld}",
                 token, (long long)s->generation + 1);
    a->length = (size_t)snprintf(
        a->bytes, sizeof a->bytes,
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        "Vary: Origin\r\nContent-Length: %d\r\n\r\n%s",
        n, body);
}

static void answer_key(struct bare *b, int fd)
{
    struct answer *a = add_answer(b, fd);
    char x[64];
    char body[128];
    int n;

    x[base64url_encode(b->public_key, sizeof b->public_key, x)] = '\0';
    n = snprintf(
        body, sizeof body,
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}]}", x);
    a->length = (size_t)snprintf(
        a->bytes, sizeof a->bytes,
        "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, body);
}

/* A whole request: decide and do; the answer waits for the commit. */
static void serve(struct bare *b, int fd, struct span body)
{
    struct step step;

    if (span_is(b->request.path, "/.well-known/jwks.json"))
        answer_key(b, fd);
    else if (!span_is(b->request.path, "/api/session/refresh"))
        answer_text(b, fd, "404 Not Found");
    else if (!read_step(body, &step))
        answer_text(b, fd, "400 Bad Request");
    else if (!step_row(b, &step))
        answer_text(b, fd, "409 Conflict");
    else
        answer_step(b, fd, &step);
}

static void read_some(struct bare *b, int fd)
{
    struct connection *c = &b->connections[fd];
    struct http_scan scan = {0};
    size_t head = 0;
    ssize_t n = read(fd, c->bytes + c->length, sizeof c->bytes - c->length);

    if (n <= 0) {
        (void)close(fd);
        c->length = 0;
        return;
    }
    c->length += (size_t)n;
    if (http_head_find(c->bytes, c->length, &scan, &head) != HTTP_OK)
        return;
    if (http_head_parse(c->bytes, head, &b->request) != HTTP_OK)
        fail("a bad request");
    if (c->length < head + b->request.content_length)
        return;
    serve(b, fd, (struct span){c->bytes + head, b->request.content_length});
    c->length = 0;
}

static void accept_some(struct bare *b, int listener, int epoll)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

    if (fd < 0 || fd >= CONNECTIONS_MAX)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    b->connections[fd].length = 0;
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

static void step_statement(sqlite3_stmt *q)
{
    if (sqlite3_step(q) != SQLITE_DONE)
        fail("transaction");
    (void)sqlite3_reset(q);
}

static void send_answers(struct bare *b)
{
    for (size_t i = 0; i < b->answers_count; i++)
        if (write(b->answers[i].fd, b->answers[i].bytes, b->answers[i].length) <
            0)
            fail("write");
    b->answers_count = 0;
}

static void copy_log(struct bare *b, int worth)
{
    if (b->log_pages - b->log_copied < worth)
        return;
    if (sqlite3_wal_checkpoint_v2(b->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                  &b->log_pages, &b->log_copied) != SQLITE_OK)
        fail(sqlite3_errmsg(b->db));
}

static void run(struct bare *b, int listener)
{
    struct epoll_event events[TURN_MAX];
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        int n = epoll_wait(epoll, events, TURN_MAX, IDLE_MS);

        if (n == 0) {
            copy_log(b, LOG_WORTH_IT);
            continue;
        }
        step_statement(b->begin);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                accept_some(b, listener, epoll);
            else
                read_some(b, events[i].data.fd);
        }
        step_statement(b->commit);
        send_answers(b);
        copy_log(b, LOG_LONG);
    }
}

static int listen_somewhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        fail("listen");
    printf("listening on %d\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct bare b = {0};

    if (argc != 3 || sodium_init() < 0) {
        (void)fprintf(stderr, "usage: bare_refresh FOLDER SESSIONS\n");
        return 2;
    }
    b.connections = calloc(CONNECTIONS_MAX, sizeof *b.connections);
    b.answers = calloc(TURN_MAX, sizeof *b.answers);
    if (b.connections == NULL || b.answers == NULL)
        return 1;
    (void)crypto_sign_keypair(b.public_key, b.key);
    open_database(&b, argv[1]);
    add_sessions(&b, (unsigned)strtoul(argv[2], NULL, 10));
    run(&b, listen_somewhere());
    return 0;
}
