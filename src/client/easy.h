/*
 * One easy handle of libcurl's, and what Stay must know of its options.
 *
 * libcurl cannot read an option back, so the setters of easy_option.c note
 * what the other files need, at setopt time and never per request.
 */
#ifndef CLIENT_EASY_H
#define CLIENT_EASY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <stay.h>

#include "client/hold.h"
#include "client/origin.h"
#include "client/session.h"

/* Where libcurl would take the request's body from. */
enum easy_method {
    EASY_GET,
    EASY_HEAD,
    EASY_POST, /* from memory, or read where no memory was given */
    EASY_MIME,
    EASY_PUT, /* read */
};

/* Credentials of the caller's own; while any bit is set, Stay attaches none. */
enum easy_credential {
    EASY_USERPWD = 1 << 0,
    EASY_USERNAME = 1 << 1,
    EASY_PASSWORD = 1 << 2,
    EASY_BEARER = 1 << 3,
    EASY_NETRC = 1 << 4,
    EASY_SIGV4 = 1 << 5,
};

/* What the caller set; zero, but for the streams, is libcurl's default. */
struct easy_noted {
    curl_write_callback write;
    void *write_data;
    curl_write_callback header;
    void *header_data;
    curl_read_callback read;
    void *read_data;
    curl_seek_callback seek;
    void *seek_data;
    curl_debug_callback debug;
    void *debug_data;
    void *stderr_file; /* FILE *; NULL: stderr */
    char *error;       /* CURL_ERROR_SIZE bytes, the caller's */
    struct curl_slist *headers;
    CURLU *parsed;
    long port;
    long header_option; /* CURLHEADER_UNIFIED or _SEPARATE */
    struct curl_slist *proxy_headers;
    enum easy_method method;
    unsigned credentials; /* bits of enum easy_credential */
    bool memory;          /* POSTFIELDS or COPYPOSTFIELDS is set */
    bool follow;
    bool custom; /* CUSTOMREQUEST is set, to what changes something */
};

/* What becomes of the answer that is coming in. */
enum easy_flow {
    FLOW_UNSEEN, /* its status is not known yet */
    FLOW_PASS,
    FLOW_HOLD,
};

struct stay_easy {
    struct stay *stay;
    CURL *curl;
    struct easy_noted noted;
    char *url; /* copy; NULL until set */
    size_t url_size;
    char *protocol; /* CURLOPT_DEFAULT_PROTOCOL, copy; or NULL */
    int origin;     /* of URL, in the session's list, or ORIGIN_NONE */

    /* Our own list, in front of the caller's while a token is attached. */
    struct curl_slist token_node;
    struct curl_slist expect_node;
    struct line line;
    bool installed;    /* libcurl has our list, not the caller's */
    bool sees_headers; /* our header callback is set */

    /* One transfer. */
    enum easy_flow flow;
    bool passes_headers; /* of this answer: to the caller, as they are */
    bool attached;       /* the request that is out carries our token */
    bool spent;          /* the caller's body was read from */
    bool see_other;      /* a 303 was among its answers */
    bool overflown;      /* a 401 too long to be held: it was let go */
    long status;         /* of the last answer; 0: none yet */
    off_t body_start;    /* of a FILE body; -1: cannot be sought */
    struct hold hold;
    enum stay_result result;
};

/* easy_option.c: tells libcurl of our own callbacks, after a reset. */
CURLcode easy_install(struct stay_easy *easy);
/* Where the request goes, after what decides it has changed. */
void easy_locate(struct stay_easy *easy);

/* easy_header.c: puts the token's header in front of the caller's list. */
CURLcode easy_attach(struct stay_easy *easy, bool expect);
CURLcode easy_detach(struct stay_easy *easy); /* the caller's list alone */
void easy_mute(struct stay_easy *easy);       /* no token on the next hop */
/* Does the caller's list hold credentials of its own? */
bool easy_headers_decide(const struct stay_easy *easy);

/* easy_flow.c: what libcurl calls. */
size_t easy_on_write(char *bytes, size_t size, size_t count, void *data);
size_t easy_on_header(char *bytes, size_t size, size_t count, void *data);
size_t easy_on_read(char *bytes, size_t size, size_t count, void *data);
/* What was held back goes to the caller; false when a callback refused it. */
bool easy_release(struct stay_easy *easy);

/* easy_debug.c */
int easy_on_debug(CURL *curl, curl_infotype type, char *bytes, size_t size,
                  void *data);

/* easy_body.c: can the body be sent twice? */
void easy_body_mark(struct stay_easy *easy); /* before the first time */
bool easy_body_is_one_shot(const struct stay_easy *easy);
bool easy_body_rewind(struct stay_easy *easy);
/* Was it taken, and a redirect (303, say) followed to where a 401 came from? */
bool easy_body_is_taken(const struct stay_easy *easy);

#endif
