/* Where a token goes, and where it must not go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stay.h>

#include "check.h"
#include "client/clock.h"
#include "client/kit.h"

/* Redirects: `there` is another origin; a target of "" stays on our own. */
struct redirect {
    struct kit *kit;
    struct fake_server *there;
    int status;
    char location[512];
};
static struct redirect hop;

static void answer_there(struct fake_reply *reply, const struct fake_request *r,
                         void *data)
{
    (void)data;
    if (strcmp(r->target, "/back") == 0)
        fake_write(reply,
                   "HTTP/1.1 302 Back\r\nLocation: %s/last\r\n"
                   "Content-Length: 0\r\n\r\n",
                   fake_url(hop.kit->fake.server));
    else
        fake_answer(reply, 200, "text/plain", "there");
}

static void answer_redirect(struct fake_reply *reply,
                            const struct fake_request *r, void *data)
{
    struct kit *kit = data;

    if (strcmp(r->target, "/go") != 0)
        fake_answer(reply, 200, "text/plain", "here");
    else if (!fake_stay_admits(&kit->fake, r->head))
        fake_stay_answer_401(&kit->fake, reply);
    else
        fake_write(reply,
                   "HTTP/1.1 %d Over there\r\nLocation: %s\r\n"
                   "Content-Length: 0\r\n\r\n",
                   hop.status, hop.location);
}

static bool shows_token(struct fake_server *server)
{
    const char *head;

    for (unsigned n = 1; (head = fake_head(server, "", n)) != NULL; n++)
        if (strstr(head, "access-") != NULL)
            return true;
    return false;
}

/* Where the redirect leads, and whether the token goes along. */
struct way {
    const char *name;
    const char *format; /* one %s or %d: `there`, our URL or our port */
    enum { THERE, OURS, PORT, PLAIN } filled;
    bool stays;
};
static const struct way ways[] = {
    {"another port",      "%s/last",                    THERE, false},
    {"A to B to A",       "%s/back",                    THERE, false},
    {"a relative path",   "last",                       PLAIN, true },
    {"an absolute URL",   "%s/last",                    OURS,  true },
    {"another host name", "http://localhost:%d/last",   PORT,  false},
    {"two slashes",       "//localhost:%d/last",        PORT,  false},
    {"a user name",       "http://x@localhost:%d/last", PORT,  false},
    {"capitals",          "HTTP://LOCALHOST:%d/last",   PORT,  false},
};

static void set_location(const struct way *way, struct kit *kit)
{
    size_t size = sizeof hop.location;

    if (way->filled == THERE)
        (void)snprintf(hop.location, size, "%s/%s", fake_url(hop.there),
                       strrchr(way->format, '/') + 1);
    else if (way->filled == OURS)
        (void)snprintf(hop.location, size, "%s/last",
                       fake_url(kit->fake.server));
    else if (way->filled == PLAIN)
        (void)snprintf(hop.location, size, "%s", way->format);
    else
        (void)snprintf(hop.location, size, "%.*s%d/last",
                       (int)(strchr(way->format, '%') - way->format),
                       way->format, fake_port(kit->fake.server));
}

struct variant {
    int status;
    bool unrestricted; /* CURLOPT_UNRESTRICTED_AUTH */
    bool other_header; /* the token is in x-access-token */
    bool spoiled;      /* and refused at first */
};

static void follow(const struct way *way, const struct variant *v)
{
    struct kit kit;

    if (v->other_header)
        kit_begin_other_header(&kit, v->spoiled);
    else
        kit_begin(&kit, v->spoiled);
    hop.kit = &kit;
    hop.there = fake_open(answer_there, NULL);
    hop.status = v->status;
    set_location(way, &kit);
    kit_resource(&kit, answer_redirect);
    (void)stay_easy_setopt(kit.easy, CURLOPT_FOLLOWLOCATION, 1L);
    (void)stay_easy_setopt(kit.easy, CURLOPT_UNRESTRICTED_AUTH,
                           v->unrestricted ? 1L : 0L);
    CHECK_EQ(kit_perform(&kit, "/go"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    CHECK(!shows_token(hop.there));
    CHECK_EQ(kit_has_token(&kit, "GET /last", 1), way->stays);
    // The next request carries it again.
    CHECK_EQ(kit_perform(&kit, "/again"), CURLE_OK);
    CHECK(kit_has_token(&kit, "GET /again", 1));
    fake_close(hop.there);
    kit_close(&kit);
}

static void redirects(void **state)
{
    static const int statuses[] = {301, 302, 303, 307, 308};

    (void)state;
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
        for (size_t i = 0; i < 20; i++) {
            struct variant v = {
                .status = statuses[i % 5],
                .unrestricted = (i / 5) % 2 != 0,
                .other_header = i >= 10,
                .spoiled = i % 2 == 0,
            };

            check_case("%d to %s%s%s", v.status, ways[w].name,
                       v.unrestricted ? ", UNRESTRICTED_AUTH" : "",
                       v.other_header ? ", in x-access-token" : "");
            follow(&ways[w], &v);
        }
}

static void elsewhere(void **state)
{
    struct fake_server *there = fake_open(answer_there, NULL);
    struct kit kit;
    char url[256];
    CURLU *parsed;

    (void)state;
    CASE("a URL of another origin gets no token, and 401s there no refresh");
    kit_begin(&kit, false);
    hop.kit = &kit;
    (void)kit_get(&kit, "/data");
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, fake_url(there));
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK(!shows_token(there));

    CASE("nor by CURLOPT_PORT, nor as a CURLU");
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, fake_url(kit.fake.server));
    (void)stay_easy_setopt(kit.easy, CURLOPT_PORT, (long)fake_port(there));
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    (void)stay_easy_setopt(kit.easy, CURLOPT_PORT, 0L);
    parsed = curl_url();
    (void)curl_url_set(parsed, CURLUPART_URL, fake_url(there), 0);
    (void)stay_easy_setopt(kit.easy, CURLOPT_CURLU, parsed);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK_EQ(fake_count(there, ""), 3);
    CHECK(!shows_token(there));

    CASE("but a CURLU of our own origin does, also when it is changed later");
    (void)snprintf(url, sizeof url, "%s/curlu", fake_url(kit.fake.server));
    (void)curl_url_set(parsed, CURLUPART_URL, url, 0);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK(kit_has_token(&kit, "GET /curlu", 1));
    curl_url_cleanup(parsed);

    CASE("as does a URL without a scheme, and one in other letters");
    stay_easy_reset(kit.easy);
    (void)snprintf(url, sizeof url, "127.0.0.1:%d/bare",
                   fake_port(kit.fake.server));
    (void)stay_easy_setopt(kit.easy, CURLOPT_DEFAULT_PROTOCOL, "http");
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, url);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK(kit_has_token(&kit, "GET /bare", 1));
    (void)snprintf(url, sizeof url, "HTTP://127.0.0.1:%d/upper",
                   fake_port(kit.fake.server));
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, url);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK(kit_has_token(&kit, "GET /upper", 1));

    CASE("a user name in the URL is the caller's own: no token");
    (void)snprintf(url, sizeof url, "http://me:pw@127.0.0.1:%d/user",
                   fake_port(kit.fake.server));
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, url);
    (void)stay_easy_perform(kit.easy);
    CHECK(!kit_has_token(&kit, "GET /user", 1));
    kit_close(&kit);
    fake_close(there);
}

/* Takes an order once, and shows nobody the receipt. */
static void answer_order(struct fake_reply *reply, const struct fake_request *r,
                         void *data)
{
    struct kit *kit = data;

    if (strcmp(r->target, "/order") != 0 ||
        !fake_stay_admits(&kit->fake, r->head))
        fake_stay_answer_401(&kit->fake, reply);
    else
        fake_write(reply, "HTTP/1.1 303 See\r\nLocation: /receipt\r\n"
                          "Content-Length: 0\r\n\r\n");
}

static void taken(void **state)
{
    static const char *const methods[] = {NULL, "POST", "DELETE"};
    struct kit kit;

    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const char *method = methods[i] != NULL ? methods[i] : "POST";

        check_case("a %s that was done, and led to a 401, is not done twice "
                   "(%s)",
                   method, methods[i] != NULL ? "CUSTOMREQUEST" : "POSTFIELDS");
        kit_begin(&kit, false);
        kit_resource(&kit, answer_order);
        (void)stay_easy_setopt(kit.easy, CURLOPT_FOLLOWLOCATION, 1L);
        if (methods[i] == NULL)
            (void)stay_easy_setopt(kit.easy, CURLOPT_POSTFIELDS, "tea");
        else
            (void)stay_easy_setopt(kit.easy, CURLOPT_CUSTOMREQUEST, method);
        CHECK_EQ(kit_perform(&kit, "/order"), CURLE_OK);
        CHECK_EQ(kit.status, 401);
        CHECK(strstr(kit.body, "expired_token") != NULL);
        CHECK_EQ(stay_easy_result(kit.easy), STAY_OK);
        CHECK_EQ(fake_count(kit.fake.server, "POST /order") +
                     fake_count(kit.fake.server, "DELETE /order"),
                 1);
        kit_close(&kit);
    }
}

static int abort_once(void *data, curl_off_t total, curl_off_t now,
                      curl_off_t up_total, curl_off_t up_now)
{
    bool *armed = data;
    bool fires = *armed && now > 0;

    (void)total;
    (void)up_total;
    (void)up_now;
    if (fires)
        *armed = false;
    return fires;
}

static void aborted(void **state)
{
    bool armed = true;
    struct kit kit;

    (void)state;
    CASE("what the caller aborts is not sent again");
    kit_begin(&kit, true);
    (void)stay_easy_setopt(kit.easy, CURLOPT_NOPROGRESS, 0L);
    (void)stay_easy_setopt(kit.easy, CURLOPT_XFERINFOFUNCTION, abort_once);
    (void)stay_easy_setopt(kit.easy, CURLOPT_XFERINFODATA, &armed);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_ABORTED_BY_CALLBACK);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_CURL);
    CHECK(!armed);
    CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 1);
    kit_close(&kit);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects),
        cmocka_unit_test(elsewhere),
        cmocka_unit_test(taken),
        cmocka_unit_test(aborted),
    };

    return check_run("client/easy_redirect", tests);
}
