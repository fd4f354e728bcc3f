#include "server/admin_table.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "server/config_row.h"

const struct config_extra admin_extras[ADMIN_OPTIONS] = {
    [ADMIN_PASSWORD_STDIN] = {"password-stdin", true },
    [ADMIN_EMAIL] = {"email",          false},
    [ADMIN_ROLES] = {"roles",          false},
    [ADMIN_USER] = {"user",           false},
    [ADMIN_JSON] = {"json",           true },
    [ADMIN_LEAD] = {"lead",           false},
    [ADMIN_COMPROMISED] = {"compromised",    true },
    [ADMIN_REFRESH] = {"refresh",        true },
};

/* For --help: what is given, and what it does. */
static const struct extra_help {
    const char *value;
    const char *help;
} extra_helps[ADMIN_OPTIONS] = {
    [ADMIN_PASSWORD_STDIN] = {"",        "the password is the first line of "
                                  "standard input"       },
    [ADMIN_EMAIL] = {"ADDRESS", "the account's e-mail address"                   },
    [ADMIN_ROLES] = {"LIST",    "roles with commas between (user)"               },
    [ADMIN_USER] = {"NAME",    "all sessions of this account"                   },
    [ADMIN_JSON] = {"",        "one JSON array, for scripts"                    },
    [ADMIN_LEAD] = {"TIME",    "publish it so long before it signs (6m)"        },
    [ADMIN_COMPROMISED] = {"",        "use it at once, and refuse what all others "
                               "signed"                  },
    [ADMIN_REFRESH] = {"",        "the key of refresh tokens, not of access tokens"},
};

#define BIT(option) (1u << (option))

/* One row a command: by hand, so that a new one moves no other. */
// clang-format off
const struct admin_command admin_commands[] = {
    {"user add", "NAME", 1, 1,
     BIT(ADMIN_PASSWORD_STDIN) | BIT(ADMIN_EMAIL) | BIT(ADMIN_ROLES),
     ADMIN_WRITE, admin_user_add, "add an account"},
    {"user disable", "NAME", 1, 1, 0, ADMIN_WRITE, admin_user_disable,
     "refuse the account, and end its sessions for good"},
    {"user enable", "NAME", 1, 1, 0, ADMIN_WRITE, admin_user_enable,
     "let it sign in again"},
    {"user roles", "NAME LIST", 2, 2, 0, ADMIN_WRITE, admin_user_roles,
     "set its roles: user, moderator and admin, or some"},
    {"user import", "FILE", 1, 1, 0, ADMIN_WRITE, admin_user_import,
     "add accounts from elsewhere; see stayd(8)"},
    {"user list", "", 0, 0, BIT(ADMIN_JSON), ADMIN_READ, admin_user_list,
     "all accounts"},
    {"sessions list", "[NAME]", 0, 1, BIT(ADMIN_JSON), ADMIN_READ,
     admin_sessions_list, "living sessions, of all or of one account"},
    {"sessions end", "[SID]", 0, 1, BIT(ADMIN_USER), ADMIN_WRITE,
     admin_sessions_end, "end one, or with --user NAME all of an account"},
    {"keys list", "", 0, 0, BIT(ADMIN_JSON), ADMIN_READ, admin_keys_list,
     "keys of access and refresh tokens; what each does"},
    {"keys rotate", "", 0, 0,
     BIT(ADMIN_LEAD) | BIT(ADMIN_COMPROMISED) | BIT(ADMIN_REFRESH),
     ADMIN_WRITE, admin_keys_rotate,
     "add a key; --algorithm NAME: of another kind"},
    {"migrate", "", 0, 0, 0, ADMIN_CLOSED, admin_migrate,
     "bring the database to this version"},
    {"backup", "FILE", 1, 1, 0, ADMIN_READ, admin_backup,
     "copy the database to a new file while stayd runs"},
    {"check", "", 0, 0, 0, ADMIN_CLOSED, admin_check,
     "judge the options and the database; changes nothing"},
};
// clang-format on

const size_t admin_commands_count = COUNT(admin_commands);

/* How many of `words` are the command's own; 0: it is another command. */
static size_t match(const struct admin_command *command,
                    const char *const *words, size_t count)
{
    struct span rest = span_of(command->words);
    size_t used = 0;

    while (rest.length > 0) {
        size_t end = span_find(rest, ' ');

        if (used == count || !span_is(span_head(rest, end), words[used]))
            return 0;
        used++;
        rest = span_tail(rest, end + 1);
    }
    return used;
}

const struct admin_command *admin_find(const char *const *words, size_t count,
                                       size_t *used)
{
    for (size_t i = 0; i < admin_commands_count; i++) {
        *used = match(&admin_commands[i], words, count);
        if (*used > 0)
            return &admin_commands[i];
    }
    return NULL;
}

/* ---- Help ---- */

/* Does the command begin with these words, half of one excepted? */
static bool begins_with(const struct admin_command *command,
                        const char *const *words, size_t count)
{
    struct span rest = span_of(command->words);

    for (size_t i = 0; i < count; i++) {
        size_t end = span_find(rest, ' ');

        if (rest.length == 0 || !span_is(span_head(rest, end), words[i]))
            return false;
        rest = span_tail(rest, end + 1);
    }
    return true;
}

static size_t count_matches(const char *const *words, size_t count,
                            const struct admin_command **one)
{
    size_t matches = 0;

    for (size_t i = 0; i < admin_commands_count; i++)
        if (begins_with(&admin_commands[i], words, count)) {
            *one = &admin_commands[i];
            matches++;
        }
    return matches;
}

static void print_extras(const struct admin_command *command)
{
    char name[64];

    for (size_t i = 0; i < ADMIN_OPTIONS; i++) {
        if ((command->options & BIT(i)) == 0)
            continue;
        (void)snprintf(name, sizeof name, "--%s %s", admin_extras[i].name,
                       extra_helps[i].value);
        (void)printf("  %-22s %s\n", name, extra_helps[i].help);
    }
}

static void print_row(const struct admin_command *command)
{
    char line[96];

    (void)snprintf(line, sizeof line, "%s %s", command->words,
                   command->arguments);
    (void)printf("  %-22s %s\n", line, command->help);
}

static void print_command(const struct admin_command *command)
{
    (void)printf("usage: stayd [OPTION]... %s%s%s%s\n\n%c%s.\n", command->words,
                 command->arguments[0] != '\0' ? " " : "", command->arguments,
                 command->options != 0 ? " [OPTION]..." : "",
                 command->help[0] - 'a' + 'A', command->help + 1);
    if (command->options != 0)
        (void)puts("");
    print_extras(command);
}

bool admin_print_help(const char *const *words, size_t count)
{
    const struct admin_command *one = NULL;
    size_t used = 0;
    size_t matches = count_matches(words, count, &one);

    if (matches == 0) // there may be arguments, too
        one = admin_find(words, count, &used);
    if (one == NULL)
        return false;
    if (count > 0 && matches <= 1) {
        print_command(one);
        (void)puts("\nIt works on the database that the server's options name: "
                   "--database,\n--key-file, --config; see stayd --help.");
        return true;
    }
    (void)puts(count > 0 ? "usage: stayd [OPTION]... COMMAND ...\n"
                         : "\nCommands, which work on the database also while "
                           "stayd runs");
    for (size_t i = 0; i < admin_commands_count; i++)
        if (begins_with(&admin_commands[i], words, count))
            print_row(&admin_commands[i]);
    (void)puts("\n`stayd COMMAND --help` tells of its options.");
    return true;
}

/* ---- What was meant ---- */

int admin_unknown(const char *const *words, size_t count)
{
    const struct admin_command *one = NULL;
    char shown[128];

    (void)snprintf(shown, sizeof shown, "%.48s%s%.48s", words[0],
                   count > 1 ? " " : "", count > 1 ? words[1] : "");
    if (count_matches(words, 1, &one) > 1 && count == 1)
        return admin_misuse("'%s' wants to know what; see stayd %s --help",
                            shown, words[0]);
    for (size_t i = 0; i < admin_commands_count; i++)
        if (config_is_near(shown, admin_commands[i].words))
            return admin_misuse("'%s' is not a command; did you mean '%s'?",
                                shown, admin_commands[i].words);
    if (count_matches(words, 1, &one) > 0)
        return admin_misuse("'%s' is not a command; see stayd %s --help", shown,
                            words[0]);
    return admin_misuse("'%s' is not a command; see stayd --help", words[0]);
}
