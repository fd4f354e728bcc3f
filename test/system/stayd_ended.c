/*
 * Sessions that end from elsewhere: the user is disabled, or nobody came for
 * longer than --refresh-idle. The test makes it so in the database while stayd
 * is down.
 */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64url.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"
#include "store/store.h"

enum { MONTH_S = 31 * 24 * 60 * 60 };

static enum store_result disable(struct store *store, const char *name)
{
    struct store_user user;
    enum store_result result = store_user_by_name(store, name, &user);

    if (result != STORE_OK)
        return result;
    return store_user_set_disabled(store, user.id, true, time(NULL));
}

/* As if it had been used for the last time a month ago. */
static enum store_result grow_old(struct store *store, const char *sid_text)
{
    struct store_session session;
    uint8_t sid[STORE_SID_SIZE];
    size_t size = 0;
    enum store_result result = STORE_NONE;

    if (base64url_decode(span_of(sid_text), sid, sizeof sid, &size))
        result = store_session_find(store, sid, &session);
    if (result != STORE_OK)
        return result;
    return store_session_swap(store, sid, &session.chain, &session.chain,
                              time(NULL) - MONTH_S);
}

static void change_database(const struct stayd *stayd, const struct rows *rows)
{
    char url[PROCESS_PATH_SIZE + 32];
    struct store_config config = {.url = url, .mode = STORE_WRITE};
    struct store *store = NULL;
    struct store_why why;

    (void)snprintf(url, sizeof url, "sqlite:%s/stay.db", stayd->folder);
    CASE("the database is changed while stayd is down");
    if (!CHECK_EQ(store_open(&store, &config, &why), STORE_OK))
        return;
    CHECK_EQ(disable(store, "ada"), STORE_OK);
    CHECK_EQ(grow_old(store, rows_value(rows, "B_SID")), STORE_OK);
    store_close(store);
}

static void all(void **state)
{
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    rows_init(&rows, stayd.port);
    rows_set_secrets(&rows, "A");
    rows_set_secrets(&rows, "B");
    rows_set_secrets(&rows, "C");
    rows_set_secrets(&rows, "D");
    rows_run_file(&rows, "begin.rows");
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    change_database(&stayd, &rows);
    CASE("stayd starts again");
    if (stayd_restart(&stayd, NULL))
        rows_run_file(&rows, "ended.rows");
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    if (sodium_init() < 0)
        return 1;
    return check_run("system/stayd_ended", tests);
}
