#include "server/key_watch.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/audit.h"
#include "server/key_admin.h"
#include "server/server.h"
#include "server/task.h"

_Static_assert((int)KEY_SPREAD_S * 1000 >= 2 * (int)KEY_WATCH_MS,
               "a look may fail once");

/* One for the server; its own loop's but for `asked`. */
struct key_watch {
    struct worker *worker;
    struct loop_job job; /* key_watch_now's */
    _Atomic bool asked;
    bool looking;         /* one look is on its way */
    struct key_plan plan; /* of the ring that all loops were given */
};

/* One look: lists the keys, and reads or rotates them where need be. */
struct look {
    struct task task;
    struct key_watch *watch;
    struct key_facts facts;
    struct key_plan plan;
    struct key_lives lives;
    struct key_ring *ring;
    enum key_result read;
    struct key_rotation rotation;
    struct key_rotated rotated;
    struct audit audit;
    char why[KEY_WHY_SIZE];
};

static struct look *look_of(struct change *change)
{
    return (struct look *)(void *)change; // the task is first, its change too
}

static void end_look(struct look *look)
{
    look->watch->looking = false;
    key_ring_drop(look->ring);
    free(look);
}

/* ---- Every loop gets the new ring ---- */

struct handing {
    struct loop_job job;
    struct worker *worker;
    struct key_ring *ring; /* held for that worker */
};

static void take_ring(struct loop_job *job)
{
    struct handing *handing = (struct handing *)(void *)job;

    server_use_keys(handing->worker, handing->ring);
    free(handing);
}

static void hand_out(struct key_watch *watch, struct key_ring *ring)
{
    struct server *server = watch->worker->server;

    for (size_t i = 0; i < server->worker_count; i++) {
        struct handing *handing = calloc(1, sizeof *handing);

        // The plan stays the old one, so the next look tries again.
        if (handing == NULL)
            return;
        handing->job.run = take_ring;
        handing->worker = &server->workers[i];
        handing->ring = key_ring_hold(ring);
        loop_post(handing->worker->loop, &handing->job);
    }
    watch->plan = ring->plan;
}

static enum store_result run_read(struct store *store, struct change *change)
{
    struct look *look = look_of(change);

    key_ring_drop(look->ring); // of a run before this one
    look->read =
        key_ring_read(&look->ring, store, &look->watch->worker->server->seal,
                      &look->plan, look->why);
    return STORE_OK;
}

static void end_read(struct task *task)
{
    struct look *look = look_of(&task->change);
    struct server *server = look->watch->worker->server;

    if (look->ring != NULL) {
        hand_out(look->watch, look->ring);
        log_event(
            &server->log, CONFIG_INFO, "keys",
            "kid=%s algorithm=%s verifying=%zu", look->ring->sign[0].kid,
            jws_algorithm_name(signature_algorithm(look->ring->sign[0].key))
                .text,
            look->ring->sign_count);
    } else if (look->read != KEY_DATABASE) {
        log_event(&server->log, CONFIG_ERROR, "keys",
                  "note=\"the keys have changed and cannot be used: %s\"",
                  look->why);
    }
    end_look(look);
}

/* ---- By age ---- */

static enum store_result run_rotate(struct store *store, struct change *change)
{
    struct look *look = look_of(change);
    enum store_result result =
        key_rotate(store, &look->watch->worker->server->seal, &look->lives,
                   &look->rotation, &look->rotated);

    if (result != STORE_OK)
        return result;
    look->audit.detail = look->rotated.added.id;
    return audit_store(store, &look->audit);
}

static void end_rotate(struct task *task)
{
    struct look *look = look_of(&task->change);
    struct server *server = look->watch->worker->server;
    bool rotated = task->change.result == STORE_OK;

    if (rotated)
        audit_tell(&server->log, &look->audit);
    end_look(look); // the task ends with it
    if (rotated)
        key_watch_now(server);
}

static bool is_old(const struct look *look)
{
    const struct config *config = look->watch->worker->server->config;
    int64_t life_s = config->key_life_s;
    const struct key_fact *used =
        key_plan_find(&look->facts, KEY_ACCESS, KEY_IN_USE);

    // A secret that others have from a file is theirs to change.
    return life_s > 0 && used != NULL && config->hs256_file == NULL &&
           key_plan_find(&look->facts, KEY_ACCESS, KEY_PUBLISHED) == NULL &&
           used->since_s + life_s <= look->lives.now_s + KEY_LEAD_S;
}

static void rotate(struct look *look)
{
    look->rotation = (struct key_rotation){
        .use = KEY_ACCESS, .lead_s = KEY_LEAD_S, .prunes = true};
    audit_begin_operator(&look->audit, AUDIT_KEY_ROTATE);
    look->task.change.run = run_rotate;
    look->task.change.steps = true;
    look->task.done = end_rotate;
    task_submit(look->watch->worker, &look->task);
}

/* ---- Looking ---- */

static enum store_result run_list(struct store *store, struct change *change)
{
    return key_row_list(store, &look_of(change)->facts);
}

static void end_list(struct task *task)
{
    struct look *look = look_of(&task->change);

    if (task->change.result != STORE_OK) {
        end_look(look);
        return;
    }
    key_plan_make(&look->facts, &look->lives, &look->plan);
    if (memcmp(&look->watch->plan, &look->plan, sizeof look->plan) != 0) {
        task->change.run = run_read;
        task->done = end_read;
        task_read(task->worker, task);
    } else if (is_old(look)) {
        rotate(look);
    } else {
        end_look(look);
    }
}

static void tick(void *context)
{
    struct key_watch *watch = context;
    struct worker *worker = watch->worker;
    struct look *look;

    if (watch->looking)
        return;
    look = calloc(1, sizeof *look);
    if (look == NULL)
        return;
    watch->looking = true;
    look->watch = watch;
    look->lives = server_key_lives(worker->server->config);
    look->lives.now_s = loop_now_s(worker->loop);
    look->task.change.run = run_list;
    look->task.done = end_list;
    task_read(worker, &look->task);
}

static void run_asked(struct loop_job *job)
{
    struct key_watch *watch =
        (struct key_watch *)(void *)((char *)job -
                                     offsetof(struct key_watch, job));

    atomic_store(&watch->asked, false);
    tick(watch);
}

enum loop_result key_watch_start(struct worker *worker)
{
    struct key_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL)
        return LOOP_NO_MEMORY;
    watch->worker = worker;
    watch->job.run = run_asked;
    watch->plan = worker->keys->plan;
    worker->server->watch = watch;
    return loop_every(worker->loop, KEY_WATCH_MS, tick, watch);
}

void key_watch_now(struct server *server)
{
    struct key_watch *watch = server->watch;

    if (!atomic_exchange(&watch->asked, true))
        loop_post(watch->worker->loop, &watch->job);
}

void key_watch_close(struct key_watch *watch)
{
    free(watch);
}
