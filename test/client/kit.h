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
    char events[2048];       /* names with a blank after each */
    enum stay_reason reason; /* of the last event that had one */
};

/* Opens the fake and a session on it; vault NULL: memory. */
void kit_open(struct kit *kit, const char *vault);
void kit_close(struct kit *kit);

enum stay_result kit_sign_in(struct kit *kit);

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
