/*
 * One refresh on its way: inside refresh.c and its two protocols only.
 */
#ifndef CLIENT_FLIGHT_H
#define CLIENT_FLIGHT_H

#include "client/exchange.h"
#include "client/state.h"

struct flight {
    struct stay *stay;
    uint64_t number; /* the engine's */
    bool early;
    bool claimed;     /* the refresh lock is held */
    bool late;        /* another session, or none, stands in the vault now */
    bool tell_server; /* it ended here: the server is to be told */
    int64_t began_ms;
    int64_t until_ms;          /* no longer does an answer help who waits */
    struct state_news news;    /* to be told once the vault is free */
    CURL *curl;                /* its own, for as long as it is under way */
    struct entry *entry;       /* the vault, as last read */
    struct exchange *exchange; /* the message and its answer */
    struct record_refresh steps;
    uint64_t sign_in;    /* of the entry that was sent, */
    uint64_t generation; /* and which of its tokens */
    bool repeats;        /* an answer to this very token went missing before */
    struct outcome_told told;
    struct engine_end end;
};

/*
 * Both with the vault locked and `entry` just read. flight_prepare_* makes the
 * entry ready to be saved and builds the message; false, with `end` filled, when
 * nothing is to be sent. *save: not before the entry is durable.
 */
bool flight_prepare_committed(struct flight *flight, bool *save);
bool flight_prepare_offered(struct flight *flight, bool *save);

/* What the answer makes of `entry`, which was read again since; fills `end`. */
void flight_settle_committed(struct flight *flight);
void flight_settle_offered(struct flight *flight);

/* The engine's word for an answer that neither grants nor refuses. */
void flight_end_passing(struct flight *flight);
/* The vault holds newer tokens: they are taken. */
void flight_end_adopted(struct flight *flight);
/* Takes the answer's tokens into the entry. */
void flight_end_granted(struct flight *flight);
/* The vault could not be read or written. */
void flight_end_by_vault(struct flight *flight, enum vault_result result);

/* Events. Resting: only if that is what the engine does now. */
void flight_tell_started(const struct flight *flight);
void flight_tell_ended(const struct flight *flight);
void flight_tell_resting(struct flight *flight);

#endif
