/*
 * How the writer carries out what it has taken from its queue: as one
 * transaction, or as talks. For server/writer.c alone.
 */
#ifndef SERVER_WRITER_BATCH_H
#define SERVER_WRITER_BATCH_H

#include "server/writer.h"

/*
 * Runs the batch in one transaction, but for its commit. A failed result is that
 * of the transaction as a whole, which then left nothing behind.
 */
enum store_result batch_run(struct store *store, struct change_list *batch);

/* One change and what it has asked. */
struct batch_talk {
    struct change *change;
    struct store_talk talk;
};

/*
 * Runs the batch as talks, durable when it returns. `talks` is room for as many.
 * A failed result: the connection was lost; each change has its own all the
 * same.
 */
enum store_result batch_talk(struct store *store, struct change_list *batch,
                             struct batch_talk *talks);

/* Gives every change of the batch this result. */
void batch_answer(struct change_list *batch, enum store_result result);

/* Gives each home all of its own in one call, and empties the batch. */
void batch_post(struct change_list *batch);

/* Moves all of `from` behind `to`. */
void batch_append(struct change_list *to, struct change_list *from);

/* Takes at most `max` of the first ones from the queue. */
struct change_list batch_take(struct change_list *queue, size_t max);

#endif
