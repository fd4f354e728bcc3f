#include "server/audit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/base64url.h"
#include "base/json.h"
#include "server/call.h"
#include "server/plausible.h"
#include "server/task.h"

enum {
    WRITE_MS = 1000,
    SWEEP_MS = 1000,
    SWEEP_REST = 9,    /* turns that are left out after a step, */
    SWEEP_ROWS = 1024, /* unless it removed as many as it may */
};

/* What the word in the table is, and what `detail` is called in the log. */
static const struct kind_row {
    const char *name;
    const char *detail; /* NULL: it has none */
} kinds[AUDIT_KINDS] = {
    [AUDIT_SIGN_UP] = {"sign_up",          NULL      },
    [AUDIT_SIGN_IN] = {"sign_in",          NULL      },
    [AUDIT_REFRESH] = {"refresh",          NULL      },
    [AUDIT_SIGN_OUT] = {"sign_out",         NULL      },
    [AUDIT_SESSION_END] = {"session_end",      NULL      },
    [AUDIT_SESSIONS_END] = {"sessions_end",     "sessions"},
    [AUDIT_PASSWORD_CHANGE] = {"password_change",  NULL      },
    [AUDIT_PASSWORD_RESET] = {"password_reset",   NULL      },
    [AUDIT_RESET_ASKED] = {"reset_asked",      NULL      },
    [AUDIT_EMAIL_CHANGE] = {"email_change",     NULL      },
    [AUDIT_EMAIL_VERIFY] = {"email_verify",     NULL      },
    [AUDIT_ACCOUNT_DELETE] = {"account_delete",   NULL      },
    [AUDIT_USER_ADD] = {"user_add",         NULL      },
    [AUDIT_USER_IMPORT] = {"user_import",      "users"   },
    [AUDIT_ROLES_CHANGE] = {"roles_change",     "roles"   },
    [AUDIT_USER_DISABLE] = {"user_disable",     NULL      },
    [AUDIT_USER_ENABLE] = {"user_enable",      NULL      },
    [AUDIT_KEY_ROTATE] = {"key_rotate",       "key"     },
    [AUDIT_SESSIONS_RECLAIM] = {"sessions_reclaim", "sessions"},
    [AUDIT_RESEEDED] = {"reseeded",         NULL      },
};

static const char *const outcomes[AUDIT_OUTCOMES] = {
    [AUDIT_OK] = "ok",
    [AUDIT_BAD_PASSWORD] = "bad_password",
    [AUDIT_UNKNOWN_USER] = "unknown_user",
    [AUDIT_DISABLED] = "disabled",
    [AUDIT_REUSE] = "reuse",
    [AUDIT_THROTTLED] = "throttled",
    [AUDIT_TAKEN] = "taken",
    [AUDIT_BAD_CODE] = "bad_code",
    [AUDIT_DENIED] = "denied",
};

static void begin(struct audit *event, enum audit_kind kind)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now); // cannot fail with this clock
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void audit_begin(struct audit *event, const struct call *call,
                 enum audit_kind kind)
{
    begin(event, kind);
    plausible_copy(call->mount->dialect.name, event->dialect,
                   sizeof event->dialect);
    event->from = call->client;
}

void audit_begin_operator(struct audit *event, enum audit_kind kind)
{
    begin(event, kind);
    event->by_operator = true;
}

void audit_set_sid(struct audit *event, const uint8_t sid[STORE_SID_SIZE])
{
    memcpy(event->sid, sid, sizeof event->sid);
    event->has_sid = true;
}

static void write_address(const struct audit *event, char out[HTTP_PEER_TEXT])
{
    out[0] = '\0';
    if (!event->by_operator)
        http_peer_text(&event->from, out);
}

enum store_result audit_store(struct store *store, const struct audit *event)
{
    char address[HTTP_PEER_TEXT];
    const struct store_audit row = {
        .at_s = event->at_ms / 1000,
        .kind = kinds[event->kind].name,
        .outcome = outcomes[event->outcome],
        .user_id = event->user_id,
        .sid = event->has_sid ? event->sid : NULL,
        .detail = event->detail,
        .dialect = event->dialect,
        .address = address,
    };

    write_address(event, address);
    return store_audit_add(store, &row);
}

/* ---- The line ---- */

static void put_text(struct json_writer *w, const char *name, struct span text)
{
    if (text.length == 0)
        return;
    json_key(w, span_of(name));
    json_put_string(w, text);
}

static void put_roles(struct json_writer *w, int64_t bits)
{
    static const char *const words[] = {"user", "moderator", "admin"};

    json_key(w, SPAN("roles"));
    json_open(w, '[');
    for (unsigned i = 0; i < COUNT(words); i++)
        if ((bits & (int64_t)1 << i) != 0)
            json_put_string(w, span_of(words[i]));
    json_close(w, ']');
}

static void put_detail(struct json_writer *w, const struct audit *event)
{
    const char *name = kinds[event->kind].detail;

    if (name == NULL)
        return;
    if (event->kind == AUDIT_ROLES_CHANGE) {
        put_roles(w, event->detail);
        return;
    }
    json_key(w, span_of(name));
    json_put_int(w, event->detail);
}

void audit_tell(const struct log *log, const struct audit *event)
{
    char sid[BASE64URL_LENGTH(STORE_SID_SIZE)];
    char address[HTTP_PEER_TEXT];
    char line[LOG_LINE_MAX];
    struct json_writer w;

    (void)log; // of every level
    log_begin(&w, line, "audit", kinds[event->kind].name);
    put_text(&w, "outcome", span_of(outcomes[event->outcome]));
    if (event->user_id != 0) {
        json_key(&w, SPAN("user"));
        json_put_int(&w, event->user_id);
    }
    if (event->has_sid) {
        (void)base64url_encode(event->sid, sizeof event->sid, sid);
        put_text(&w, "sid", (struct span){sid, sizeof sid});
    }
    put_detail(&w, event);
    put_text(&w, "dialect", span_of(event->dialect));
    write_address(event, address);
    put_text(&w, "address", span_of(address));
    if (event->by_operator)
        put_text(&w, "by", SPAN("operator"));
    log_end(&w);
}

/* ---- Rows of events without a change ---- */

/* Some rows on their way; freed when they come back. */
struct batch {
    struct task task;
    size_t count;
    struct audit events[];
};

static enum store_result run_batch(struct store *store, struct change *change)
{
    const struct batch *work = (const struct batch *)(const void *)change;
    enum store_result result = STORE_OK;

    for (size_t i = 0; i < work->count && result == STORE_OK; i++)
        result = audit_store(store, &work->events[i]);
    return result;
}

static void end_batch(struct task *task)
{
    struct batch *work = (struct batch *)(void *)task;
    struct audit_queue *queue = &task->worker->audit;

    queue->writing = false;
    if (task->change.result != STORE_OK)
        (void)atomic_fetch_add(&queue->lost, work->count);
    free(work);
}

static void write_all(struct worker *worker)
{
    struct audit_queue *queue = &worker->audit;
    size_t size = queue->count * sizeof queue->waiting[0];
    struct batch *work;

    if (queue->count == 0)
        return;
    work = calloc(1, sizeof *work + size);
    if (work == NULL)
        return; // they wait for the next time
    memcpy(work->events, queue->waiting, size);
    work->count = queue->count;
    work->task.change.run = run_batch;
    work->task.change.steps = true;
    work->task.done = end_batch;
    queue->count = 0;
    queue->writing = true;
    task_submit(worker, &work->task);
}

static void write_waiting(void *context)
{
    struct worker *worker = context;

    if (!worker->audit.writing)
        write_all(worker);
}

void audit_finish(struct worker *worker)
{
    write_all(worker);
    task_flush(worker);
}

void audit_note(struct worker *worker, const struct audit *event)
{
    struct audit_queue *queue = &worker->audit;

    audit_tell(&worker->server->log, event);
    if (queue->count < AUDIT_WAITING_MAX)
        queue->waiting[queue->count++] = *event;
    else
        (void)atomic_fetch_add(&queue->lost, 1);
}

/* ---- The end of old rows ---- */

struct sweep {
    struct task task;
    int64_t before_s;
    int64_t removed;
};

static enum store_result run_sweep(struct store *store, struct change *change)
{
    struct sweep *work = (struct sweep *)(void *)change;

    return store_audit_sweep(store, work->before_s, SWEEP_ROWS, &work->removed);
}

static void end_sweep(struct task *task)
{
    struct sweep *work = (struct sweep *)(void *)task;

    if (task->change.result == STORE_OK && work->removed > 0)
        log_event(&task->worker->server->log, CONFIG_DEBUG, "audit_sweep",
                  "removed=%lld", (long long)work->removed);
    task->worker->audit.sweep_rest =
        work->removed == SWEEP_ROWS ? 0 : SWEEP_REST;
    task->worker->audit.sweeping = false;
    free(work);
}

static void sweep(void *context)
{
    struct worker *worker = context;
    int64_t keep_s = worker->server->config->audit_keep_s;
    struct sweep *work;

    if (worker->audit.sweeping || keep_s == 0)
        return;
    if (worker->audit.sweep_rest > 0) {
        worker->audit.sweep_rest--;
        return;
    }
    work = calloc(1, sizeof *work);
    if (work == NULL)
        return;
    work->before_s = loop_now_s(worker->loop) - keep_s;
    work->task.change.run = run_sweep;
    work->task.done = end_sweep;
    worker->audit.sweeping = true;
    task_submit(worker, &work->task);
}

enum loop_result audit_start(struct worker *worker, bool sweeps)
{
    enum loop_result result =
        loop_every(worker->loop, WRITE_MS, write_waiting, worker);

    if (result == LOOP_OK && sweeps)
        result = loop_every(worker->loop, SWEEP_MS, sweep, worker);
    return result;
}
