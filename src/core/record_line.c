#include "core/record_line.h"

#include "base/bytes.h"

/* A clock beyond this (in 2109) is wrong; and from a generation beyond this no
   line is begun: each leaves room below 1 << 52, the highest that servers take. */
static const int64_t clock_max_ms = (INT64_C(1) << 42) - (INT64_C(1) << 32);
static const int64_t told_max = (INT64_C(1) << 52) - (INT64_C(1) << 25);

bool record_line_is_due(const struct record *stored,
                        const struct record_refresh *refresh)
{
    return stored->state != RECORD_LIVE || refresh->asks;
}

/* By the clock, where it is above what holds; else by chance. */
static int64_t draw_generation(const struct record_refresh *refresh)
{
    int64_t by_chance = refresh->told_generation + RECORD_JUMP_MIN +
                        (refresh->chance & RECORD_JUMP_CHANCE);
    int64_t clock_ms = refresh->clock_ms;

    if (clock_ms < 0 || clock_ms > clock_max_ms ||
        clock_ms * RECORD_LINES_PER_MS < by_chance)
        return by_chance;
    return clock_ms * RECORD_LINES_PER_MS;
}

/* What is recorded is all there is: the secrets of before fit nothing now. */
static void seed(struct record *stored, struct record_refresh *refresh,
                 const uint8_t *fresh)
{
    record_clear(stored);
    stored->state = RECORD_SEEDING;
    stored->generation = draw_generation(refresh);
    stored->from_generation = refresh->told_generation;
    __builtin_memcpy(stored->sid, refresh->told_sid, RECORD_SID_SIZE);
    __builtin_memcpy(stored->secret, fresh, RECORD_SECRET_SIZE);
    __builtin_memcpy(stored->from, refresh->told_from, RECORD_SECRET_SIZE);

    refresh->was = stored->state;
    refresh->generation = refresh->step = stored->generation;
    __builtin_memcpy(refresh->sid, stored->sid, RECORD_SID_SIZE);
    refresh->asks = false;
    refresh->told = false;
}

unsigned record_line_begin(struct record *stored,
                           struct record_refresh *refresh,
                           const uint8_t fresh[RECORD_SECRET_SIZE],
                           struct record_message *out)
{
    unsigned todo = RECORD_SEND;

    if (refresh->told) {
        seed(stored, refresh, fresh);
        todo |= RECORD_SAVE;
    }
    *out = (struct record_message){
        .kind = RECORD_ASK,
        .sid = stored->state == RECORD_EMPTY ? NULL : stored->sid};
    if (stored->state == RECORD_SEEDING) {
        out->kind = RECORD_LINE;
        out->generation = stored->from_generation;
        out->from = stored->from;
        out->to = stored->generation;
        out->next = stored->secret;
    }
    refresh->kind = out->kind;
    return todo;
}

unsigned record_line_told(const struct record *stored,
                          struct record_refresh *refresh,
                          const struct record_reply *reply)
{
    if (refresh->kind == RECORD_STEP || reply->generation < 0 ||
        reply->generation > told_max)
        return RECORD_PAUSE; // nobody asked, or nothing can come of it
    refresh->told = true;
    refresh->told_generation = reply->generation;
    __builtin_memcpy(refresh->told_from, reply->from, RECORD_SECRET_SIZE);
    // An empty vault does not know which session the cookie is for.
    __builtin_memcpy(refresh->told_sid,
                     stored->state == RECORD_EMPTY ? reply->sid : stored->sid,
                     RECORD_SID_SIZE);
    return RECORD_AGAIN;
}

void record_line_begun(struct record *stored)
{
    stored->state = RECORD_LIVE;
    stored->from_generation = 0;
    bytes_wipe(stored->from, sizeof stored->from);
}
