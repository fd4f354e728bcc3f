/*
 * `stayd COMMAND`: what each does, says and refuses; alone, and beside a stayd
 * that runs.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

enum { WORDS_MAX = 8 };

struct command_row {
    const char *name;
    const char *words[WORDS_MAX]; /* $F: the folder */
    const char *input;
    int code;
    const char *out; /* patterns */
    const char *err;
};

/* What a change tells on standard error. */
#define TOLD(event, rest)                                                      \
    "{\"time\":\"<ANY>\",\"level\":\"audit\",\"event\":\"" event               \
    "\",\"outcome\":\"ok\"," rest "\"by\":\"operator\"}\n"
#define USER_HEAD "id\tname\temail\troles\tdisabled\tcreated_s\n"

/* In this order, on one database. */
// clang-format off
static const struct command_row rows[] = {
    {"half a command", {"user"}, NULL, 2, "",
     "stayd: 'user' wants to know what; see stayd user --help\n"},
    {"a command that there is not", {"user", "frob"}, NULL, 2, "",
     "stayd: 'user frob' is not a command; see stayd user --help\n"},
    {"one that is nearly there", {"usr", "lst"}, NULL, 2, "",
     "stayd: 'usr lst' is not a command; did you mean 'user list'?\n"},
    {"no command at all", {"frob"}, NULL, 2, "",
     "stayd: 'frob' is not a command; see stayd --help\n"},
    {"help on all of them", {"--help"}, NULL, 0,
     "usage: stayd <ANY>--database <ANY>\n  user add NAME <ANY>\n  check  "
     "<ANY>", ""},
    {"the same by another word", {"help"}, NULL, 0,
     "usage: stayd <ANY>--database <ANY>\n  user add NAME <ANY>", ""},
    {"help on some", {"user", "--help"}, NULL, 0,
     "usage: stayd <ANY>\n\n  user add NAME <ANY>\n  user list  <ANY>", ""},
    {"help on one", {"user", "add", "--help"}, NULL, 0,
     "usage: stayd [OPTION]... user add NAME [OPTION]...\n\nAdd an account.\n"
     "\n  --password-stdin <ANY>  --email ADDRESS <ANY>  --roles LIST <ANY>",
     ""},
    {"help on one, with its arguments", {"--help", "backup", "x"}, NULL, 0,
     "usage: stayd [OPTION]... backup FILE\n<ANY>", ""},
    {"help on what is no command", {"--help", "frob"}, NULL, 2, "",
     "stayd: 'frob' is not a command; see stayd --help\n"},
    {"an option of a command, without one", {"--email", "a@b"}, NULL, 2, "",
     "stayd: --email: is for a command; see --help\n"},
    {"a word too few", {"user", "add"}, NULL, 2, "",
     "stayd: usage: stayd user add NAME; see stayd user add --help\n"},
    {"a word too many", {"user", "list", "ada"}, NULL, 2, "",
     "stayd: usage: stayd user list; see stayd user list --help\n"},
    {"an option of another command", {"user", "list", "--email", "a@b"}, NULL,
     2, "", "stayd: --email is not an option of stayd user list; see stayd "
     "user list --help\n"},
    {"to list in a database that there is not", {"user", "list"}, NULL, 1, "",
     "stayd: database $F/stay.db: No such file or directory\n"},
    {"check: nothing is there yet, and that is well", {"check"}, NULL, 0,
     "well  options: no file\n<ANY>note  key file: there is none yet: the "
     "first start makes it\nnote  database: there is none yet: the first "
     "start makes it\n", ""},
    {"migrate makes it", {"migrate"}, NULL, 0,
     "the database is at version <INT>\n", ""},
    {"and does nothing the second time", {"migrate"}, NULL, 0,
     "the database is at version <INT>\n", ""},
    {"no accounts", {"user", "list"}, NULL, 0, "", ""},
    {"no accounts, for scripts", {"user", "list", "--json"}, NULL, 0, "[]\n",
     ""},
    {"add an account", {"user", "add", "bob", "--email", "bob@example.org",
     "--roles", "admin,user", "--password-stdin"}, "correct horse\n", 0,
     "user 1 added\n", TOLD("user_add", "\"user\":1,")},
    {"add it again", {"user", "add", "bob", "--password-stdin"},
     "correct horse\n", 1, "", "stayd: the name is taken\n"},
    {"another with its address", {"user", "add", "bea", "--email",
     "BOB@example.org", "--password-stdin"}, "correct horse\n", 1, "",
     "stayd: the e-mail address is taken\n"},
    {"a password with a carriage return behind it, and more lines", {"user",
     "add", "bea", "--password-stdin"}, "correct horse\r\nanother\n", 0,
     "user 2 added\n", TOLD("user_add", "\"user\":2,")},
    {"without a password", {"user", "add", "bill", "--password-stdin"}, "", 2,
     "", "stayd: no password came on standard input\n"},
    {"a password of seven characters", {"user", "add", "bill",
     "--password-stdin"}, "k9#Qx2v\n", 2, "",
     "stayd: the password is too short: at least 8 characters\n"},
    {"a password that is guessed", {"user", "add", "bill",
     "--password-stdin"}, "password1\n", 2, "",
     "stayd: the password is too easily guessed\n"},
    {"no terminal to ask on", {"user", "add", "bill"}, "correct horse\n", 2,
     "", "stayd: standard input is no terminal to ask for a password on; use "
     "--password-stdin\n"},
    {"what is no address", {"user", "add", "bill", "--email", "bill",
     "--password-stdin"}, "correct horse\n", 2, "",
     "stayd: the e-mail address is not allowed\n"},
    {"a role that there is not", {"user", "add", "bill", "--roles",
     "user,boss", "--password-stdin"}, "correct horse\n", 2, "",
     "stayd: roles 'user,boss' are not allowed; use user, moderator and "
     "admin, with commas between\n"},
    {"an empty list of roles", {"user", "roles", "bob", ""}, NULL, 2, "",
     "stayd: roles '' are not allowed; use user, moderator and admin, with "
     "commas between\n"},
    {"other roles", {"user", "roles", "bob", "moderator"}, NULL, 0, "",
     TOLD("roles_change", "\"user\":1,\"roles\":[\"moderator\"],")},
    {"roles of nobody", {"user", "roles", "zoe", "user"}, NULL, 1, "",
     "stayd: there is no account 'zoe'\n"},
    {"disable, by address", {"user", "disable", "bob@example.org"}, NULL, 0,
     "", TOLD("user_disable", "\"user\":1,")},
    {"the list tells it", {"user", "list"}, NULL, 0,
     USER_HEAD "1\tbob\tbob@example.org\tmoderator\tyes\t<ANY>Z\n"
     "2\tbea\t\tuser\tno\t<ANY>Z\n", ""},
    {"enable", {"user", "enable", "bob"}, NULL, 0, "",
     TOLD("user_enable", "\"user\":1,")},
    {"the list, for scripts", {"user", "list", "--json"}, NULL, 0,
     "[\n{\"id\":1,\"name\":\"bob\",\"email\":\"bob@example.org\","
     "\"roles\":\"moderator\",\"disabled\":false,\"created_s\":<INT>},\n"
     "{\"id\":2,\"name\":\"bea\",\"email\":\"\",\"roles\":\"user\","
     "\"disabled\":false,\"created_s\":<INT>}\n]\n", ""},
    {"no sessions", {"sessions", "list", "--json"}, NULL, 0, "[]\n", ""},
    {"sessions of nobody", {"sessions", "list", "zoe"}, NULL, 1, "",
     "stayd: there is no account 'zoe'\n"},
    {"to end what is no session", {"sessions", "end", "bob"}, NULL, 2, "",
     "stayd: 'bob' is no session; `stayd sessions list` tells them\n"},
    {"to end one that there is not", {"sessions", "end",
     "AAAAAAAAAAAAAAAAAAAAAA"}, NULL, 1, "",
     "stayd: there is no living session 'AAAAAAAAAAAAAAAAAAAAAA'\n"},
    {"to end neither one nor all", {"sessions", "end"}, NULL, 2, "",
     "stayd: usage: stayd sessions end SID, or stayd sessions end --user "
     "NAME\n"},
    {"to end both", {"sessions", "end", "AAAAAAAAAAAAAAAAAAAAAA", "--user",
     "bob"}, NULL, 2, "", "stayd: usage: stayd sessions end SID, or stayd "
     "sessions end --user NAME\n"},
    {"to end all of one who has none", {"sessions", "end", "--user", "bob"},
     NULL, 0, "0 ended\n",
     TOLD("sessions_end", "\"user\":1,\"sessions\":0,")},
    {"rotate the keys", {"keys", "rotate"}, NULL, 0,
     "added key <INT> <TOKEN>, in use later: see stayd keys list\n",
     TOLD("key_rotate", "\"key\":<INT>,")},
    {"back up", {"backup", "$F/copy.db"}, NULL, 0,
     "backed up to $F/copy.db; <ANY>\n", ""},
    {"back up over what is there", {"backup", "$F/copy.db"}, NULL, 1, "",
     "stayd: backup $F/copy.db: File exists\n"},
    {"back up to a folder that there is not", {"backup", "$F/none/copy.db"},
     NULL, 1, "", "stayd: backup $F/none/copy.db: No such file or "
     "directory\n"},
    {"the copy is whole", {"check", "--database", "sqlite:$F/copy.db"}, NULL,
     0, "<ANY>well  database: version <INT>, and whole\n", ""},
    {"check: a database that is none", {"check", "--database",
     "sqlite:$F/rubbish"}, NULL, 1, "<ANY>wrong database: database $F/rubbish: "
     "<ANY>\n", "stayd: stayd would not start, or not serve well\n"},
    {"the configuration of the examples", {"check", "--config", EXAMPLE}, NULL,
     0, "well  options: " EXAMPLE "\n<ANY>", ""},
    {"check: a key file that others may read", {"check", "--key-file",
     "$F/rubbish"}, NULL, 1, "<ANY>wrong key file: key file $F/rubbish: <ANY>"
     "\n", "stayd: stayd would not start, or not serve well\n"},
    {"check: a dialect that there is not", {"check", "--dialect", "klingon"},
     NULL, 1, "<ANY>wrong dialects: dialect 'klingon': there is none<ANY>\n",
     "stayd: stayd would not start, or not serve well\n"},
};
// clang-format on

/* $F wherever it stands. */
static void expand(const char *text, const char *folder, char *out, size_t size)
{
    size_t used = 0;

    while (*text != '\0' && used + 1 < size) {
        if (text[0] == '$' && text[1] == 'F') {
            used += (size_t)snprintf(out + used, size - used, "%s", folder);
            text += 2;
        } else {
            out[used++] = *text++;
        }
    }
    out[used < size ? used : size - 1] = '\0';
}

/* The database of `folder`; a command's own --database wins. */
static struct process_result
run(const char *folder, const char *const words[WORDS_MAX], const char *input)
{
    static char expanded[WORDS_MAX][256];
    char database[128];
    char key_file[128];
    const char *argv[WORDS_MAX + 6] = {stayd_path(), "--database", database,
                                       "--key-file", key_file};

    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", folder);
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++) {
        expand(words[i], folder, expanded[i], sizeof expanded[i]);
        argv[5 + i] = expanded[i];
    }
    return process_run(argv, NULL, input);
}

static void check_text_like(const char *got, const char *pattern,
                            const char *folder)
{
    char want[2048];

    expand(pattern, folder, want, sizeof want);
    if (!wire_match(want, got))
        CHECK_TEXT(got, want);
}

static void commands(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char path[128];

    (void)state;
    CASE("a folder for the rows");
    if (!process_folder(folder))
        return;
    (void)snprintf(path, sizeof path, "%s/rubbish", folder);
    CHECK(process_write_file(path, "rubbish", 7) && chmod(path, 0644) == 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct process_result result;

        CASE(rows[i].name);
        result = run(folder, rows[i].words, rows[i].input);
        CHECK_EQ(result.code, rows[i].code);
        check_text_like(result.out, rows[i].out, folder);
        check_text_like(result.err, rows[i].err, folder);
        process_result_clear(&result);
    }
    CASE("the copy is for its owner alone");
    {
        struct stat file = {.st_mode = 0};

        (void)snprintf(path, sizeof path, "%s/copy.db", folder);
        CHECK_EQ(stat(path, &file), 0);
        CHECK_EQ(file.st_mode & 0777, 0600);
    }
    process_folder_remove(folder);
}

/* ---- Beside a stayd that runs ---- */

static bool done(const struct stayd *stayd, const char *const words[WORDS_MAX],
                 const char *input, const char *out)
{
    struct process_result result = run(stayd->folder, words, input);
    bool good = CHECK_EQ(result.code, 0) && wire_match(out, result.out);

    if (!good)
        check_note("%s%s", result.out, result.err);
    process_result_clear(&result);
    return CHECK(good);
}

#define SIGN_IN "/api/auth/signin"
#define ASK(name, method, path, headers, body, status, save)                   \
    {                                                                          \
        name, method, path, headers, body, status, NULL, NULL, save            \
    }

// clang-format off
static const struct row signs_in[] = {
    ASK("the new account signs in", "POST", SIGN_IN, NULL,
        "{\"username\":\"bob\",\"password\":\"correct horse\"}", 200,
        "ACCESS=accessToken REFRESH=refreshToken"),
    ASK("and is let in", "GET", "/api/test/user",
        "x-access-token: $ACCESS\r\n", NULL, 200, NULL),
    ASK("but not as a moderator", "GET", "/api/test/mod",
        "x-access-token: $ACCESS\r\n", NULL, 403, NULL),
};
static const struct row has_roles[] = {
    ASK("the next token has the roles", "POST", "/api/auth/refreshtoken", NULL,
        "{\"refreshToken\":\"$REFRESH\"}", 200, "ACCESS=accessToken"),
    ASK("and they count", "GET", "/api/test/mod",
        "x-access-token: $ACCESS\r\n", NULL, 200, NULL),
};
static const struct row is_out[] = {
    ASK("the refresh token is refused", "POST", "/api/auth/refreshtoken", NULL,
        "{\"refreshToken\":\"$REFRESH\"}", 403, NULL),
    ASK("and the access token at once", "GET", "/api/test/user",
        "x-access-token: $ACCESS\r\n", NULL, 401, NULL),
};
static const struct row stays_out[] = {
    ASK("a disabled account does not sign in", "POST", SIGN_IN, NULL,
        "{\"username\":\"bob\",\"password\":\"correct horse\"}", 401, NULL),
};
// clang-format on

static void beside(struct stayd *stayd, struct rows *wire)
{
    static const char *const add[WORDS_MAX] = {"user", "add", "bob",
                                               "--password-stdin"};
    static const char *const roles[WORDS_MAX] = {"user", "roles", "bob",
                                                 "user,moderator"};
    static const char *const list[WORDS_MAX] = {"sessions", "list", "bob",
                                                "--json"};
    static const char *const end[WORDS_MAX] = {"sessions", "end", "--user",
                                               "bob"};
    static const char *const disable[WORDS_MAX] = {"user", "disable", "bob"};
    static const char *const enable[WORDS_MAX] = {"user", "enable", "bob"};

    CASE("an account is added beside a stayd that runs");
    CHECK(done(stayd, add, "correct horse\n", "user <INT> added\n"));
    rows_run(wire, signs_in, COUNT(signs_in));
    CASE("its session is listed");
    CHECK(done(stayd, list, NULL,
               "[\n{\"sid\":\"<TOKEN>\",\"user\":\"bob\",\"dialect\":"
               "\"express\",\"label\":\"\",\"address\":\"127.0.0.1\",<ANY>}\n"
               "]\n"));
    CASE("its roles are set");
    CHECK(done(stayd, roles, NULL, ""));
    rows_run(wire, has_roles, COUNT(has_roles));
    CASE("its sessions are ended");
    CHECK(done(stayd, end, NULL, "1 ended\n"));
    rows_run(wire, is_out, COUNT(is_out));
    CASE("it is disabled");
    CHECK(done(stayd, disable, NULL, ""));
    rows_run(wire, stays_out, COUNT(stays_out));
    CASE("it is enabled");
    CHECK(done(stayd, enable, NULL, ""));
    rows_run(wire, signs_in, 1);
}

static void running(void **state)
{
    struct stayd stayd;
    struct rows wire;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start_earnest(&stayd, NULL))
        return;
    rows_init(&wire, stayd.port);
    beside(&stayd, &wire);
    rows_clear(&wire);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(running),
    };

    return check_run("system/admin", tests);
}
