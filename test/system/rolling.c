/*
 * Restarted one after another under load, and nobody notices: behind nginx, and
 * alone on a socket that the next one inherits.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "cluster.h"
#include "postgres.h"
#include "refresher.h"
#include "server/listen.h"
#include "wire.h"

enum {
    SESSIONS = 6,
    STEPS = 100, /* granted to all of them together in each stretch */
    STEPS_FULL = 3000,
    PEOPLE = 2,   /* that sign in, write, read and sign out all the time */
    VISITS = 6,   /* of all of them together in each stretch */
    REPLACED = 3, /* times, of one that is alone */
};

static size_t steps(void)
{
    const char *full = getenv("FULL");

    return full != NULL && full[0] == '1' ? STEPS_FULL : STEPS;
}

/* ---- People: requests that no proxy may send twice, and some that it may ---- */

struct person {
    pthread_t thread;
    int port;
    _Atomic bool *stop;
    _Atomic unsigned visits;
    unsigned failed;
    char wrong[256]; /* what came instead, the first time */
};

struct visit {
    char header[1100];
    char body[300];
    char todo[64]; /* the path of the one that it wrote */
};

/* One request; false, and told, when it is answered otherwise. */
static bool ask(struct person *p, const struct wire_request *request,
                int wanted, struct visit *v)
{
    struct wire_reply reply = wire_ask(p->port, request);
    bool good = reply.status == wanted;
    char token[1024];

    if (!good && p->failed++ == 0)
        (void)snprintf(p->wrong, sizeof p->wrong, "%s %s: %d %.100s",
                       request->method, request->path, reply.status,
                       reply.body);
    if (wire_member(&reply, "accessToken", token, sizeof token))
        (void)snprintf(v->header, sizeof v->header, "x-access-token: %s\r\n",
                       token);
    if (wire_member(&reply, "refreshToken", token, sizeof token))
        (void)snprintf(v->body, sizeof v->body, "{\"refreshToken\":\"%.250s\"}",
                       token);
    if (reply.status == 201 && wire_member(&reply, "id", token, sizeof token))
        (void)snprintf(v->todo, sizeof v->todo, "/d/express/api/todos/%.20s",
                       token);
    wire_clear(&reply);
    return good;
}

static void visit(struct person *p)
{
    struct visit v = {.header = ""};
    const struct {
        struct wire_request request;
        int wanted;
    } steps[] = {
        {{"POST", "/d/express/api/auth/signin", NULL,
          "{\"username\":\"ada\",\"password\":\"lovelace\"}", 0},
         200                                                                       },
        {{"POST", "/d/express/api/todos", v.header, "{\"title\":\"rest\"}", 0},
         201                                                                       },
        {{"GET", "/d/express/api/test/user", v.header, NULL, 0},                200},
 // So that there are never as many as one may have.
        {{"DELETE", v.todo, v.header, NULL, 0},                                 204},
        {{"POST", "/d/express/api/auth/signout", NULL, v.body, 0},              200},
    };
    bool good = true;

    for (size_t i = 0; good && i < COUNT(steps); i++)
        good = ask(p, &steps[i].request, steps[i].wanted, &v);
    atomic_fetch_add(&p->visits, 1);
}

static void *come(void *context)
{
    struct person *p = context;

    while (!atomic_load(p->stop))
        visit(p);
    return NULL;
}

/* ---- The load ---- */

struct load {
    struct refreshers *sessions;
    struct person people[PEOPLE];
    _Atomic bool stop;
};

static bool begin_load(struct load *load, int port)
{
    memset(load, 0, sizeof *load);
    load->sessions = refreshers_mix(&port, 1, SESSIONS);
    if (load->sessions == NULL)
        return false;
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person *p = &load->people[i];

        p->port = port;
        p->stop = &load->stop;
        CHECK_EQ(pthread_create(&p->thread, NULL, come, p), 0);
    }
    return true;
}

static unsigned count_visits(struct load *load)
{
    unsigned count = 0;

    for (size_t i = 0; i < PEOPLE; i++)
        count += atomic_load(&load->people[i].visits);
    return count;
}

/* All of it goes on: so many more. */
static bool goes_on(struct load *load)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    unsigned wanted = count_visits(load) + VISITS;

    if (!refreshers_reach(load->sessions,
                          refreshers_count(load->sessions).granted + steps()))
        return false;
    while (count_visits(load) < wanted && process_now_ms() < end_ms)
        process_pause();
    return count_visits(load) >= wanted;
}

static void end_load(struct load *load)
{
    struct refreshers_counts n;

    CASE("no session was lost, and no refresh failed");
    atomic_store(&load->stop, true);
    for (size_t i = 0; i < PEOPLE; i++)
        (void)pthread_join(load->people[i].thread, NULL); // joined once
    CHECK(refreshers_end(load->sessions, &n));
    check_note("%zu sessions: %zu granted, %zu advanced", n.sessions, n.granted,
               n.advanced);
    CHECK_EQ(n.ended + n.others + n.behind, 0);
    CHECK_EQ(n.unavailable + n.silent + n.gateway, 0);
    if (n.wrong[0] != '\0')
        check_note("%s", n.wrong);
    CASE("and no sign-in, todo, page or sign-out");
    check_note("%u visits", count_visits(load));
    for (size_t i = 0; i < PEOPLE; i++)
        if (!CHECK_EQ(load->people[i].failed, 0))
            check_note("%s", load->people[i].wrong);
}

/* ---- Behind nginx ---- */

static void roll(struct cluster *c)
{
    struct load load;

    CASE("sessions refresh, people come and go");
    if (!begin_load(&load, c->nginx.port))
        return;
    CHECK(goes_on(&load));
    for (size_t i = 0; i < CLUSTER_SIZE; i++) {
        check_case("stayd %zu is told to stop, and ends well", i);
        CHECK_EQ(stayd_stop(&c->stayd[i], SIGTERM), 0);
        CHECK(goes_on(&load));
        check_case("stayd %zu starts again", i);
        CHECK(cluster_restart(c, i));
        CHECK(goes_on(&load));
    }
    end_load(&load);
}

static void behind_nginx(void **state)
{
    struct postgres db;
    struct cluster c;

    (void)state;
    CASE("PostgreSQL, three stayd and nginx start");
    if (!postgres_start(&db))
        return;
    if (cluster_start(&c, db.url, NULL))
        roll(&c);
    cluster_clear(&c);
    postgres_clear(&db);
}

/* ---- Alone, on a socket that is handed on ---- */

struct heir {
    const char *database;
    char folder[PROCESS_PATH_SIZE];
    int fd;   /* that listens, 3 to 9 */
    int port; /* there */
};

/* As a service manager does. */
static struct process *start_heir(const struct heir *heir)
{
    static const char script[] =
        "exec 3<&\"$1\"; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$2\" --demo"
        " --no-throttle --key-file \"$3\"/stay.key --database \"$4\""
        " --url https://auth.example.org";
    char number[8];
    const char *argv[] = {"/bin/sh",    "-c",           script,
                          "sh",         number,         stayd_path(),
                          heir->folder, heir->database, NULL};
    struct process *process;
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;

    (void)snprintf(number, sizeof number, "%d", heir->fd);
    process = process_start(argv, NULL);
    if (process != NULL &&
        process_line(process, PROCESS_OUT, "listening on ", &from, line))
        return process;
    process_close(process);
    return NULL;
}

static void hand_on(const struct heir *heir)
{
    struct process *now = start_heir(heir);
    struct load load;

    CHECK(now != NULL);
    if (now == NULL || !begin_load(&load, heir->port))
        return;
    for (int i = 0; i < REPLACED; i++) {
        struct process *next;

        check_case("the next one inherits the socket, %d", i);
        CHECK(goes_on(&load));
        next = start_heir(heir);
        if (!CHECK(next != NULL))
            break;
        process_signal(now, SIGTERM);
        CHECK_EQ(process_wait(now), 0);
        process_close(now);
        now = next;
    }
    CHECK(goes_on(&load));
    end_load(&load);
    process_signal(now, SIGTERM);
    CHECK_EQ(process_wait(now), 0);
    process_close(now);
}

static void inherited(void **state)
{
    struct listen_address address;
    char problem[LISTEN_TEXT], url[LISTEN_TEXT];
    struct heir heir = {.fd = -1};
    struct postgres db;
    int kept = -1;

    (void)state;
    CASE("PostgreSQL starts, and a stayd on a socket that is not its own");
    if (!postgres_start(&db))
        return;
    heir.database = db.url;
    if (CHECK(process_folder(heir.folder)) &&
        CHECK_EQ(listen_parse("127.0.0.1:0", &address, problem), LISTEN_OK) &&
        CHECK_EQ(listen_open(&address, 1, &kept, problem), LISTEN_OK)) {
        // The shell wants one digit, and ours would close when it starts.
        heir.fd = fcntl(kept, F_DUPFD, 3);
        listen_url(kept, url);
        CHECK(heir.fd >= 0 && heir.fd <= 9);
        CHECK_EQ(sscanf(url, "http://127.0.0.1:%d", &heir.port), 1);
        hand_on(&heir);
        (void)close(heir.fd);
        (void)close(kept);
    }
    process_folder_remove(heir.folder);
    postgres_clear(&db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_nginx),
        cmocka_unit_test(inherited),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/rolling", tests);
}
