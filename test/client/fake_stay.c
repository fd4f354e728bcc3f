#include "client/fake_stay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/base64url.h"
#include "core/reply.h"

/* The text or number of a flat JSON body; good enough for what we are sent. */
static bool member(const char *body, const char *name, char *out, size_t size)
{
    char key[64];
    const char *at;

    out[0] = '\0';
    (void)snprintf(key, sizeof key, "\"%s\":", name);
    at = body != NULL ? strstr(body, key) : NULL;
    if (at == NULL)
        return false;
    at += strlen(key);
    at += *at == '"';
    (void)snprintf(out, size, "%.*s", (int)strcspn(at, "\",}"), at);
    return true;
}

static void hash_text(const char *secret, char out[64])
{
    unsigned char bytes[64];
    unsigned char hash[crypto_hash_sha256_BYTES];
    size_t size = 0;

    out[0] = '\0';
    if (!base64url_decode(span_of(secret), bytes, sizeof bytes, &size) ||
        size != 32)
        return;
    (void)crypto_hash_sha256(hash, bytes, size);
    out[base64url_encode(hash, sizeof hash, out)] = '\0';
}

/* In the dialect's own words. */
static void answer_error(const struct fake_stay *s, struct fake_reply *reply,
                         enum message message, enum reply_kind kind)
{
    const struct reply_case what = {.kind = kind};
    struct fields fields;
    const struct reply_ask ask = {message, &what, 1, &fields};
    struct reply built;
    char buffer[4096];

    fields_init(&fields, NULL, 0);
    if (reply_build(&s->dialect, &ask, (struct span){buffer, sizeof buffer},
                    &built) != REPLY_OK)
        abort();
    fake_write(reply,
               "HTTP/1.1 %d Whatever\r\nContent-Type: %.*s\r\n"
               "Content-Length: %zu\r\n\r\n",
               built.status, (int)built.content_type.length,
               built.content_type.text, built.body.length);
    fake_write_bytes(reply, built.body.text, built.body.length);
}

static void answer_token(struct fake_stay *s, struct fake_reply *reply,
                         int status)
{
    char body[512];

    s->token++;
    (void)snprintf(body, sizeof body,
                   "{\"access_token\":\"access-%d\",\"token_type\":\"Bearer\","
                   "\"expires_in\":%d,\"generation\":%d,\"session\":{\"id\":"
                   "\"%s\"},\"user\":{\"id\":1,\"username\":\"%s\",\"email\":"
                   "\"a@b.c\",\"roles\":[\"user\"]}}",
                   s->token, atomic_load(&s->expires_in), s->generation, s->sid,
                   FAKE_USER);
    fake_answer(reply, status, "application/json", body);
}

static void sign_in(struct fake_stay *s, struct fake_reply *reply,
                    const char *body)
{
    char password[256];

    (void)member(body, "password", password, sizeof password);
    if (strcmp(password, FAKE_PASSWORD) != 0) {
        answer_error(s, reply, MESSAGE_SIGN_IN, CASE_BAD_PASSWORD);
        return;
    }
    memset(s->chain, 0, sizeof s->chain);
    (void)member(body, "sid", s->sid, sizeof s->sid);
    (void)member(body, "next", s->chain[0], sizeof s->chain[0]);
    s->generation = 0;
    s->live = true;
    s->revoked = false;
    atomic_fetch_add(&s->signed_in, 1);
    answer_token(s, reply, 201);
}

static void move_on(struct fake_stay *s, struct fake_reply *reply,
                    const char *next)
{
    memmove(s->chain[1], s->chain[0], sizeof s->chain - sizeof s->chain[0]);
    (void)snprintf(s->chain[0], sizeof s->chain[0], "%s", next);
    s->generation++;
    atomic_fetch_add(&s->granted, 1);
    answer_token(s, reply, 200);
    if (atomic_load(&s->drop_replies) > 0) {
        atomic_fetch_sub(&s->drop_replies, 1);
        reply->length = 0;
        reply->close = true;
    }
}

/* design.md, section 5.1. */
static void decide(struct fake_stay *s, struct fake_reply *reply,
                   const char *body)
{
    char secret[64], next[64], number[32], hash[64];
    int i, back;

    (void)member(body, "secret", secret, sizeof secret);
    (void)member(body, "next", next, sizeof next);
    (void)member(body, "generation", number, sizeof number);
    i = (int)strtol(number, NULL, 10);
    hash_text(secret, hash);
    back = s->generation - i;
    if (!s->live || s->revoked)
        answer_error(s, reply, MESSAGE_REFRESH,
                     s->revoked ? CASE_REVOKED : CASE_UNKNOWN);
    else if (back == 0 && strcmp(hash, s->chain[0]) == 0)
        move_on(s, reply, next);
    else if (back > 0 && back < FAKE_CHAIN &&
             strcmp(hash, s->chain[back]) == 0 &&
             strcmp(next, s->chain[back - 1]) == 0)
        answer_error(s, reply, MESSAGE_REFRESH, CASE_ADVANCE);
    else if (back >= FAKE_CHAIN)
        answer_error(s, reply, MESSAGE_REFRESH, CASE_STALE);
    else {
        s->live = false;
        answer_error(s, reply, MESSAGE_REFRESH, CASE_REUSE);
    }
}

static void refresh(struct fake_stay *s, struct fake_reply *reply,
                    const char *body)
{
    int status = atomic_load(&s->refuse_status);
    const char *text = atomic_load(&s->refuse_body);
    const char *header = atomic_load(&s->refuse_header);

    if (atomic_load(&s->hang)) {
        reply->hang = true;
        return;
    }
    if (status == 0) {
        decide(s, reply, body);
        if (atomic_load(&s->wait_for_sign_out))
            reply->after = "DELETE /api/session";
        return;
    }
    fake_write(reply,
               "HTTP/1.1 %d Whatever\r\n%sContent-Type: %s\r\n"
               "Content-Length: %zu\r\n\r\n%s",
               status, header != NULL ? header : "",
               text[0] == '<' ? "text/html" : "application/json", strlen(text),
               text);
}

bool fake_stay_admits(const struct fake_stay *s, const char *head)
{
    char value[256];
    int number;

    if (!(fake_header(head, "Authorization", value, sizeof value) &&
          sscanf(value, "Bearer access-%d", &number) == 1) &&
        !(fake_header(head, "x-access-token", value, sizeof value) &&
          sscanf(value, "access-%d", &number) == 1))
        return false;
    return number >= s->oldest && number <= s->token && !s->revoked;
}

void fake_stay_answer_401(const struct fake_stay *s, struct fake_reply *reply)
{
    answer_error(s, reply, MESSAGE_NONE, CASE_EXPIRED_TOKEN);
}

static void answer(struct fake_reply *reply, const struct fake_request *r,
                   void *data)
{
    struct fake_stay *s = data;
    bool post = strcmp(r->method, "POST") == 0;
    bool remove = strcmp(r->method, "DELETE") == 0;

    if (atomic_load(&s->hang_all)) {
        reply->hang = true;
    } else if (post && strcmp(r->target, "/api/session") == 0) {
        sign_in(s, reply, r->body);
    } else if (post && strcmp(r->target, "/api/session/refresh") == 0) {
        refresh(s, reply, r->body);
    } else if (remove && strcmp(r->target, "/api/session") == 0) {
        s->live = false;
        s->revoked = true;
        atomic_fetch_add(&s->signed_out, 1);
        fake_write(reply, "HTTP/1.1 204 Gone\r\n\r\n");
    } else if (s->resource != NULL) {
        s->resource(reply, r, s->resource_data);
    } else if (r->awaits) {
        return; // let the body come
    } else if (fake_stay_admits(s, r->head)) {
        fake_answer(reply, 200, "text/plain", "data");
    } else {
        fake_stay_answer_401(s, reply);
    }
}

void fake_stay_open(struct fake_stay *s)
{
    const struct dialect_source *source;

    *s = (struct fake_stay){0};
    atomic_store(&s->expires_in, 60);
    atomic_store(&s->refuse_body, "{}");
    source = dialect_find(SPAN("stay"));
    s->memory = malloc(DIALECT_MEMORY);
    if (sodium_init() < 0 || s->memory == NULL ||
        dialect_load(&s->dialect, SPAN("stay"),
                     (struct span){source->text, source->length},
                     (struct span){s->memory, DIALECT_MEMORY},
                     NULL) != DIALECT_OK)
        abort();
    s->server = fake_open(answer, s);
}

void fake_stay_close(struct fake_stay *s)
{
    fake_close(s->server);
    free(s->memory);
}

void fake_stay_expire(struct fake_stay *s)
{
    fake_locked(s->server, true);
    s->oldest = s->token + 1;
    fake_locked(s->server, false);
}

void fake_stay_revoke(struct fake_stay *s)
{
    fake_locked(s->server, true);
    s->revoked = true;
    fake_locked(s->server, false);
}
