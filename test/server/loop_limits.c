/* What the loop does when time, connections, descriptors or patience run out. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "server/loop.h"
#include "serving.h"

#define HOST " HTTP/1.1\r\nHost: a\r\n"
#define GET(path) "GET " path HOST "\r\n"

static struct answer answer;
static struct serving serving;

static struct serving *begin(struct loop_config config)
{
    if (!serving_open(&serving, config, "127.0.0.1:0"))
        abort();
    serving_start(&serving);
    return &serving;
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static struct loop_counts counts_of(struct serving *s)
{
    struct loop_counts counts;

    loop_counts(s->loop, &counts);
    return counts;
}

static void pause_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

/* Polls until so many connections are open; false after the longest wait. */
static bool wait_open(struct serving *s, uint64_t count)
{
    for (int i = 0; i < SERVING_LIMIT_MS; i++) {
        if (counts_of(s).connections == count)
            return true;
        pause_ms(1);
    }
    return false;
}

static void slow_heads(void **state)
{
    struct serving *s = begin((struct loop_config){.head_ms = 100});
    int64_t start_ms;
    int fd = client_open(s);

    (void)state;
    CASE("a head that never ends is answered 408 in time");
    start_ms = now_ms();
    CHECK(client_say(fd, "GET / HTTP/1.1\r\nHo"));
    CHECK(client_read(fd, &answer, true));
    CHECK_EQ(answer.status, 408);
    CHECK_TEXT(answer.body, "refused 408 ");
    CHECK(now_ms() - start_ms >= 90);
    CHECK(client_at_end(fd));
    close(fd);
    CASE("a byte now and then does not win more time");
    fd = client_open(s);
    start_ms = now_ms();
    while (client_say(fd, "a") && now_ms() - start_ms < SERVING_LIMIT_MS) {
        char byte;

        if (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1)
            break;
        pause_ms(20);
    }
    CHECK(client_read(fd, &answer, true));
    CHECK_EQ(answer.status, 408);
    close(fd);
    CASE("the clock starts with the first byte, not the connection");
    fd = client_open(s);
    pause_ms(200);
    CHECK(client_ask(fd, GET("/"), 200, "GET / 0"));
    CASE("the time in work does not count");
    CHECK(client_say(fd, GET("/held")));
    CHECK(serving_wait_held(s, 1));
    pause_ms(200);
    serving_release(s);
    CHECK(client_read(fd, &answer, true));
    CHECK_TEXT(answer.body, "held");
    CHECK_EQ(counts_of(s).timed_out, 2);
    close(fd);
    CHECK(serving_stop(s));
}

static void slow_bodies(void **state)
{
    static const char step[LOOP_STEP];
    struct serving *s = begin((struct loop_config){.body_ms = 200});
    int fd = client_open(s);

    (void)state;
    CASE("a body that never comes is answered 408, shaped by its path");
    CHECK(client_say(fd, "POST /echo" HOST "Content-Length: 5\r\n\r\nhell"));
    CHECK(client_read(fd, &answer, true));
    CHECK_TEXT(answer.body, "refused 408 /echo");
    CHECK(client_at_end(fd));
    close(fd);
    CASE("a long body has as long as its steps come in time");
    fd = client_open(s);
    CHECK(client_say(fd, "POST /" HOST "Content-Length: 65536\r\n\r\n"));
    for (int i = 0; i < HTTP_BODY_LIMIT / LOOP_STEP; i++) {
        CHECK(client_send(fd, step, sizeof step));
        pause_ms(80);
    }
    CHECK(client_read(fd, &answer, true));
    CHECK_TEXT(answer.body, "POST / 65536");
    CASE("one byte less than a step is too slow");
    CHECK(client_say(fd, "POST /" HOST "Content-Length: 65536\r\n\r\n"));
    CHECK(client_send(fd, step, sizeof step / 2));
    CHECK(client_read(fd, &answer, true));
    CHECK_EQ(answer.status, 408);
    close(fd);
    CHECK_EQ(counts_of(s).timed_out, 2);
    CHECK(serving_stop(s));
}

static void idlers(void **state)
{
    struct serving *s = begin((struct loop_config){.idle_ms = 100});
    int fd = client_open(s);
    int other = client_open(s);

    (void)state;
    CASE("nothing said: closed without a word");
    CHECK(client_at_end(fd));
    close(fd);
    CASE("nothing said after an answer: closed without a word");
    CHECK(client_at_end(other));
    close(other);
    fd = client_open(s);
    CHECK(client_ask(fd, GET("/"), 200, "GET / 0"));
    CHECK(client_at_end(fd));
    close(fd);
    CHECK(serving_stop(s));
}

static void slow_readers(void **state)
{
    struct serving *s = begin((struct loop_config){.write_ms = 100});
    int fd = client_open(s);

    (void)state;
    CASE("who never reads loses the connection");
    CHECK(wait_open(s, 1));
    for (int i = 0; i < 200; i++)
        CHECK(client_say(fd, GET("/lasting")));
    CHECK(wait_open(s, 0));
    CHECK_EQ(counts_of(s).timed_out, 1);
    close(fd);
    CHECK(serving_stop(s));
}

static void lingering(void **state)
{
    struct serving *s = begin((struct loop_config){.linger_ms = 100});
    int fd = client_open(s);

    (void)state;
    CASE("a refused client that stays is closed in time");
    CHECK(client_ask(fd, "GET /p" HOST ":\r\n\r\n", 400, "refused 400 /p"));
    CHECK(wait_open(s, 0));
    close(fd);
    CASE("one that leaves is closed at once");
    fd = client_open(s);
    CHECK(client_ask(fd, "GET /p" HOST ":\r\n\r\n", 400, "refused 400 /p"));
    close(fd);
    CHECK(wait_open(s, 0));
    CHECK_EQ(counts_of(s).timed_out, 1);
    CHECK(serving_stop(s));
}

static void crowds(void **state)
{
    struct serving *s = begin((struct loop_config){.connection_limit = 2});
    int first = client_open(s);
    int second = client_open(s);
    int third;

    (void)state;
    CASE("one connection too many hears 503 and when to come back");
    CHECK(client_ask(first, GET("/"), 200, "GET / 0"));
    CHECK(client_ask(second, GET("/"), 200, "GET / 0"));
    third = client_open(s);
    CHECK(client_say(third, GET("/")));
    CHECK(client_read(third, &answer, true));
    CHECK_EQ(answer.status, 503);
    CHECK(strstr(answer.head, "Retry-After: 1\r\n") != NULL);
    close(third);
    CASE("those who were there are served on");
    CHECK(client_ask(first, GET("/"), 200, "GET / 0"));
    CASE("when one leaves, another may come");
    close(first);
    CHECK(wait_open(s, 1));
    third = client_open(s);
    CHECK(client_ask(third, GET("/"), 200, "GET / 0"));
    CHECK_EQ(counts_of(s).turned_away, 1);
    close(second);
    close(third);
    CHECK(serving_stop(s));
}

static void draining(void **state)
{
    struct serving *s = begin((struct loop_config){0});
    int idle = client_open(s);
    int busy = client_open(s);
    int half = client_open(s);

    (void)state;
    CHECK(client_ask(idle, GET("/"), 200, "GET / 0"));
    CHECK(client_say(busy, GET("/held") GET("/")));
    CHECK(client_say(half, "GET / HTTP/1.1\r\n"));
    CHECK(serving_wait_held(s, 1));
    CHECK(wait_open(s, 3));
    loop_drain(s->loop);
    CASE("draining closes who stays idle");
    CHECK(client_at_end(idle));
    CASE("draining takes no new connections");
    CHECK_EQ(client_open(s), -1);
    CASE("a request half read is read and answered, and told to close");
    CHECK(client_say(half, "Host: a\r\n\r\n"));
    CHECK(client_read(half, &answer, true));
    CHECK(strstr(answer.head, "Connection: close\r\n") != NULL);
    CHECK(client_at_end(half));
    CASE("a request in work is answered, and told to close");
    serving_release(s);
    CHECK(client_read(busy, &answer, true));
    CHECK_TEXT(answer.body, "held");
    CHECK(strstr(answer.head, "Connection: close\r\n") != NULL);
    CASE("and then the loop ends, well");
    close(busy);
    CHECK_EQ(serving_join(s), LOOP_OK);
    serving_close(s);
    close(idle);
    close(half);
}

static void draining_in_vain(void **state)
{
    struct serving *s = begin((struct loop_config){.drain_ms = 100});
    int fd = client_open(s);

    (void)state;
    CASE("work that does not end is cut");
    CHECK(client_say(fd, GET("/held")));
    CHECK(serving_wait_held(s, 1));
    loop_drain(s->loop);
    CHECK_EQ(serving_join(s), LOOP_CUT);
    CASE("an answer that comes later harms nothing");
    serving_release(s);
    serving_close(s);
    close(fd);
    CASE("a loop that is told to stop before it runs stops at once");
    CHECK(serving_open(s, (struct loop_config){0}, "127.0.0.1:0"));
    loop_drain(s->loop);
    serving_start(s);
    CHECK_EQ(serving_join(s), LOOP_OK);
    serving_close(s);
}

static void unread(void **state)
{
    struct serving *s = begin((struct loop_config){0});
    int fd = client_open(s);

    (void)state;
    CASE("a request behind an answer that closes is not served");
    CHECK(client_say(fd, GET("/close") GET("/") GET("/")));
    CHECK(client_read(fd, &answer, true));
    CHECK(client_at_end(fd));
    CHECK_EQ(counts_of(s).requests, 1);
    close(fd);
    CHECK(serving_stop(s));
}

/* A program of its own: `loops` loops until a signal; says its URL on `out`. */
static int serve_until_signal(size_t loop_count, rlim_t descriptors, int out)
{
    static struct serving s[4];
    struct rlimit limit = {descriptors, descriptors};
    struct loop *loops[4];
    int result;

    (void)alarm(SERVING_LIMIT_MS / 1000 * 2);
    for (size_t i = 0; i < loop_count; i++) {
        if (!serving_open(&s[i], (struct loop_config){.drain_ms = 20000},
                          "127.0.0.1:0"))
            return 99;
        loops[i] = s[i].loop;
    }
    loop_hold_signals();
    if (descriptors > 0)
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (write(out, &s[0].address, sizeof s[0].address) < 0)
        return 98;
    result = loop_run_all(loops, loop_count, NULL) == LOOP_OK ? 0 : 1;
    for (size_t i = 0; i < loop_count; i++)
        serving_close(&s[i]);
    return result;
}

/* Forks it; only serving.address is good for the client functions. */
static pid_t begin_program(size_t loop_count, rlim_t descriptors)
{
    int ends[2];
    pid_t child;

    memset(&serving, 0, sizeof serving);
    if (pipe(ends) != 0)
        abort();
    child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(serve_until_signal(loop_count, descriptors, ends[1]));
    }
    close(ends[1]);
    CHECK_EQ(read(ends[0], &serving.address, sizeof serving.address),
             sizeof serving.address);
    close(ends[0]);
    return child;
}

static int end_program(pid_t child)
{
    int status = 0;

    CHECK_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void signals(void **state)
{
    pid_t child;
    int fd;

    (void)state;
    CASE("SIGTERM ends three loops, well");
    child = begin_program(3, 0);
    fd = client_open(&serving);
    CHECK(client_ask(fd, GET("/"), 200, "GET / 0"));
    CHECK_EQ(kill(child, SIGTERM), 0);
    CHECK(client_at_end(fd));
    CHECK_EQ(end_program(child), 0);
    close(fd);
    CASE("SIGINT as well");
    child = begin_program(1, 0);
    CHECK_EQ(kill(child, SIGINT), 0);
    CHECK_EQ(end_program(child), 0);
    CASE("a second one does not wait for work");
    child = begin_program(1, 0);
    fd = client_open(&serving);
    CHECK(client_say(fd, GET("/")) && client_read(fd, &answer, true));
    CHECK(client_say(fd, GET("/held")));
    pause_ms(50); // no way to see from here that it is in work
    CHECK_EQ(kill(child, SIGTERM), 0);
    pause_ms(50);
    CHECK_EQ(kill(child, SIGTERM), 0);
    CHECK_EQ(end_program(child), 128 + SIGTERM);
    close(fd);
}

static void descriptors(void **state)
{
    enum { MANY = 60 };
    int fds[MANY];
    int served = 0;
    int turned_away = 0;
    pid_t child = begin_program(1, 40);

    (void)state;
    CASE("out of descriptors every client is served or hears 503");
    for (int i = 0; i < MANY; i++) {
        fds[i] = client_open(&serving);
        CHECK(client_say(fds[i], GET("/")));
        CHECK(client_read(fds[i], &answer, true));
        served += answer.status == 200;
        turned_away += answer.status == 503;
    }
    CHECK_EQ(served + turned_away, MANY);
    CHECK(served > 0 && turned_away > 0);
    check_note("of %d clients %d were served, %d turned away", MANY, served,
               turned_away);
    CASE("those who were served are served on");
    for (int i = 0; i < served; i++)
        CHECK(client_ask(fds[i], GET("/"), 200, "GET / 0"));
    CASE("and when they leave, others are");
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    fds[0] = -1;
    for (int i = 0; i < 1000 && fds[0] < 0; i++) {
        fds[0] = client_open(&serving);
        if (client_ask(fds[0], GET("/"), 200, "GET / 0"))
            break;
        close(fds[0]);
        fds[0] = -1;
        pause_ms(10);
    }
    CHECK(fds[0] >= 0);
    close(fds[0]);
    CHECK_EQ(kill(child, SIGTERM), 0);
    CHECK_EQ(end_program(child), 0);
}

int main(void)
{
    // Those that fork come first: no other thread has run by then.
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals),    cmocka_unit_test(descriptors),
        cmocka_unit_test(slow_heads), cmocka_unit_test(slow_bodies),
        cmocka_unit_test(idlers),     cmocka_unit_test(slow_readers),
        cmocka_unit_test(lingering),  cmocka_unit_test(crowds),
        cmocka_unit_test(draining),   cmocka_unit_test(draining_in_vain),
        cmocka_unit_test(unread),
    };

    return check_run("server/loop_limits", tests);
}
