/*
 * What a struct stay is. `lock` guards what is marked so, is held for moments,
 * and never over a send, a save or a callback. Order: a vault's save lock may
 * be held when `lock` is taken, never the other way round.
 */
#ifndef CLIENT_STATE_H
#define CLIENT_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <stay.h>

#include "client/entry.h"
#include "client/origin.h"
#include "client/session.h"
#include "client/vault.h"
#include "core/dialect.h"
#include "core/engine.h"

enum { STATE_LISTENERS_MAX = 8 };

struct listener {
    stay_event_fn *fn;
    void *data;
    unsigned mask;
};

struct request_hook {
    stay_request_fn *fn;
    void *data;
};

struct response_hook {
    stay_response_fn *fn;
    void *data;
};

struct stay {
    /* Fixed once it is open. */
    struct dialect dialect;
    char *dialect_text; /* of a dialect's file; NULL for a built-in one */
    char *dialect_memory;
    char dialect_name[STAY_URL_SIZE]; /* as configured: a name or a path */
    char url[STAY_URL_SIZE];          /* the base, its prefix included */
    char label[STAY_NAME_SIZE];
    char user_agent[STAY_NAME_SIZE];
    char header_name[STAY_NAME_SIZE]; /* "Authorization" */
    char boot[CLOCK_BOOT_SIZE];
    size_t prefix_length;       /* "Authorization: Bearer " */
    struct origin_list origins; /* the first is the base's own */
    int64_t limit_ms;
    void (*on_curl)(CURL *curl, void *data);
    void *on_curl_data;
    struct vault *vault;

    pthread_mutex_t lock;
    pthread_cond_t moved; /* a refresh began, ended or was given away */

    /* Guarded by lock. */
    struct engine engine;
    char *line; /* SESSION_LINE_MAX: the header that shows the token */
    size_t line_length;
    uint64_t sign_in;       /* of the vault, as last seen */
    enum stay_reason ended; /* why it is over; NONE: not that we know */
    bool flight_waiting;    /* a refresh is to be run, and no thread has it */
    bool flight_early;      /* it is an early one */
    uint64_t flight_number; /* which */
    char error[STAY_ERROR_SIZE];
    struct request_hook request_hooks[STATE_LISTENERS_MAX];
    struct response_hook response_hooks[STATE_LISTENERS_MAX];
    struct listener listeners[STATE_LISTENERS_MAX];

    _Atomic uint64_t request_count;
    _Atomic unsigned mask;       /* kinds that someone listens to */
    _Atomic unsigned hook_count; /* of both kinds */

    CURL *curl; /* of refreshes: whoever runs one has it; NULL: not yet */
};

/* 32 random bits, for the engine. */
uint32_t state_random(void);

/* Keeps the text for stay_error; printf's words. Returns `result`. */
enum stay_result state_fail(struct stay *stay, enum stay_result result,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The vault's last error, kept for stay_error: STAY_BAD_VAULT and the like. */
enum stay_result state_vault_failed(struct stay *stay,
                                    enum vault_result result);

struct engine_tokens state_tokens(const struct stay *stay,
                                  const struct entry *entry);

/* A living session, and of this server and dialect. */
bool state_is_live(const struct stay *stay, const struct entry *entry);

/* A budget that was written before the last boot is forgotten. */
void state_own_budget(const struct stay *stay, struct entry *entry);

/*
 * Takes the tokens of an answer into the entry: FIELD_ACCESS, FIELD_REFRESH if
 * there is one, FIELD_EXPIRES_IN_MS. Neither token is above ENTRY_TOKEN_MAX.
 * The generation is the caller's to count.
 */
void state_take(const struct stay *stay, struct entry *entry,
                const struct fields *fields);

/* The rest: state_show to state_adopt want `lock` held. */

/* Makes the entry's access token the one that is attached. */
void state_show(struct stay *stay, const struct entry *entry);

/* Wakes all who wait, if the engine says so. */
void state_wake(struct stay *stay, struct engine_answer answer);

/* What changed under us, to be told once the lock is free. */
struct state_news {
    enum stay_event_kind kind; /* 0: nothing */
    enum stay_reason reason;
    uint64_t generation;
};
/* Follows the vault: tokens, sign-ins and sign-outs from elsewhere. */
struct state_news state_adopt(struct stay *stay, const struct entry *entry);

/* Reads the vault and adopts what is there. */
enum stay_result state_sync(struct stay *stay);

/* Without lock. */
void state_announce(struct stay *stay, const struct state_news *news);
void event_send(struct stay *stay, const struct stay_event *event);

/* The session is over, which the vault records durably. */
void state_end(struct stay *stay, enum stay_reason reason, bool tell);

#endif
