/*
 * Refresh: the rules are those of core/rotation.h; server/rotate.h makes them
 * durable.
 */
#include "server/refresh.h"

#include "base/point.h"
#include "server/mint.h"
#include "server/resource.h"

/* What each verdict is called on the wire and in the counts. */
static const struct verdict_row {
    enum reply_kind kind;
    enum metrics_outcome outcome;
} verdicts[] = {
    [ROTATION_MOVE] = {CASE_OK,            METRICS_GRANTED      },
    [ROTATION_TOUCH] = {CASE_OK,            METRICS_GRANTED      },
    [ROTATION_KEEP] = {CASE_OK,            METRICS_GRANTED      },
    [ROTATION_BAD] = {CASE_BAD_REQUEST,   METRICS_BAD_REQUEST  },
    [ROTATION_OTHER_SESSION] = {CASE_OTHER_SESSION, METRICS_OTHER_SESSION},
    [ROTATION_ADVANCE] = {CASE_ADVANCE,       METRICS_ADVANCE      },
    [ROTATION_STALE] = {CASE_STALE,         METRICS_STALE        },
    [ROTATION_BEHIND] = {CASE_BEHIND,        METRICS_BEHIND       },
    [ROTATION_RESEED] = {CASE_RESEED,        METRICS_RESEED       },
    [ROTATION_SOFT] = {CASE_TRY_AGAIN,     METRICS_SOFT         },
    [ROTATION_UNKNOWN] = {CASE_UNKNOWN,       METRICS_UNKNOWN      },
    [ROTATION_REVOKED] = {CASE_REVOKED,       METRICS_REVOKED      },
    [ROTATION_EXPIRED] = {CASE_EXPIRED,       METRICS_EXPIRED      },
    [ROTATION_DISABLED] = {CASE_DISABLED,      METRICS_DISABLED     },
    [ROTATION_REUSE] = {CASE_REUSE,         METRICS_REUSE        },
    [ROTATION_REVOKE] = {CASE_REUSE,         METRICS_REUSE        },
};

void refresh_count(struct call *call, enum metrics_outcome outcome)
{
    metrics_refresh(&call->worker->metrics, call->mount, outcome);
}

/* What no client that behaves shows twice. */
static bool misbehaves(enum rotation_verdict verdict)
{
    return verdict == ROTATION_BAD || verdict == ROTATION_UNKNOWN ||
           verdict == ROTATION_REVOKED || verdict == ROTATION_EXPIRED ||
           verdict == ROTATION_DISABLED || verdict == ROTATION_REUSE;
}

/*
 * May this network be told once more that it shows nothing good? Otherwise it
 * has been answered 429: no session that lives is ever asked.
 */
bool refresh_may_refuse(struct call *call)
{
    if (!call_may_go_on(call, THROTTLE_REFRESH))
        return false;
    call_count(call, THROTTLE_REFRESH);
    return true;
}

/* What was decided is durable; now the answer may go, or be lost. */
void refresh_finish_as(struct call *call, enum rotation_verdict verdict,
                       enum reply_kind kind)
{
    if (misbehaves(verdict) && !refresh_may_refuse(call))
        return;
    refresh_count(call, verdicts[verdict].outcome);
    POINT("before_reply");
    if (!demo_drops_reply(call))
        call_reply(call, kind, FIELD_NONE);
}

void refresh_finish(struct call *call, enum rotation_verdict verdict)
{
    refresh_finish_as(call, verdict, verdicts[verdict].kind);
}

static void answer_unavailable(struct call *call)
{
    refresh_count(call, METRICS_UNAVAILABLE);
    call_reply(call, CASE_UNAVAILABLE, FIELD_NONE);
}

/*
 * On the writer's thread: this very call ended the session. The end stands,
 * whatever becomes of the row that tells of it: the log has it too.
 */
void refresh_store_reuse(struct store *store, struct refresh *work,
                         const uint8_t sid[STORE_SID_SIZE], int64_t user_id)
{
    // Once: what runs again must ask the same, to the second.
    if (work->audit.at_ms == 0)
        audit_begin(&work->audit, work->call, AUDIT_REFRESH);
    work->audit.outcome = AUDIT_REUSE;
    work->audit.user_id = user_id;
    audit_set_sid(&work->audit, sid);
    (void)audit_store(store, &work->audit);
}

/* Only some families' claims tell more of a user than id and roles. */
enum store_result refresh_find_user(struct store *store, struct refresh *work,
                                    enum rotation_verdict verdict,
                                    int64_t user_id)
{
    enum store_result result;

    if (work->user == NULL || !rotate_is_granted(verdict))
        return STORE_OK;
    result = store_user_by_id(store, user_id, work->user);
    // Removed just now, and the session with it: the next try will see it.
    return result == STORE_NONE ? STORE_BUSY : result;
}

void refresh_grant(struct refresh *work, const uint8_t *sid,
                   const struct store_holder *holder)
{
    struct call *call = work->call;
    UNSET struct mint mint;
    struct mint_who who = {.sid = sid,
                           .user_id = holder->user_id,
                           .roles = span_of(holder->roles)};

    if (work->user != NULL && work->user->id != 0)
        who.user = work->user;

    if (!mint_access(call, &mint, &who)) {
        answer_unavailable(call);
        return;
    }
    if (work->offered)
        mint_refresh_after(call, &mint, &work->rotate.offered.token,
                           work->rotate.offered.parent, work->rotate.offered.n);
    fields_set_int(&call->fields, FIELD_ID, holder->user_id);
    fields_set_text(&call->fields, FIELD_ROLES, who.roles);
    refresh_finish(call, ROTATION_MOVE);
    mint_wipe(&mint);
}

void refresh_answer(struct task *task)
{
    struct refresh *work = refresh_of(task);

    if (task->change.result != STORE_OK)
        answer_unavailable(work->call);
    else if (work->offered)
        refresh_answer_offered(work);
    else
        refresh_answer_committed(work);
}

void session_refresh(struct call *call)
{
    struct refresh *work;

    if (demo_answers_refresh(call))
        return;
    if (call->problems.count > 0) {
        if (!refresh_may_refuse(call))
            return;
        refresh_count(call, METRICS_BAD_REQUEST);
        call_reply_problems(call);
        return;
    }
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    if (call->mount->user_in_claims) {
        work->user = call_reserve(call, sizeof *work->user);
        if (work->user == NULL)
            return;
    }
    work->call = call;
    work->task.done = refresh_answer;
    if (call->mount->dialect.rotation == DIALECT_ROTATION_COMMITTED)
        refresh_begin_committed(work);
    else
        refresh_begin_offered(work);
}
