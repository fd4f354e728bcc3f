/*
 * The server's database: what any driver does, whichever database it speaks.
 *
 * A store is one connection and belongs to one thread at a time. One opened to
 * write may block on the disk and belongs to the writer thread (server/writer.h);
 * a loop has its own, opened to read, which never waits for a writer.
 *
 * A change is durable once store_commit has said STORE_OK, or at once where no
 * transaction is open. What an operation wrote to its out arguments is a promise
 * until then. Out arguments are filled on STORE_OK only.
 *
 * All text is UTF-8, NUL-terminated, and shorter than the array it stands in;
 * the caller has checked it. Wall times are seconds since 1970, given by the
 * caller: a store reads no clock.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Array sizes, the NUL included; of bytes, exact. */
enum {
    STORE_NAME_SIZE = 641,     /* 160 characters of 4 bytes */
    STORE_EMAIL_SIZE = 321,    /* RFC 5321: 64 + 1 + 255 */
    STORE_PASSWORD_SIZE = 128, /* an encoded hash: crypto_pwhash_STRBYTES */
    STORE_ROLES_SIZE = 64,     /* words in their order, single spaces between */
    STORE_DIALECT_SIZE = 32,
    STORE_LABEL_SIZE = 101,
    STORE_AGENT_SIZE = 161,
    STORE_ADDRESS_SIZE = 46, /* INET6_ADDRSTRLEN */
    STORE_TITLE_SIZE = 513,
    STORE_KIND_SIZE = 16,
    STORE_KID_SIZE = 64,
    STORE_SETTING_SIZE = 64, /* a setting's name */
    STORE_SID_SIZE = 16,
    STORE_HASH_SIZE = 32,
    STORE_LINK_SIZE = 16,   /* an older commitment; an offered token's self */
    STORE_CHAIN_SIZE = 144, /* the newest commitment and 7 older ones */
    STORE_BLOB_MAX = 4096,  /* a key's bytes, a setting's value */
    STORE_TODO_MAX = 100,   /* todos of one user */
    STORE_CODE_MAX = 5,     /* living codes of one user and kind */
    STORE_SWEEP_MAX = 256,
    STORE_RECLAIM_MAX = 1000, /* sessions that one sign-in ends */
};

enum store_result {
    STORE_OK = 0,
    STORE_NONE,        /* no such row, or the condition did not hold */
    STORE_TAKEN,       /* another row has this key */
    STORE_TAKEN_NAME,  /* another user has this name */
    STORE_TAKEN_EMAIL, /* another user has this e-mail address */
    STORE_LIMIT,       /* one of the limits above is reached */
    /* Nothing was changed and the data is whole; it may work later. */
    STORE_BUSY,      /* locked by another process for longer than we wait */
    STORE_FULL,      /* no room on the disk */
    STORE_FAILED,    /* the disk refused; store_message tells more */
    STORE_NO_MEMORY, /* out of memory */
    STORE_AWAY,      /* the server of the database cannot be reached; whether a
                        change that was on its way was made is unknown */
    STORE_WAITING,   /* in a talk only: asked, and not answered yet */
    /* It will not work without an operator. */
    STORE_DENIED,  /* cannot be opened or written: folder, rights, read-only */
    STORE_CORRUPT, /* not a database, not ours, or damaged */
    STORE_NEWER,   /* written by a newer version of this program */
    STORE_OLDER,   /* by an older one, and opened to read */
};

/* Not the answer to the question, but no answer: 503 on the wire. */
bool store_failed(enum store_result result);

/* A few words without a full stop; never NULL. */
const char *store_result_text(enum store_result result);

struct store; /* one connection; opaque */

enum store_mode {
    STORE_WRITE, /* creates what is missing, migrates, may write */
    STORE_READ,  /* an existing database of this very version; never writes */
};

/* One line about what went wrong, with the path in it, without a full stop. */
struct store_why {
    char text[512];
};

struct store_config {
    const char *url; /* "sqlite:PATH", "postgresql://..."; borrowed */
    enum store_mode mode;
    int64_t busy_ms;  /* how long to wait for another process; 0 means 5,000 */
    int64_t size_max; /* of the database in bytes, for tests; 0: no limit */
    const char *password_file; /* holds the database's password; or NULL */
};

/*
 * Would a database be opened by this address? Asks nobody. STORE_DENIED: no,
 * and *why says what is wrong, without any text of the address.
 */
enum store_result store_url_check(const char *url, struct store_why *why);
/* Does it hold a password? Then it belongs in a file of mode 0600 only. */
bool store_url_has_password(const char *url);
/* Is the database in a file, so that other files may stand beside it? */
bool store_url_is_file(const char *url);

/* On STORE_OK *out is for store_close; otherwise it is NULL. May block. */
enum store_result store_open(struct store **out,
                             const struct store_config *config,
                             struct store_why *why);
void store_close(struct store *store); /* NULL is allowed */

/* What the database said last, for the log, "" for a success; nobody's data. */
const char *store_message(const struct store *store);

/* The number of the last migration applied: 1, 2, ... */
enum store_result store_version(struct store *store, int64_t *out);

/*
 * No page is torn, no row lacks what it refers to; slow. *why: the first fault.
 */
enum store_result store_check(struct store *store, struct store_why *why);

/*
 * Copies the database as of one moment to a new file of its owner's, durably,
 * while others write. One that is a server of its own is not copied:
 * STORE_DENIED, and *why says what to use. Blocks for as long as it takes.
 */
enum store_result store_backup(struct store *store, const char *path,
                               struct store_why *why);

/* ---- Transactions: one at a time, on a store opened to write. ---- */

enum store_result store_begin(struct store *store);
/* On failure nothing of the transaction is left, and it is over. */
enum store_result store_commit(struct store *store);
/* Harmless when no transaction is open. */
void store_rollback(struct store *store);

/*
 * A transaction within the transaction, for one change of several statements;
 * one level. store_revert undoes what came after store_save.
 */
enum store_result store_save(struct store *store);
enum store_result store_keep(struct store *store);
enum store_result store_revert(struct store *store);

/*
 * False once the database has thrown the whole transaction away by itself, as
 * it does when the disk is full.
 */
bool store_in_transaction(struct store *store);

/* What is committed stands here before it is in the main file; in pages. */
struct store_log {
    int64_t pages;
    int64_t copied; /* of them: as many again means that it begins anew */
};

/*
 * Copies what was committed from the log into the main file, as far as readers
 * allow. Blocks on the disk, never on a lock: STORE_BUSY, someone else copies.
 * STORE_NONE where there is no such log. Not within a transaction.
 */
enum store_result store_checkpoint(struct store *store, struct store_log *out);

/* The log's length after this connection's last commit; 0 where there is none. */
int64_t store_log_pages(const struct store *store);

/*
 * ---- Connections: where the database is a server of its own ----
 *
 * The connection is there and nothing has come on it that nobody asked for; true
 * where the database is a file. Never blocks.
 */
bool store_ready(struct store *store);
/* One attempt to get it back, where it is lost. STORE_AWAY, or worse: not yet.
   May block for as long as a connection attempt takes. */
enum store_result store_mend(struct store *store);

/* Names the files that a new attempt may read: passwords, certificates. While it
   is connected. */
void store_files(struct store *store,
                 void (*each)(void *context, const char *path), void *context);

/*
 * Talks: many changes at once over one connection. True where this is the way;
 * a change that needs more than one statement that writes runs outside of talks.
 *
 *     store_listen(store, &talk);     // what follows is this talk's
 *     result = change->run(store, change);
 *     store_listen(store, NULL);      // ... for many changes, and then
 *     store_collect(store);           // one wait for the answers to all
 *
 * A statement that is asked for the first time goes out and gives STORE_WAITING,
 * with which `run` returns. After store_collect it is run again, from its
 * beginning: what was answered is then answered at once, and it comes as far as
 * the next question, or to its end (talk.waiting is false). So a run that talks
 * must ask the same again: it draws nothing by chance and reads no clock.
 *
 * Statements of talks that follow each other without `apart` are one
 * transaction, so that one fsync makes them durable, each as it would be alone:
 * when one of them fails nothing was changed, and each of them is asked again,
 * apart. They are for changes that write one session's row, in the order of the
 * sids: so of two such transactions none holds what the other waits for. A driver
 * may ask the same of many sessions at once, in a transaction of its own.
 */
bool store_talks(const struct store *store);

enum {
    STORE_TALK_MAX = 12,   /* statements of one talk; beyond: STORE_BUSY */
    STORE_TALKS_MAX = 512, /* that may wait at a time */
};

struct store_talk {
    struct {
        uint64_t print; /* of the question, to know it again */
        void *answer;   /* the driver's */
        bool shared;    /* it answers other talks, too */
        bool lent;      /* and is one of theirs */
    } part[STORE_TALK_MAX];
    size_t count; /* answered, or on their way */
    size_t next;  /* of them, in this run */
    bool waiting;
    bool apart; /* in: its statements are transactions of their own */
};

void store_listen(struct store *store, struct store_talk *talk);
/* STORE_AWAY: what was on its way is unknown; the talks have no answer to it. */
enum store_result store_collect(struct store *store);
/* Together with all others that were answered meanwhile: they share answers. */
void store_talk_clear(struct store *store, struct store_talk *talk);

/* ---- Users ---- */

struct store_user {
    int64_t id;                   /* above 0; never given out twice */
    char name[STORE_NAME_SIZE];   /* unique, compared byte by byte */
    char email[STORE_EMAIL_SIZE]; /* unique but for ASCII case, or empty */
    char password[STORE_PASSWORD_SIZE]; /* encoded hash: argon2id, or an
                                           imported one (server/foreign.h) */
    char roles[STORE_ROLES_SIZE];       /* "user moderator admin" */
    bool disabled;
    bool verified; /* mail to `email` was answered with its code */
    int64_t created_s;
};

/* STORE_TAKEN_NAME, STORE_TAKEN_EMAIL; both taken: the name. id is not read. */
enum store_result store_user_add(struct store *store,
                                 const struct store_user *user, int64_t *id);
enum store_result store_user_by_id(struct store *store, int64_t id,
                                   struct store_user *out);
enum store_result store_user_by_name(struct store *store, const char *name,
                                     struct store_user *out);
/* ASCII letters compare without case. An empty address is nobody's. */
enum store_result store_user_by_email(struct store *store, const char *email,
                                      struct store_user *out);

/* `password` is an encoded hash. Sessions live on: see store_sessions_end. */
enum store_result store_user_set_password(struct store *store, int64_t id,
                                          const char *password);
/*
 * The same, but only where it still is `seen` and the user is enabled; else
 * STORE_NONE. So of two who change it one learns that it was the later.
 */
enum store_result store_user_swap_password(struct store *store, int64_t id,
                                           const char *seen, const char *next);
/* Is the user there, enabled, with this hash? Else STORE_NONE. */
enum store_result store_user_stands(struct store *store, int64_t id,
                                    const char *password);
/* The address is not verified then. */
enum store_result store_user_set_email(struct store *store, int64_t id,
                                       const char *email);
enum store_result store_user_set_verified(struct store *store, int64_t id,
                                          bool verified);
/* Rewrites the roles in the user's sessions too. Two statements. */
enum store_result store_user_set_roles(struct store *store, int64_t id,
                                       const char *roles);
/*
 * Disabling ends the user's sessions with STORE_ENDED_DISABLED, for good; they
 * do not come back when the user is enabled. Two statements.
 */
enum store_result store_user_set_disabled(struct store *store, int64_t id,
                                          bool disabled, int64_t now_s);
/* The todos go too; sessions end with STORE_ENDED_REVOKED. Two statements. */
enum store_result store_user_remove(struct store *store, int64_t id,
                                    int64_t now_s);
enum store_result store_user_count(struct store *store, int64_t *out);

/*
 * Lists call `row` for each row, in order; false stops the list. It must not
 * use the store. What it is given is borrowed for the call.
 */

/* By id, those above `after`, at most `limit`. */
enum store_result
store_user_list(struct store *store, int64_t after, int64_t limit,
                bool (*row)(void *context, const struct store_user *user),
                void *context);

/* What an administrator looks for. */
struct store_search {
    const char *text; /* a part of the name or the address, whatever its case;
                         "": all */
    int64_t after;    /* only ids above it, */
    int64_t limit;    /* and so many at most */
    int64_t created_s, used_s; /* sessions that began and were used later than
                                  this are counted: store_lifetime_before */
};

enum { STORE_SEARCH_SIZE = 256 }; /* of its text, with its NUL */

/* By id. `sessions`: the user's living ones. */
enum store_result store_user_search(
    struct store *store, const struct store_search *search,
    bool (*row)(void *context, const struct store_user *user, int64_t sessions),
    void *context);

/* ---- Sessions: one row each, of constant size, found by sid alone ---- */

/* design.md, section 5. The numbers stand in the database. */
enum store_protocol {
    STORE_COMMITTED = 0,
    STORE_OFFERED = 1,
};

/* Why a session is over. The numbers stand in the database: append only. */
enum store_ended {
    STORE_LIVING = 0,
    STORE_ENDED_REVOKED = 1, /* sign-out, or ended from elsewhere */
    STORE_ENDED_EXPIRED = 2,
    STORE_ENDED_DISABLED = 3, /* its user was disabled */
    STORE_ENDED_REUSE = 4,    /* two holders of one chain */
};

/*
 * What moves at a refresh, and all that compare-and-set compares.
 *
 * Committed: generation is g; bytes are the chain as core/rotation.h lays it
 * out: the newest commitment whole, then seven older ones cut to
 * STORE_LINK_SIZE, newest first, zeros where there is none yet.
 * Offered: generation is n; bytes are `current`, `previous` (zeros before the
 * first move), then zeros.
 */
struct store_chain {
    int64_t generation;
    bool moved;      /* false until the first step or move */
    int64_t moved_s; /* when it last did; 0 while not `moved` */
    uint8_t bytes[STORE_CHAIN_SIZE];
};

struct store_session {
    uint8_t sid[STORE_SID_SIZE];
    int64_t user_id;
    char roles[STORE_ROLES_SIZE]; /* the user's, rewritten with the user's */
    char dialect[STORE_DIALECT_SIZE]; /* the one it was signed in under */
    enum store_protocol protocol;
    bool cookie; /* committed, and the session secret is a cookie */
    enum store_ended ended;
    int64_t ended_s; /* 0 while living */
    int64_t created_s;
    int64_t used_s; /* may lag by ROTATION_TOUCH_S (core/rotation.h) */
    struct store_chain chain;
    char label[STORE_LABEL_SIZE]; /* these three are emptied when it ends */
    char agent[STORE_AGENT_SIZE];
    char address[STORE_ADDRESS_SIZE];
};

/*
 * Adds a session for a user who has just shown the password whose hash is
 * `password`. One statement reads the user again: disabled, removed, or with
 * another hash by now is STORE_NONE. Roles are the user's; roles, ended and
 * ended_s of `session` are not read.
 *
 * The sid is there already: a committed session of the same user that still
 * lives, is at generation 0 and has the same chain is the same sign-in once
 * more, STORE_OK, and *out is the row as it is; any other is STORE_TAKEN.
 */
enum store_result store_session_add(struct store *store,
                                    const struct store_session *session,
                                    const char *password,
                                    struct store_session *out);

enum store_result store_session_find(struct store *store,
                                     const uint8_t sid[STORE_SID_SIZE],
                                     struct store_session *out);

/*
 * A session is past its life idle_s after it was used, and max_s after it was
 * created, to the second; 0 means no limit.
 */
struct store_lifetime {
    int64_t now_s;
    int64_t idle_s;
    int64_t max_s;
};

/* Is it past its lifetime? Whether it was ended is another question. */
/* What is not later than this has ended: 0 is without end. */
int64_t store_lifetime_before(int64_t now_s, int64_t length_s);
bool store_session_expired(const struct store_session *session,
                           const struct store_lifetime *lifetime);

/* What a refresh needs to know of a row it has just moved. */
struct store_holder {
    int64_t user_id;
    char roles[STORE_ROLES_SIZE];
};

/*
 * A committed session's usual step, in one UPDATE that carries the whole
 * condition: alive, at `generation`, its newest commitment is `shown`, `next` is
 * not in the chain. Then g is generation + 1, the newest is `next`, and used_s
 * and moved_s are now. Otherwise STORE_NONE, and nothing changes: read the row
 * and decide.
 */
struct store_step {
    uint8_t sid[STORE_SID_SIZE];
    int64_t generation;
    uint8_t shown[STORE_HASH_SIZE]; /* SHA-256(S_i) */
    uint8_t next[STORE_HASH_SIZE];  /* SHA-256(S_{i+1}) */
};
enum store_result store_session_step(struct store *store,
                                     const struct store_step *step,
                                     const struct store_lifetime *lifetime,
                                     struct store_holder *out);

/*
 * An offered session's usual move, likewise in one UPDATE: alive, its current is
 * `parent`, and it never moved or did so soft_s ago or longer. Then its previous
 * is `parent`, its current `self`, its generation n. Otherwise STORE_NONE.
 */
struct store_move {
    uint8_t sid[STORE_SID_SIZE];
    int64_t n;
    uint8_t self[STORE_LINK_SIZE];
    uint8_t parent[STORE_LINK_SIZE];
    int64_t soft_s;
};
enum store_result store_session_move(struct store *store,
                                     const struct store_move *move,
                                     const struct store_lifetime *lifetime,
                                     struct store_holder *out);

/*
 * Compare-and-set, for every other move: `next` replaces `seen` if the session
 * was not ended and its chain is still `seen`, else STORE_NONE. used_s becomes
 * now_s too.
 */
enum store_result store_session_swap(struct store *store,
                                     const uint8_t sid[STORE_SID_SIZE],
                                     const struct store_chain *seen,
                                     const struct store_chain *next,
                                     int64_t now_s);

/* used_s := now_s; STORE_NONE where it is that already, or later, or ended. */
enum store_result store_session_touch(struct store *store,
                                      const uint8_t sid[STORE_SID_SIZE],
                                      int64_t now_s);

/* STORE_NONE: no row, or ended before; the first reason stays. */
enum store_result store_session_end(struct store *store,
                                    const uint8_t sid[STORE_SID_SIZE],
                                    enum store_ended reason, int64_t now_s);

/* As store_session_end, but only if the row is this user's. */
enum store_result store_session_end_own(struct store *store, int64_t user_id,
                                        const uint8_t sid[STORE_SID_SIZE],
                                        enum store_ended reason, int64_t now_s);

/* All living ones of a user but `keep` (NULL: all). *ended: how many. */
struct store_end_all {
    int64_t user_id;
    const uint8_t *keep; /* STORE_SID_SIZE bytes, borrowed; or NULL */
    enum store_ended reason;
    int64_t now_s;
};
enum store_result store_sessions_end(struct store *store,
                                     const struct store_end_all *which,
                                     int64_t *ended);

/*
 * Ends living sessions of a user so that `max` are left, `keep` among them: the
 * least used first, STORE_RECLAIM_MAX at most. `max` is at least 1. One
 * statement, for the change that has just added `keep`. *ended: how many.
 */
struct store_reclaim {
    int64_t user_id;
    const uint8_t *keep; /* STORE_SID_SIZE bytes, borrowed */
    int64_t max;
    int64_t now_s;
};
enum store_result store_session_reclaim(struct store *store,
                                        const struct store_reclaim *which,
                                        int64_t *ended);

/* A user's living sessions, at most `limit`; expired ones are for the caller. */
enum store_result store_session_list(
    struct store *store, int64_t user_id, int64_t limit,
    bool (*row)(void *context, const struct store_session *session),
    void *context);

/* How many were not ended. Takes as long as there are: never on a loop. */
enum store_result store_session_count(struct store *store, int64_t *out);

/*
 * One small step of a sweep through all sids: looks at `count` rows after *from
 * and removes those last used and ended at or before before_s: now less
 * --refresh-max, so that an ended session answers with its reason until then.
 * *from moves on; at the end it is zeros again.
 */
struct store_sweep {
    uint8_t from[STORE_SID_SIZE];
    int64_t count; /* 1 to STORE_SWEEP_MAX */
    int64_t before_s;
    int64_t removed; /* out */
};
enum store_result store_session_sweep(struct store *store,
                                      struct store_sweep *sweep);

/* ---- Settings: small values under a name ---- */

struct store_value {
    uint8_t bytes[STORE_BLOB_MAX];
    size_t length;
};

enum store_result store_setting_get(struct store *store, const char *name,
                                    struct store_value *out);
enum store_result store_setting_put(struct store *store, const char *name,
                                    const struct store_value *value);

/* ---- The audit trail: rows are added, and go when they are old ---- */

struct store_audit {
    int64_t at_s;
    const char *kind; /* these two are words of ours; borrowed */
    const char *outcome;
    int64_t user_id;    /* 0: nobody we know */
    const uint8_t *sid; /* STORE_SID_SIZE bytes, borrowed; or NULL */
    int64_t detail;     /* by kind */
    const char
        *dialect; /* borrowed, as is the address; "" where there is none */
    const char *address;
};
enum store_result store_audit_add(struct store *store,
                                  const struct store_audit *row);

/*
 * One small step of a sweep: of the `count` oldest rows removes those from
 * before before_s. *removed: how many.
 */
enum store_result store_audit_sweep(struct store *store, int64_t before_s,
                                    int64_t count, int64_t *removed);

#endif
