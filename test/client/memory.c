/*
 * Memory that runs out, at each allocation in turn: no crash, a clear result,
 * and the session goes on when there is memory again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client/clock.h"
#include "client/kit.h"

/* Only this thread's allocations fail: the fake server lives on. */
static _Thread_local bool failing;
static _Thread_local unsigned count;
static unsigned fail_at;

/* A sanitizer has its own malloc, and looks at every use of memory anyway. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INTERPOSED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define INTERPOSED 0
#endif
#endif
#ifndef INTERPOSED
#define INTERPOSED 1
#endif

#if INTERPOSED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *old, size_t size);

/* libcurl and libc are to find these, too. */
#define SEEN __attribute__((visibility("default")))

static bool fails_now(void)
{
    if (!failing || ++count != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

SEEN void *malloc(size_t size)
{
    return fails_now() ? NULL : __libc_malloc(size);
}

SEEN void *calloc(size_t number, size_t size)
{
    return fails_now() ? NULL : __libc_calloc(number, size);
}

SEEN void *realloc(void *old, size_t size)
{
    return fails_now() ? NULL : __libc_realloc(old, size);
}
#endif

enum { ALLOCATIONS_MAX = 4000 };

typedef void act_fn(struct kit *kit);

static void act_sign_in(struct kit *kit)
{
    (void)kit_sign_in(kit);
}

static void act_get(struct kit *kit)
{
    (void)kit_get(kit, "/data");
}

static void act_token(struct kit *kit)
{
    struct stay_token token;

    (void)stay_get(kit->stay, 0, &token);
    stay_token_clear(&token);
}

static void act_handles(struct kit *kit)
{
    struct stay_easy *easy = stay_easy_init(kit->stay);

    if (easy == NULL)
        return;
    (void)stay_easy_setopt(easy, CURLOPT_URL, kit->url);
    (void)stay_easy_setopt(easy, CURLOPT_DEFAULT_PROTOCOL, "http");
    stay_easy_cleanup(stay_easy_duphandle(easy));
    stay_easy_cleanup(easy);
}

static void act_open(struct kit *kit)
{
    const struct stay_config config = {.url = kit->url, .dialect = "stay"};
    struct stay *stay = NULL;

    if (stay_open(&stay, &config) == STAY_OK)
        stay_close(stay);
}

/* Runs `act` with each allocation failing in turn, each time as if anew. */
static void exhaust(const char *name, act_fn *act)
{
    static struct kit kit;
    unsigned n = 0;

    CASE(name);
    do {
        kit_open(&kit, NULL);
        CHECK_EQ(kit_sign_in(&kit), STAY_OK);
        clock_shift(61000);
        fake_stay_expire(&kit.fake);
        count = 0;
        fail_at = ++n;
        failing = true;
        act(&kit);
        failing = false;
        clock_shift(121000);
        fake_stay_expire(&kit.fake);
        CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
        CHECK_EQ(kit.status, 200);
        kit_close(&kit);
    } while (INTERPOSED && count >= n && n < ALLOCATIONS_MAX);
    CHECK(n < ALLOCATIONS_MAX);
    check_note("%s: %u allocations", name, n - 1);
}

static void acts(void **state)
{
    (void)state;
    if (!INTERPOSED)
        check_note("under a sanitizer nothing fails here");
    exhaust("a request that needs a refresh", act_get);
    exhaust("a token that needs a refresh", act_token);
    exhaust("signing in", act_sign_in);
    exhaust("easy handles", act_handles);
    exhaust("opening", act_open);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts),
    };

    return check_run("client/memory", tests);
}
