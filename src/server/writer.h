/*
 * The threads that wait for the database, so that no loop does.
 *
 * A loop gathers the changes of its turn in a list and submits them together.
 * With SQLite one thread takes all that has gathered from all loops, runs each
 * against the store it owns, commits once, and gives each back to where it came
 * from. So one fsync serves many requests, and nothing is answered before it is
 * durable.
 *
 *     loop: change_list_add(&turn, &request->change);  ...
 *     loop, at the end of its turn: writer_submit(writer, &turn)
 *     writer: change->run(store, change); commit; home->post(home, list)
 *     loop: for each change of the list: look at change->result first
 *
 * A change that fails alone undoes only itself. When the commit fails, or the
 * database threw the transaction away, every change of it has a result for which
 * store_failed() is true, whatever its run said: answer 503.
 *
 * With a database that is a server of its own (store_talks) there are several
 * threads, each with a connection, which take batches from the one queue, each
 * its share while others wait for work. There
 * a change without `steps` is a talk: its run is called again and again until
 * nothing that it asks is unanswered (store.h), so it must ask the same each
 * time, from its request alone: nothing by chance, no clock, and no trace of it
 * outside the request. A change with `steps` is a transaction of its own, begun
 * anew once when another stood in its way.
 * While no thread has a connection, changes are not taken; those that waited
 * get STORE_AWAY. Each thread tries again by itself, after longer and longer
 * pauses. A change that was on its way when the connection broke gets
 * STORE_AWAY and is never repeated: whether it was made is unknown.
 */
#ifndef SERVER_WRITER_H
#define SERVER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct change;

struct change_list {
    struct change *first;
    struct change *last;
    size_t count;
};

/*
 * Where finished changes go: one for each loop, outliving all its changes.
 *
 * post runs on a writer's thread, or on several at once; it must not block, and
 * takes the whole list over (copy *list; the struct itself is gone after the
 * call).
 */
struct change_home {
    void (*post)(struct change_home *home, const struct change_list *list);
    void *context; /* the owner's */
};

/*
 * One request's change; embed it in the request and get back by offsetof. From
 * writer_submit to post it is the writer's: the owner touches nothing of it.
 */
struct change {
    struct change *next; /* the list's */
    struct change_home *home;
    /*
     * Runs on the writer's thread inside a transaction; may call any operation
     * of the store but those of transactions. What it leaves in its request is
     * to be believed only after post, and only if !store_failed(result). It may
     * run a second time on another database, so it begins by setting what it
     * fills.
     */
    enum store_result (*run)(struct store *store, struct change *change);
    /* More than one statement that writes: gets a savepoint, and what it wrote
       is kept on STORE_OK only. Without, it writes by one statement at most. */
    bool steps;
    /* Where a session's row is all that it writes, its sid, alive until post;
       NULL otherwise. Such changes share a transaction with a server. */
    const uint8_t *sid;
    enum store_result result;
};

void change_list_add(struct change_list *list, struct change *change);
struct change *change_list_take(struct change_list *list); /* NULL when empty */

struct writer; /* opaque */

enum {
    WRITER_THREADS_MAX = 16,
    WRITER_MESSAGE_SIZE = 256,
};

struct writer_config {
    /* One for each thread, NULL behind the last; of SQLite one, opened to
       write. The writer closes them. */
    struct store *stores[WRITER_THREADS_MAX];
    /* Of SQLite: one more, opened to write, for copying the log beside the
       commits (server/copier.h); NULL: between them. The writer closes it. */
    struct store *copying;
    /* A transaction failed, or the connection, for the log; on a writer's
       thread, or on several at once. NULL: nobody. `message` is the database's,
       holds no value, and is borrowed. STORE_OK: the connection is back. */
    void (*failed)(void *context, enum store_result result,
                   const char *message);
    void *context;
    size_t queue_max; /* changes waiting; 0 means 8,192 */
    size_t batch_max; /* changes in one batch, at most 512; 0 means 512 */
};

/* Starts the threads. NULL: out of memory or threads; the stores are closed. */
struct writer *writer_open(const struct writer_config *config);

/* Runs what is queued, posts it, ends the threads. NULL is allowed. Blocks. */
void writer_close(struct writer *writer);

/*
 * Takes the whole list over and empties it; false when it does not fit into the
 * queue, or the database is away, and then nothing was taken: answer 503, or keep it for later. Any
 * thread; never blocks on the disk.
 */
bool writer_submit(struct writer *writer, struct change_list *list);

/* No thread has a connection now: nothing is taken. */
bool writer_is_away(struct writer *writer);

/* What was written last found no room on the disk, and nothing has since. */
bool writer_is_full(struct writer *writer);

/* Since the start; times are of the steady clock. */
struct writer_counts {
    uint64_t changes;   /* run, whatever came of them */
    uint64_t commits;   /* that succeeded and had something to write */
    uint64_t failures;  /* transactions that failed */
    uint64_t refused;   /* changes writer_submit did not take */
    uint64_t busy_us;   /* running and committing, all together */
    uint64_t commit_us; /* committing alone */
    uint64_t commit_us_max;
    uint64_t copies;        /* of the log into the main file */
    uint64_t copies_beside; /* of them, while commits went on */
    uint64_t copy_us;
    size_t batch_largest;
    size_t queued;      /* now */
    size_t connections; /* threads, and of those, now: */
    size_t away;        /* without a connection */
    size_t idle;        /* with one, and waiting for changes */
};
void writer_count(struct writer *writer, struct writer_counts *out);

/* What the database said when something last failed, or ""; for the log. */
void writer_message(struct writer *writer, char out[WRITER_MESSAGE_SIZE]);

#endif
