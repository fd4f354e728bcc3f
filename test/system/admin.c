/*
 * `stayd COMMAND`: what each does, says and refuses; alone, and beside a stayd
 * that runs.
 */
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "postgres.h"
#include "rows.h"
#include "stayd.h"

enum { WORDS_MAX = 8, MIGRATING = 6 };

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
#define NOT_WELL "stayd: stayd would not start, or not serve well\n"
#define USER_HEAD "id\tname\temail\troles\tdisabled\tcreated\n"

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
    {"a switch with a value", {"--demo=yes"}, NULL, 2, "",
     "stayd: --demo=yes: takes no value; see --help\n"},
    {"a database that is no URL is shown", {"check", "--database", "stay.db"},
     NULL, 2, "", "stayd: --database: 'stay.db' is not allowed; use <ANY>\n"},
    {"one that may hold a password is not", {"check", "--database",
     "mysql://ada:lovelace@h/d"}, NULL, 2, "", "stayd: --database: '...' is "
     "not allowed; use <ANY>\n"},
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
     "stayd: database $F/stay.db: there is none; the first start makes it, "
     "and so does `stayd migrate`\n"},
    {"check: nothing is there yet, and that is well", {"check"}, NULL, 0,
     "well  options: no file\n<ANY>note  database: there is none yet: the "
     "first start makes it\nnote  key file: there is none yet: the first "
     "start makes it\n", ""},
    {"check: a database that cannot be made", {"check", "--database",
     "sqlite:$F/none/stay.db"}, NULL, 1, "<ANY>wrong database: "
     "$F/none/stay.db: its folder does not exist\n<ANY>",
     NOT_WELL},
    {"check: a key file that cannot be made", {"check", "--key-file",
     "$F/none/stay.key"}, NULL, 1, "<ANY>wrong key file: "
     "$F/none/stay.key: its folder does not exist\n",
     NOT_WELL},
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
     "stayd: the password is too easy to guess: <ANY>\n"},
    {"a password made of the name", {"user", "add", "bartholomew",
     "--password-stdin"}, "bartholomew\n", 2, "",
     "stayd: the password is too easy to guess: <ANY>\n"},
    {"no terminal to ask on", {"user", "add", "bill"}, "correct horse\n", 2,
     "", "stayd: standard input is no terminal to ask for a password on; use "
     "--password-stdin\n"},
    {"what is no address", {"user", "add", "bill", "--email", "bill",
     "--password-stdin"}, "correct horse\n", 2, "",
     "stayd: the e-mail address is not allowed; use NAME@DOMAIN, at most 254 "
     "bytes\n"},
    {"a name of two lines", {"user", "add", "bi\nll", "--password-stdin"},
     "correct horse\n", 2, "", "stayd: the name is not allowed; use 1 to 150 "
     "bytes, of characters that show\n"},
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
     "2\tbea\t-\tuser\tno\t<ANY>Z\n", ""},
    {"enable", {"user", "enable", "bob"}, NULL, 0, "",
     TOLD("user_enable", "\"user\":1,")},
    {"the list, for scripts", {"user", "list", "--json"}, NULL, 0,
     "[\n{\"id\":1,\"name\":\"bob\",\"email\":\"bob@example.org\","
     "\"roles\":[\"moderator\"],\"disabled\":false,\"created_s\":<INT>},\n"
     "{\"id\":2,\"name\":\"bea\",\"email\":\"\",\"roles\":[\"user\"],"
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
    {"the first key of all signs at once", {"keys", "rotate"}, NULL, 0,
     "added key <INT> <TOKEN>, in use from now on\n",
     TOLD("key_rotate", "\"key\":<INT>,")},
    {"rotate the keys", {"keys", "rotate"}, NULL, 0,
     "added key <INT> <TOKEN>, published now, in use from <TOKEN>:<INT>:<TOKEN> "
     "on\n",
     TOLD("key_rotate", "\"key\":<INT>,")},
    {"import: nobody is added where a line is bad", {"user", "import",
     "$F/bad.users"}, NULL, 1, "", "stayd: $F/bad.users:2: not a JSON object\n"
     "stayd: $F/bad.users:3: password_hash: <ANY>\n"
     "stayd: $F/bad.users: 2 bad lines, nobody was added\n"},
    {"import: a file that there is not", {"user", "import", "$F/none"}, NULL, 1,
     "", "stayd: $F/none: No such file or directory\n"},
    {"import: all of a good file", {"user", "import", "$F/good.users"}, NULL, 0,
     "2 users added\n", TOLD("user_import", "\"users\":2,")},
    {"import: not a second time", {"user", "import", "$F/good.users"}, NULL, 1,
     "", "stayd: $F/good.users:1: username: taken, <ANY>\n"
     "stayd: $F/good.users:2: username: taken, <ANY>\n"
     "stayd: $F/good.users: 2 bad lines, nobody was added\n"},
    {"back up", {"backup", "$F/copy.db"}, NULL, 0,
     "backed up to $F/copy.db; <ANY>\n", ""},
    {"back up over what is there", {"backup", "$F/copy.db"}, NULL, 1, "",
     "stayd: backup $F/copy.db: is there already: name a new file\n"},
    {"back up to a folder that there is not", {"backup", "$F/none/copy.db"},
     NULL, 1, "", "stayd: backup $F/none/copy.db: its folder does not "
     "exist\n"},
    {"the copy is whole", {"check", "--database", "sqlite:$F/copy.db"}, NULL,
     0, "<ANY>well  database: version <INT>, and whole\n<ANY>", ""},
    {"check: a database that is none", {"check", "--database",
     "sqlite:$F/rubbish"}, NULL, 1, "<ANY>wrong database: $F/rubbish: "
     "<ANY>\n", NOT_WELL},
    {"the configuration of the examples", {"check", "--config", EXAMPLE}, NULL,
     0, "well  options: " EXAMPLE "\n<ANY>", ""},
    {"check: a key file that others may read", {"check", "--key-file",
     "$F/rubbish"}, NULL, 1, "<ANY>wrong key file: $F/rubbish: <ANY>"
     "\n", NOT_WELL},
    {"check: the key file that seals the keys there", {"check"}, NULL, 0,
     "<ANY>well  key file: $F/stay.key opens the keys in the database\n", ""},
    {"check: another one", {"check", "--key-file", "$F/other.key"}, NULL, 1,
     "<ANY>wrong key file: $F/other.key: is not the one that the keys "
     "in the database are sealed with\n", NOT_WELL},
    {"check: none, though keys are sealed", {"check", "--key-file",
     "$F/no.key"}, NULL, 1, "<ANY>wrong key file: $F/no.key: is "
     "missing, and the keys in the database are sealed with it: <ANY>\n",
     NOT_WELL},
    {"check: a mail command that is not there", {"check", "--mail-command",
     "/nowhere/mail"}, NULL, 1, "<ANY>wrong mail: --mail-command: "
     "/nowhere/mail: No such file or directory\n<ANY>", NOT_WELL},
    {"check: a folder for a mail command", {"check", "--mail-command", "/tmp"},
     NULL, 1, "<ANY>wrong mail: --mail-command: /tmp: Is a directory\n<ANY>",
     NOT_WELL},
    {"check: a secret that others may read", {"check", "--algorithm", "HS256",
     "--hs256-secret-file", "$F/rubbish"}, NULL, 1,
     "<ANY>wrong hs256 secret: HS256 secret file $F/rubbish: <ANY>\n<ANY>",
     NOT_WELL},
    {"check: a secret that is not used", {"check", "--hs256-secret-file",
     "$F/rubbish"}, NULL, 0, "<ANY>note  hs256 secret: is not used: "
     "--algorithm is not HS256\n<ANY>", ""},
    {"check: no such file of clients", {"check", "--client-file", "$F/none"},
     NULL, 1, "<ANY>wrong client file: <ANY>$F/none: No such file or "
     "directory\n<ANY>", NOT_WELL},
    {"check: what is dangerous is noted", {"check", "--no-throttle",
     "--lenient-nest", "--demo", "--no-sandbox"}, NULL, 0,
     "<ANY>note  demo: <ANY>\nnote  throttle: <ANY>\nnote  lenient-nest: <ANY>"
     "\nnote  sandbox: <ANY>\n<ANY>", ""},
    {"check: each mistake of a file", {"check", "--config", "$F/bad.conf"},
     NULL, 2, "", "stayd: $F/bad.conf:1: listen: 'x' is not allowed; <ANY>\n"
     "stayd: $F/bad.conf:2: want `name = value`\n"},
    {"check: a dialect that there is not", {"check", "--dialect", "klingon"},
     NULL, 1, "<ANY>wrong dialects: dialect 'klingon': there is none<ANY>\n",
     NOT_WELL},
};
// clang-format on

/* A key file, but not the one of that database. */
static const char other_key[] =
    "stay-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

/* Of "correct horse" and "password", as other programs hash them. */
static const char good_users[] =
    "{\"username\":\"cyd\",\"password_hash\":\"$2b$08$"
    "abcdefghijklmnopqrstuubAvJmxpQuyV3jn7x.SUSPxe.DearCPe\"}\n"
    "{\"username\":\"dan\",\"password_hash\":\"$argon2id$v=19$m=256,t=2,p=2$"
    "c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc\"}\n";
static const char bad_users[] =
    "{\"username\":\"eve\",\"password_hash\":\"$2b$08$"
    "abcdefghijklmnopqrstuubAvJmxpQuyV3jn7x.SUSPxe.DearCPe\"}\n"
    "rubbish\n"
    "{\"username\":\"fay\",\"password_hash\":\"$1$abc$x\"}\n";

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
    (void)snprintf(path, sizeof path, "%s/bad.conf", folder);
    CHECK(process_write_file(path, "listen = x\nthreads\n", 19));
    (void)snprintf(path, sizeof path, "%s/good.users", folder);
    CHECK(process_write_file(path, good_users, sizeof good_users - 1));
    (void)snprintf(path, sizeof path, "%s/bad.users", folder);
    CHECK(process_write_file(path, bad_users, sizeof bad_users - 1));
    (void)snprintf(path, sizeof path, "%s/other.key", folder);
    CHECK(process_write_file(path, other_key, sizeof other_key - 1) &&
          chmod(path, 0600) == 0);
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
        "{\"username\":\"bob\",\"password\":\"correct hors\\u00e9\"}", 200,
        "ACCESS=accessToken REFRESH=refreshToken"),
    ASK("and is let in", "GET", "/api/test/user",
        "x-access-token: $ACCESS\r\n", NULL, 200, NULL),
    ASK("but not as a moderator", "GET", "/api/test/mod",
        "x-access-token: $ACCESS\r\n", NULL, 403, NULL),
};
static const struct row has_roles[] = {
    ASK("they count at once, with the token of before", "GET", "/api/test/mod",
        "x-access-token: $ACCESS\r\n", NULL, 200, NULL),
    ASK("the next token has the roles", "POST", "/api/auth/refreshtoken", NULL,
        "{\"refreshToken\":\"$REFRESH\"}", 200, "ACCESS=accessToken"),
    ASK("and they count", "GET", "/api/test/mod",
        "x-access-token: $ACCESS\r\n", NULL, 200, NULL),
};
static const struct row is_out[] = {
    ASK("the access token is refused at once", "GET", "/api/test/mod",
        "x-access-token: $ACCESS\r\n", NULL, 401, NULL),
    ASK("and the refresh token", "POST", "/api/auth/refreshtoken", NULL,
        "{\"refreshToken\":\"$REFRESH\"}", 403, NULL),
};
static const struct row stays_out[] = {
    ASK("a disabled account does not sign in", "POST", SIGN_IN, NULL,
        "{\"username\":\"bob\",\"password\":\"correct hors\\u00e9\"}", 401, NULL),
};
// clang-format on

static const struct row imported[] = {
    ASK("who was imported signs in", "POST", SIGN_IN, NULL,
        "{\"username\":\"cyd\",\"password\":\"correct horse\"}", 200, NULL),
    ASK("and again, by the new hash", "POST", SIGN_IN, NULL,
        "{\"username\":\"cyd\",\"password\":\"correct horse\"}", 200, NULL),
    ASK("not by another password", "POST", SIGN_IN, NULL,
        "{\"username\":\"cyd\",\"password\":\"correct house\"}", 401, NULL),
    ASK("who never signed in is as he was", "POST", SIGN_IN, NULL,
        "{\"username\":\"dan\",\"password\":\"wrong\"}", 401, NULL),
};
static const struct row sly[] = {
    ASK("a label that would turn and colour a terminal", "POST",
        "/d/stay/api/session", NULL,
        "{\"username\":\"bob\",\"password\":\"correct hors\\u00e9\",\"sid\":"
        "\"$A_SID\",\"next\":\"$A_N0\",\"label\":\"a\\u202eb\\u009b31mc\"}",
        201, NULL),
};

/* How the password of a user begins in the database. */
static void read_password(const struct stayd *stayd, const char *name,
                          char out[16])
{
    char path[PROCESS_PATH_SIZE + 16];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;

    out[0] = '\0';
    (void)snprintf(path, sizeof path, "%s/stay.db", stayd->folder);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT password FROM account WHERE name = ?1",
                           -1, &q, NULL) == SQLITE_OK &&
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        (void)snprintf(out, 16, "%.10s",
                       (const char *)sqlite3_column_text(q, 0));
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
}

static void import(struct stayd *stayd, struct rows *wire)
{
    static const char *const words[WORDS_MAX] = {"user", "import",
                                                 "$F/good.users"};
    char path[PROCESS_PATH_SIZE + 16];
    char kind[16];

    CASE("users are imported beside a stayd that runs");
    (void)snprintf(path, sizeof path, "%s/good.users", stayd->folder);
    CHECK(process_write_file(path, good_users, sizeof good_users - 1));
    CHECK(done(stayd, words, NULL, "2 users added\n"));
    read_password(stayd, "cyd", kind);
    CHECK_TEXT(kind, "$2b$08$abc");
    rows_run(wire, imported, COUNT(imported));
    CASE("the hash has given way to one of ours");
    read_password(stayd, "cyd", kind);
    CHECK_TEXT(kind, "$argon2id$");
    CASE("a list shows no control of a terminal");
    rows_set_secrets(wire, "A");
    rows_run(wire, sly, COUNT(sly));
    CHECK(done(stayd, (const char *const[WORDS_MAX]){"sessions", "list", "bob"},
               NULL, "<ANY>\ta?b?31mc\t<ANY>"));
}

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

    CASE("an account is added beside a stayd that runs, the accent apart");
    CHECK(done(stayd, add, "correct horse\xcc\x81\n", "user <INT> added\n"));
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
    import(stayd, wire);
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

/* ---- Several at once ---- */

/* Each is to find the database whole, whoever made it so. */
static void migrate_at_once(const char *database, const char *key_file)
{
    const char *const argv[] = {stayd_path(), "--database", database,
                                "--key-file", key_file,     "migrate",
                                NULL};
    struct process *running[MIGRATING] = {NULL};
    char line[PROCESS_LINE_SIZE];

    for (size_t i = 0; i < MIGRATING; i++)
        running[i] = process_start(argv, NULL);
    for (size_t i = 0; i < MIGRATING; i++) {
        size_t from = 0;

        CHECK(process_line(running[i], PROCESS_OUT,
                           "the database is at version ", &from, line));
        CHECK_EQ(process_wait(running[i]), 0);
        process_close(running[i]);
    }
}

static void migrating(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char database[PROCESS_PATH_SIZE + 32];
    char key_file[PROCESS_PATH_SIZE + 32];
    struct postgres db;

    (void)state;
    CASE("several migrate at once: one does it, and all say so");
    if (!CHECK(process_folder(folder)))
        return;
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", folder);
    migrate_at_once(database, key_file);
    CASE("on PostgreSQL too, by its advisory lock");
    if (postgres_start(&db)) {
        char count[32] = "";

        migrate_at_once(db.url, key_file);
        CHECK(postgres_sql(&db,
                           "SELECT count(*) - max(number) FROM stay_migration",
                           count, sizeof count));
        CHECK_TEXT(count, "0");
    }
    postgres_clear(&db);
    process_folder_remove(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(running),
        cmocka_unit_test(migrating),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/admin", tests);
}
