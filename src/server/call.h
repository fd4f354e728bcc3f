/*
 * One request in work, as the resources see it: whose words it is in, what it
 * means, what it carries, who asks; and the ways to answer it in those words.
 *
 * For the loop's thread. It lives until it is answered, exactly once: what
 * answers is the last that a resource does with it.
 */
#ifndef SERVER_CALL_H
#define SERVER_CALL_H

#include "core/reply.h"
#include "core/request.h"
#include "server/exchange.h"
#include "server/known.h"
#include "server/server.h"
#include "server/token.h"

/* Name, 43 characters of value, and attributes. */
enum { CALL_COOKIE_SIZE = 192 };

struct call {
    struct exchange *x;
    struct worker *worker;
    struct server *server;
    const struct mount *mount;
    enum message message;
    size_t place;     /* above 0: it is one of dispatch.c, and no dialect's */
    int64_t begun_us; /* steady clock, for the time it took */
    struct request_seen seen;
    struct fields fields; /* of the request, then also of the reply */
    struct problems problems;
    int64_t now_s;             /* wall clock at the beginning of the turn */
    struct http_peer client;   /* its own address (server/client.h) */
    struct throttle_try tried; /* call_may_try's */
    struct known_shown shown;  /* an access token, looked at by known.h */
    struct {                   /* which application asks: asker_check's */
        char id[APP_ID_SIZE];  /* empty: none is named */
        bool registered;
        bool proven; /* it has shown its secret */
    } asker;

    char cookie[CALL_COOKIE_SIZE]; /* Set-Cookie of the reply; empty: none */

    /* After call_authorize has said true. */
    uint8_t sid[STORE_SID_SIZE];
    int64_t user_id;
    char roles[STORE_ROLES_SIZE];
};

/* The loops' handler and on_error; `context` is the worker. */
void call_begin(void *context, struct exchange *x);
void call_refuse(void *context, struct exchange *x, int status);

/*
 * Is the one who asks allowed to, as the dialect says for this message? Then
 * fills sid, user_id and roles, and calls `then`, now or later; otherwise
 * answers.
 */
void call_authorize(struct call *call, void (*then)(struct call *call));
/* The same where the resource itself finds out what is needed. */
void call_authorize_for(struct call *call, enum need need,
                        void (*then)(struct call *call));

/*
 * May this be tried once more? Otherwise it has been answered 429, and told to
 * the audit now and then. `account` is what was shown, normalized. What was tried
 * counts until call_know (a password was right), or call_take_back (it went well,
 * or was not looked at; an answer 503 does that by itself).
 */
bool call_may_try(struct call *call, enum throttle_act act,
                  struct span account);
void call_know(struct call *call);
/* Would call_may_try refuse only for what others did? Then it is worth a look
   whether the account was signed in to from here: call_greet, and it may. */
bool call_is_stranger(const struct call *call, enum throttle_act act,
                      struct span account);
void call_greet(const struct call *call, enum throttle_act act,
                struct span account);
void call_take_back(struct call *call);

/*
 * The same for acts that are counted only when it is clear what came of them, and
 * for a network only: is there room, and count one.
 */
bool call_may_go_on(struct call *call, enum throttle_act act);
/* The same question without an answer to the client. */
bool call_is_full(const struct call *call, enum throttle_act act);
void call_count(struct call *call, enum throttle_act act);

/* The two halves of it. Is it an access token of ours, and of now? CASE_OK: sid
   is its session's. */
enum reply_kind call_judge_token(struct call *call, struct span text);
/* How the session of call->sid stands; for a task_read. */
enum store_result call_find_standing(const struct call *call,
                                     struct store *store, struct standing *out);
/* Why a good token's session does not hold any more; CASE_OK: it does. */
enum reply_kind call_judge_session(const struct call *call,
                                   const struct store_standing *standing);

/*
 * Brings names, addresses and passwords of the request into the one form that
 * they are kept and compared in (server/nfc.h). False: no memory, and it has
 * been answered 503.
 */
bool call_normalize(struct call *call);

/* A header of the request, or an empty span. */
struct span call_header(const struct call *call, const char *name);

/* Memory until the answer, zeroed; NULL: it has been answered 503. */
void *call_reserve(struct call *call, size_t size);

/* Answers with this case; the field is FIELD_NONE where the case has none. */
void call_reply(struct call *call, enum reply_kind kind, enum field field);
/* Answers with what request_match found wrong. */
void call_reply_problems(struct call *call);
/* As call_reply, for replies of up to `size` bytes. */
void call_reply_large(struct call *call, enum reply_kind kind, size_t size);
/* Answers 503 for what the store or a queue could not do. */
void call_reply_failed(struct call *call);

int64_t call_now_us(void); /* steady clock */

/* Answers, and counts it: everything that answers comes here. */
void call_answer(struct call *call, const struct http_response *response);

/* Answers outside the dialect's words, in plain text or ready JSON. */
void call_reply_plain(struct call *call, int status, struct span type,
                      struct span body);

/* Writes the user into the fields: id, username, email, roles. Borrowed. */
void call_set_user(struct call *call, const struct store_user *user);

#endif
