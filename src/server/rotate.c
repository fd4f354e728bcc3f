#include "server/rotate.h"

#include <string.h>

_Static_assert((int)STORE_COMMITTED == (int)ROTATION_COMMITTED, "one number");
_Static_assert((int)STORE_OFFERED == (int)ROTATION_OFFERED, "one number");
_Static_assert((int)STORE_ENDED_REVOKED == (int)ROTATION_ENDED_REVOKED &&
                   (int)STORE_ENDED_EXPIRED == (int)ROTATION_ENDED_EXPIRED &&
                   (int)STORE_ENDED_DISABLED == (int)ROTATION_ENDED_DISABLED &&
                   (int)STORE_ENDED_REUSE == (int)ROTATION_ENDED_REUSE,
               "the store keeps the numbers of enum rotation_end");
_Static_assert((int)STORE_CHAIN_SIZE == (int)ROTATION_CHAIN_SIZE &&
                   (int)STORE_LINK_SIZE == (int)OFFERED_ID_SIZE &&
                   (int)STORE_HASH_SIZE == (int)ROTATION_HASH_SIZE,
               "one layout");

struct rotation_row rotate_row(const struct store_session *session)
{
    // Disabling a user ends the sessions, so `disabled` stays false.
    struct rotation_row row = {
        .protocol = (enum rotation_protocol)session->protocol,
        .ended = (enum rotation_end)session->ended,
        .started_s = session->created_s,
        .used_s = session->used_s,
        .moved = session->chain.moved,
        .moved_s = session->chain.moved_s,
    };
    const uint8_t *bytes = session->chain.bytes;

    if (session->protocol == STORE_COMMITTED) {
        row.generation = session->chain.generation;
        memcpy(row.chain, bytes, sizeof row.chain);
    } else {
        row.n = session->chain.generation;
        memcpy(row.current, bytes, sizeof row.current);
        memcpy(row.previous, bytes + STORE_LINK_SIZE, sizeof row.previous);
    }
    return row;
}

struct store_chain rotate_chain(const struct rotation_row *row)
{
    struct store_chain chain = {.moved = row->moved, .moved_s = row->moved_s};

    if (row->protocol == ROTATION_COMMITTED) {
        chain.generation = row->generation;
        memcpy(chain.bytes, row->chain, sizeof row->chain);
    } else {
        chain.generation = row->n;
        memcpy(chain.bytes, row->current, sizeof row->current);
        memcpy(chain.bytes + STORE_LINK_SIZE, row->previous,
               sizeof row->previous);
    }
    return chain;
}

static struct store_lifetime lifetime_of(const struct rotation_limits *limits,
                                         int64_t now_s)
{
    return (struct store_lifetime){
        .now_s = now_s, .idle_s = limits->idle_s, .max_s = limits->max_s};
}

/* STORE_NONE is no failure here: there is no row. */
static enum store_result read_row(struct store *store,
                                  const uint8_t sid[STORE_SID_SIZE],
                                  struct store_session *session,
                                  struct store_holder *holder)
{
    enum store_result result = store_session_find(store, sid, session);

    memset(holder, 0, sizeof *holder);
    if (result != STORE_OK)
        return result;
    holder->user_id = session->user_id;
    memcpy(holder->roles, session->roles, sizeof holder->roles);
    return STORE_OK;
}

/*
 * Makes a verdict durable; STORE_NONE: someone changed the row meanwhile, so
 * read and decide again.
 */
static enum store_result carry_out(struct store *store,
                                   enum rotation_verdict verdict,
                                   const struct store_session *session,
                                   const struct rotation_row *after,
                                   int64_t now_s)
{
    struct store_chain next = rotate_chain(after);
    enum store_result result;

    if (verdict == ROTATION_MOVE)
        return store_session_swap(store, session->sid, &session->chain, &next,
                                  now_s);
    if (verdict == ROTATION_REVOKE)
        return store_session_end(store, session->sid,
                                 (enum store_ended)after->ended, now_s);
    if (verdict != ROTATION_TOUCH)
        return STORE_OK;
    // Touched by another request meanwhile is as good.
    result = store_session_touch(store, session->sid, now_s);
    return result == STORE_NONE ? STORE_OK : result;
}

/* The unread UPDATE. */
static enum store_result step_unread(struct store *store,
                                     struct rotate_committed *r)
{
    struct store_lifetime lifetime = lifetime_of(&r->limits, r->now_s);
    struct store_step step = {.generation = r->step.generation};
    enum store_result result;

    memcpy(step.sid, r->sid, sizeof step.sid);
    memcpy(step.shown, r->step.secret_hash, sizeof step.shown);
    memcpy(step.next, r->step.next, sizeof step.next);
    result = store_session_step(store, &step, &lifetime, &r->holder);
    if (result == STORE_OK) {
        r->verdict = ROTATION_MOVE;
        r->generation = step.generation + 1;
    }
    return result;
}

/* A question, or the step that begins a line: seldom, so the row is read. */
static enum store_result line_read(struct store *store,
                                   struct rotate_committed *r)
{
    struct store_session session;
    struct rotation_row row, after;
    enum store_result result = read_row(store, r->sid, &session, &r->holder);

    if (store_failed(result))
        return result;
    row = result == STORE_OK ? rotate_row(&session) : (struct rotation_row){0};
    after = row;
    r->verdict = rotation_reseed(result == STORE_OK ? &row : NULL, &r->line,
                                 &r->limits, r->now_s, &after);
    r->generation = after.generation;
    memcpy(r->from, after.chain, sizeof r->from);
    if (r->verdict != ROTATION_MOVE)
        return STORE_OK;
    after.moved = true;
    after.moved_s = r->now_s;
    return carry_out(store, r->verdict, &session, &after, r->now_s);
}

static enum store_result step_read(struct store *store,
                                   struct rotate_committed *r)
{
    struct store_session session;
    struct rotation_row row, after;
    enum store_result result = read_row(store, r->sid, &session, &r->holder);

    if (store_failed(result))
        return result;
    if (result == STORE_NONE) {
        r->verdict =
            rotation_committed(NULL, &r->step, &r->limits, r->now_s, &after);
        return STORE_OK;
    }
    row = rotate_row(&session);
    after = row;
    r->verdict =
        rotation_committed(&row, &r->step, &r->limits, r->now_s, &after);
    r->generation = after.generation;
    after.moved = true;
    after.moved_s = r->now_s;
    return carry_out(store, r->verdict, &session, &after, r->now_s);
}

enum store_result rotate_committed(struct store *store,
                                   struct rotate_committed *r)
{
    struct rotation_row after;

    memset(&r->holder, 0, sizeof r->holder);
    r->generation = 0;
    if (!r->is_line && !rotation_may_move(&r->step)) {
        r->verdict =
            rotation_committed(NULL, &r->step, &r->limits, r->now_s, &after);
        return STORE_OK;
    }
    for (int i = 0; i < ROTATE_TRIES; i++) {
        enum store_result result =
            r->is_line ? STORE_NONE : step_unread(store, r);

        if (result == STORE_NONE)
            result = r->is_line ? line_read(store, r) : step_read(store, r);
        if (result != STORE_NONE)
            return result;
    }
    return STORE_BUSY;
}

static enum store_result move_unread(struct store *store,
                                     struct rotate_offered *r)
{
    struct store_lifetime lifetime = lifetime_of(&r->limits, r->now_s);
    struct store_move move = {.n = r->token.n, .soft_s = r->limits.soft_s};
    enum store_result result;

    memcpy(move.sid, r->token.sid, sizeof move.sid);
    memcpy(move.self, r->token.self, sizeof move.self);
    memcpy(move.parent, r->token.parent, sizeof move.parent);
    result = store_session_move(store, &move, &lifetime, &r->holder);
    if (result == STORE_OK) {
        r->verdict = ROTATION_MOVE;
        r->n = r->token.n;
        memcpy(r->parent, r->token.self, sizeof r->parent);
    }
    return result;
}

/* Who shows the current token moves nothing, and gets a child of it. */
static void stand_for_current(const struct rotation_row *row,
                              struct offered_token *token)
{
    token->n = row->n;
    memcpy(token->self, row->current, sizeof token->self);
    memset(token->parent, 0, sizeof token->parent);
}

/* Reads the row and decides; writes nothing. */
static enum store_result decide_offered(struct store *store,
                                        struct rotate_offered *r,
                                        struct store_session *session,
                                        struct rotation_row *after)
{
    enum store_result result =
        read_row(store, r->token.sid, session, &r->holder);
    struct rotation_row row;

    if (result != STORE_OK && result != STORE_NONE)
        return result;
    memset(after, 0, sizeof *after);
    row = result == STORE_OK ? rotate_row(session) : *after;
    if (r->by_session && row.protocol == ROTATION_OFFERED)
        stand_for_current(&row, &r->token);
    r->verdict = rotation_offered(result == STORE_OK ? &row : NULL, &r->token,
                                  &r->limits, r->now_s, after);
    r->n = after->n;
    memcpy(r->parent, after->current, sizeof r->parent);
    return STORE_OK;
}

enum store_result rotate_offered(struct store *store, struct rotate_offered *r)
{
    for (int i = 0; i < ROTATE_TRIES; i++) {
        struct store_session session;
        struct rotation_row after;
        enum store_result result =
            r->by_session ? STORE_NONE : move_unread(store, r);

        if (result != STORE_NONE)
            return result;
        result = decide_offered(store, r, &session, &after);
        if (result == STORE_OK)
            result = carry_out(store, r->verdict, &session, &after, r->now_s);
        if (result != STORE_NONE)
            return result;
    }
    return STORE_BUSY;
}

enum store_result rotate_offered_read(struct store *store,
                                      struct rotate_offered *r)
{
    struct store_session session;
    struct rotation_row after;
    enum store_result result = decide_offered(store, r, &session, &after);

    if (result != STORE_OK)
        return result;
    switch (r->verdict) {
    case ROTATION_MOVE:
    case ROTATION_TOUCH:
    case ROTATION_REVOKE:
        return STORE_NONE;
    case ROTATION_KEEP:
    case ROTATION_BAD:
    case ROTATION_OTHER_SESSION:
    case ROTATION_ADVANCE:
    case ROTATION_STALE:
    case ROTATION_BEHIND:
    case ROTATION_RESEED:
    case ROTATION_SOFT:
    case ROTATION_UNKNOWN:
    case ROTATION_REVOKED:
    case ROTATION_EXPIRED:
    case ROTATION_DISABLED:
    case ROTATION_REUSE:
        break;
    }
    return STORE_OK;
}

enum store_result rotate_offered_look(struct store *store,
                                      struct rotate_offered *r,
                                      struct store_session *session)
{
    struct rotation_row after;

    return decide_offered(store, r, session, &after);
}

bool rotate_is_granted(enum rotation_verdict verdict)
{
    return verdict == ROTATION_MOVE || verdict == ROTATION_TOUCH ||
           verdict == ROTATION_KEEP;
}
