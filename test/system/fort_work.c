/*
 * What stayd needs once in a while, long after it gave its rights up: files that
 * it reads again, keys that it makes, a descriptor when there is none.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "postgres.h"
#include "stayd.h"
#include "wire.h"

enum {
    PATH_ROOM = 256,
    DESCRIPTORS = 200,
};

static const struct wire_request alive = {.method = "GET", .path = "/livez"};
static const struct wire_request ready = {.method = "GET", .path = "/readyz"};

static int ask(int port, const struct wire_request *request)
{
    struct wire_reply reply = wire_ask(port, request);
    int status = reply.status;

    wire_clear(&reply);
    return status;
}

static bool wait_for_status(int port, const struct wire_request *request,
                            int status)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (process_now_ms() < end_ms) {
        if (ask(port, request) == status)
            return true;
        process_pause();
    }
    return false;
}

/* ---- A descriptor when there is none ---- */

struct crowd {
    int fds[DESCRIPTORS];
    int served, told_later, other;
};

/* Each stays, so that the next one finds less. */
static void fill(struct crowd *crowd, int port)
{
    for (int i = 0; i < DESCRIPTORS && crowd->other == 0; i++) {
        struct wire_reply reply;

        crowd->fds[i] = wire_connect(port);
        reply = wire_ask_on(crowd->fds[i], &alive);
        crowd->served += reply.status == 200;
        crowd->told_later += reply.status == 503;
        crowd->other += reply.status != 200 && reply.status != 503;
        wire_clear(&reply);
    }
}

static void no_descriptor(void **state)
{
    const struct rlimit few = {DESCRIPTORS, DESCRIPTORS};
    static struct crowd crowd;
    struct stayd stayd;

    (void)state;
    CASE("who comes when no descriptor is left is told to come later");
    memset(crowd.fds, -1, sizeof crowd.fds);
    if (!stayd_start(&stayd, NULL))
        return;
    CHECK_EQ(prlimit(process_id(stayd.process), RLIMIT_NOFILE, &few, NULL), 0);
    fill(&crowd, stayd.port);
    check_note("%d served, %d told to come later", crowd.served,
               crowd.told_later);
    CHECK(crowd.served > 0 && crowd.told_later > 0);
    CHECK_EQ(crowd.other, 0);
    for (size_t i = 0; i < COUNT(crowd.fds); i++)
        if (crowd.fds[i] >= 0)
            (void)close(crowd.fds[i]);
    CASE("and is served once there is one");
    CHECK(wait_for_status(stayd.port, &alive, 200));
    stayd_clear(&stayd);
}

/* ---- Keys ---- */

static int count_keys(int port)
{
    const struct wire_request request = {.method = "GET",
                                         .path = "/.well-known/jwks.json"};
    struct wire_reply reply = wire_ask(port, &request);
    int count = 0;

    for (const char *at = reply.body; (at = strstr(at, "\"kid\"")) != NULL;
         at++)
        count++;
    wire_clear(&reply);
    return count;
}

/* It makes the next one by itself, where nothing of OpenSSL's is to be read. */
static void makes_keys(void **state)
{
    static const char *const algorithms[] = {"EdDSA", "ES256", "RS256"};

    (void)state;
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        const char *const options[] = {"--key-life", "6m", "--algorithm",
                                       algorithms[i], NULL};
        int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
        struct stayd stayd;

        check_case("a key of %s is made in the sandbox", algorithms[i]);
        if (!stayd_start(&stayd, options))
            continue;
        process_signal(stayd.process, SIGHUP);
        while (count_keys(stayd.port) < 2 && process_now_ms() < end_ms)
            process_pause();
        CHECK_EQ(count_keys(stayd.port), 2);
        stayd_clear(&stayd);
    }
}

/* ---- A database that comes back ---- */

struct way {
    const char *name;
    const char *database; /* %d is the port, %s the folder of the secrets */
    const char *file;     /* for --database-password-file, or "" */
    const char *env;      /* likewise %s; "" for none */
};

/* All by a name, which is looked up anew each time. */
static const struct way ways[] = {
    {"by a password's file",
     "postgresql://locked@localhost:%d/locked?application_name=a",     "%s/word",
     ""                                                                                               },
    {"by a passfile",
     "postgresql://locked@localhost:%d/locked?passfile=%s/pass",       "",        ""                  },
    {"by a passfile of the environment",
     "postgresql://locked@localhost:%d/locked",                        "",        "PGPASSFILE=%s/pass"},
    {"by a service's file",              "postgresql://?service=stay", "",
     "PGSERVICEFILE=%s/services"                                                                      },
};

static bool write_secret(const char *folder, const char *name, const char *text)
{
    char path[PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return CHECK(process_write_file(path, text, strlen(text)));
}

static bool write_secrets(const char *folder, int port)
{
    char text[256];

    (void)snprintf(text, sizeof text,
                   "[stay]\nhost=localhost\nport=%d\nuser=locked\n"
                   "dbname=locked\npassword=open sesame\n",
                   port);
    return write_secret(folder, "word", "open sesame\n") &&
           write_secret(folder, "pass", "*:*:*:locked:open sesame\n") &&
           write_secret(folder, "services", text);
}

/* `text` with the port, where it has one, and the folder. */
static void expand(const char *text, int port, const char *folder,
                   char out[PATH_ROOM])
{
    size_t length = 0;

    for (; *text != '\0' && length < PATH_ROOM - 1; text++) {
        if (text[0] == '%' && text[1] == 'd')
            length +=
                (size_t)snprintf(out + length, PATH_ROOM - length, "%d", port);
        else if (text[0] == '%' && text[1] == 's')
            length += (size_t)snprintf(out + length, PATH_ROOM - length, "%s",
                                       folder);
        else
            out[length++] = *text;
        text += text[0] == '%';
    }
    out[length] = '\0';
}

/* stayd in a folder of its own, which is none of those that it needs. */
static struct process *start(const struct way *way, const struct postgres *db,
                             const char *folder, const char *secrets)
{
    char database[PATH_ROOM], file[PATH_ROOM], env[PATH_ROOM], key[PATH_ROOM];
    const char *argv[12] = {stayd_path(), "--listen", "127.0.0.1:0", "--demo",
                            "--key-file", key,        "--database",  database};
    const char *const changes[] = {way->env[0] == '\0' ? NULL : env, NULL};

    expand(way->database, db->port, secrets, database);
    expand(way->file, db->port, secrets, file);
    expand(way->env, db->port, secrets, env);
    (void)snprintf(key, sizeof key, "%s/stay.key", folder);
    if (way->file[0] != '\0') {
        argv[8] = "--database-password-file";
        argv[9] = file;
    }
    return process_start(argv, changes);
}

static int sign_in(int port)
{
    const struct wire_request request = {
        .method = "POST",
        .path = "/d/express/api/auth/signin",
        .body = "{\"username\":\"ada\",\"password\":\"lovelace\"}"};

    return ask(port, &request);
}

static void one_way(const struct way *way, struct postgres *db,
                    const char *folder, const char *secrets)
{
    struct process *process = start(way, db, folder, secrets);
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;
    int port = 0;

    if (process_line(process, PROCESS_OUT, "listening on ", &from, line) &&
        CHECK(sscanf(strrchr(line, ':'), ":%d", &port) == 1)) {
        CHECK_EQ(sign_in(port), 200);
        CHECK(postgres_sql(db,
                           "SELECT count(pg_terminate_backend(pid)) FROM "
                           "pg_stat_activity WHERE usename = 'locked'",
                           NULL, 0));
        // One may meet a connection of which nobody knows yet that it is cut.
        (void)sign_in(port);
        CHECK(wait_for_status(port, &ready, 200));
        CHECK_EQ(sign_in(port), 200);
        process_signal(process, SIGTERM);
        CHECK_EQ(process_wait(process), 0);
    } else {
        char *err = process_text(process, PROCESS_ERR);

        CHECK(false);
        check_note("%.300s", err);
        free(err);
    }
    process_close(process);
}

static void comes_back(void **state)
{
    char folder[PROCESS_PATH_SIZE] = "", secrets[PROCESS_PATH_SIZE] = "";
    struct postgres db;

    (void)state;
    CASE("PostgreSQL starts");
    if (!postgres_start(&db))
        return;
    CHECK(postgres_sql(&db, "CREATE DATABASE locked OWNER locked", NULL, 0));
    if (CHECK(process_folder(folder)) && CHECK(process_folder(secrets)) &&
        write_secrets(secrets, db.port))
        for (size_t i = 0; i < COUNT(ways); i++) {
            check_case("cut connections are made anew, %s", ways[i].name);
            one_way(&ways[i], &db, folder, secrets);
        }
    process_folder_remove(folder);
    process_folder_remove(secrets);
    postgres_clear(&db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_descriptor),
        cmocka_unit_test(makes_keys),
        cmocka_unit_test(comes_back),
    };

    return check_run("system/fort_work", tests);
}
