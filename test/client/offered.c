/*
 * Offered rotation: back ends that hand out their refresh tokens. The dialect is
 * one whose lifetimes stand only inside of its access tokens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stay.h>

#include "base/base64url.h"
#include "check.h"
#include "client/clock.h"
#include "client/fake_server.h"
#include "core/dialect.h"

#define REFRESH "POST /api/auth/refreshtoken"

/* What the fake back end does with a refresh. */
enum way {
    GRANT,       /* an access token, and the next refresh token */
    GRANT_ALONE, /* an access token only */
    REFUSE,      /* in the dialect's words */
    DROP,        /* nothing: the connection ends */
    OTHERWISE,   /* 403 in HTML */
};

struct back {
    struct fake_server *server;
    enum way way;
    int count; /* of tokens: the newest pair is access-COUNT, refresh-COUNT */
};
static struct back back;

/* A JWT, as far as a client reads it: 60 s from any time. */
static void make_access(char out[256])
{
    char claims[128], text[200];
    int length = snprintf(claims, sizeof claims,
                          "{\"id\":%d,\"iat\":1000,\"exp\":1060}", back.count);

    text[base64url_encode(claims, (size_t)length, text)] = '\0';
    (void)snprintf(out, 256, "e30.%s.c2ln", text);
}

static void answer_pair(struct fake_reply *reply, bool with_refresh)
{
    char access[256], body[600];

    back.count++;
    make_access(access);
    (void)snprintf(
        body, sizeof body,
        "{\"id\":1,\"username\":\"ada\",\"email\":\"a@b.c\","
        "\"roles\":[\"ROLE_USER\"],\"accessToken\":\"%s\"%s%d\"}",
        access, with_refresh ? ",\"refreshToken\":\"refresh-" : ",\"more\":\"",
        back.count);
    fake_answer(reply, 200, "application/json; charset=utf-8", body);
}

static void answer(struct fake_reply *reply, const struct fake_request *r,
                   void *data)
{
    (void)data;
    if (strcmp(r->target, "/api/auth/signin") == 0)
        answer_pair(reply, true);
    else if (strcmp(r->target, "/api/auth/refreshtoken") != 0)
        fake_answer(reply, 200, "text/plain", "data");
    else if (back.way == GRANT || back.way == GRANT_ALONE)
        answer_pair(reply, back.way == GRANT);
    else if (back.way == REFUSE)
        fake_answer(reply, 403, "application/json; charset=utf-8",
                    "{\"message\":\"Refresh token is not in database!\"}");
    else if (back.way == DROP)
        reply->close = true;
    else
        fake_answer(reply, 403, "text/html", "<html>no</html>");
}

static struct stay *begin(const char *dialect)
{
    struct stay_config config = {.dialect = dialect};
    struct stay *stay = NULL;

    back = (struct back){0};
    back.server = fake_open(answer, NULL);
    config.url = fake_url(back.server);
    CHECK_EQ(stay_open(&stay, &config), STAY_OK);
    CHECK_EQ(stay_sign_in(stay, "ada", "lovelace"), STAY_OK);
    return stay;
}

static void turn(enum way way)
{
    fake_locked(back.server, true);
    back.way = way;
    fake_locked(back.server, false);
}

static enum stay_result get(struct stay *stay, int64_t *left_ms)
{
    struct stay_token token;
    enum stay_result result = stay_get(stay, 0, &token);

    if (left_ms != NULL)
        *left_ms = token.left_ms;
    stay_token_clear(&token);
    return result;
}

/* Did the n-th refresh carry this token? */
static bool sent(unsigned n, const char *token)
{
    size_t length;
    const char *body = fake_body(back.server, REFRESH, n, &length);

    return body != NULL && strstr(body, token) != NULL;
}

static void end(struct stay *stay)
{
    stay_close(stay);
    fake_close(back.server);
}

static void granted(void **state)
{
    struct stay *stay;
    int64_t left_ms;

    (void)state;
    CASE(
        "the life is read from the token itself: exp - iat, whatever the date");
    stay = begin("express");
    CHECK_EQ(get(stay, &left_ms), STAY_OK);
    CHECK(left_ms > 50000 && left_ms <= 60000);

    CASE("a refresh token in the answer takes the place of the old one");
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_OK);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_OK);
    CHECK(sent(1, "\"refresh-1\"") && sent(2, "\"refresh-2\""));

    CASE("an answer without one: the old one is kept");
    turn(GRANT_ALONE);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_OK);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_OK);
    CHECK(sent(3, "\"refresh-3\"") && sent(4, "\"refresh-3\""));

    CASE("a refresh carries no access token in its head");
    CHECK(strstr(fake_head(back.server, REFRESH, 4), "x-access-token") == NULL);
    end(stay);
}

static void refused(void **state)
{
    struct stay_status seen;
    struct stay *stay;

    (void)state;
    CASE("refused in the dialect's words: over, with the reason");
    stay = begin("express");
    turn(REFUSE);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_SIGN_IN);
    CHECK_EQ(stay_status(stay, &seen), STAY_OK);
    CHECK_EQ(seen.reason, STAY_REASON_UNKNOWN);
    CHECK_EQ(get(stay, NULL), STAY_SIGN_IN);
    CHECK_EQ(fake_count(back.server, REFRESH), 1);
    end(stay);

    CASE("the same status in HTML is a proxy's: later, and then on");
    stay = begin("express");
    turn(OTHERWISE);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_TRY_LATER);
    turn(GRANT);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_OK);
    end(stay);

    CASE("a lost reply: the same token again, and it is granted");
    stay = begin("express");
    turn(DROP);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_TRY_LATER);
    CHECK_EQ(fake_count(back.server, REFRESH), 2);
    turn(GRANT);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_OK);
    CHECK(sent(2, "\"refresh-1\"") && sent(3, "\"refresh-1\""));
    end(stay);
}

/* The dialect's own text, but a refresh token is spent by its first use. */
static void write_unsafe(char path[32])
{
    static const char from[] = "\"repeat\": \"safe\"";
    const struct dialect_source *source = dialect_find(SPAN("express"));
    const char *at =
        memmem(source->text, source->length, from, sizeof from - 1);
    FILE *file;
    int handle;

    (void)snprintf(path, 32, "/tmp/stay-unsafe-XXXXXX");
    handle = mkstemp(path);
    file = handle >= 0 ? fdopen(handle, "w") : NULL;
    if (file == NULL || at == NULL)
        abort(); // the dialect's file is laid out anew: see `from`
    (void)fwrite(source->text, 1, (size_t)(at - source->text), file);
    (void)fputs("\"repeat\": \"unsafe\"", file);
    at += sizeof from - 1;
    (void)fwrite(at, 1, source->length - (size_t)(at - source->text), file);
    (void)fclose(file);
}

static void unsafe(void **state)
{
    struct stay_status seen;
    struct stay *stay;
    char path[32];

    (void)state;
    write_unsafe(path);
    CASE("repeats unsafe: a lost reply, then a refusal, is `reply_lost`");
    stay = begin(path);
    turn(DROP);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_TRY_LATER);
    turn(REFUSE);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_SIGN_IN);
    CHECK_EQ(stay_status(stay, &seen), STAY_OK);
    CHECK_EQ(seen.reason, STAY_REASON_REPLY_LOST);
    end(stay);

    CASE("and without a lost reply it is the server's own reason");
    stay = begin(path);
    turn(REFUSE);
    clock_shift(61000);
    CHECK_EQ(get(stay, NULL), STAY_SIGN_IN);
    CHECK_EQ(stay_status(stay, &seen), STAY_OK);
    CHECK_EQ(seen.reason, STAY_REASON_UNKNOWN);
    end(stay);
    (void)unlink(path);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(granted),
        cmocka_unit_test(refused),
        cmocka_unit_test(unsafe),
    };

    return check_run("client/offered", tests);
}
