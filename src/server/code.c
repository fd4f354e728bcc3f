#include "server/code.h"

#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "server/mail.h"
#include "server/present.h"
#include "server/task.h"

_Static_assert(BASE64URL_LENGTH(CODE_BYTES) == CODE_TEXT, "no padding");

/* Freed when it comes back. */
struct order {
    struct task task;
    struct store_user user;
    struct store_code code;
    int64_t now_s;
    char text[CODE_TEXT + 1];
};

/* How long a code lives, and in which letter it travels. */
static const struct kind_row {
    int64_t life_s;
    enum mail_kind mail;
} kinds[] = {
    [STORE_CODE_VERIFY] = {CODE_VERIFY_S, MAIL_VERIFY},
    [STORE_CODE_RESET] = {CODE_RESET_S,  MAIL_RESET },
};

static void draw(struct order *order)
{
    uint8_t bytes[CODE_BYTES];

    randombytes_buf(bytes, sizeof bytes);
    (void)base64url_encode(bytes, sizeof bytes, order->text);
    order->text[CODE_TEXT] = '\0';
    crypto_hash_sha256(order->code.hash, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
}

static enum store_result run_add(struct store *store, struct change *change)
{
    struct order *order = (struct order *)(void *)change;

    return store_code_add(store, &order->code, order->now_s);
}

static void hand_over(struct server *server, const struct order *order)
{
    const struct kind_row *kind = &kinds[order->code.kind];
    const struct mail mail = {
        .kind = kind->mail,
        .user_id = order->user.id,
        .to = order->user.email,
        .username = order->user.name,
        .code = order->text,
        .expires_in_s = kind->life_s,
        .url = server->config->url,
    };

    if (!mailer_send(&server->mailer, &mail))
        log_event(&server->log, CONFIG_ERROR, "mail_failed",
                  "user=%lld reason=\"its queue is full, or its process gone\"",
                  (long long)order->user.id);
}

static void end_order(struct task *task)
{
    struct order *order = (struct order *)(void *)task;
    struct server *server = task->worker->server;

    task->worker->codes--;
    if (task->change.result == STORE_OK)
        hand_over(server, order);
    else
        log_event(&server->log, CONFIG_INFO, "mail_left_out",
                  "user=%lld reason=\"%s\"", (long long)order->user.id,
                  task->change.result == STORE_NONE
                      ? "changed meanwhile, or enough is on its way"
                      : store_result_text(task->change.result));
    sodium_memzero(order, sizeof *order);
    free(order);
}

void code_issue(struct worker *worker, const struct store_user *user,
                enum store_code_kind kind)
{
    struct order *order = NULL;

    if (!mailer_is_open(&worker->server->mailer) || user->email[0] == '\0')
        return;
    if (worker->codes < CODE_WAITING_MAX)
        order = calloc(1, sizeof *order);
    if (order == NULL) {
        log_event(&worker->server->log, CONFIG_WARN, "mail_left_out",
                  "user=%lld reason=\"too many at once\"", (long long)user->id);
        return;
    }
    draw(order);
    order->user = *user;
    order->now_s = loop_now_s(worker->loop);
    order->code.kind = kind;
    order->code.user_id = user->id;
    order->code.email = order->user.email;
    order->code.expires_s = order->now_s + kinds[kind].life_s;
    order->task.change.run = run_add;
    order->task.done = end_order;
    worker->codes++;
    task_submit(worker, &order->task);
}

bool code_hash(const struct call *call, uint8_t hash[STORE_HASH_SIZE])
{
    uint8_t bytes[CODE_BYTES];
    bool good = present_bytes(call, FIELD_CODE, bytes, sizeof bytes);

    if (good)
        crypto_hash_sha256(hash, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
    return good;
}

void code_refuse(struct call *call, enum audit_kind kind)
{
    struct audit event;

    audit_begin(&event, call, kind);
    event.outcome = AUDIT_BAD_CODE;
    audit_note(call->worker, &event);
    call_count(call, THROTTLE_CODE);
    call_reply(call, CASE_INVALID, FIELD_CODE);
}

bool code_offered(struct call *call)
{
    if (mailer_is_open(&call->server->mailer))
        return true;
    call_reply(call, CASE_UNSUPPORTED, FIELD_NONE);
    return false;
}
