#include "server/hash.h"

#include <stddef.h>
#include <string.h>

static void finish(struct loop_job *back)
{
    struct hash *hash =
        (struct hash *)(void *)((char *)back - offsetof(struct hash, back));

    if (hash->job.result == PASSWORD_FAILED ||
        hash->job.result == PASSWORD_STOPPED)
        call_reply_failed(hash->call);
    else
        hash->done(hash);
}

/* On a thread of the pool. */
static void post(struct password_job *job)
{
    struct hash *hash =
        (struct hash *)(void *)((char *)job - offsetof(struct hash, job));

    loop_post(hash->call->worker->loop, &hash->back);
}

static enum field field_of(const struct hash *hash)
{
    return hash->field == FIELD_NONE ? FIELD_PASSWORD : hash->field;
}

bool hash_offer(struct call *call, struct hash *hash)
{
    struct span password = fields_text(&call->fields, field_of(hash));

    if (!password_fits(password.text, password.length))
        return false;
    memcpy(hash->job.password, password.text, password.length);
    hash->job.password_length = password.length;
    http_peer_network(&call->client, hash->job.from);
    hash->job.done = post;
    hash->back.run = finish;
    hash->call = call;
    if (password_submit(call->server->pool, &hash->job) == PASSWORD_TAKEN)
        return true;
    bytes_wipe(hash->job.password, sizeof hash->job.password);
    return false;
}

bool hash_submit(struct call *call, struct hash *hash)
{
    struct span password = fields_text(&call->fields, field_of(hash));

    if (hash_offer(call, hash))
        return true;
    if (password_fits(password.text, password.length))
        call_reply_failed(call);
    else
        call_reply(call, CASE_TOO_LONG, field_of(hash));
    return false;
}
