/*
 * A back end of a test's own that speaks the stay dialect: one account, one
 * session at a time, committed rotation by its rules, and faults on demand. Not
 * the real server: a second reading of the same page.
 */
#ifndef TEST_CLIENT_FAKE_STAY_H
#define TEST_CLIENT_FAKE_STAY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "client/fake_server.h"
#include "core/dialect.h"

#define FAKE_USER "ada"
#define FAKE_PASSWORD "lovelace"
#define FAKE_REFRESH "POST /api/session/refresh"

enum { FAKE_CHAIN = 8, FAKE_HASH_TEXT = 43 };

struct fake_stay {
    struct fake_server *server;
    fake_answer_fn *resource; /* all other paths; NULL: 401 or 200 "data" */
    void *resource_data;

    /* Knobs; a test may turn them at any time. */
    atomic_int expires_in;    /* s, of the tokens that follow; 60 at first */
    atomic_int drop_replies;  /* refreshes done, but their answer is not sent */
    atomic_int refuse_status; /* refreshes are answered so, and not done; 0 */
    const char *_Atomic refuse_body;   /* of that answer; JSON, or "<..." */
    const char *_Atomic refuse_header; /* a line with its CRLF, or NULL */
    atomic_bool hang;                  /* refreshes get no answer */
    atomic_bool hang_all;              /* nothing gets one */
    atomic_bool wait_for_sign_out; /* their answer comes after the next one */

    /* Counts. */
    atomic_int granted; /* refreshes that moved the session on */
    atomic_int signed_in;
    atomic_int signed_out;

    /* Inside. */
    struct dialect dialect;
    char *memory;
    char sid[64];
    char chain[FAKE_CHAIN][64];
    int generation;
    bool live;
    bool revoked;
    int token;  /* the newest access token is "access-TOKEN" */
    int oldest; /* older ones are refused */
};

void fake_stay_open(struct fake_stay *stay);
void fake_stay_close(struct fake_stay *stay);

/* All access tokens so far are refused from now on. */
void fake_stay_expire(struct fake_stay *stay);
void fake_stay_revoke(struct fake_stay *stay);

/* Is this request's Authorization a living token? For resource functions. */
bool fake_stay_admits(const struct fake_stay *stay, const char *head);
void fake_stay_answer_401(const struct fake_stay *stay,
                          struct fake_reply *reply);

#endif
