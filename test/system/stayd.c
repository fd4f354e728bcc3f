#include "stayd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "postgres.h"
#include "wire.h"

enum { OPTIONS_MAX = 64 };

const char *stayd_path(void)
{
    const char *path = getenv("STAYD");

    return path != NULL && path[0] != '\0' ? path : STAYD_PATH;
}

/* ---- Its database ---- */

static struct postgres server; /* of all that are started on PostgreSQL */
static pid_t server_owner;

static void stop_server(void)
{
    if (getpid() == server_owner) // and not in a child that ends
        postgres_clear(&server);
}

/* False: the row was skipped, or has failed. */
static bool add_database(struct stayd *s)
{
    static int number;
    char name[32];

    if (server_owner == 0) {
        if (!postgres_start(&server))
            return false;
        server_owner = getpid();
        if (atexit(stop_server) != 0)
            return false;
    }
    (void)snprintf(name, sizeof name, "stayd_%d", ++number);
    return postgres_add_database(&server, name, s->database);
}

static void name_file(struct stayd *s)
{
    (void)snprintf(s->database, sizeof s->database, "sqlite:%s/stay.db",
                   s->folder);
}

/* A folder, and a database that nobody has used. */
static bool make_place(struct stayd *s)
{
    if (!process_folder(s->folder))
        return false;
    name_file(s);
    return !check_on_postgres() || add_database(s);
}

/* ---- Its process ---- */

static bool launch(struct stayd *s, const char *const options[])
{
    char key_file[PROCESS_PATH_SIZE + 32];
    char listen[32];
    const char *argv[OPTIONS_MAX + 16] = {
        stayd_path(), "--listen", listen,   "--database",   s->database,
        "--key-file", key_file,   "--demo", "--no-throttle"};

    if (s->database[0] == '\0') // a test made the folder itself
        name_file(s);
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%d", s->port);
    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", s->folder);
    for (size_t i = 0; options != NULL && options[i] != NULL; i++)
        if (i < OPTIONS_MAX)
            argv[9 + i] = options[i];
    if (s->earnest)
        memmove(&argv[7], &argv[8], (OPTIONS_MAX + 8) * sizeof argv[0]);
    s->process = process_start(argv, NULL);
    return s->process != NULL;
}

/* Waits for the line that says where it listens. */
static bool listens(struct stayd *s)
{
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;

    if (s->process == NULL ||
        !process_line(s->process, PROCESS_OUT, "listening on ", &from, line) ||
        sscanf(line, "listening on http://127.0.0.1:%d", &s->port) != 1)
        return false;
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
    return true;
}

bool stayd_await(struct stayd *s)
{
    char *errors;

    if (listens(s))
        return true;
    if (s->process != NULL) {
        process_signal(s->process, SIGKILL);
        (void)process_wait(s->process);
        errors = process_text(s->process, PROCESS_ERR);
        check_note("%s did not start: %s", stayd_path(), errors);
        free(errors);
    }
    process_close(s->process);
    s->process = NULL;
    return check_true(__FILE__, __LINE__, "stayd starts", false);
}

static bool try_launch(struct stayd *s, const char *const options[])
{
    (void)launch(s, options); // said when it is waited for
    return stayd_await(s);
}

bool stayd_begin(struct stayd *out, const char *const options[])
{
    *out = (struct stayd){.port = 0};
    return make_place(out) && launch(out, options);
}

bool stayd_start(struct stayd *out, const char *const options[])
{
    *out = (struct stayd){.port = 0};
    return make_place(out) && try_launch(out, options);
}

bool stayd_start_earnest(struct stayd *out, const char *const options[])
{
    *out = (struct stayd){.earnest = true};
    return make_place(out) && try_launch(out, options);
}

bool stayd_restart(struct stayd *s, const char *const options[])
{
    return try_launch(s, options);
}

int stayd_stop(struct stayd *s, int signal_number)
{
    int code;

    if (s->process == NULL)
        return -1;
    process_signal(s->process, signal_number);
    code = process_wait(s->process);
    process_close(s->process);
    s->process = NULL;
    return code;
}

void stayd_clear(struct stayd *s)
{
    process_close(s->process);
    process_folder_remove(s->folder);
    *s = (struct stayd){.port = 0};
}

double stayd_metric(const struct stayd *s, const char *series)
{
    struct wire_request request = {.method = "GET", .path = "/metrics"};
    struct wire_reply reply = wire_ask(s->port, &request);
    size_t length = strlen(series);
    const char *line = reply.body;
    double value = -1;

    while (line != NULL && *line != '\0') {
        if (strncmp(line, series, length) == 0 && line[length] == ' ') {
            value = strtod(line + length, NULL);
            break;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    wire_clear(&reply);
    return value;
}
