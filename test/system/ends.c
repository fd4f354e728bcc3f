/*
 * What does end a session, and what a 401 must not start: a second holder, a
 * sign-out during a refresh, a resource that refuses for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "holder.h"
#include "proxy.h"
#include "stayd.h"

enum {
    SOFT_MS = 1000,
    ROUNDS_MAX = 8,
    STORM = 500,
};

static const char *const options[] = {"--access-ttl", "60s", "--refresh-soft",
                                      "1s", NULL};

static bool copy_vault(const struct holder *from, const char *to)
{
    size_t size = 0;
    char *text = process_read_file(from->vault, &size);
    bool good = text != NULL && process_write_file(to, text, size);

    free(text);
    return good;
}

/* One forced refresh; the soft window has passed before it. */
static enum stay_result move(struct holder *h)
{
    int64_t until = process_now_ms() + SOFT_MS + 100;
    enum stay_result result = STAY_OK;

    while (process_now_ms() < until)
        process_pause();
    holder_let_expire();
    (void)holder_try(h, HOLDER_PAGE, &result);
    return result;
}

static void thief(const struct stayd *stayd, const struct family *family)
{
    struct holder owner;
    struct holder other;
    char copy[sizeof other.vault];
    bool told = false;

    check_case("%s: a copied vault in a second holder's hands is caught",
               family->dialect);
    if (!holder_open(&owner, stayd->port, family->dialect, stayd->folder,
                     "owner") ||
        !holder_sign_in(&owner))
        return;
    (void)snprintf(copy, sizeof copy, "%s/vault/thief.json", stayd->folder);
    if (!CHECK(copy_vault(&owner, copy)) ||
        !holder_open(&other, stayd->port, family->dialect, stayd->folder,
                     "thief"))
        return;
    for (int i = 0; i < ROUNDS_MAX && !told; i++)
        told = move(&owner) == STAY_SIGN_IN || move(&other) == STAY_SIGN_IN;
    CHECK(told);
    // The other one hears of it at its own next refresh.
    CHECK_EQ(move(&owner), STAY_SIGN_IN);
    CHECK_EQ(move(&other), STAY_SIGN_IN);
    CHECK_EQ(owner.signed_out, 1);
    CHECK_EQ(other.signed_out, 1);
    if (family->committed) {
        CHECK_EQ(other.reason, STAY_REASON_REUSE);
        CHECK(owner.reason == STAY_REASON_REUSE ||
              owner.reason == STAY_REASON_REVOKED);
    } else {
        CHECK(owner.reason != STAY_REASON_NONE);
        CHECK(other.reason != STAY_REASON_NONE);
    }
    holder_close(&owner);
    holder_close(&other);
}

static void thieves(void **state)
{
    struct stayd stayd = {0};

    (void)state;
    CASE("stayd starts");
    if (CHECK(stayd_start(&stayd, options)))
        for (size_t i = 0; i < families_count; i++)
            thief(&stayd, &families[i]);
    stayd_clear(&stayd);
}

struct asker {
    struct holder *holder;
    enum stay_result result;
};

static void *ask(void *data)
{
    struct asker *asker = data;

    (void)holder_try(asker->holder, HOLDER_PAGE, &asker->result);
    return NULL;
}

/* A refresh is on its way, its granted reply held back, while we sign out. */
static void sign_out_now(const struct stayd *stayd, struct proxy *proxy,
                         const struct family *family)
{
    unsigned before = proxy_seen_count(proxy);
    struct holder h;
    struct holder again;
    struct asker asker = {.holder = &h};
    pthread_t thread;

    check_case("%s: sign-out during a refresh wins", family->dialect);
    if (!holder_open(&h, (int)proxy_port(proxy), family->dialect, stayd->folder,
                     "leaving") ||
        !holder_sign_in(&h))
        return;
    holder_let_expire();
    proxy_hold(proxy, true);
    if (!CHECK_EQ(pthread_create(&thread, NULL, ask, &asker), 0))
        return;
    while (proxy_seen_count(proxy) == before)
        process_pause();
    CHECK_EQ(stay_sign_out(h.stay), STAY_OK);
    proxy_hold(proxy, false);
    (void)pthread_join(thread, NULL);
    CHECK_EQ(asker.result, STAY_SIGN_IN);
    CHECK(!holder_signed_in(&h));
    CHECK_EQ(h.reason, STAY_REASON_SIGNED_OUT);
    // Nothing brings it back: not the late reply, not a new process.
    if (holder_open(&again, (int)proxy_port(proxy), family->dialect,
                    stayd->folder, "leaving")) {
        CHECK(!holder_signed_in(&again));
        (void)holder_try(&again, HOLDER_PAGE, &asker.result);
        CHECK_EQ(asker.result, STAY_SIGN_IN);
        holder_close(&again);
    }
    holder_close(&h);
}

static void sign_outs(void **state)
{
    struct stayd stayd = {0};
    struct proxy *proxy = NULL;

    (void)state;
    CASE("stayd and a proxy start");
    if (CHECK(stayd_start(&stayd, options)))
        proxy = proxy_open((unsigned)stayd.port, "refresh");
    if (CHECK(proxy != NULL))
        for (size_t i = 0; i < families_count; i++)
            sign_out_now(&stayd, proxy, &families[i]);
    proxy_close(proxy);
    stayd_clear(&stayd);
}

/* The page always answers 401, whatever token comes. */
static void storm(const struct stayd *stayd, struct proxy *proxy,
                  const struct family *family)
{
    unsigned delivered = 0;
    struct holder h;

    check_case("%s: 500 requests to a page that always answers 401 cause at "
               "most 2 refreshes",
               family->dialect);
    (void)stayd;
    if (!holder_open(&h, (int)proxy_port(proxy), family->dialect, NULL, NULL))
        return;
    if (holder_sign_in(&h)) {
        holder_pass(31000); // past invariant 9's grace: a refresh is due once
        proxy_answer(proxy, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n"
                            "Connection: close\r\n\r\nno");
        for (int i = 0; i < STORM; i++)
            delivered += holder_get(&h, HOLDER_PAGE) == 401;
        proxy_answer(proxy, NULL);
        CHECK_EQ(delivered, STORM);
        CHECK(h.refreshed >= 1);
        CHECK(h.refreshed <= 2);
        CHECK_EQ(h.signed_out, 0);
        CHECK_EQ(holder_get(&h, HOLDER_PAGE), 200);
    }
    holder_close(&h);
}

static void storms(void **state)
{
    struct stayd stayd = {0};
    struct proxy *proxy = NULL;

    (void)state;
    CASE("stayd and a proxy start");
    if (CHECK(stayd_start(&stayd, options)))
        proxy = proxy_open((unsigned)stayd.port, HOLDER_PAGE);
    if (CHECK(proxy != NULL))
        for (size_t i = 0; i < families_count; i++)
            storm(&stayd, proxy, &families[i]);
    proxy_close(proxy);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(thieves),
        cmocka_unit_test(sign_outs),
        cmocka_unit_test(storms),
    };

    return check_run("system/ends", tests);
}
