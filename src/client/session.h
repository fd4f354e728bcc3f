/*
 * What a request asks of its session; session.c carries out what the engine
 * decides. No function here is called, or calls back, with a lock held.
 */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stay.h>

#include "base/bytes.h"
#include "client/origin.h"
#include "core/engine.h"

enum { SESSION_TOKEN_MAX = 16 * 1024, SESSION_LINE_MAX = 17 * 1024 };

/*
 * The header line that shows a token, NUL-terminated, in memory of one easy
 * handle. Zero before the first use; it holds a secret: wipe it.
 */
struct line {
    char *text; /* SESSION_LINE_MAX bytes, or NULL */
    size_t length;
    uint64_t generation; /* of the token in it; 0: none */
};

/* One request of a caller, from its begin to its end. */
struct ticket {
    struct engine_request ask;
    uint64_t number;         /* for events */
    int64_t began_ms;        /* 0 unless someone listens */
    enum stay_reason reason; /* with a result that is not STAY_OK */
    bool suspect; /* the engine wants to hear of any answer, not just a 401 */
    bool behind;  /* an early refresh was started, to be run behind it */
};

/* What a 401 looked like, as far as it was kept. */
struct session_401 {
    struct span body;
    CURL *curl;      /* for its headers */
    bool replayable; /* the request can be sent again */
};

/* Fixed once the session is open: these need no lock. */
const struct origin_list *session_origins(const struct stay *stay);
const char *session_header_name(const struct stay *stay); /* "Authorization" */
/* Where the token starts in the line. */
size_t session_line_prefix(const struct stay *stay);

/*
 * Numbers a request. `origin` is an index into session_origins, or ORIGIN_NONE.
 */
void session_number(struct stay *stay, int origin, struct ticket *ticket);

/*
 * Waits until the request may be sent, refreshing if that is what it takes.
 * STAY_OK: send it with the token that is in *line then. `renew_first`: a
 * refresh that would be made behind the request is made before it.
 */
enum stay_result session_ask(struct stay *stay, struct ticket *ticket,
                             bool renew_first, struct line *line);

/*
 * Its answer was a 401. STAY_OK: send it again, with *line; anything else says
 * why not, STAY_REFUSED that the 401 is the resource's own business.
 */
enum stay_result session_unauthorised(struct stay *stay, struct ticket *ticket,
                                      const struct session_401 *answer,
                                      struct line *line);

/* For a `suspect` ticket: it was answered, by anything but a 401 to our token. */
void session_answered(struct stay *stay, struct ticket *ticket);

/* For a ticket that is `behind`: runs that refresh, if nobody else has. */
void session_finish(struct stay *stay, struct ticket *ticket);

void line_clear(struct line *line);

/* True when someone listens to a kind of `mask`; cheap. */
bool session_listens(const struct stay *stay, unsigned mask);
void session_tell(struct stay *stay, const struct ticket *ticket,
                  enum stay_event_kind kind, long status);

/* Interceptors, in order; the first failing one ends it. */
CURLcode session_run_request(struct stay *stay, struct stay_easy *easy);
CURLcode session_run_response(struct stay *stay, struct stay_easy *easy,
                              CURLcode code);

#endif
