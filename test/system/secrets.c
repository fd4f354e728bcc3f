/*
 * Secrets stay where they belong. A stayd at log level debug is asked all that
 * the families' rows ask, and more by somebody who puts a password wherever one
 * fits; then nothing it wrote, and nothing that others may see of it, holds any
 * of them. Its database holds none in clear either.
 */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "secrets_find.h"
#include "server/key_open.h"
#include "stayd.h"
#include "store/key.h"

enum {
    PATH_ROOM = 256,
    SHORT_TEXT = 40, /* a row's value that is longer may be a token */
};

/* A sanitizer keeps copies of its own. */
#ifdef STAY_NO_SANDBOX
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

#define CANARY "canary-mistletoe-7291"

static const char *const database_files[] = {"stay.db", "stay.db-wal",
                                             "stay.db-shm"};

static struct secrets secrets;

/* ---- What is secret ---- */

/* The demonstration's, those of the rows, and the one planted below. */
static const char *const passwords[] = {
    "lovelace",      "quantum-1900", "toor-toor",
    "correct horse", "wrong-one",    CANARY,
};

static bool is_secret(const char *name, const char *value)
{
    const char *kind = strrchr(name, '_');

    if (strncmp(value, "eyJ", 3) == 0 || strncmp(value, "stay_o1.", 8) == 0)
        return strlen(value) > SHORT_TEXT;
    return kind != NULL && (strcmp(kind, "_R") == 0 || kind[1] == 'S') &&
           strcmp(kind, "_SID") != 0;
}

static void add_values(const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (is_secret(rows->names[i], rows->values[i]))
            secrets_add(&secrets, rows->names[i], rows->values[i]);
}

static bool add_key(void *context, const struct store_key *row)
{
    const struct key_seal *seal = context;
    struct key_secret secret;

    if (CHECK(key_row_open(row, seal->bytes, &secret)))
        secrets_add_bytes(&secrets, row->kind, secret.bytes, secret.length);
    return true;
}

/* The key file, and the keys that it seals. */
static void add_keys(const struct stayd *stayd)
{
    char url[PATH_ROOM];
    char path[PATH_ROOM];
    struct store_config config = {.url = url, .mode = STORE_READ};
    struct key_source source = {.path = path};
    struct key_seal seal;
    struct store_why text;
    char why[KEY_WHY_SIZE];

    (void)snprintf(url, sizeof url, "sqlite:%s/stay.db", stayd->folder);
    (void)snprintf(path, sizeof path, "%s/stay.key", stayd->folder);
    if (!CHECK_EQ(store_open(&source.store, &config, &text), STORE_OK))
        return;
    if (CHECK_EQ(key_open_seal(&source, &seal, why), KEY_OK)) {
        secrets_add_bytes(&secrets, "key file", seal.bytes, sizeof seal.bytes);
        CHECK_EQ(store_key_list(source.store, add_key, &seal), STORE_OK);
    }
    store_close(source.store);
}

/* ---- Where they must not be ---- */

static void search_file(const char *path)
{
    size_t size;
    char *bytes = secrets_read_file(path, &size);

    CHECK_EQ(secrets_count(&secrets, path, bytes, size), 0);
    free(bytes);
}

static void search_written(const struct stayd *stayd)
{
    static const char *const names[] = {"standard output", "the log"};

    for (int i = PROCESS_OUT; i <= PROCESS_ERR; i++) {
        char *text = process_text(stayd->process, (enum process_stream)i);

        check_case("nothing secret is in %s", names[i]);
        CHECK(strlen(text) > 0);
        CHECK_EQ(secrets_count(&secrets, names[i], text, strlen(text)), 0);
        free(text);
    }
}

static void search_process(const struct stayd *stayd)
{
    static const char *const names[] = {"environ", "cmdline", "comm"};

    for (size_t i = 0; i < COUNT(names); i++) {
        char path[PATH_ROOM];

        check_case("nothing secret is in /proc/PID/%s", names[i]);
        (void)snprintf(path, sizeof path, "/proc/%d/%s",
                       (int)process_id(stayd->process), names[i]);
        search_file(path);
    }
}

static void search_database(const struct stayd *stayd)
{
    for (size_t i = 0; i < COUNT(database_files); i++) {
        char path[PATH_ROOM];

        check_case("nothing secret is in %s", database_files[i]);
        (void)snprintf(path, sizeof path, "%s/%s", stayd->folder,
                       database_files[i]);
        search_file(path);
    }
}

/* What others sent, once it is answered. Its keys are there of course, and the
   demonstration's passwords are constants. Only root may look. */
static void search_memory(const struct stayd *stayd)
{
    pid_t id = process_id(stayd->process);
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    struct secrets planted = {.count = 0};

    CASE("what was sent is wiped from memory once it is answered");
    // The last connections' ends may be on their way.
    while (secrets_in_memory(&secrets, NULL, id) > 0 &&
           process_now_ms() < end_ms)
        process_pause();
    CHECK_EQ(secrets_in_memory(&secrets, "its memory", id), 0);
    CASE("and where it listens is found there");
    secrets_add(&planted, "where it listens", stayd->url);
    if (geteuid() == 0)
        CHECK(secrets_in_memory(&planted, NULL, id) > 0);
    secrets_clear(&planted);
}

/* ---- A password wherever one fits ---- */

static const char *const paths[] = {
    "/d/stay/api/session",
    "/d/stay/api/session/refresh",
    "/d/stay/api/account",
    "/d/express/api/auth/signin",
    "/d/express/api/auth/refreshtoken",
    "/d/oauth2/oauth/token",
    "/d/symfony/api/login_check",
    "/d/nest/auth/login",
    "/d/express/api/todos",
    "/d/stay/api/todos?token=" CANARY,
    "/" CANARY,
};

static const char *const headers[] = {
    "Authorization: Bearer " CANARY "\r\n",
    "Authorization: Basic " CANARY "\r\n",
    "x-access-token: " CANARY "\r\n",
    "Cookie: __Host-stay=" CANARY "\r\n",
    "Origin: http://" CANARY "\r\n",
    "X-Forwarded-For: " CANARY "\r\n",
    "Content-Type: application/x-www-form-urlencoded\r\n",
    "Content-Type: " CANARY "\r\n",
    "Content-Length: " CANARY "\r\n",
    "Transfer-Encoding: " CANARY "\r\n",
    CANARY ": x\r\n",
    CANARY "\r\n",
};

static const char *const bodies[] = {
    NULL,
    "{\"username\":\"ada\",\"email\":\"ada@example.org\",\"password\":\"" CANARY
    "\"}",
    "{\"username\":\"" CANARY "\",\"password\":\"" CANARY "\"}",
    "{\"refreshToken\":\"" CANARY "\",\"token\":\"" CANARY "\"}",
    "{\"session\":\"" CANARY "\",\"sid\":\"" CANARY "\",\"secret\":\"" CANARY
    "\",\"next\":\"" CANARY "\",\"generation\":1}",
    "{\"" CANARY "\":1",
    CANARY,
    "grant_type=password&username=ada&password=" CANARY,
    "grant_type=refresh_token&refresh_token=" CANARY "&client_id=" CANARY,
};

static const char *const methods[] = {"GET", "POST", CANARY};

static void ask_one(int port, size_t path, size_t header, size_t body)
{
    const struct wire_request request = {
        .method = methods[(path + header + body) % COUNT(methods)],
        .path = paths[path],
        .headers = headers[header],
        .body = bodies[body]};
    struct wire_reply reply = wire_ask(port, &request);

    CHECK(reply.status < 500 || reply.status == 501 || reply.status == 503);
    wire_clear(&reply);
}

static void ask_everywhere(int port)
{
    CASE("a password in each place is answered, and never by a fault");
    for (size_t p = 0; p < COUNT(paths); p++)
        for (size_t h = 0; h < COUNT(headers); h++)
            for (size_t b = 0; b < COUNT(bodies); b++)
                ask_one(port, p, h, b);
}

/* ---- The runs ---- */

static void find_event(const struct stayd *stayd)
{
    struct secrets planted = {.count = 0};
    char *text = process_text(stayd->process, PROCESS_ERR);

    CASE("the search finds what is there: an event in the log");
    secrets_add(&planted, "an event", "\"event\":\"started\"");
    CHECK_EQ(secrets_count(&planted, NULL, text, strlen(text)), 1);
    secrets_clear(&planted);
    free(text);
}

static void find_name(const struct stayd *stayd)
{
    struct secrets planted = {.count = 0};
    size_t found = 0;

    CASE("a name in the database or its log");
    secrets_add(&planted, "a name", "ada@example.org");
    for (size_t i = 0; i < COUNT(database_files); i++) {
        char path[PATH_ROOM];
        size_t size;
        char *bytes;

        (void)snprintf(path, sizeof path, "%s/%s", stayd->folder,
                       database_files[i]);
        bytes = secrets_read_file(path, &size);
        found += secrets_count(&planted, NULL, bytes, size);
        free(bytes);
    }
    CHECK(found > 0);
    secrets_clear(&planted);
}

/* Each secret in each of its spellings, amid other bytes. */
static void find_each(void)
{
    unsigned char hay[3 * 8192];
    size_t missed = 0;

    CASE("and each of these secrets, however it is spelled");
    for (size_t i = 0; i < secrets.count; i++) {
        for (size_t j = 0; j < secrets.list[i].form_count; j++) {
            const struct secret_form *form = &secrets.list[i].forms[j];

            randombytes_buf(hay, sizeof hay);
            if (form->size < 8192)
                memcpy(hay + 8192, form->bytes, form->size);
            missed += form->size < 8192 &&
                      secrets_count(&secrets, NULL, hay, sizeof hay) == 0;
        }
    }
    CHECK_EQ(missed, 0);
}

static void run_rows(const struct stayd *stayd, const char *family)
{
    static const char *const holders[] = {"A", "B", "C", "D"};
    char text[4001];
    char file[PATH_ROOM];
    struct rows rows;

    rows_init(&rows, stayd->port);
    for (size_t i = 0; i < COUNT(holders); i++)
        rows_set_secrets(&rows, holders[i]);
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rows_set(&rows, "LONG", text);
    (void)snprintf(file, sizeof file, "%s.rows", family);
    rows_run_file(&rows, file);
    add_values(&rows);
    rows_clear(&rows);
}

static char hs256_secret[64];

static bool write_secret(const char *path)
{
    uint8_t bytes[32];
    char text[BASE64URL_LENGTH(sizeof bytes) + 1];

    randombytes_buf(bytes, sizeof bytes);
    text[base64url_encode(bytes, sizeof bytes, text)] = '\0';
    (void)snprintf(hs256_secret, sizeof hs256_secret, "%s", text);
    return process_write_file(path, text, strlen(text)) &&
           chmod(path, 0600) == 0;
}

static void search_all(const struct stayd *stayd, bool looked_into)
{
    secrets_add(&secrets, "the canary", CANARY);
    if (looked_into && !IS_SANITIZED)
        search_memory(stayd);
    for (size_t i = 0; i < COUNT(passwords); i++)
        secrets_add(&secrets, passwords[i], passwords[i]);
    secrets_add(&secrets, "HS256 secret", hs256_secret);
    add_keys(stayd);
    check_note("%zu secrets", secrets.count);
    search_written(stayd);
    search_process(stayd);
    search_database(stayd);
    find_event(stayd);
    find_name(stayd);
    find_each();
}

/* Each with a kind of key of its own. */
static const struct run {
    const char *family;
    const char *algorithm;
    bool looked_into;          /* its memory too; it takes a while */
    const char *secret_option; /* and its file follows, or NULL */
} runs[] = {
    {"stay",    "EdDSA", true,  NULL                 },
    {"express", "HS256", true,  "--hs256-secret-file"},
    {"django",  "ES256", false, NULL                 },
};

static void run_one(const struct run *run, const char *folder)
{
    char path[PATH_ROOM];
    const char *const options[] = {"--log-level",
                                   "debug",
                                   "--access-ttl",
                                   "60s",
                                   "--no-hide-users",
                                   "--algorithm",
                                   run->algorithm,
                                   "--dialect",
                                   run->family,
                                   "--origin",
                                   "http://localhost:8081",
                                   run->secret_option,
                                   path,
                                   NULL};
    struct stayd stayd;

    check_case("%s: stayd starts", run->family);
    (void)snprintf(path, sizeof path, "%s/secret", folder);
    CHECK(write_secret(path));
    if (stayd_start(&stayd, options)) {
        run_rows(&stayd, run->family);
        if (run == runs)
            ask_everywhere(stayd.port);
        search_all(&stayd, run->looked_into);
        CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
        search_database(&stayd);
    }
    stayd_clear(&stayd);
}

static void families(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(runs); i++) {
        char folder[PROCESS_PATH_SIZE];

        if (!CHECK(process_folder(folder)))
            return;
        run_one(&runs[i], folder);
        secrets_clear(&secrets);
        process_folder_remove(folder);
    }
}

/* ---- The database's password ---- */

#define PASSWORD_URL "postgresql://stay:" CANARY "@127.0.0.1:1/stay"

/* Whatever comes of it, nothing is told of the password. */
static const struct start_row {
    const char *name;
    const char *words[4];
    const char *environment;
    bool by_file; /* --config FILE, of mode 0600 */
} start_rows[] = {
    {"by option",          {"--database", PASSWORD_URL},            NULL,                           false},
    {"by option, badly",   {"--database", "postgres//" CANARY "@"}, NULL,                           false},
    {"by the environment", {NULL},                                  "STAYD_DATABASE=" PASSWORD_URL, false},
    {"by file",            {NULL},                                  NULL,                           true },
    {"by file, to check",  {"check"},                               NULL,                           true },
};

static void start_one(const struct start_row *row, const char *file)
{
    const char *argv[8] = {stayd_path(), row->words[0], row->words[1]};
    const char *environment[] = {row->environment, NULL};
    size_t count = 1;
    struct process_result result;

    while (row->words[count - 1] != NULL)
        count++;
    argv[count] = row->by_file ? "--config" : NULL;
    argv[count + 1] = file;
    result = process_run(argv, environment, NULL);
    CHECK(result.code != 0);
    CHECK(strlen(result.err) + strlen(result.out) > 0);
    CHECK_EQ(
        secrets_count(&secrets, "its output", result.out, strlen(result.out)),
        0);
    CHECK_EQ(
        secrets_count(&secrets, "its errors", result.err, strlen(result.err)),
        0);
    process_result_clear(&result);
}

static void database_password(void **state)
{
    static const char text[] = "database = " PASSWORD_URL "\n"
                               "listen = 127.0.0.1:0\nlog-level = debug\n";
    char folder[PROCESS_PATH_SIZE];
    char file[PATH_ROOM];

    (void)state;
    CASE("a database's password in a file of its own");
    if (!CHECK(process_folder(folder)))
        return;
    (void)snprintf(file, sizeof file, "%s/stayd.conf", folder);
    CHECK(process_write_file(file, text, strlen(text)) &&
          chmod(file, 0600) == 0);
    secrets_add(&secrets, "the password", CANARY);
    for (size_t i = 0; i < COUNT(start_rows); i++) {
        check_case("a database's password %s is not told", start_rows[i].name);
        start_one(&start_rows[i], file);
    }
    secrets_clear(&secrets);
    process_folder_remove(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(families),
        cmocka_unit_test(database_password),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/secrets", tests);
}
