/*
 * Keep a signed-in session alive without asking the person again.
 *
 * A program opens one `struct stay` per session and makes its requests with
 * stay_easy_*, which is libcurl's easy interface under another prefix: the
 * access token is attached, renewed in time, and a request that met an expired
 * token is sent again, unseen by the caller.
 *
 * Names that hold time end in _ms (a steady clock that counts suspend) or _s
 * (wall clock, Unix). A function that can fail returns enum stay_result.
 * Threads may share a `struct stay`, never a `struct stay_easy`: at most one
 * refresh is on the wire, and the others wait for its answer. Stay starts no
 * thread, and calls curl_global_init at the first stay_open.
 */
#ifndef STAY_H
#define STAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define STAY_API __attribute__((visibility("default")))
#else
#define STAY_API
#endif

struct stay;      /* one session; opaque */
struct stay_easy; /* one request at a time, as libcurl's CURL; opaque */

enum stay_result {
    STAY_OK = 0,
    STAY_SIGN_IN,    /* no session, or the server ended it: ask the person */
    STAY_TRY_LATER,  /* network or server down; the session is still good */
    STAY_BAD_CONFIG, /* a field is missing or malformed, or the server refuses
                        this client as configured; stay_error says which */
    STAY_BAD_REPLY,  /* the server answers outside its dialect */
    STAY_BAD_VAULT,  /* the vault cannot be read or written; nothing is lost */
    STAY_NO_MEMORY,
    STAY_REFUSED,      /* sign-in or sign-up refused: a wrong password, a name
                          that is taken; stay_error gives the server's words */
    STAY_NOT_REPLAYED, /* a 401 came after a body that cannot be sent twice */
    STAY_CURL,         /* the transfer itself failed: see its CURLcode */
};

/* Never NULL; a short English phrase without a full stop. */
STAY_API const char *stay_result_text(enum stay_result result);

/* Why a session ended, rests, or a refresh failed. */
enum stay_reason {
    STAY_REASON_NONE = 0,
    /* Final: the person must sign in again. */
    STAY_REASON_SIGNED_OUT, /* by stay_sign_out, here or elsewhere */
    STAY_REASON_UNKNOWN,    /* the server knows no such session */
    STAY_REASON_REVOKED,    /* ended at the server, by the person or an admin */
    STAY_REASON_EXPIRED,    /* idle too long, or at the end of its life */
    STAY_REASON_DISABLED,   /* the account is disabled or gone */
    STAY_REASON_REUSE,      /* a second holder used the session's secrets */
    STAY_REASON_SERVER_LOST, /* the server lost this session's state */
    STAY_REASON_REPLY_LOST,  /* a reply was lost; the server refused a repeat */
    STAY_REASON_REFUSED, /* refused in the dialect's words, no cause given */
    /* Passing: the session is kept. */
    STAY_REASON_NO_CONNECTION,  /* nothing was sent: DNS, refused, proxy */
    STAY_REASON_TLS,            /* nothing was sent: certificate or handshake */
    STAY_REASON_NO_ANSWER,      /* sent, but no complete answer came */
    STAY_REASON_UNAVAILABLE,    /* 408, 425, 429 or 5xx */
    STAY_REASON_NOT_THE_SERVER, /* a proxy, a captive portal, a redirect */
    STAY_REASON_UNRECOGNISED,   /* refused, but not in the dialect's words */
    STAY_REASON_CONFIG,         /* this client is refused as configured */
    STAY_REASON_BUDGET,         /* too many refreshes failed lately */
    STAY_REASON_VAULT,          /* the vault could not be read or written */
    STAY_REASON_BUSY,           /* another process holds the refresh too long */
};

/* Never NULL; a short English phrase without a full stop. */
STAY_API const char *stay_reason_text(enum stay_reason reason);

enum {
    STAY_ERROR_SIZE = 256,          /* room for a sentence, its NUL included */
    STAY_NAME_SIZE = 256,           /* a user's name, a label */
    STAY_URL_SIZE = 2048,           /* a base URL */
    STAY_EARLY_NEVER = -1,          /* for early_ms */
    STAY_HELD_BACK_MAX = 64 * 1024, /* bytes kept of a 401, head and body */
};

/*
 * Zero means the default. Strings are copied: the caller may free them once
 * stay_open returns.
 */
struct stay_config {
    const char *dialect; /* which back end to speak: a built-in name such as
                            "stay" or "django", or the path of a dialect file
                            (anything with a '/' in it); NULL: what the vault
                            says, else "stay" */
    const char *url;     /* base URL, "https://auth.example.org"; one without a
                            path gets the dialect's prefix. NULL: what the vault
                            says; required when the vault holds no session */
    const char *vault;   /* a file where tokens rest. NULL: by session's name,
                            or, if that is NULL too, memory */
    const char *session; /* a file by name: NAME.json under
                            $XDG_STATE_HOME/stay; letters, digits, '.', '_' and
                            '-', not starting with '.', at most 64 */
    const char *label;   /* what the session list calls this device; or NULL */
    const char *const *origins; /* "https://api.example.org", ..., NULL: where
                                   tokens may go besides the URL's own origin;
                                   NULL: nowhere */
    int64_t early_ms; /* refresh this long before expiry; 0: 60,000, or a fifth
                         of the token's life if that is less; STAY_EARLY_NEVER:
                         only when it has expired */
    int64_t limit_ms; /* longest wait for one answer; 0: 10,000 */
    bool insecure_http; /* admit plain http to hosts that are not loopback */
    const char *user_agent; /* of Stay's own requests; NULL: "stay/VERSION" */

    /*
     * Called on Stay's own handle before sign-in, refresh and sign-out: proxy,
     * CA, client certificate. It must not keep the handle, and must leave URL,
     * body, callbacks and redirects alone. May run in any calling thread.
     */
    void (*on_curl)(CURL *curl, void *data);
    void *on_curl_data;

    char *error; /* NULL, or STAY_ERROR_SIZE bytes: says why stay_open failed */
};

/* On STAY_OK *out is a session for stay_close; otherwise it is NULL. */
STAY_API enum stay_result stay_open(struct stay **out,
                                    const struct stay_config *config);

/*
 * Does not sign out: what the vault file holds goes on. NULL is allowed. No
 * other call may be running, and the session's easy handles must be cleaned up
 * before.
 */
STAY_API void stay_close(struct stay *stay);

/*
 * What the last failed call on this session met, as one line without a token
 * or password in it; empty if nothing failed. Threads share it.
 */
STAY_API void stay_error(struct stay *stay, char out[STAY_ERROR_SIZE]);

/* These block for limit_ms at most. `email` may be NULL where not needed. */
STAY_API enum stay_result stay_sign_up(struct stay *stay, const char *user,
                                       const char *email, const char *password);

/*
 * On STAY_OK a new session stands in the vault, in place of any before it. On
 * any other result the vault is as it was.
 */
STAY_API enum stay_result stay_sign_in(struct stay *stay, const char *user,
                                       const char *password);

/*
 * Forget the session here, durably, and tell the server. STAY_TRY_LATER: signed
 * out here, the server could not be told; calling again tells it again.
 */
STAY_API enum stay_result stay_sign_out(struct stay *stay);

struct stay_token {
    char *text; /* owned by the caller, NUL-terminated, at most 16 KiB */
    int64_t
        left_ms; /* life left when copied; INT64_MAX: the server never said */
    uint64_t number; /* which token this is; give it back to stay_refused */
};

/*
 * Copy an access token that is good for at least `at_least_ms` into *out;
 * release it with stay_token_clear. 0: one that is good now.
 *
 * Does not block while the token is good for that long and not near its end.
 * Inside the early window it refreshes first but, if that fails for a passing
 * reason, gives the living token all the same. Blocks for limit_ms at most. A
 * server whose tokens never live for at_least_ms gives what it has. On any
 * result but STAY_OK *out is zeroed, and safe to clear.
 */
STAY_API enum stay_result stay_get(struct stay *stay, int64_t at_least_ms,
                                   struct stay_token *out);
STAY_API void
stay_token_clear(struct stay_token *token); /* wipes, then frees */

/* A server answered 401 to this token number. Late or repeated news is safe. */
STAY_API void stay_refused(struct stay *stay, uint64_t number);

/*
 * What happens, as it happens. A callback runs in the thread that made it
 * happen, under no lock; it may call back into Stay, but not stay_close.
 */
enum stay_event_kind {
    /* The session. */
    STAY_EVENT_SIGNED_IN = 1 << 0,
    STAY_EVENT_REFRESHED = 1 << 1,  /* wait_ms: how long it took */
    STAY_EVENT_SIGNED_OUT = 1 << 2, /* reason */
    STAY_EVENT_RESTING = 1 << 3,    /* reason; wait_ms: until the next try */
    STAY_EVENT_ADOPTED = 1 << 4,    /* another process or handle was first */
    /* A refresh. */
    STAY_EVENT_REFRESH_STARTED = 1 << 5, /* early */
    STAY_EVENT_REFRESH_FAILED = 1 << 6,  /* reason, status or 0 */
    /* One request, by its number. */
    STAY_EVENT_SENT = 1 << 7,      /* generation; 0: without a token */
    STAY_EVENT_ANSWERED = 1 << 8,  /* status; wait_ms since the first SENT */
    STAY_EVENT_HELD_BACK = 1 << 9, /* a 401 that the caller will not see, or
                                      only if no newer token can be had */
    STAY_EVENT_WAITING = 1 << 10,  /* for a refresh, one's own or another's */
    STAY_EVENT_REPLAYED = 1 << 11, /* sent again; generation */
    STAY_EVENT_FAILED = 1 << 12,   /* without an answer; reason, or NONE when
                                      the transfer itself failed */
    STAY_EVENT_ANY = (1 << 13) - 1,
};

struct stay_event {
    enum stay_event_kind kind;
    enum stay_reason reason;
    int64_t at_ms;       /* CLOCK_BOOTTIME */
    int64_t wait_ms;     /* see the kind; else 0 */
    uint64_t request;    /* counted from 1 in this struct stay; 0: none */
    uint64_t generation; /* token number, as in struct stay_token; 0: none */
    long status;         /* HTTP status; 0: none */
    bool early;          /* a refresh before expiry, not because of a 401 */
};

typedef void stay_event_fn(const struct stay_event *event, void *data);

/*
 * Call `fn` for each event whose kind is in `mask`. Up to 8 may be set; to end
 * one, set the same fn and data again with mask 0. STAY_NO_MEMORY beyond 8.
 */
STAY_API enum stay_result stay_on_event(struct stay *stay, unsigned mask,
                                        stay_event_fn *fn, void *data);

/* Interceptors, in the sense of axios; up to 8 of each, in order of setting. */

/*
 * Runs at the start of each stay_easy_perform, once, not again for a replay.
 * It may use stay_easy_setopt. Any result but CURLE_OK ends the request with
 * that result, unsent.
 */
typedef CURLcode stay_request_fn(struct stay_easy *easy, void *data);
STAY_API enum stay_result stay_on_request(struct stay *stay,
                                          stay_request_fn *fn, void *data);

/*
 * Runs when a request has ended, with what it ended with; what it returns is
 * what stay_easy_perform returns.
 */
typedef CURLcode stay_response_fn(struct stay_easy *easy, CURLcode code,
                                  void *data);
STAY_API enum stay_result stay_on_response(struct stay *stay,
                                           stay_response_fn *fn, void *data);

enum stay_state {
    STAY_STATE_SIGNED_OUT = 0, /* no session yet */
    STAY_STATE_FRESH,          /* signed in */
    STAY_STATE_REFRESHING,
    STAY_STATE_RESTING, /* signed in; the last refresh failed */
    STAY_STATE_ENDED,   /* reason says why; sign in again */
};

struct stay_status {
    enum stay_state state;
    enum stay_reason reason;   /* of RESTING and ENDED */
    char user[STAY_NAME_SIZE]; /* as signed in; empty when never */
    char url[STAY_URL_SIZE];   /* the base URL, its prefix included */
    char dialect[STAY_NAME_SIZE];
    char label[STAY_NAME_SIZE];
    char vault[STAY_URL_SIZE]; /* the file; empty for memory */
    uint64_t generation;       /* of the token held; 0: none */
    int64_t left_ms;     /* of the access token: 0 or less when over; INT64_MAX:
                          the server never said */
    int64_t rest_ms;     /* RESTING: until the next try */
    int64_t signed_in_s; /* 0: never */
    int64_t refreshed_s; /* 0: not since sign-in */
};

/*
 * Reads the vault again, so that news of other processes shows. Sends nothing.
 */
STAY_API enum stay_result stay_status(struct stay *stay,
                                      struct stay_status *out);

/*
 * libcurl's easy interface. Each function takes what its curl_easy_ twin takes,
 * does what it does and returns what it returns; what differs is said here.
 *
 * - The access token goes, in the dialect's header, to origins on the session's
 *   list and to no other, also after redirects. A caller's own credentials
 *   (CURLOPT_USERPWD, USERNAME, XOAUTH2_BEARER, NETRC) or own header of that
 *   name win: nothing is attached then, and a 401 is the caller's.
 * - A 401 to our token is held back, the token renewed, the request sent once
 *   more. What cannot be answered so is delivered whole, with CURLE_OK.
 * - perform blocks. It returns CURLE_LOGIN_DENIED: sign in; or
 *   CURLE_COULDNT_CONNECT or CURLE_OPERATION_TIMEDOUT: try later; or
 *   CURLE_SEND_FAIL_REWIND: a 401 came after a body that cannot be sent twice;
 *   stay_easy_result tells these from the transfer's own.
 */
STAY_API struct stay_easy *stay_easy_init(struct stay *stay); /* or NULL */
STAY_API CURLcode stay_easy_setopt(struct stay_easy *easy, CURLoption option,
                                   ...);
STAY_API CURLcode stay_easy_perform(struct stay_easy *easy);
STAY_API CURLcode stay_easy_getinfo(struct stay_easy *easy, CURLINFO info, ...);
STAY_API void stay_easy_reset(struct stay_easy *easy);
STAY_API struct stay_easy *stay_easy_duphandle(struct stay_easy *easy);
STAY_API CURLcode stay_easy_pause(struct stay_easy *easy, int bitmask);
STAY_API CURLHcode stay_easy_header(struct stay_easy *easy, const char *name,
                                    size_t index, unsigned origin, int request,
                                    struct curl_header **out);
STAY_API struct curl_header *stay_easy_nextheader(struct stay_easy *easy,
                                                  unsigned origin, int request,
                                                  struct curl_header *previous);
STAY_API void stay_easy_cleanup(struct stay_easy *easy); /* NULL is allowed */
STAY_API curl_mime *stay_mime_init(struct stay_easy *easy);

/* For reading only: options set on it behind Stay's back are not replayed. */
STAY_API CURL *stay_easy_handle(struct stay_easy *easy);

/* How the last stay_easy_perform ended. STAY_OK: an answer was delivered. */
STAY_API enum stay_result stay_easy_result(const struct stay_easy *easy);

/*
 * For services that did not sign the person in: is this access token good? It is
 * judged by the issuer's public keys, fetched once and kept, so most calls send
 * nothing. A session that was ended is noticed when its token expires; a service
 * that must know at once asks stayd's /auth/verify.
 */
struct stay_verifier; /* opaque; threads share it */

enum stay_algorithm {
    STAY_ALGORITHM_EDDSA = 1 << 1, /* Ed25519 */
    STAY_ALGORITHM_ES256 = 1 << 2,
    STAY_ALGORITHM_RS256 = 1 << 3,
};

enum { STAY_LEEWAY_NONE = -1 }; /* for leeway_s */

/* Zero means the default. Strings are copied. */
struct stay_verifier_config {
    const char *keys_url; /* "https://auth.example.org/.well-known/jwks.json";
                             required */
    const char *issuer;   /* what `iss` must be; required */
    const char *audience; /* what `aud` must be, or hold; required */
    const char *type;     /* what `typ` must be; NULL: "at+jwt"; "": anything */
    unsigned algorithms;  /* enum stay_algorithm bits; 0: all of them */
    int64_t leeway_s;   /* clocks may differ by this; 0: 5; STAY_LEEWAY_NONE */
    int64_t limit_ms;   /* longest wait for the keys; 0: 10,000 */
    bool insecure_http; /* admit plain http to hosts that are not loopback */
    const char *user_agent;                  /* NULL: "stay/VERSION" */
    void (*on_curl)(CURL *curl, void *data); /* as in struct stay_config */
    void *on_curl_data;
    char *error; /* NULL, or STAY_ERROR_SIZE bytes: why opening failed */
};

/* Sends nothing. On STAY_OK *out is for stay_verifier_close; otherwise NULL. */
STAY_API enum stay_result
stay_verifier_open(struct stay_verifier **out,
                   const struct stay_verifier_config *config);
/* NULL is allowed. No other call may be running. */
STAY_API void stay_verifier_close(struct stay_verifier *verifier);

enum stay_verdict {
    STAY_VERDICT_GOOD = 0,
    /* Answer 401. */
    STAY_VERDICT_MALFORMED,   /* no token of this form */
    STAY_VERDICT_TYPE,        /* another `typ` */
    STAY_VERDICT_ALGORITHM,   /* not among the algorithms allowed */
    STAY_VERDICT_UNKNOWN_KEY, /* the issuer publishes no such key */
    STAY_VERDICT_FORGED,      /* the signature is not the key's */
    STAY_VERDICT_ISSUER,
    STAY_VERDICT_AUDIENCE,
    STAY_VERDICT_NOT_YET, /* `nbf` or `iat` is in the future */
    STAY_VERDICT_EXPIRED,
    /* Answer 503: it is not the token's fault. */
    STAY_VERDICT_NO_KEYS, /* the keys cannot be had, and none are kept */
    STAY_VERDICT_NO_MEMORY,
};

/* Never NULL; a short English phrase without a full stop. */
STAY_API const char *stay_verdict_text(enum stay_verdict verdict);

/* What a good token says. */
struct stay_claims {
    char subject[STAY_NAME_SIZE]; /* `sub`; empty: none */
    char session[STAY_NAME_SIZE]; /* `sid`; empty: none */
    char roles[STAY_NAME_SIZE];   /* `roles`, with single blanks between */
    int64_t issued_s;             /* `iat`; 0: none */
    int64_t expires_s;            /* `exp` */
    char *json;                   /* all of them, NUL-terminated; owned */
};

/*
 * `token` is what stood behind "Bearer ", NUL-terminated. *out is filled on
 * STAY_VERDICT_GOOD and then for stay_claims_clear; on any other verdict it is
 * zeroed, and safe to clear. Blocks, for limit_ms at most, where keys must be
 * fetched: at first, when they are older than their Cache-Control allows, and
 * for a key that is not known, at most once a minute.
 */
STAY_API enum stay_verdict stay_verify(struct stay_verifier *verifier,
                                       const char *token,
                                       struct stay_claims *out);

/*
 * Copies the claim `name`: a string without its escapes, anything else as its
 * JSON. False, and "" in out, when there is none, or it does not fit, or has a
 * NUL within.
 */
STAY_API bool stay_verify_claim(const struct stay_claims *claims,
                                const char *name, char *out, size_t size);

/* Is `role` one of its roles? */
STAY_API bool stay_verify_role(const struct stay_claims *claims,
                               const char *role);

STAY_API void stay_claims_clear(struct stay_claims *claims);

#ifdef __cplusplus
}
#endif

#endif
