#include "server/admin_table.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

const struct config_extra admin_extras[ADMIN_OPTIONS] = {
    [ADMIN_PASSWORD_STDIN] = {"password-stdin", true },
    [ADMIN_EMAIL] = {"email",          false},
    [ADMIN_ROLES] = {"roles",          false},
    [ADMIN_USER] = {"user",           false},
    [ADMIN_JSON] = {"json",           true },
    [ADMIN_LEAD] = {"lead", false},
    [ADMIN_COMPROMISED] = {"compromised", true},
    [ADMIN_REFRESH] = {"refresh", true},
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
     "set its roles: user, moderator, admin, with commas between"},
    {"user import", "FILE", 1, 1, 0, ADMIN_WRITE, admin_user_import,
     "add accounts from elsewhere, with the hashes of their passwords"},
    {"user list", "", 0, 0, BIT(ADMIN_JSON), ADMIN_READ, admin_user_list,
     "all accounts"},
    {"sessions list", "[NAME]", 0, 1, BIT(ADMIN_JSON), ADMIN_READ,
     admin_sessions_list, "living sessions, of all or of one account"},
    {"sessions end", "SID", 0, 1, BIT(ADMIN_USER), ADMIN_WRITE,
     admin_sessions_end, "end one, or with --user NAME all of an account"},
    {"keys list", "", 0, 0, BIT(ADMIN_JSON), ADMIN_READ, admin_keys_list,
     "keys of access and refresh tokens, and what each does"},
    {"keys rotate", "", 0, 0,
     BIT(ADMIN_LEAD) | BIT(ADMIN_COMPROMISED) | BIT(ADMIN_REFRESH),
     ADMIN_WRITE, admin_keys_rotate,
     "add a key, used when every cache has it; --algorithm NAME: of another"},
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

static void print_row(const struct admin_command *command)
{
    char line[96];

    (void)snprintf(line, sizeof line, "%s %s", command->words,
                   command->arguments);
    (void)printf("  stayd %-24s %s\n", line, command->help);
    for (size_t i = 0; i < ADMIN_OPTIONS; i++)
        if ((command->options & BIT(i)) != 0)
            (void)printf("    --%s%s\n", admin_extras[i].name,
                         admin_extras[i].is_switch ? "" : " VALUE");
}

void admin_print_help(void)
{
    (void)printf("\nCommands, which work on the database while stayd runs:\n");
    for (size_t i = 0; i < admin_commands_count; i++)
        print_row(&admin_commands[i]);
}
