#include "holder.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "client/clock.h"
#include "wire.h"

enum {
    TOKEN_LIFE_MS = 60000, /* the rows start stayd so */
    LIMIT_MS = 3000,       /* the longest wait for one answer */
};

const struct family families[] = {
    {"stay",    true },
    {"express", false},
    {"django",  false},
};
const size_t families_count = sizeof families / sizeof families[0];

static void count_event(const struct stay_event *event, void *data)
{
    struct holder *h = data;

    (void)pthread_mutex_lock(&h->lock);
    h->refreshed += event->kind == STAY_EVENT_REFRESHED;
    h->refresh_failed += event->kind == STAY_EVENT_REFRESH_FAILED;
    h->signed_out += event->kind == STAY_EVENT_SIGNED_OUT;
    h->resting += event->kind == STAY_EVENT_RESTING;
    if (event->kind == STAY_EVENT_SIGNED_OUT ||
        event->kind == STAY_EVENT_RESTING)
        h->reason = event->reason;
    (void)pthread_mutex_unlock(&h->lock);
}

bool holder_open(struct holder *h, int port, const char *dialect,
                 const char *folder, const char *name)
{
    char url[64];
    struct stay_status status;
    struct stay_config config = {
        .dialect = dialect,
        .url = url,
        .limit_ms = LIMIT_MS,
        .error = h->error,
    };

    memset(h, 0, sizeof *h);
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    if (folder != NULL) {
        (void)snprintf(h->vault, sizeof h->vault, "%s/vault", folder);
        (void)mkdir(h->vault, 0700); // there already is fine too
        (void)snprintf(h->vault, sizeof h->vault, "%s/vault/%s.json", folder,
                       name);
        config.vault = h->vault;
    }
    if (!CHECK_EQ(stay_open(&h->stay, &config), STAY_OK)) {
        check_note("stay_open: %s", h->error);
        return false;
    }
    if (!CHECK_EQ(stay_status(h->stay, &status), STAY_OK))
        return false;
    (void)snprintf(h->base, sizeof h->base, "%s", status.url);
    return CHECK_EQ(stay_on_event(h->stay, STAY_EVENT_ANY, count_event, h),
                    STAY_OK);
}

void holder_close(struct holder *h)
{
    stay_close(h->stay);
    h->stay = NULL;
    (void)pthread_mutex_destroy(&h->lock);
}

bool holder_sign_in(struct holder *h)
{
    enum stay_result result = stay_sign_in(h->stay, "ada", "lovelace");

    stay_error(h->stay, h->error);
    if (result != STAY_OK)
        check_note("stay_sign_in: %s", h->error);
    return CHECK_EQ(result, STAY_OK);
}

static size_t drop_body(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    (void)data;
    return size * count;
}

long holder_try(struct holder *h, const char *path, enum stay_result *result)
{
    struct stay_easy *easy = stay_easy_init(h->stay);
    char url[STAY_URL_SIZE + 256];
    long status = 0;

    *result = STAY_NO_MEMORY;
    if (easy == NULL)
        return 0;
    (void)snprintf(url, sizeof url, "%s%s", h->base, path);
    (void)stay_easy_setopt(easy, CURLOPT_URL, url);
    (void)stay_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    (void)stay_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
    if (stay_easy_perform(easy) == CURLE_OK)
        (void)stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    *result = stay_easy_result(easy);
    stay_easy_cleanup(easy);
    return status;
}

long holder_get(struct holder *h, const char *path)
{
    enum stay_result result;

    return holder_try(h, path, &result);
}

long holder_until_good(struct holder *h)
{
    int64_t end = process_now_ms() + PROCESS_LIMIT_MS;
    enum stay_result result = STAY_OK;
    long status = 0;

    while (process_now_ms() < end) {
        status = holder_try(h, HOLDER_PAGE, &result);
        if (status == 200 || result == STAY_SIGN_IN)
            break;
        process_pause();
    }
    return status;
}

bool holder_signed_in(struct holder *h)
{
    struct stay_status status;

    return stay_status(h->stay, &status) == STAY_OK &&
           status.state != STAY_STATE_SIGNED_OUT &&
           status.state != STAY_STATE_ENDED;
}

/* The rows run in one thread; so does this. */
static int64_t ahead_ms;

static void shift(int64_t ms)
{
    ahead_ms += ms;
    clock_shift(ms);
}

void holder_pass(int64_t ms)
{
    shift(ms);
}

void holder_let_expire(void)
{
    shift(TOKEN_LIFE_MS + 1000);
}

int64_t holder_ahead_ms(void)
{
    return ahead_ms;
}

bool holder_expire(int port)
{
    struct wire_request request = {
        .method = "POST", .path = "/demo/expire", .body = "{}"};
    struct wire_reply reply = wire_ask(port, &request);
    bool good = CHECK_EQ(reply.status / 100, 2);

    wire_clear(&reply);
    // Past min(30 s, half its life), for tokens of 60 s: engine, invariant 9.
    shift(TOKEN_LIFE_MS / 2 + 1000);
    return good;
}
