/*
 * Draws a session's events as lines on standard output, one line an event.
 *
 * Nothing is written in advance: each line is one `struct stay_event`, or a
 * count of them. On a terminal the last line shows the token's life running
 * out; elsewhere (and with NO_COLOR for the colours) the same lines come plain.
 * All functions may be called from any thread.
 */
#ifndef SHOW_DRAW_H
#define SHOW_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "stay.h"

/* What was counted since draw_count_reset. */
struct draw_counts {
    unsigned sent;
    unsigned replayed;
    unsigned held_back;
    unsigned waiting;
    unsigned answered_200;
    unsigned answered_other;
    unsigned failed;
    unsigned refresh_started;
    unsigned refreshed;
    unsigned refresh_failed;
    unsigned signed_out;
};

struct draw;

struct draw *draw_open(void); /* NULL: no memory */
void draw_close(struct draw *draw);

/* A stay_event_fn; `data` is the struct draw. */
void draw_event(const struct stay_event *event, void *data);

/* Count only, draw no line, until told otherwise: for many at once. */
void draw_quietly(struct draw *draw, bool quiet);

/* A heading between the acts, and a sentence in the timeline. */
void draw_act(struct draw *draw, const char *title, const char *what);
void draw_note(struct draw *draw, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* On a terminal: the life bar. `left_ms` of `life_ms`. */
void draw_life(struct draw *draw, int64_t left_ms, int64_t life_ms);

void draw_count_reset(struct draw *draw);
struct draw_counts draw_count(struct draw *draw);

#endif
