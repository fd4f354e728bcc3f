/*
 * The outcome table of a refresh (design, section 3), line by line: a proxy
 * answers in stayd's place, and nobody is signed out by what is passing.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "holder.h"
#include "proxy.h"
#include "stayd.h"

enum {
    MINUTE_CALLS_MAX = 8, /* design, section 3, invariant 7 */
    HOUR_CALLS_MAX = 60,
    IN_A_ROW_MAX = 16,    /* 409s: the outcome table */
    PASS_REST_MS = 95000, /* more than any rest */
};

static const char *const options[] = {"--access-ttl", "60s", NULL};

#define HEAD(status, type)                                                     \
    "HTTP/1.1 " status "\r\nContent-Type: " type "\r\nConnection: "            \
    "close\r\n\r\n"
#define JSON(status, body) HEAD(status, "application/json") body
#define HTML(status) HEAD(status, "text/html") "<html><p>Welcome</p></html>"
#define EMPTY(status)                                                          \
    "HTTP/1.1 " status "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

struct row {
    const char *name;
    const char *answer;
    enum stay_reason reason;
};

/* Version 14 of the formatter crashes on macros in an aligned table. */
/* clang-format off */
static const struct row rows[] = {
    {"503 in JSON", JSON("503 Service Unavailable", "{\"message\":\"busy\"}"),
     STAY_REASON_UNAVAILABLE},
    {"500, empty", EMPTY("500 Internal Server Error"), STAY_REASON_UNAVAILABLE},
    {"502 in HTML", HTML("502 Bad Gateway"), STAY_REASON_UNAVAILABLE},
    {"504 in HTML", HTML("504 Gateway Timeout"), STAY_REASON_UNAVAILABLE},
    {"408", EMPTY("408 Request Timeout"), STAY_REASON_UNAVAILABLE},
    {"425", EMPTY("425 Too Early"), STAY_REASON_UNAVAILABLE},
    {"429 with Retry-After",
     "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\n"
     "Content-Length: 0\r\nConnection: close\r\n\r\n",
     STAY_REASON_UNAVAILABLE},
    {"HTML 200, a captive portal", HTML("200 OK"), STAY_REASON_NOT_THE_SERVER},
    {"HTML 401", HTML("401 Unauthorized"), STAY_REASON_NOT_THE_SERVER},
    {"HTML 403, a firewall", HTML("403 Forbidden"), STAY_REASON_NOT_THE_SERVER},
    {"HTML 400", HTML("400 Bad Request"), STAY_REASON_NOT_THE_SERVER},
    {"404 in JSON", JSON("404 Not Found", "{\"x\":1}"),
     STAY_REASON_NOT_THE_SERVER},
    {"405", EMPTY("405 Method Not Allowed"), STAY_REASON_NOT_THE_SERVER},
    {"410", EMPTY("410 Gone"), STAY_REASON_NOT_THE_SERVER},
    {"413", EMPTY("413 Content Too Large"), STAY_REASON_NOT_THE_SERVER},
    {"415", EMPTY("415 Unsupported Media Type"), STAY_REASON_NOT_THE_SERVER},
    {"422 in JSON", JSON("422 Unprocessable Content", "{\"x\":1}"),
     STAY_REASON_NOT_THE_SERVER},
    {"a redirect to another origin",
     "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/\r\n"
     "Content-Length: 0\r\nConnection: close\r\n\r\n",
     STAY_REASON_NOT_THE_SERVER},
    {"400 in JSON, in nobody's words", JSON("400 Bad Request", "{\"x\":1}"),
     STAY_REASON_UNRECOGNISED},
    {"401 in JSON, in nobody's words", JSON("401 Unauthorized", "{\"x\":1}"),
     STAY_REASON_UNRECOGNISED},
    {"403 in JSON, in nobody's words", JSON("403 Forbidden", "{\"x\":1}"),
     STAY_REASON_UNRECOGNISED},
    {"401, empty", EMPTY("401 Unauthorized"), STAY_REASON_UNRECOGNISED},
    {"the connection is closed without a word", "", STAY_REASON_NO_ANSWER},
    {"the answer ends in its head", "HTTP/1.1 200 OK\r\nContent-",
     STAY_REASON_NO_ANSWER},
    {"the answer ends in its body",
     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
     "Content-Length: 900\r\n\r\n{\"access",
     STAY_REASON_NO_ANSWER},
    {"200 with JSON that does not parse", JSON("200 OK", "{\"access"),
     STAY_REASON_NO_ANSWER},
};
/* clang-format on */

/* The answer is passing: try later, why, and the session is kept. */
static void check_kept(struct holder *h, enum stay_reason reason)
{
    enum stay_result result = STAY_OK;
    struct stay_status status;

    CHECK_EQ(holder_try(h, HOLDER_PAGE, &result), 0);
    CHECK_EQ(result, STAY_TRY_LATER);
    CHECK_EQ(h->signed_out, 0);
    if (CHECK_EQ(stay_status(h->stay, &status), STAY_OK)) {
        CHECK_EQ(status.state, STAY_STATE_RESTING);
        CHECK_EQ(status.reason, reason);
    }
}

static void check_recovers(struct holder *h)
{
    holder_pass(PASS_REST_MS);
    CHECK_EQ(holder_until_good(h), 200);
    CHECK_EQ(h->signed_out, 0);
}

static void passing_row(const struct family *family, struct proxy *proxy,
                        const struct row *row)
{
    struct holder h;

    check_case("%s: %s", family->dialect, row->name);
    if (!holder_open(&h, (int)proxy_port(proxy), family->dialect, NULL, NULL))
        return;
    if (holder_sign_in(&h)) {
        holder_let_expire();
        proxy_answer(proxy, row->answer);
        check_kept(&h, row->reason);
        proxy_answer(proxy, NULL);
        check_recovers(&h);
    }
    proxy_answer(proxy, NULL);
    holder_close(&h);
}

static void hangs(const struct family *family, struct proxy *proxy)
{
    struct holder h;

    check_case("%s: the refresh endpoint hangs", family->dialect);
    if (!holder_open(&h, (int)proxy_port(proxy), family->dialect, NULL, NULL))
        return;
    if (holder_sign_in(&h)) {
        holder_let_expire();
        proxy_hang(proxy, true);
        check_kept(&h, STAY_REASON_NO_ANSWER);
        proxy_hang(proxy, false);
        check_recovers(&h);
    }
    holder_close(&h);
}

static void living_token(const struct family *family, struct proxy *proxy)
{
    struct holder h;

    check_case("%s: a living token serves while refreshes fail",
               family->dialect);
    if (!holder_open(&h, (int)proxy_port(proxy), family->dialect, NULL, NULL))
        return;
    if (holder_sign_in(&h)) {
        proxy_answer(proxy, rows[0].answer);
        holder_pass(58500); // inside the early window of a 60-second token
        for (int i = 0; i < 20; i++)
            CHECK_EQ(holder_get(&h, HOLDER_PAGE), 200);
        CHECK(h.refresh_failed >= 1);
        proxy_answer(proxy, NULL);
    }
    holder_close(&h);
}

/* Asks at each of `steps` steps of `step_ms`; the calls that were made. */
static unsigned calls_over(struct holder *h, struct proxy *proxy,
                           unsigned steps, int64_t step_ms)
{
    unsigned before = proxy_seen_count(proxy);

    for (unsigned i = 0; i < steps; i++) {
        (void)holder_get(h, HOLDER_PAGE);
        holder_pass(step_ms);
    }
    return proxy_seen_count(proxy) - before;
}

static void budget(const struct family *family, struct proxy *proxy)
{
    struct holder h;
    unsigned minute;
    unsigned hour;

    check_case("%s: a dead endpoint is called 8 times a minute, 60 an hour "
               "at most",
               family->dialect);
    if (!holder_open(&h, (int)proxy_port(proxy), family->dialect, NULL, NULL))
        return;
    if (holder_sign_in(&h)) {
        holder_let_expire();
        proxy_answer(proxy, rows[0].answer);
        minute = calls_over(&h, proxy, 120, 500);
        CHECK(minute >= 2);
        CHECK(minute <= MINUTE_CALLS_MAX);
        hour = minute + calls_over(&h, proxy, 354, 10000);
        CHECK(hour >= 30);
        CHECK(hour <= HOUR_CALLS_MAX);
        CHECK_EQ(h.signed_out, 0);
        proxy_answer(proxy, NULL);
        holder_pass(PASS_REST_MS + 3600000);
        CHECK_EQ(holder_until_good(&h), 200);
    }
    holder_close(&h);
}

static void unrecognised(const struct family *family, struct proxy *proxy)
{
    enum stay_result result = STAY_OK;
    struct holder h;

    check_case("%s: three strange refusals over five minutes ask for a person, "
               "and the session is kept",
               family->dialect);
    if (!holder_open(&h, (int)proxy_port(proxy), family->dialect, NULL, NULL))
        return;
    if (holder_sign_in(&h)) {
        holder_let_expire();
        proxy_answer(proxy, JSON("401 Unauthorized", "{\"x\":1}"));
        for (int i = 0; i < 3; i++) {
            (void)holder_try(&h, HOLDER_PAGE, &result);
            CHECK_EQ(result, i < 2 ? STAY_TRY_LATER : STAY_BAD_REPLY);
            holder_pass(151000);
        }
        (void)holder_try(&h, HOLDER_PAGE, &result);
        CHECK_EQ(result, STAY_BAD_REPLY);
        CHECK_EQ(h.signed_out, 0);
        proxy_answer(proxy, NULL);
        check_recovers(&h);
    }
    holder_close(&h);
}

static void in_a_row(struct proxy *proxy)
{
    static const char advance[] =
        JSON("409 Conflict",
             "{\"error\":\"advance\",\"message\":\"This step was made "
             "before. Go on with the next secret.\",\"generation\":1}");
    enum stay_result result = STAY_OK;
    struct holder h;
    unsigned before;

    CASE("409 for ever: 16 in a row at most, and the session is kept");
    if (!holder_open(&h, (int)proxy_port(proxy), "stay", NULL, NULL))
        return;
    if (holder_sign_in(&h)) {
        holder_let_expire();
        proxy_answer(proxy, advance);
        before = proxy_seen_count(proxy);
        (void)holder_try(&h, HOLDER_PAGE, &result);
        CHECK_EQ(result, STAY_TRY_LATER);
        CHECK(proxy_seen_count(proxy) - before >= 2);
        CHECK(proxy_seen_count(proxy) - before <= IN_A_ROW_MAX);
        CHECK_EQ(h.signed_out, 0);
        proxy_answer(proxy, NULL);
    }
    holder_close(&h);
}

static void table(void **state)
{
    struct stayd stayd = {0};
    struct proxy *proxy = NULL;

    (void)state;
    CASE("stayd and a proxy start");
    if (CHECK(stayd_start(&stayd, options)))
        proxy = proxy_open((unsigned)stayd.port, "refresh");
    for (size_t i = 0; CHECK(proxy != NULL) && i < families_count; i++) {
        for (size_t j = 0; j < COUNT(rows); j++)
            passing_row(&families[i], proxy, &rows[j]);
        hangs(&families[i], proxy);
        living_token(&families[i], proxy);
        budget(&families[i], proxy);
        unrecognised(&families[i], proxy);
    }
    if (proxy != NULL)
        in_a_row(proxy);
    proxy_close(proxy);
    stayd_clear(&stayd);
}

static void server_down(void **state)
{
    struct stayd stayd = {0};
    struct holder h;

    (void)state;
    for (size_t i = 0; i < families_count; i++) {
        check_case("%s: stayd is down: nothing is sent; up again: work goes on",
                   families[i].dialect);
        if (!CHECK(stayd_start(&stayd, options)))
            break;
        if (holder_open(&h, stayd.port, families[i].dialect, NULL, NULL) &&
            holder_sign_in(&h)) {
            (void)stayd_stop(&stayd, SIGTERM);
            holder_let_expire();
            check_kept(&h, STAY_REASON_NO_CONNECTION);
            if (CHECK(stayd_restart(&stayd, options)))
                check_recovers(&h);
        }
        holder_close(&h);
        stayd_clear(&stayd);
        stayd = (struct stayd){0};
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(server_down),
    };

    return check_run("system/outcomes", tests);
}
