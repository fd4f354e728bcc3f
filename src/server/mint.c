#include "server/mint.h"

#include <sodium.h>
#include <time.h>

enum { MICRO = 1000000 };

static int64_t wall_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now); // cannot fail with this clock
    return (int64_t)now.tv_sec * MICRO + now.tv_nsec / 1000;
}

/* Later than all that a demonstration has declared expired. */
static int64_t issue_time(const struct call *call)
{
    int64_t now_us = wall_us();
    int64_t expired_us = atomic_load(&call->server->demo.expired_us);

    return now_us > expired_us ? now_us : expired_us + 1;
}

static void set_life(struct call *call, const struct token_facts *facts)
{
    const struct rotation_limits *limits = &call->server->limits;
    struct fields *fields = &call->fields;
    int64_t issued_s = facts->now_us / MICRO;

    fields_set_int(fields, FIELD_EXPIRES_IN, facts->life_s);
    fields_set_int(fields, FIELD_EXPIRES_IN_MS, facts->life_s * 1000);
    fields_set_int(fields, FIELD_EXPIRES_AT, issued_s + facts->life_s);
    fields_set_int(fields, FIELD_ISSUED_AT, issued_s);
    if (limits->idle_s > 0)
        fields_set_int(fields, FIELD_REFRESH_EXPIRES_AT,
                       issued_s + limits->idle_s);
}

void mint_wipe(struct mint *mint)
{
    bytes_wipe(mint->access, mint->access_length);
    bytes_wipe(mint->refresh, sizeof mint->refresh);
}

/*
 * What makes a token's name unlike all others; it is told with the token, and
 * no secret. Of many drawn at once each costs no system call.
 */
static void draw(struct mint_random *random, uint8_t out[TOKEN_RANDOM_SIZE])
{
    if (random->left < TOKEN_RANDOM_SIZE) {
        randombytes_buf(random->bytes, sizeof random->bytes);
        random->left = sizeof random->bytes;
    }
    random->left -= TOKEN_RANDOM_SIZE;
    __builtin_memcpy(out, random->bytes + random->left, TOKEN_RANDOM_SIZE);
}

bool mint_access(struct call *call, struct mint *mint,
                 const struct mint_who *who)
{
    struct token_facts facts = {.user_id = who->user_id,
                                .roles = who->roles,
                                .now_us = issue_time(call),
                                .life_s = call->server->config->access_ttl_s};

    __builtin_memcpy(facts.sid, who->sid, sizeof facts.sid);
    draw(&call->worker->random, facts.random);
    if (who->user != NULL) {
        facts.username = span_of(who->user->name);
        facts.email = span_of(who->user->email);
    }
    mint->access_length = token_write(
        &call->worker->issuer, &call->mount->dialect, &facts, mint->access);
    if (mint->access_length == 0)
        return false;
    fields_set_text(&call->fields, FIELD_ACCESS,
                    (struct span){mint->access, mint->access_length});
    // Whatever scope was asked for, this is the one that was granted.
    fields_set_text(&call->fields, FIELD_SCOPE, who->roles);
    set_life(call, &facts);
    return true;
}

static void write_refresh(struct call *call, struct mint *mint,
                          struct offered_token *token)
{
    // A name that proves nothing binds to nothing.
    key_mac_set(call->worker->keys, token,
                span_of(call->asker.registered ? call->asker.id : ""));
    offered_format(token, mint->refresh);
    fields_set_text(&call->fields, FIELD_REFRESH,
                    (struct span){mint->refresh, OFFERED_TEXT_LENGTH});
}

void mint_refresh(struct call *call, struct mint *mint,
                  const uint8_t sid[STORE_SID_SIZE],
                  const uint8_t parent[STORE_LINK_SIZE], int64_t n)
{
    uint8_t self[STORE_LINK_SIZE];
    struct offered_token token;

    randombytes_buf(self, sizeof self);
    token = offered_child(call->worker->keys->mac[0].id, sid, parent, n, self);
    write_refresh(call, mint, &token);
}

void mint_refresh_after(struct call *call, struct mint *mint,
                        const struct offered_token *shown,
                        const uint8_t parent[STORE_LINK_SIZE], int64_t n)
{
    uint8_t self[STORE_LINK_SIZE];
    struct offered_token token;

    randombytes_buf(self, sizeof self);
    token =
        offered_answer(shown, call->worker->keys->mac[0].id, parent, n, self);
    write_refresh(call, mint, &token);
}
