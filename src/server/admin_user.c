/*
 * `stayd user ...`
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "server/admin.h"
#include "server/nfc.h"
#include "server/password.h"
#include "server/plausible.h"

enum { PAGE = 256 }; /* accounts listed in one go */

/* "admin,user" as the database has it: "user admin"; their bits, or 0: there is
   an unknown word. */
static unsigned read_roles(const char *text, char out[STORE_ROLES_SIZE])
{
    struct span rest = span_of(text);
    unsigned roles = 0;
    size_t length = 0;

    while (rest.length > 0) {
        size_t end = span_find(rest, ',');
        unsigned i = 0;

        while (i < ROLE_COUNT &&
               !span_is(span_head(rest, end), dialect_role(i)))
            i++;
        if (i == ROLE_COUNT)
            return 0;
        roles |= 1u << i;
        rest = span_tail(rest, end + 1);
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++)
        if ((roles & 1u << i) != 0)
            length += (size_t)snprintf(out + length, STORE_ROLES_SIZE - length,
                                       "%s%s", length > 0 ? " " : "",
                                       dialect_role(i));
    return roles;
}

static int refuse_roles(const char *text)
{
    return admin_misuse("roles '%.64s' are not allowed; use user, moderator "
                        "and admin, with commas between",
                        text);
}

static const struct reason_row {
    enum reply_kind kind;
    const char *text;
} reasons[] = {
    {CASE_TOO_SHORT,  "is too short: at least 8 characters"},
    {CASE_ALL_DIGITS, "is all digits"                      },
};

/* What a sign-up takes (server/plausible.h). */
struct rule {
    const char *what;
    const char *allowed;
};

static const struct rule name_rule = {
    "name", "1 to 150 bytes, of characters that show"};
static const struct rule email_rule = {"e-mail address",
                                       "NAME@DOMAIN, at most 254 bytes"};
static const struct rule password_rule = {"password",
                                          "8 to 256 characters of UTF-8"};

static int refuse(const struct rule *rule, enum reply_kind kind)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].kind == kind)
            return admin_misuse("the %s %s", rule->what, reasons[i].text);
    return admin_misuse("the %s is not allowed; use %s", rule->what,
                        rule->allowed);
}

/* Name, address and roles, as a sign-up would take them. */
static int fill_user(struct admin *admin, struct store_user *user)
{
    const char *email = admin->option[ADMIN_EMAIL];
    const char *roles = admin->option[ADMIN_ROLES];
    enum reply_kind wrong = plausible_name(span_of(admin->words[0]));

    if (wrong == CASE_OK &&
        !nfc_copy(span_of(admin->words[0]), user->name, sizeof user->name))
        wrong = CASE_INVALID;
    if (wrong != CASE_OK)
        return refuse(&name_rule, wrong);
    if (email != NULL && (wrong = plausible_email(span_of(email))) == CASE_OK &&
        !nfc_copy(span_of(email), user->email, sizeof user->email))
        wrong = CASE_INVALID;
    if (wrong != CASE_OK)
        return refuse(&email_rule, wrong);
    if (roles == NULL)
        roles = dialect_role(0);
    if (read_roles(roles, user->roles) == 0)
        return refuse_roles(roles);
    user->created_s = admin->now_s;
    return ADMIN_DONE;
}

static int judge_password(const struct store_user *user, struct span text)
{
    struct plausible_about about =
        plausible_about(span_of(user->name), span_of(user->email));
    struct plausible_guess guess = plausible_guess(text, &about);
    enum reply_kind wrong[1];

    if (plausible_password(text, guess.kind, wrong, 1) == 0)
        return ADMIN_DONE;
    if (wrong[0] == guess.kind)
        return admin_misuse("the password is too easy to guess: %.*s",
                            (int)strcspn(guess.reason, "."), guess.reason);
    return refuse(&password_rule, wrong[0]);
}

static int hash_password(struct admin *admin, struct store_user *user)
{
    const struct password_config costs = {.threads = 0};
    char password[ADMIN_SECRET_SIZE];
    char normal[ADMIN_SECRET_SIZE] = "";
    struct span text;
    size_t length;
    int code = admin_read_password(admin, password, &length);

    if (code == ADMIN_DONE &&
        !nfc_copy((struct span){password, length}, normal, sizeof normal))
        code = refuse(&password_rule, CASE_INVALID);
    text = span_of(normal);
    if (code == ADMIN_DONE)
        code = judge_password(user, text);
    if (code == ADMIN_DONE && password_make(&costs, text.text, text.length,
                                            user->password) != PASSWORD_OK)
        code = admin_fail("the password could not be hashed: out of memory");
    sodium_memzero(password, sizeof password);
    sodium_memzero(normal, sizeof normal);
    return code;
}

static enum store_result add(struct admin *admin, void *context)
{
    struct store_user *user = context;
    enum store_result result = store_user_add(admin->store, user, &user->id);

    admin->event.user_id = user->id;
    return result;
}

int admin_user_add(struct admin *admin)
{
    struct store_user user;
    enum store_result result;
    int code;

    memset(&user, 0, sizeof user);
    code = fill_user(admin, &user);
    if (code == ADMIN_DONE)
        code = hash_password(admin, &user);
    if (code != ADMIN_DONE)
        return code;
    (void)admin_audit(admin, AUDIT_USER_ADD, 0);
    result = admin_change(admin, add, &user);
    if (result != STORE_OK)
        return admin_store_failed(admin, result);
    (void)printf("user %lld added\n", (long long)user.id);
    return ADMIN_DONE;
}

/* What is to become of a user. */
struct alteration {
    struct store_user user;
    enum audit_kind kind;
    int64_t detail; /* of the audit */
    bool disabled;
    char roles[STORE_ROLES_SIZE];
};

static enum store_result set_disabled(struct admin *admin, void *context)
{
    struct alteration *a = context;

    return store_user_set_disabled(admin->store, a->user.id, a->disabled,
                                   admin->now_s);
}

static enum store_result set_roles(struct admin *admin, void *context)
{
    struct alteration *a = context;

    return store_user_set_roles(admin->store, a->user.id, a->roles);
}

static int alter(struct admin *admin, struct alteration *a,
                 enum store_result (*change)(struct admin *, void *))
{
    int code = admin_find_user(admin, admin->words[0], &a->user);
    enum store_result result;

    if (code != ADMIN_DONE)
        return code;
    admin_audit(admin, a->kind, a->user.id)->detail = a->detail;
    result = admin_change(admin, change, a);
    return result == STORE_OK ? ADMIN_DONE : admin_store_failed(admin, result);
}

int admin_user_disable(struct admin *admin)
{
    struct alteration a = {.kind = AUDIT_USER_DISABLE, .disabled = true};

    return alter(admin, &a, set_disabled);
}

int admin_user_enable(struct admin *admin)
{
    struct alteration a = {.kind = AUDIT_USER_ENABLE, .disabled = false};

    return alter(admin, &a, set_disabled);
}

int admin_user_roles(struct admin *admin)
{
    struct alteration a = {.kind = AUDIT_ROLES_CHANGE};

    // The bits stand in the same order as the roles.
    a.detail = read_roles(admin->words[1], a.roles);
    if (a.detail == 0)
        return refuse_roles(admin->words[1]);
    return alter(admin, &a, set_roles);
}

struct listing {
    struct admin *admin;
    int64_t last;
    size_t count;
};

static bool list_one(void *context, const struct store_user *user)
{
    struct listing *listing = context;
    // clang-format off
    const struct admin_cell cells[] = {
        {.name = "id", .number = user->id, .width = 6},
        {.name = "name", .text = user->name, .width = 20},
        {.name = "email", .text = user->email, .width = 32},
        {.name = "roles", .text = user->roles, .is_list = true, .width = 24},
        {.name = "disabled", .number = user->disabled, .is_flag = true, .width = 9},
        {.name = "created_s", .number = user->created_s, .is_time = true},
    };
    // clang-format on

    admin_list_row(listing->admin, cells, COUNT(cells));
    listing->last = user->id;
    listing->count++;
    return true;
}

int admin_user_list(struct admin *admin)
{
    struct listing listing = {.admin = admin};
    enum store_result result = STORE_OK;

    do {
        listing.count = 0;
        result = store_user_list(admin->store, listing.last, PAGE, list_one,
                                 &listing);
    } while (result == STORE_OK && listing.count == PAGE);
    if (result != STORE_OK)
        return admin_store_failed(admin, result);
    return admin_list_end(admin);
}
