/*
 * Sessions that end from elsewhere: the user is disabled or removed, nobody came
 * for longer than --refresh-idle, a token was replaced long ago. The test makes
 * it so in the database while stayd is down.
 */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "check.h"
#include "core/offered.h"
#include "rows.h"
#include "stayd.h"
#include "store/store.h"

enum { HOUR_S = 60 * 60, MONTH_S = 31 * 24 * HOUR_S };

static enum store_result disable(struct store *store, const char *name)
{
    struct store_user user;
    enum store_result result = store_user_by_name(store, name, &user);

    if (result != STORE_OK)
        return result;
    return store_user_set_disabled(store, user.id, true, time(NULL));
}

static enum store_result remove_user(struct store *store, const char *name)
{
    struct store_user user;
    enum store_result result = store_user_by_name(store, name, &user);

    if (result != STORE_OK)
        return result;
    return store_user_remove(store, user.id, time(NULL));
}

/* As if it had been used for the last time a month ago. */
static enum store_result grow_old(struct store *store,
                                  const uint8_t sid[STORE_SID_SIZE])
{
    struct store_session session;
    enum store_result result = store_session_find(store, sid, &session);

    if (result != STORE_OK)
        return result;
    return store_session_swap(store, sid, &session.chain, &session.chain,
                              time(NULL) - MONTH_S);
}

/* As if it had moved an hour ago. */
static enum store_result settle(struct store *store,
                                const uint8_t sid[STORE_SID_SIZE])
{
    struct store_session session;
    enum store_result result = store_session_find(store, sid, &session);
    struct store_chain next;

    if (result != STORE_OK)
        return result;
    next = session.chain;
    next.moved_s -= HOUR_S;
    return store_session_swap(store, sid, &session.chain, &next, time(NULL));
}

static struct store *open_database(const struct stayd *stayd)
{
    struct store_config config = {.url = stayd->database, .mode = STORE_WRITE};
    struct store *store = NULL;
    struct store_why why;

    CASE("the database is changed while stayd is down");
    CHECK_EQ(store_open(&store, &config, &why), STORE_OK);
    return store;
}

static void end_ours(const struct stayd *stayd, const struct rows *rows)
{
    struct store *store = open_database(stayd);
    uint8_t sid[STORE_SID_SIZE];
    size_t size = 0;

    if (store == NULL)
        return;
    CHECK_EQ(disable(store, "ada"), STORE_OK);
    CHECK(base64url_decode(span_of(rows_value(rows, "B_SID")), sid, sizeof sid,
                           &size));
    CHECK_EQ(grow_old(store, sid), STORE_OK);
    store_close(store);
}

/* What the rows call the token of `kind` of each family. */
static void change_each(struct store *store, const struct rows *rows,
                        const char *kind,
                        enum store_result (*change)(struct store *store,
                                                    const uint8_t *sid))
{
    static const char *const families[] = {"EX", "SP", "DJ", "NE",
                                           "NC", "SO", "SY", "OA"};

    for (size_t i = 0; i < COUNT(families); i++) {
        struct offered_token token;
        char name[16];

        (void)snprintf(name, sizeof name, "%s%s", families[i], kind);
        CHECK(offered_parse(span_of(rows_value(rows, name)), &token));
        CHECK_EQ(change(store, token.sid), STORE_OK);
    }
}

static void end_each(const struct stayd *stayd, const struct rows *rows)
{
    struct store *store = open_database(stayd);

    if (store == NULL)
        return;
    CHECK_EQ(disable(store, "ada"), STORE_OK);
    CHECK_EQ(remove_user(store, "gone"), STORE_OK);
    change_each(store, rows, "M_R", grow_old);
    change_each(store, rows, "R_R", settle);
    store_close(store);
}

static void settle_each(const struct stayd *stayd, const struct rows *rows)
{
    struct store *store = open_database(stayd);

    if (store == NULL)
        return;
    change_each(store, rows, "R_R", settle);
    store_close(store);
}

static const char *const show_users[] = {"--no-hide-users", NULL};

/* Each begins with a change, but the first, and a start. */
static const struct act {
    void (*change)(const struct stayd *stayd, const struct rows *rows);
    const char *const *options;
    const char *rows;
} ours[] =
    {
        {NULL,     NULL, "begin.rows"},
        {end_ours, NULL, "ended.rows"},
},
  families[] = {
      {NULL, NULL, "sessions.rows"},
      {end_each, NULL, "each.rows"},
      {settle_each, show_users, "shown.rows"},
};

static void play(const struct act *acts, size_t count)
{
    struct stayd stayd;
    struct rows rows;

    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    rows_init(&rows, stayd.port);
    rows_set_secrets(&rows, "A");
    rows_set_secrets(&rows, "B");
    rows_set_secrets(&rows, "C");
    rows_set_secrets(&rows, "D");
    rows_run_file(&rows, acts[0].rows);
    for (size_t i = 1; i < count; i++) {
        CASE("stayd stops, and starts again");
        CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
        acts[i].change(&stayd, &rows);
        if (!CHECK(stayd_restart(&stayd, acts[i].options)))
            break;
        rows_run_file(&rows, acts[i].rows);
    }
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void all(void **state)
{
    (void)state;
    play(ours, COUNT(ours));
    play(families, COUNT(families));
}

/* ---- Looked at all the time, and yet not used ---- */

static const struct row sign_in[] = {
    {"ada signs in", "POST", "/api/auth/signin", NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}", 200, NULL, NULL,
     "ACCESS=accessToken"},
};

static int ask_status(struct rows *rows)
{
    char headers[ROWS_VALUE_SIZE + 32];
    struct wire_request request = {
        .method = "GET", .path = "/api/test/user", .headers = headers};
    struct wire_reply reply;
    int status;

    (void)snprintf(headers, sizeof headers, "x-access-token: %s\r\n",
                   rows_value(rows, "ACCESS"));
    reply = wire_ask(rows->port, &request);
    status = reply.status;
    wire_clear(&reply);
    return status;
}

/* Nothing changes in the database meanwhile but the clock. */
static void idle(void **state)
{
    static const char *const options[] = {"--refresh-idle", "3s", NULL};
    int64_t begun_ms = process_now_ms();
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_run(&rows, sign_in, COUNT(sign_in));
    CASE("its token opens, again and again, until its session is too old");
    CHECK_EQ(ask_status(&rows), 200);
    while (process_now_ms() - begun_ms < PROCESS_LIMIT_MS &&
           ask_status(&rows) == 200)
        process_pause();
    CHECK_EQ(ask_status(&rows), 401);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all),
        cmocka_unit_test(idle),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/stayd_ended", tests);
}
