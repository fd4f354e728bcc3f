/*
 * Sign in: a session begins.
 */
#include <sodium.h>
#include <string.h>

#include "server/audit.h"
#include "server/client.h"
#include "server/cookie.h"
#include "server/hash.h"
#include "server/mint.h"
#include "server/plausible.h"
#include "server/present.h"
#include "server/resource.h"
#include "server/rotate.h"
#include "server/task.h"

struct sign_in {
    struct task task;
    struct hash hash;
    char shown[STORE_NAME_SIZE]; /* name or address, or empty */
    bool is_name;                /* it may be a name, an address, or both */
    bool is_email;
    bool is_near; /* a session of that user began where we are asked from */
    struct store_user user; /* as read before the hash; id 0: there is none */
    char seen[STORE_PASSWORD_SIZE]; /* the hash that the password fitted */
    struct store_session session;
    struct store_session added;
    struct audit audit;
    struct audit room;                  /* of sessions that were one too many */
    uint8_t root[STORE_LINK_SIZE];      /* offered: the first token's parent */
    uint8_t secret[COOKIE_SECRET_SIZE]; /* R, in cookie mode only */
    char sid_text[BASE64URL_LENGTH(STORE_SID_SIZE)];
    struct mint mint;
};

static struct sign_in *work_of(struct task *task)
{
    return (struct sign_in *)(void *)((char *)task -
                                      offsetof(struct sign_in, task));
}

static void refuse(struct sign_in *work, enum audit_outcome outcome,
                   enum reply_kind kind)
{
    struct call *call = work->hash.call;

    audit_begin(&work->audit, call, AUDIT_SIGN_IN);
    work->audit.outcome = outcome;
    work->audit.user_id = work->user.id;
    audit_note(call->worker, &work->audit);
    call_reply(call, kind, FIELD_NONE);
}

/* ---- 3: the session is durable ---- */

static void answer_signed_in(struct sign_in *work)
{
    struct call *call = work->hash.call;
    const struct store_session *session = &work->added;
    struct mint_who who = {.sid = session->sid,
                           .user_id = work->user.id,
                           .roles = span_of(session->roles),
                           .user = &work->user};

    if (!mint_access(call, &work->mint, &who)) {
        call_reply_failed(call);
        return;
    }
    if (session->protocol == STORE_OFFERED)
        mint_refresh(call, &work->mint, session->sid, work->root, 0);
    memcpy(work->user.roles, session->roles, sizeof work->user.roles);
    call_set_user(call, &work->user);
    (void)base64url_encode(session->sid, STORE_SID_SIZE, work->sid_text);
    fields_set_text(&call->fields, FIELD_SESSION_ID,
                    (struct span){work->sid_text, sizeof work->sid_text});
    fields_set_text(&call->fields, FIELD_SID,
                    (struct span){work->sid_text, sizeof work->sid_text});
    fields_set_text(&call->fields, FIELD_LABEL, span_of(session->label));
    if (call->message == MESSAGE_SIGN_IN_COOKIE)
        cookie_give(call, work->secret);
    bytes_wipe(work->secret, sizeof work->secret);
    audit_tell(&call->server->log, &work->audit);
    if (work->room.detail > 0)
        audit_tell(&call->server->log, &work->room);
    call_reply(call, CASE_OK, FIELD_NONE);
}

static enum store_result find_again(struct store *store, struct change *change)
{
    struct sign_in *work = work_of((struct task *)(void *)change);

    return store_user_by_id(store, work->session.user_id, &work->user);
}

static void answer_changed(struct task *task)
{
    struct sign_in *work = work_of(task);
    struct call *call = work->hash.call;

    if (task->change.result == STORE_OK && work->user.disabled)
        refuse(work, AUDIT_DISABLED, CASE_DISABLED);
    else if (store_failed(task->change.result))
        call_reply_failed(call);
    else
        refuse(work, AUDIT_BAD_PASSWORD, CASE_BAD_PASSWORD);
}

/* The user was changed while the hash was made: what is true now? */
static void look_again(struct sign_in *work)
{
    work->task.change.run = find_again;
    work->task.change.steps = false;
    work->task.done = answer_changed;
    task_read(work->hash.call->worker, &work->task);
}

static void answer_added(struct task *task)
{
    struct sign_in *work = work_of(task);
    struct call *call = work->hash.call;

    switch ((int)task->change.result) {
    case STORE_OK:
        answer_signed_in(work);
        break;
    case STORE_NONE:
        look_again(work);
        break;
    case STORE_TAKEN:
        refuse(work, AUDIT_DENIED, CASE_SIGN_IN_AGAIN);
        break;
    default:
        call_reply_failed(call);
        break;
    }
}

/* ---- 2: the password was right ---- */

/* The least used sessions make room for the new one, and the audit has it. */
static enum store_result reclaim(struct store *store, struct sign_in *work)
{
    const struct store_reclaim which = {
        .user_id = work->user.id,
        .keep = work->added.sid,
        .max = work->hash.call->server->config->sessions_max,
        .now_s = work->hash.call->now_s,
    };
    enum store_result result =
        store_session_reclaim(store, &which, &work->room.detail);

    if (result == STORE_OK && work->room.detail > 0)
        result = audit_store(store, &work->room);
    return result;
}

/* All in one transaction: the newer hash, where there is one, the session, the
   end of those that are too many, the audit. */
static enum store_result add_session(struct store *store, struct change *change)
{
    struct sign_in *work = work_of((struct task *)(void *)change);
    enum store_result result = STORE_OK;

    work->room.detail = 0;
    if (strcmp(work->seen, work->user.password) != 0)
        result = store_user_swap_password(store, work->user.id, work->seen,
                                          work->user.password);
    if (result == STORE_OK)
        result = store_session_add(store, &work->session, work->user.password,
                                   &work->added);
    if (result == STORE_OK)
        result = reclaim(store, work);
    if (result == STORE_OK)
        result = audit_store(store, &work->audit);
    return result;
}

static void submit_session(struct sign_in *work)
{
    audit_begin(&work->audit, work->hash.call, AUDIT_SIGN_IN);
    audit_set_sid(&work->audit, work->session.sid);
    work->audit.user_id = work->user.id;
    work->room = work->audit;
    work->room.kind = AUDIT_SESSIONS_RECLAIM;
    work->task.change.run = add_session;
    work->task.change.steps = true;
    work->task.done = answer_added;
    task_submit(work->hash.call->worker, &work->task);
}

static struct sign_in *work_of_hash(struct hash *hash)
{
    return (struct sign_in *)(void *)((char *)hash -
                                      offsetof(struct sign_in, hash));
}

static void end_renewal(struct hash *hash)
{
    struct sign_in *work = work_of_hash(hash);

    memcpy(work->user.password, hash->job.hash, sizeof work->user.password);
    submit_session(work);
}

/* The hash is an imported one, or has the costs of former days. Where the pool
   is busy that has time until the next sign-in. */
static void renew_hash(struct sign_in *work)
{
    work->hash.job.task = PASSWORD_MAKE;
    work->hash.done = end_renewal;
    if (!hash_offer(work->hash.call, &work->hash))
        submit_session(work);
}

static void answer_hashed(struct hash *hash)
{
    struct sign_in *work = work_of_hash(hash);
    struct call *call = hash->call;
    bool hide = call->server->config->hide_users;

    if (hash->job.result == PASSWORD_OK)
        call_know(call);
    if (hash->job.result == PASSWORD_OK && !work->user.disabled) {
        memcpy(work->seen, work->user.password, sizeof work->seen);
        if (hash->job.outdated)
            renew_hash(work);
        else
            submit_session(work);
    } else if (hash->job.result == PASSWORD_OK)
        refuse(work, AUDIT_DISABLED, CASE_DISABLED);
    else if (work->user.id == 0)
        refuse(work, AUDIT_UNKNOWN_USER,
               hide ? CASE_BAD_PASSWORD : CASE_UNKNOWN_USER);
    else
        refuse(work, AUDIT_BAD_PASSWORD, CASE_BAD_PASSWORD);
}

/* ---- 1: who is it, and which session is asked for ---- */

/* In cookie mode the session's secret is ours to draw, and the browser's to
   keep; only its hash is in the row. */
static void draw_secret(struct sign_in *work)
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    randombytes_buf(work->secret, sizeof work->secret);
    crypto_hash_sha256(hash, work->secret, sizeof work->secret);
    memcpy(work->session.sid, hash, sizeof work->session.sid);
    work->session.cookie = true;
}

/* The client drew its own secrets and sends what they are known by. */
static enum field start_committed(struct call *call, struct sign_in *work)
{
    struct store_session *session = &work->session;
    uint8_t next[ROTATION_HASH_SIZE];
    struct rotation_row row;

    session->protocol = STORE_COMMITTED;
    if (call->message == MESSAGE_SIGN_IN_COOKIE)
        draw_secret(work);
    else if (!present_bytes(call, FIELD_SID, session->sid, sizeof session->sid))
        return FIELD_SID;
    if (!present_bytes(call, FIELD_NEXT, next, sizeof next) ||
        !rotation_start_committed(&row, next, call->now_s))
        return FIELD_NEXT;
    session->chain = rotate_chain(&row);
    return FIELD_NONE;
}

static void start_offered(struct call *call, struct sign_in *work)
{
    struct rotation_row row;

    work->session.protocol = STORE_OFFERED;
    randombytes_buf(work->session.sid, sizeof work->session.sid);
    randombytes_buf(work->root, sizeof work->root);
    rotation_start_offered(&row, work->root, call->now_s);
    work->session.chain = rotate_chain(&row);
}

static void describe_session(struct call *call, struct store_session *session)
{
    char address[HTTP_PEER_TEXT];

    session->created_s = call->now_s;
    session->used_s = call->now_s;
    plausible_copy(call->mount->dialect.name, session->dialect,
                   sizeof session->dialect);
    plausible_copy(fields_text(&call->fields, FIELD_LABEL), session->label,
                   sizeof session->label);
    plausible_copy(call_header(call, "User-Agent"), session->agent,
                   sizeof session->agent);
    http_peer_text(&call->client, address);
    plausible_copy(span_of(address), session->address, sizeof session->address);
}

/* Of both what is a name goes first; what is an address is looked up all the
   same, so that it takes as long. */
static enum store_result find_shown(struct store *store, struct sign_in *work)
{
    enum store_result named = STORE_NONE, mailed = STORE_NONE;
    struct store_user other;

    if (work->is_name)
        named = store_user_by_name(store, work->shown, &work->user);
    if (work->is_email)
        mailed = store_user_by_email(store, work->shown, &other);
    if (named != STORE_NONE || mailed != STORE_OK)
        return named == STORE_NONE ? mailed : named;
    work->user = other;
    return STORE_OK;
}

/* By the name or address that the user shows; an empty one is nobody's. And of
   which kinds hashes are here. */
static enum store_result find_user(struct store *store, struct change *change)
{
    struct sign_in *work = work_of((struct task *)(void *)change);
    struct store_value kinds;
    enum store_result result =
        store_setting_get(store, FOREIGN_SETTING, &kinds);

    work->hash.job.foreign.count = 0;
    if (result == STORE_OK)
        foreign_parse((struct span){(const char *)kinds.bytes, kinds.length},
                      &work->hash.job.foreign);
    return store_failed(result) ? result : find_shown(store, work);
}

/* Nobody's password costs as much as somebody's: user.id is 0 then. */
static void check_password(struct task *task)
{
    struct sign_in *work = work_of(task);
    struct call *call = work->hash.call;

    if (store_failed(task->change.result)) {
        call_reply_failed(call);
        return;
    }
    work->session.user_id = work->user.id;
    work->hash.job.task = PASSWORD_CHECK;
    memcpy(work->hash.job.hash, work->user.password,
           sizeof work->hash.job.hash);
    work->hash.done = answer_hashed;
    (void)hash_submit(call, &work->hash); // answers by itself when it cannot
}

/* ---- Others have tried too much: does the user come from here? ---- */

static bool look_at(void *context, const struct store_session *session)
{
    struct sign_in *work = context;
    const struct call *call = work->hash.call;
    const struct store_lifetime lifetime = {
        .now_s = call->now_s,
        .idle_s = call->server->limits.idle_s,
        .max_s = call->server->limits.max_s,
    };

    work->is_near = !store_session_expired(session, &lifetime) &&
                    client_is_near(session->address, &call->client);
    return !work->is_near;
}

static enum store_result find_near(struct store *store, struct change *change)
{
    struct sign_in *work = work_of((struct task *)(void *)change);
    enum store_result result = find_user(store, change);

    work->is_near = false;
    if (!store_failed(result)) // nobody's are looked for too: it takes its time
        result = store_session_list(
            store, work->user.id, work->hash.call->server->config->sessions_max,
            look_at, work);
    return result;
}

static void judge_stranger(struct task *task)
{
    struct sign_in *work = work_of(task);
    struct call *call = work->hash.call;
    struct span shown = span_of(work->shown);

    if (task->change.result == STORE_OK && work->is_near)
        call_greet(call, THROTTLE_SIGN_IN, shown);
    if (store_failed(task->change.result) ||
        call_may_try(call, THROTTLE_SIGN_IN, shown))
        check_password(task);
}

static void read_shown(struct call *call, struct sign_in *work)
{
    bool named = fields_has(&call->fields, FIELD_USERNAME);
    struct span text =
        fields_text(&call->fields, named ? FIELD_USERNAME : FIELD_EMAIL);

    work->is_name = named && plausible_name(text) == CASE_OK;
    work->is_email = plausible_email(text) == CASE_OK;
    if (work->is_name || work->is_email)
        plausible_copy(text, work->shown, sizeof work->shown);
}

static void ask_who(struct sign_in *work)
{
    struct call *call = work->hash.call;
    struct span shown = span_of(work->shown);
    bool stranger = call_is_stranger(call, THROTTLE_SIGN_IN, shown);

    if (!stranger && !call_may_try(call, THROTTLE_SIGN_IN, shown))
        return;
    work->task.change.run = stranger ? find_near : find_user;
    work->task.done = stranger ? judge_stranger : check_password;
    task_read(call->worker, &work->task);
}

void session_create(struct call *call)
{
    struct sign_in *work;
    enum field wrong = FIELD_NONE;

    if (!fields_has(&call->fields, FIELD_USERNAME) &&
        !fields_has(&call->fields, FIELD_EMAIL)) {
        call_reply(call, CASE_MISSING, FIELD_USERNAME);
        return;
    }
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    if (fields_has(&call->fields, FIELD_NEXT))
        wrong = start_committed(call, work);
    else
        start_offered(call, work);
    if (wrong != FIELD_NONE) {
        call_reply(call, CASE_INVALID, wrong);
        return;
    }
    describe_session(call, &work->session);
    read_shown(call, work);
    work->hash.call = call;
    ask_who(work);
}
