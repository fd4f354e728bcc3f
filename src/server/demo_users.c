#include "server/demo_users.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "server/password.h"

static const struct person {
    const char *name;
    const char *email;
    const char *password;
    const char *roles;
} people[] = {
    {"ada",  "ada@example.org",  "lovelace",     "user"                },
    {"max",  "max@example.org",  "quantum-1900", "user moderator"      },
    {"root", "root@example.org", "toor-toor",    "user moderator admin"},
};

static bool add_person(struct store *store, const struct person *person,
                       int64_t now_s)
{
    const struct password_config costs = {.threads = 0};
    struct store_user user = {.created_s = now_s};
    enum store_result result;
    int64_t id;

    result = store_user_by_name(store, person->name, &user);
    // One that was stopped within the time has left its user disabled.
    if (result == STORE_OK && user.disabled)
        return store_user_set_disabled(store, user.id, false, now_s) ==
               STORE_OK;
    if (result != STORE_NONE)
        return result == STORE_OK;
    memset(&user, 0, sizeof user);
    user.created_s = now_s;
    (void)snprintf(user.name, sizeof user.name, "%s", person->name);
    (void)snprintf(user.email, sizeof user.email, "%s", person->email);
    (void)snprintf(user.roles, sizeof user.roles, "%s", person->roles);
    if (password_make(&costs, person->password, strlen(person->password),
                      user.password) != PASSWORD_OK)
        return false;
    result = store_user_add(store, &user, &id);
    // Somebody has the address, or another instance was first: no matter.
    return !store_failed(result);
}

static bool is_left(struct store *store, const struct person *person)
{
    struct store_user user;

    return store_user_by_name(store, person->name, &user) == STORE_OK &&
           !user.disabled &&
           crypto_pwhash_str_verify(user.password, person->password,
                                    strlen(person->password)) == 0;
}

size_t demo_users_left(struct store *store)
{
    size_t count = 0;

    for (size_t i = 0; i < COUNT(people); i++)
        count += is_left(store, &people[i]);
    return count;
}

bool demo_users_add(struct store *store, int64_t now_s)
{
    for (size_t i = 0; i < COUNT(people); i++)
        if (!add_person(store, &people[i], now_s))
            return false;
    return true;
}
