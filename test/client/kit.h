/*
 * A session, an easy handle and the fake back end: what most rows begin with.
 */
#ifndef TEST_CLIENT_KIT_H
#define TEST_CLIENT_KIT_H

#include <stay.h>

#include "client/fake_stay.h"

enum { KIT_BODY_MAX = 256 * 1024 };

struct kit {
    struct fake_stay fake;
    struct stay *stay;
    struct stay_easy *easy;
    struct stay_status seen;
    char body[KIT_BODY_MAX]; /* what the caller's write function got */
    size_t body_length;
    long status;
    char curl_error[CURL_ERROR_SIZE];
    char error[STAY_ERROR_SIZE];
    char url[64];            /* of the fake, as long as the kit is open */
    char dialect[32];        /* a file of its own; or empty */
    char events[2048];       /* names with a blank after each */
    enum stay_reason reason; /* of the last event that had one */
};

/*
 * Opens the fake and a session on it; vault NULL: memory. other_header: in the
 * same dialect, but for the token, which travels bare in x-access-token.
 */
void kit_open_as(struct kit *kit, bool other_header, const char *vault);
void kit_open(struct kit *kit, const char *vault);
void kit_close(struct kit *kit);

/* Opens the same session anew with another time limit. Memory vaults only: it
   signs in once more and lets the token get old. */
void kit_limit(struct kit *kit, int64_t limit_ms);

enum stay_result kit_sign_in(struct kit *kit);

/*
 * All of it, with the token old enough that a 401 means something; `spoiled`:
 * the server refuses it.
 */
void kit_begin(struct kit *kit, bool spoiled);
void kit_begin_other_header(struct kit *kit, bool spoiled);
/* As kit_begin, spoiled, but the token seems to live for ten minutes. */
void kit_begin_long(struct kit *kit);

/* What answers all but the session's own messages; its data is the kit. */
void kit_resource(struct kit *kit, fake_answer_fn *fn);

/* Has the n-th request that starts so a token, in either header? */
bool kit_has_token(struct kit *kit, const char *start, unsigned n);

/* Sets URL and WRITE*; performs; fills body, status, curl_error. */
CURLcode kit_get(struct kit *kit, const char *path);
/* As kit_get, with all options but those as the test has set them. */
CURLcode kit_perform(struct kit *kit, const char *path);

/* The kit's listener, for one thread. */
void kit_on_event(const struct stay_event *event, void *data);
const char *kit_event_name(enum stay_event_kind kind);

/* A resource that admits nobody: 401 "no way" in text/plain. */
void kit_always_401(struct fake_reply *reply, const struct fake_request *r,
                    void *data);

#endif
