#include "server/loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "serving.h"

#define HOST " HTTP/1.1\r\nHost: a\r\n"
#define GET(path) "GET " path HOST "\r\n"

static const struct loop_config usual;
static struct answer answer;

static struct serving *begin(void)
{
    static struct serving s;

    if (!serving_open(&s, usual, "127.0.0.1:0"))
        abort();
    serving_start(&s);
    return &s;
}

static void keep_alive(void **state)
{
    struct serving *s = begin();
    int fd = client_open(s);

    (void)state;
    CASE("a second and a third request on one connection");
    CHECK(client_ask(fd, GET("/"), 200, "GET / 0"));
    CHECK(client_ask(fd, GET("/nowhere"), 404, "no such path"));
    CHECK(client_ask(fd, "POST /echo" HOST "Content-Length: 3\r\n\r\nabc", 200,
                     "abc"));
    CASE("HEAD has the length and no body");
    CHECK(client_say(fd, "HEAD /" HOST "\r\n"));
    CHECK(client_read(fd, &answer, false));
    CHECK(strstr(answer.head, "Content-Length: 8\r\n") != NULL);
    CASE("OPTIONS of the whole server");
    CHECK(client_ask(fd, "OPTIONS *" HOST "\r\n", 200, "OPTIONS * 0"));
    CASE("no word of the server's name");
    CHECK(client_say(fd, GET("/")) && client_read(fd, &answer, true));
    CHECK(strstr(answer.head, "Server:") == NULL);
    CHECK(strstr(answer.head, "Date: ") != NULL);
    CHECK(strstr(answer.head, "Connection:") == NULL);
    CASE("Connection: close is obeyed, and said");
    CHECK(client_say(fd, "GET /" HOST "Connection: close\r\n\r\n"));
    CHECK(client_read(fd, &answer, true));
    CHECK(strstr(answer.head, "Connection: close\r\n") != NULL);
    CHECK(client_at_end(fd));
    close(fd);
    CASE("an answer that closes");
    fd = client_open(s);
    CHECK(client_ask(fd, GET("/close"), 200, "GET /close 0"));
    CHECK(client_at_end(fd));
    close(fd);
    CASE("HTTP/1.0 closes");
    fd = client_open(s);
    CHECK(client_ask(fd, "GET / HTTP/1.0\r\n\r\n", 200, "GET / 0"));
    CHECK(client_at_end(fd));
    close(fd);
    CASE("the end of all that");
    CHECK(serving_stop(s));
}

static void pieces(void **state)
{
    const char request[] = "POST /echo" HOST "Content-Length: 5\r\n\r\nhello";
    struct serving *s = begin();
    int fd = client_open(s);
    const int on = 1;

    (void)state;
    CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    CASE("a request one byte at a time");
    for (size_t i = 0; i + 1 < sizeof request; i++)
        CHECK(client_send(fd, request + i, 1));
    CHECK(client_read(fd, &answer, true));
    CHECK_TEXT(answer.body, "hello");
    CASE("a request cut at every point");
    for (size_t cut = 1; cut + 1 < sizeof request; cut++) {
        CHECK(client_send(fd, request, cut));
        CHECK(client_send(fd, request + cut, sizeof request - 1 - cut));
        CHECK(client_read(fd, &answer, true));
        CHECK_TEXT(answer.body, "hello");
    }
    close(fd);
    CHECK(serving_stop(s));
}

static void pipelining(void **state)
{
    static char all[64 * 1024];
    struct serving *s = begin();
    int fd = client_open(s);
    size_t length = 0;

    (void)state;
    CASE("fifty requests at once are answered in order");
    for (int i = 0; i < 50; i++)
        length += (size_t)snprintf(
            all + length, sizeof all - length,
            "POST /echo" HOST "Content-Length: 2\r\n\r\n%02d", i);
    CHECK(client_send(fd, all, length));
    for (int i = 0; i < 50; i++) {
        CHECK(client_read(fd, &answer, true));
        CHECK_EQ(strtol(answer.body, NULL, 10), i);
    }
    CASE("requests behind one in work wait for it");
    CHECK(client_say(fd, GET("/held") GET("/") GET("/held") GET("/")));
    CHECK(serving_wait_held(s, 1));
    CHECK(client_say(fd, GET("/close")));
    for (int i = 0; i < 2; i++) {
        CHECK(serving_wait_held(s, 1));
        serving_release(s);
        CHECK(client_read(fd, &answer, true));
        CHECK_TEXT(answer.body, "held");
        CHECK(client_read(fd, &answer, true));
        CHECK_TEXT(answer.body, "GET / 0");
    }
    CHECK(client_read(fd, &answer, true));
    CHECK_TEXT(answer.body, "GET /close 0");
    CHECK(client_at_end(fd));
    close(fd);
    CHECK(serving_stop(s));
}

static void bodies(void **state)
{
    static char body[HTTP_BODY_LIMIT + 1];
    struct serving *s = begin();
    int fd = client_open(s);

    (void)state;
    memset(body, 'b', sizeof body);
    CASE("the longest body, and a request behind it");
    CHECK(client_say(fd, "POST /echo" HOST "Content-Length: 65536\r\n\r\n"));
    CHECK(client_send(fd, body, HTTP_BODY_LIMIT));
    CHECK(client_say(fd, GET("/")));
    CHECK(client_read(fd, &answer, true));
    CHECK_BYTES(answer.body, answer.body_length, body, HTTP_BODY_LIMIT);
    CHECK(client_read(fd, &answer, true));
    CHECK_TEXT(answer.body, "GET / 0");
    CASE("100-continue, then the body");
    CHECK(client_say(fd, "POST /echo" HOST "Content-Length: 5\r\n"
                         "Expect: 100-continue\r\n\r\n"));
    CHECK(client_read(fd, &answer, false));
    CHECK_EQ(answer.status, 100);
    CHECK(client_ask(fd, "hello", 200, "hello"));
    CASE("no 100 when the body is there already");
    CHECK(client_ask(fd,
                     "POST /echo" HOST "Content-Length: 5\r\n"
                     "Expect: 100-continue\r\n\r\nhello",
                     200, "hello"));
    CASE("a body too long to expect is refused at once");
    CHECK(client_ask(fd,
                     "POST /echo" HOST "Content-Length: 65537\r\n"
                     "Expect: 100-continue\r\n\r\n",
                     413, "refused 413 /echo"));
    CHECK(client_at_end(fd));
    close(fd);
    CHECK(serving_stop(s));
}

struct refusal {
    const char *name;
    const char *bytes;
    int status;
    const char *body;
};

static const struct refusal refusals[] = {
  /* clang-format off */
    {"no request at all", "\x16\x03", 400, "refused 400 "},
    {"a header with a blank",
     "GET /p HTTP/1.1\r\na : b\r\n\r\n", 400, "refused 400 /p"},
    {"a bare LF, before its end", "GET /p HTTP/1.1\n", 400, "refused 400 "},
    {"chunked",
     "POST /p" HOST "Transfer-Encoding: chunked\r\n\r\n", 411,
      "refused 411 /p"},
    {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "refused 505 "},
    {"an expectation",
     "GET /p" HOST "Expect: tea\r\n\r\n", 417, "refused 417 /p"},
  /* clang-format on */
};

static void refused(void **state)
{
    struct serving *s = begin();

    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct refusal *r = &refusals[i];
        int fd = client_open(s);

        CASE(r->name);
        CHECK(client_ask(fd, r->bytes, r->status, r->body));
        // Nothing behind a refusal is served.
        (void)client_say(fd, GET("/"));
        CHECK(client_at_end(fd));
        close(fd);
    }
    CHECK(serving_stop(s));
}

static void too_long(void **state)
{
    static char much[1024 * 1024];
    struct serving *s = begin();
    int fd = client_open(s);

    (void)state;
    memset(much, 'x', sizeof much);
    CASE("a head without an end");
    CHECK(client_say(fd, "GET /" HOST "a: "));
    CHECK(client_send(fd, much, HTTP_HEAD_LIMIT));
    CHECK(client_read(fd, &answer, true));
    CHECK_EQ(answer.status, 431);
    CHECK(client_at_end(fd));
    close(fd);
    CASE("a target without an end");
    fd = client_open(s);
    CHECK(client_say(fd, "GET /"));
    CHECK(client_send(fd, much, HTTP_HEAD_LIMIT));
    CHECK(client_read(fd, &answer, true));
    CHECK_EQ(answer.status, 414);
    close(fd);
    CASE("who sends a megabyte before reading still reads the 413");
    fd = client_open(s);
    CHECK(client_say(fd, "POST /p" HOST "Content-Length: 1048576\r\n\r\n"));
    CHECK(client_send(fd, much, sizeof much));
    CHECK(client_read(fd, &answer, true));
    CHECK_EQ(answer.status, 413);
    CHECK_TEXT(answer.body, "refused 413 /p");
    close(fd);
    CHECK(serving_stop(s));
}

static void answers(void **state)
{
    struct serving *s = begin();
    int fd = client_open(s);

    (void)state;
    CASE("an injected header becomes a plain 500 and closes");
    CHECK(client_ask(fd, GET("/inject"), 500, "Internal Server Error\n"));
    CHECK(client_at_end(fd));
    close(fd);
    CASE("a dropped answer is an end without a byte");
    fd = client_open(s);
    CHECK(client_say(fd, GET("/drop")));
    CHECK(client_at_end(fd));
    close(fd);
    CASE("answers at the end of a turn");
    fd = client_open(s);
    CHECK(client_ask(fd, GET("/batch"), 200, "batch"));
    CHECK(client_say(fd, GET("/batch") GET("/batch")));
    CHECK(client_read(fd, &answer, true) && client_read(fd, &answer, true));
    CASE("an answer by a tick");
    CHECK(client_ask(fd, GET("/tick"), 200, "tick"));
    CASE("what can be reserved is bounded, and every time anew");
    CHECK(client_ask(fd, GET("/reserve"), 200, "195000"));
    CHECK(client_ask(fd, GET("/reserve"), 200, "195000"));
    CASE("who is asking");
    CHECK(client_ask(fd, GET("/peer"), 200, "127.0.0.1"));
    close(fd);
    CHECK(serving_stop(s));
}

/* Asks for more than kernel buffers hold before it reads the first answer. */
static void read_late(struct serving *s, const char *request)
{
    enum { ANSWERS = 80 };
    int fd = client_open(s);

    for (int i = 0; i < ANSWERS; i++)
        CHECK(client_say(fd, request));
    for (int i = 0; i < ANSWERS; i++) {
        CHECK(client_read(fd, &answer, true));
        CHECK_EQ(answer.body_length, SERVING_MANY);
        for (size_t at = 0; at < answer.body_length; at += 997)
            CHECK_EQ(answer.body[at], 'm');
    }
    CHECK(client_ask(fd, GET("/"), 200, "GET / 0"));
    close(fd);
}

static void slow_readers(void **state)
{
    struct serving *s = begin();

    (void)state;
    CASE("long answers, copied, wait for a slow reader");
    read_late(s, GET("/many"));
    CASE("long answers, lasting, wait for a slow reader");
    read_late(s, GET("/lasting"));
    CHECK(serving_stop(s));
}

static void leaving(void **state)
{
    const struct linger reset = {1, 0};
    struct serving *s = begin();
    int fd = client_open(s);

    (void)state;
    CASE("half closed behind its request: answered, then closed");
    CHECK(client_say(fd, GET("/")));
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    CHECK(client_read(fd, &answer, true));
    CHECK(client_at_end(fd));
    close(fd);
    CASE("half closed while in work: answered, then closed");
    fd = client_open(s);
    CHECK(client_say(fd, GET("/held")));
    CHECK(serving_wait_held(s, 1));
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    serving_release(s);
    CHECK(client_read(fd, &answer, true));
    CHECK(client_at_end(fd));
    close(fd);
    CASE("half a request, then gone");
    fd = client_open(s);
    CHECK(client_say(fd, "GET /held HTT"));
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    CHECK(client_at_end(fd));
    close(fd);
    CASE("gone while in work: the answer is dropped, others are served");
    for (int i = 0; i < 20; i++) {
        fd = client_open(s);
        CHECK(client_say(fd, GET("/held") GET("/held")));
        CHECK(serving_wait_held(s, (size_t)i + 1));
        CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset),
                 0);
        close(fd);
    }
    serving_release(s);
    fd = client_open(s);
    CHECK(client_ask(fd, GET("/"), 200, "GET / 0"));
    close(fd);
    CHECK(serving_stop(s));
}

static void a_thousand(void **state)
{
    enum { MANY = 1000 };
    static int fds[MANY];
    struct serving *s = begin();
    struct rlimit limit;
    struct loop_counts counts;

    (void)state;
    CASE("a thousand connections, each served twice");
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < MANY; i++)
        fds[i] = client_open(s);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < MANY; i++)
            CHECK(client_ask(fds[i], GET("/"), 200, "GET / 0"));
    loop_counts(s->loop, &counts);
    CHECK_EQ(counts.connections, MANY);
    CHECK_EQ(counts.requests, 2 * MANY);
    for (size_t i = 0; i < MANY; i++)
        close(fds[i]);
    CHECK(serving_stop(s));
}

static void unix_socket(void **state)
{
    static struct serving s;
    char folder[] = "/tmp/stay-loop-XXXXXX";
    char where[64];
    int fd;

    (void)state;
    CASE("a Unix socket serves, and says that it is one");
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(where, sizeof where, "unix:%s/socket", folder);
    CHECK(serving_open(&s, usual, where));
    serving_start(&s);
    fd = client_open(&s);
    CHECK(client_ask(fd, GET("/peer"), 200, "unix"));
    CHECK(client_ask(fd, GET("/"), 200, "GET / 0"));
    CHECK(serving_stop(&s));
    close(fd);
    CHECK_EQ(rmdir(folder), 0);
}

enum {
    POSTERS = 4,
    POSTS = 5000,
};

struct post {
    struct loop_job job;
    int poster;
    int number;
};

static struct post posts[POSTERS][POSTS];
static int last_run[POSTERS]; /* the loop's thread only, until it ended */
static int out_of_order;
static _Atomic int run_count;

static void note_run(struct loop_job *job)
{
    const struct post *p = (const struct post *)job;

    if (p->number != last_run[p->poster] + 1)
        out_of_order++;
    last_run[p->poster] = p->number;
    atomic_fetch_add(&run_count, 1);
}

struct poster {
    struct loop *loop;
    int number;
};

static void *post_all(void *context)
{
    const struct poster *p = context;

    for (int i = 0; i < POSTS; i++) {
        posts[p->number][i] = (struct post){
            {NULL, note_run},
            p->number, i + 1
        };
        loop_post(p->loop, &posts[p->number][i].job);
    }
    return NULL;
}

static void posting(void **state)
{
    struct serving *s = begin();
    pthread_t threads[POSTERS];
    struct poster posters[POSTERS];

    (void)state;
    CASE("jobs of four threads run each once, in their thread's order");
    for (int i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){s->loop, i};
        CHECK_EQ(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    for (int i = 0; i < POSTERS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK(serving_stop(s)); // loop_close runs what was left
    CHECK_EQ(run_count, POSTERS * POSTS);
    CHECK_EQ(out_of_order, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_alive),  cmocka_unit_test(pieces),
        cmocka_unit_test(pipelining),  cmocka_unit_test(bodies),
        cmocka_unit_test(refused),     cmocka_unit_test(too_long),
        cmocka_unit_test(answers),     cmocka_unit_test(slow_readers),
        cmocka_unit_test(leaving),     cmocka_unit_test(a_thousand),
        cmocka_unit_test(unix_socket), cmocka_unit_test(posting),
    };

    return check_run("server/loop", tests);
}
