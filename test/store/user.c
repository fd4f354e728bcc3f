/* Users, todos, keys and settings: each operation and its edges. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "store/fixture.h"
#include "store/key.h"
#include "store/todo.h"

struct add_case {
    const char *name;
    const char *user;
    const char *email;
    enum store_result result;
};

static const struct add_case add_cases[] = {
    {"a user with another name and address",                   "max", "max@example.org",
     STORE_OK                                                                                               },
    {"a name that is taken",                                   "ada", "other@example.org", STORE_TAKEN_NAME },
    {"a name that differs by case is another",                 "Ada", "big@example.org",
     STORE_OK                                                                                               },
    {"an address that is taken",                               "eve", "ada@example.org",   STORE_TAKEN_EMAIL},
    {"an address that differs by case is taken",               "eve", "ADA@Example.ORG",
     STORE_TAKEN_EMAIL                                                                                      },
    {"both taken: the name is told",                           "ada", "ada@example.org",
     STORE_TAKEN_NAME                                                                                       },
    {"no address",                                             "eve", "",                  STORE_OK         },
    {"a second user without one",                              "bob", "",                  STORE_OK         },
    {"a name with a quote, a blank and a letter beyond ASCII",
     "o'neill \xc3\xa9; --",                                          "o@example.org",     STORE_OK         },
};

static void add(void **state)
{
    struct fixture f;

    (void)state;
    CASE("a new database has its user");
    fixture_open(&f);
    CHECK_EQ(f.user_id, 1);
    for (size_t i = 0; i < COUNT(add_cases); i++) {
        const struct add_case *c = &add_cases[i];
        struct store_user user = {.roles = "user", .password = "p"};
        struct store_user found;
        int64_t id = -1;

        CASE(c->name);
        (void)snprintf(user.name, sizeof user.name, "%s", c->user);
        (void)snprintf(user.email, sizeof user.email, "%s", c->email);
        CHECK_EQ(store_user_add(f.store, &user, &id), c->result);
        CHECK_EQ(id > 0, c->result == STORE_OK);
        if (c->result != STORE_OK)
            continue;
        CHECK_EQ(store_user_by_name(f.store, c->user, &found), STORE_OK);
        CHECK_EQ(found.id, id);
        CHECK_TEXT(found.email, c->email);
    }
    fixture_close(&f);
}

static void longest(void **state)
{
    struct fixture f;
    struct store_user user, found;
    int64_t id = 0;

    (void)state;
    fixture_open(&f);
    CASE("the longest texts come back whole");
    memset(&user, 0, sizeof user);
    memset(user.name, 'n', sizeof user.name - 1);
    memset(user.email, 'e', sizeof user.email - 1);
    memset(user.password, 'p', sizeof user.password - 1);
    memset(user.roles, 'r', sizeof user.roles - 1);
    user.created_s = INT64_MAX;
    user.disabled = true;
    CHECK_EQ(store_user_add(f.store, &user, &id), STORE_OK);
    memset(&found, 0, sizeof found);
    CHECK_EQ(store_user_by_id(f.store, id, &found), STORE_OK);
    user.id = id;
    CHECK_TEXT(found.name, user.name);
    CHECK_TEXT(found.email, user.email);
    CHECK_TEXT(found.password, user.password);
    CHECK_TEXT(found.roles, user.roles);
    CHECK_EQ(found.created_s, INT64_MAX);
    CHECK(found.disabled);
    fixture_close(&f);
}

static void find(void **state)
{
    struct fixture f;
    struct store_user found = {.id = 77};

    (void)state;
    fixture_open(&f);
    CASE("by name, id and address, the address in any case");
    CHECK_EQ(store_user_by_email(f.store, "ADA@EXAMPLE.org", &found), STORE_OK);
    CHECK_EQ(found.id, f.user_id);
    CHECK_TEXT(found.password, "hash of ada");
    CASE("an unknown one is none, and nothing is filled in");
    found.id = 77;
    CHECK_EQ(store_user_by_id(f.store, 99, &found), STORE_NONE);
    CHECK_EQ(store_user_by_name(f.store, "", &found), STORE_NONE);
    CHECK_EQ(store_user_by_email(f.store, "x@example.org", &found), STORE_NONE);
    CHECK_EQ(found.id, 77);
    CASE("an empty address is nobody's, though some have none");
    (void)fixture_add_user(&f, "eve", "");
    CHECK_EQ(store_user_by_email(f.store, "", &found), STORE_NONE);
    fixture_close(&f);
}

static void change(void **state)
{
    struct fixture f;
    struct store_user found;
    struct store_session session;
    uint8_t sid[STORE_SID_SIZE];

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, 1);
    memset(sid, 1, sizeof sid);
    CASE("password, address and roles change");
    CHECK_EQ(store_user_set_password(f.store, f.user_id, "new"), STORE_OK);
    CHECK_EQ(store_user_set_email(f.store, f.user_id, "a@b"), STORE_OK);
    CHECK_EQ(store_user_set_roles(f.store, f.user_id, "user admin"), STORE_OK);
    CHECK_EQ(store_user_by_id(f.store, f.user_id, &found), STORE_OK);
    CHECK_TEXT(found.password, "new");
    CHECK_TEXT(found.email, "a@b");
    CHECK_TEXT(found.roles, "user admin");
    CASE("the sessions carry the new roles");
    CHECK_EQ(store_session_find(f.store, sid, &session), STORE_OK);
    CHECK_TEXT(session.roles, "user admin");
    CASE("an address that another has is refused");
    (void)fixture_add_user(&f, "eve", "eve@example.org");
    CHECK_EQ(store_user_set_email(f.store, f.user_id, "EVE@example.org"),
             STORE_TAKEN_EMAIL);
    CASE("one's own in another case is not");
    CHECK_EQ(store_user_set_email(f.store, f.user_id, "A@b"), STORE_OK);
    CASE("nobody to change");
    CHECK_EQ(store_user_set_password(f.store, 99, "x"), STORE_NONE);
    CHECK_EQ(store_user_set_roles(f.store, 99, "x"), STORE_NONE);
    CHECK_EQ(store_user_set_disabled(f.store, 99, true, 1), STORE_NONE);
    fixture_close(&f);
}

static void disable(void **state)
{
    struct fixture f;
    struct store_user found;
    struct store_session session;
    uint8_t sid[STORE_SID_SIZE];

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, 1);
    memset(sid, 1, sizeof sid);
    CASE("disabling ends the sessions with that reason");
    CHECK_EQ(store_user_set_disabled(f.store, f.user_id, true, 5), STORE_OK);
    CHECK_EQ(store_user_by_id(f.store, f.user_id, &found), STORE_OK);
    CHECK(found.disabled);
    CHECK_EQ(store_session_find(f.store, sid, &session), STORE_OK);
    CHECK_EQ(session.ended, STORE_ENDED_DISABLED);
    CHECK_EQ(session.ended_s, 5);
    CASE("enabling does not bring them back");
    CHECK_EQ(store_user_set_disabled(f.store, f.user_id, false, 6), STORE_OK);
    CHECK_EQ(store_session_find(f.store, sid, &session), STORE_OK);
    CHECK_EQ(session.ended, STORE_ENDED_DISABLED);
    fixture_close(&f);
}

static void take_away(void **state)
{
    struct fixture f;
    struct store_user found;
    struct store_session session;
    struct store_todo todo;
    uint8_t sid[STORE_SID_SIZE];
    int64_t id, count = -1;

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, 1);
    memset(sid, 1, sizeof sid);
    id = f.user_id;
    CHECK_EQ(store_todo_add(f.store, id, "t", &todo), STORE_OK);
    CASE("a removed user's todos go, and sessions end");
    CHECK_EQ(store_user_remove(f.store, id, 9), STORE_OK);
    CHECK_EQ(store_user_by_id(f.store, id, &found), STORE_NONE);
    CHECK_EQ(store_todo_find(f.store, id, todo.id, &todo), STORE_NONE);
    CHECK_EQ(store_session_find(f.store, sid, &session), STORE_OK);
    CHECK_EQ(session.ended, STORE_ENDED_REVOKED);
    CASE("nobody is left to remove or to count");
    CHECK_EQ(store_user_remove(f.store, id, 9), STORE_NONE);
    CHECK_EQ(store_user_count(f.store, &count), STORE_OK);
    CHECK_EQ(count, 0);
    CASE("the id is not given out again");
    CHECK(fixture_add_user(&f, "ada", "ada@example.org") > id);
    fixture_check_whole(f.store);
    fixture_close(&f);
}

struct seen {
    int64_t ids[16];
    size_t count;
    size_t stop_at;
};

static bool see_user(void *context, const struct store_user *user)
{
    struct seen *seen = context;

    seen->ids[seen->count++] = user->id;
    return seen->count < seen->stop_at;
}

static void list(void **state)
{
    struct fixture f;
    struct seen seen = {.stop_at = 16};

    (void)state;
    fixture_open(&f);
    for (int i = 0; i < 5; i++) {
        char name[8] = {'u', (char)('0' + i)};

        (void)fixture_add_user(&f, name, "");
    }
    CASE("by id, page by page");
    CHECK_EQ(store_user_list(f.store, 0, 4, see_user, &seen), STORE_OK);
    CHECK_EQ(seen.count, 4);
    CHECK_EQ(store_user_list(f.store, seen.ids[3], 4, see_user, &seen),
             STORE_OK);
    CHECK_EQ(seen.count, 6);
    CHECK_EQ(seen.ids[5], 6);
    CASE("an empty page is no failure");
    CHECK_EQ(store_user_list(f.store, 6, 4, see_user, &seen), STORE_OK);
    CASE("a list can be stopped, and the store goes on");
    seen = (struct seen){.stop_at = 2};
    CHECK_EQ(store_user_list(f.store, 0, 4, see_user, &seen), STORE_OK);
    CHECK_EQ(seen.count, 2);
    seen = (struct seen){.stop_at = 16};
    CHECK_EQ(store_user_list(f.store, 0, 9, see_user, &seen), STORE_OK);
    CHECK_EQ(seen.count, 6);
    fixture_close(&f);
}

static bool see_todo(void *context, const struct store_todo *todo)
{
    struct seen *seen = context;

    if (seen->count < 16)
        seen->ids[seen->count] = todo->id;
    seen->count++;
    return true;
}

static void todos(void **state)
{
    struct fixture f;
    struct store_todo todo, found;
    struct store_todo_change to;
    struct seen seen = {.count = 0};
    int64_t eve;

    (void)state;
    fixture_open(&f);
    eve = fixture_add_user(&f, "eve", "");
    CASE("one is added, not done");
    CHECK_EQ(store_todo_add(f.store, f.user_id, "milk", &todo), STORE_OK);
    CHECK(todo.id > 0 && !todo.done);
    CHECK_TEXT(todo.title, "milk");
    CASE("nobody's is none");
    CHECK_EQ(store_todo_add(f.store, 99, "milk", &found), STORE_NONE);
    CASE("another user does not find, change or remove it");
    CHECK_EQ(store_todo_find(f.store, eve, todo.id, &found), STORE_NONE);
    to = (struct store_todo_change){.user_id = eve, .id = todo.id, .done = 1};
    CHECK_EQ(store_todo_change(f.store, &to, &found), STORE_NONE);
    CHECK_EQ(store_todo_remove(f.store, eve, todo.id), STORE_NONE);
    CASE("done alone leaves the title");
    to.user_id = f.user_id;
    CHECK_EQ(store_todo_change(f.store, &to, &found), STORE_OK);
    CHECK(found.done);
    CHECK_TEXT(found.title, "milk");
    CASE("the title alone leaves done, and may be empty");
    to.done = -1;
    to.title = "";
    CHECK_EQ(store_todo_change(f.store, &to, &found), STORE_OK);
    CHECK(found.done);
    CHECK_TEXT(found.title, "");
    CASE("it is removed once");
    CHECK_EQ(store_todo_remove(f.store, f.user_id, todo.id), STORE_OK);
    CHECK_EQ(store_todo_remove(f.store, f.user_id, todo.id), STORE_NONE);
    CASE("the last one that is allowed, and one more");
    for (int i = 0; i < STORE_TODO_MAX; i++)
        CHECK_EQ(store_todo_add(f.store, eve, "t", &found), STORE_OK);
    CHECK_EQ(store_todo_add(f.store, eve, "t", &found), STORE_LIMIT);
    CHECK_EQ(store_todo_list(f.store, eve, see_todo, &seen), STORE_OK);
    CHECK_EQ(seen.count, STORE_TODO_MAX);
    CASE("another user's limit is another's");
    CHECK_EQ(store_todo_add(f.store, f.user_id, "t", &found), STORE_OK);
    fixture_close(&f);
}

static bool see_key(void *context, const struct store_key *key)
{
    struct store_key *last = context;

    *last = *key;
    return true;
}

static void keys(void **state)
{
    struct fixture f;
    struct store_key key = {.id = 1, .kind = "mac", .kid = "k1"};
    struct store_key found = {.id = 0};

    (void)state;
    fixture_open(&f);
    CASE("the longest blob comes back whole");
    key.blob_length = sizeof key.blob;
    memset(key.blob, 0xa5, sizeof key.blob);
    key.created_s = 7;
    CHECK_EQ(store_key_add(f.store, &key), STORE_OK);
    CHECK_EQ(store_key_list(f.store, see_key, &found), STORE_OK);
    CHECK_BYTES(found.blob, found.blob_length, key.blob, sizeof key.blob);
    CHECK_TEXT(found.kind, "mac");
    CHECK_EQ(found.retired_s, 0);
    CASE("an id is taken once");
    CHECK_EQ(store_key_add(f.store, &key), STORE_TAKEN);
    CASE("an id beyond one byte is refused");
    key.id = 256;
    CHECK_EQ(store_key_add(f.store, &key), STORE_FAILED);
    CASE("it is retired once, and removed once");
    CHECK_EQ(store_key_retire(f.store, 1, 8), STORE_OK);
    CHECK_EQ(store_key_retire(f.store, 1, 9), STORE_NONE);
    CHECK_EQ(store_key_list(f.store, see_key, &found), STORE_OK);
    CHECK_EQ(found.retired_s, 8);
    CHECK_EQ(store_key_remove(f.store, 1), STORE_OK);
    CHECK_EQ(store_key_remove(f.store, 1), STORE_NONE);
    fixture_close(&f);
}

static void settings(void **state)
{
    struct fixture f;
    struct store_value value = {.bytes = "a\0b", .length = 3};
    struct store_value found = {.length = 42};

    (void)state;
    fixture_open(&f);
    CASE("one that is not there");
    CHECK_EQ(store_setting_get(f.store, "x", &found), STORE_NONE);
    CHECK_EQ(found.length, 42);
    CASE("what was put is got, NUL and all");
    CHECK_EQ(store_setting_put(f.store, "x", &value), STORE_OK);
    CHECK_EQ(store_setting_get(f.store, "x", &found), STORE_OK);
    CHECK_BYTES(found.bytes, found.length, "a\0b", 3);
    CASE("it is replaced, also by nothing");
    value.length = 0;
    CHECK_EQ(store_setting_put(f.store, "x", &value), STORE_OK);
    CHECK_EQ(store_setting_get(f.store, "x", &found), STORE_OK);
    CHECK_EQ(found.length, 0);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(add),     cmocka_unit_test(longest),
        cmocka_unit_test(find),    cmocka_unit_test(change),
        cmocka_unit_test(disable), cmocka_unit_test(take_away),
        cmocka_unit_test(list),    cmocka_unit_test(todos),
        cmocka_unit_test(keys),    cmocka_unit_test(settings),
    };

    return fixture_run("store/user", tests);
}
