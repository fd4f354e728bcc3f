/*
 * Answers that many jobs of one turn have given: they go out together, a bounded
 * number at a time, and each is whole and its client's own all the same.
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "server/connection.h"
#include "serving.h"
#include "system/process.h"

enum {
    CLIENTS = 40,
    BEHIND = 60, /* requests behind an answer that fills the socket */
};

#define HOST " HTTP/1.1\r\nHost: a\r\n"
#define GET(path) "GET " path HOST "\r\n"

static const struct loop_config usual;
static struct answer answer;
static char folder[] = "/tmp/stay-burst-XXXXXX";

/* What is sent through a Unix socket is there at once. */
static struct serving *begin(void)
{
    static struct serving s;
    char where[64];

    (void)snprintf(where, sizeof where, "unix:%s/socket", folder);
    if (!serving_open(&s, usual, where))
        abort();
    serving_start(&s);
    return &s;
}

/* ---- Jobs among those that answer ---- */

/* Stops the loop, so that what is posted meanwhile is of one turn. */
struct gate {
    struct loop_job job; /* first */
    sem_t entered;
    sem_t open;
};

static void stand_in(struct loop_job *job)
{
    struct gate *g = (struct gate *)job;

    (void)sem_post(&g->entered);
    (void)sem_wait(&g->open);
}

static void close_gate(struct serving *s, struct gate *g)
{
    (void)sem_init(&g->entered, 0, 0);
    (void)sem_init(&g->open, 0, 0);
    g->job.run = stand_in;
    loop_post(s->loop, &g->job);
    (void)sem_wait(&g->entered);
}

/* Looks, in the loop's own thread. */
struct look {
    struct loop_job job; /* first */
    const int *fds;
    size_t count;
    const struct connection *connection;
    size_t answered; /* of the clients so far */
    bool is_waiting; /* a short answer of the connection, for room */
    sem_t done;
};

static void look_round(struct loop_job *job)
{
    struct look *l = (struct look *)job;
    char byte;

    for (size_t i = 0; i < l->count; i++)
        l->answered += recv(l->fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
    if (l->connection != NULL)
        l->is_waiting = l->connection->phase == PHASE_WRITE &&
                        l->connection->x->answer_length < SERVING_MANY;
    (void)sem_post(&l->done);
}

static void post_look(struct serving *s, struct look *l)
{
    (void)sem_init(&l->done, 0, 0);
    l->job.run = look_round;
    loop_post(s->loop, &l->job);
}

/* ---- The rows ---- */

static void open_clients(struct serving *s, int *fds, size_t count,
                         const char *request)
{
    for (size_t i = 0; i < count; i++) {
        fds[i] = client_open(s);
        CHECK(client_say(fds[i], request));
    }
    CHECK(serving_wait_held(s, count));
}

static void close_clients(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

static bool reads(int fd, const char *body)
{
    return client_read(fd, &answer, true) && strcmp(answer.body, body) == 0;
}

/* How many clients have their answer when the turn's last job runs. */
static void together(void **state)
{
    static const struct {
        const char *name;
        size_t clients;
        size_t answered;
    } rows[] = {
        {"one answer waits for the turn's end",            1,                    0               },
        {"one less than a burst waits for the turn's end", CONNECTION_BURST - 1,
         0                                                                                       },
        {"a whole burst goes at once",                     CONNECTION_BURST,     CONNECTION_BURST},
        {"one more than a burst waits alone",              CONNECTION_BURST + 1,
         CONNECTION_BURST                                                                        },
        {"two bursts go, and what is left waits",          CLIENTS,
         2 * CONNECTION_BURST                                                                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct serving *s = begin();
        int fds[CLIENTS];
        struct look look = {.fds = fds, .count = rows[i].clients};
        struct gate gate;

        CASE(rows[i].name);
        open_clients(s, fds, rows[i].clients, GET("/held"));
        close_gate(s, &gate);
        serving_release(s);
        post_look(s, &look);
        (void)sem_post(&gate.open);
        (void)sem_wait(&look.done);
        CHECK_EQ(look.answered, rows[i].answered);
        for (size_t k = 0; k < rows[i].clients; k++)
            CHECK(reads(fds[k], "held"));
        close_clients(fds, rows[i].clients);
        CHECK(serving_stop(s));
    }
}

static void behind(void **state)
{
    struct serving *s = begin();
    int fds[CLIENTS];

    (void)state;
    CASE("requests behind those of a burst are served after them");
    open_clients(s, fds, CLIENTS, GET("/held") GET("/") GET("/held"));
    for (int turn = 0; turn < 2; turn++) {
        serving_release(s);
        for (size_t i = 0; i < CLIENTS; i++) {
            CHECK(reads(fds[i], "held"));
            CHECK(turn > 0 || reads(fds[i], "GET / 0"));
        }
        CHECK(turn > 0 || serving_wait_held(s, CLIENTS));
    }
    CASE("an answer that closes, in a burst");
    for (size_t i = 0; i < CLIENTS; i++)
        CHECK(client_say(fds[i], "GET /held" HOST "Connection: close\r\n\r\n"));
    CHECK(serving_wait_held(s, CLIENTS));
    serving_release(s);
    for (size_t i = 0; i < CLIENTS; i++) {
        CHECK(reads(fds[i], "held"));
        CHECK(client_at_end(fds[i]));
    }
    close_clients(fds, CLIENTS);
    CHECK(serving_stop(s));
}

static void gone(void **state)
{
    struct serving *s = begin();
    int fds[CLIENTS];
    struct gate gate;

    (void)state;
    CASE("clients that have gone take nothing from the others of a burst");
    open_clients(s, fds, CLIENTS, GET("/held"));
    close_gate(s, &gate);
    serving_release(s);
    for (size_t i = 0; i < CLIENTS; i += 3)
        close(fds[i]);
    (void)sem_post(&gate.open);
    for (size_t i = 0; i < CLIENTS; i++) {
        if (i % 3 == 0)
            continue;
        CHECK(reads(fds[i], "held"));
        CHECK(client_ask(fds[i], GET("/"), 200, "GET / 0"));
        close(fds[i]);
    }
    CASE("a drain that finds a burst to send ends with all answered");
    open_clients(s, fds, CLIENTS, GET("/held"));
    close_gate(s, &gate);
    serving_release(s);
    loop_drain(s->loop);
    (void)sem_post(&gate.open);
    for (size_t i = 0; i < CLIENTS; i++)
        CHECK(reads(fds[i], "held"));
    close_clients(fds, CLIENTS);
    CHECK(serving_stop(s));
}

static bool is_any_held(struct serving *s)
{
    bool any;

    (void)pthread_mutex_lock(&s->lock);
    any = s->held_count > s->released;
    (void)pthread_mutex_unlock(&s->lock);
    return any;
}

/* Answers one request after the other until one finds no room; how many. */
static size_t fill_socket(struct serving *s, const struct connection *c)
{
    int64_t end_ms = process_now_ms() + SERVING_LIMIT_MS;
    size_t count = 0;

    while (process_now_ms() < end_ms) {
        struct look look = {.connection = c};

        post_look(s, &look);
        (void)sem_wait(&look.done);
        if (look.is_waiting)
            return count;
        if (is_any_held(s)) {
            serving_release(s);
            count++;
        }
    }
    return 0;
}

static void no_room(void **state)
{
    struct serving *s = begin();
    int fd = client_open(s);
    const struct connection *c;
    size_t count;

    (void)state;
    CASE("an answer of a burst that finds no room goes when there is some");
    CHECK(client_say(fd, GET("/held")));
    CHECK(serving_wait_held(s, 1));
    c = s->held[0].x->connection;
    CHECK(client_say(fd, GET("/many")));
    for (size_t i = 0; i < BEHIND; i++)
        CHECK(client_say(fd, GET("/held")));
    count = fill_socket(s, c);
    check_note("%zu answers until the socket was full", count);
    CHECK(count > 0);
    CHECK(reads(fd, "held"));
    CHECK(client_read(fd, &answer, true));
    CHECK_EQ(answer.body_length, SERVING_MANY);
    for (size_t i = 0; i < BEHIND; i++) {
        if (i + 1 >= count) {
            CHECK(serving_wait_held(s, 1));
            serving_release(s);
        }
        CHECK(reads(fd, "held"));
    }
    close(fd);
    CHECK(serving_stop(s));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(together),
        cmocka_unit_test(behind),
        cmocka_unit_test(gone),
        cmocka_unit_test(no_room),
    };

    int result;

    if (mkdtemp(folder) == NULL)
        abort();
    result = check_run("server/burst", tests);
    (void)rmdir(folder); // a socket that was left there keeps it, to be seen
    return result;
}
