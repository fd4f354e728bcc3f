#include "server/listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"

struct parse_case {
    const char *name;
    const char *text;
    bool good;
    bool is_local;
};

static const struct parse_case parse_cases[] = {
    {"an IPv4 address and port",          "127.0.0.1:8080",   true,  true },
    {"all of 127 is this machine",        "127.255.0.9:1",    true,  true },
    {"128 is not",                        "128.0.0.1:1",      true,  false},
    {"every address",                     "0.0.0.0:80",       true,  false},
    {"localhost by name",                 "localhost:0",      true,  true },
    {"the highest port",                  "127.0.0.1:65535",  true,  true },
    {"a port beyond it",                  "127.0.0.1:65536",  false, false},
    {"a port with a sign",                "127.0.0.1:+80",    false, false},
    {"a port with a leading nought",      "127.0.0.1:080",    false, false},
    {"no port",                           "127.0.0.1",        false, false},
    {"an empty port",                     "127.0.0.1:",       false, false},
    {"no address",                        ":8080",            false, false},
    {"three numbers are no address",      "127.0.1:80",       false, false},
    {"a name is not looked up",           "example.org:80",   false, false},
    {"IPv6, this machine",                "[::1]:8080",       true,  true },
    {"IPv6, every address",               "[::]:8080",        true,  false},
    {"IPv6 without brackets",             "::1:8080",         false, false},
    {"IPv6 without its last bracket",     "[::1:8080",        false, false},
    {"IPv6 without a port",               "[::1]",            false, false},
    {"IPv6 and no colon before the port", "[::1]8080",        false, false},
    {"IPv4 in brackets",                  "[127.0.0.1]:80",   false, false},
    {"a Unix socket",                     "unix:/tmp/a.sock", true,  true },
    {"a Unix socket without a path",      "unix:",            false, false},
    {"nothing",                           "",                 false, false},
    {"an address of a thousand letters",  NULL,               false, false},
};

static void parse(void **state)
{
    char many[1001];

    (void)state;
    memset(many, 'a', 1000);
    many[1000] = '\0';
    for (size_t i = 0; i < COUNT(parse_cases); i++) {
        const struct parse_case *c = &parse_cases[i];
        struct listen_address address;
        char problem[LISTEN_TEXT];
        enum listen_result result;

        CASE(c->name);
        result = listen_parse(c->text ? c->text : many, &address, problem);
        CHECK_EQ(result, c->good ? LISTEN_OK : LISTEN_BAD_ADDRESS);
        CHECK_EQ(problem[0] == '\0', c->good);
        CHECK(strchr(problem, '\n') == NULL);
        if (c->good)
            CHECK_EQ(listen_is_local(&address), c->is_local);
    }
}

static void path_length(void **state)
{
    char text[5 + 109] = "unix:";
    struct listen_address address;
    char problem[LISTEN_TEXT];

    (void)state;
    memset(text + 5, 'p', 108);
    CASE("a path of 108 bytes has no room for its end");
    CHECK_EQ(listen_parse(text, &address, problem), LISTEN_BAD_ADDRESS);
    CASE("a path of 107 bytes");
    text[5 + 107] = '\0';
    CHECK_EQ(listen_parse(text, &address, problem), LISTEN_OK);
}

static enum listen_result open_at(const char *text, size_t count, int fds[],
                                  struct listen_address *address,
                                  char problem[LISTEN_TEXT])
{
    CHECK_EQ(listen_parse(text, address, problem), LISTEN_OK);
    return listen_open(address, count, fds, problem);
}

static void close_all(int fds[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

/* Both ways of opening: alone, and shared among loops. */
static void taken_with(size_t first_count, size_t second_count)
{
    struct listen_address address;
    struct listen_address again;
    char problem[LISTEN_TEXT];
    char url[LISTEN_TEXT];
    int fds[4];
    int more[4];

    CHECK_EQ(open_at("127.0.0.1:0", first_count, fds, &address, problem),
             LISTEN_OK);
    listen_url(fds[0], url);
    CHECK(strncmp(url, "http://127.0.0.1:", 17) == 0);
    CHECK(strcmp(url + 17, "0") != 0);
    CHECK_EQ(open_at(url + 7, second_count, more, &again, problem),
             LISTEN_TAKEN);
    CHECK(strstr(problem, url) != NULL && strstr(problem, "taken") != NULL);
    CHECK(strchr(problem, '\n') == NULL);
    close_all(fds, first_count);
    CHECK_EQ(open_at(url + 7, second_count, more, &again, problem), LISTEN_OK);
    close_all(more, second_count);
}

static void taken(void **state)
{
    (void)state;
    CASE("one loop finds the port taken, and then free");
    taken_with(1, 1);
    CASE("several loops find the port of one taken");
    taken_with(1, 3);
    CASE("one loop finds the port of several taken");
    taken_with(3, 1);
    CASE("several loops find the port of several others taken");
    taken_with(3, 3);
}

static void ports(void **state)
{
    struct listen_address address;
    char problem[LISTEN_TEXT];
    char first[LISTEN_TEXT];
    char url[LISTEN_TEXT];
    int fds[3] = {-1, -1, -1};

    (void)state;
    CASE("port 0 is the same port for all loops");
    CHECK_EQ(open_at("127.0.0.1:0", 3, fds, &address, problem), LISTEN_OK);
    listen_url(fds[0], first);
    for (size_t i = 0; i < 3; i++) {
        listen_url(fds[i], url);
        CHECK_TEXT(url, first);
        CHECK((fcntl(fds[i], F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((fcntl(fds[i], F_GETFL) & O_NONBLOCK) != 0);
    }
    close_all(fds, 3);
    CASE("a low port, or a foreign address, is said in one line");
    CHECK_EQ(open_at("192.0.2.1:0", 1, fds, &address, problem), LISTEN_SYSTEM);
    CHECK(strstr(problem, "192.0.2.1") != NULL);
}

static void unix_socket(void **state)
{
    char folder[] = "/tmp/stay-listen-XXXXXX";
    char text[64];
    struct listen_address address;
    struct listen_address again;
    char problem[LISTEN_TEXT];
    char url[LISTEN_TEXT];
    struct stat file = {0};
    mode_t before;
    int fds[2];
    int more[1];

    (void)state;
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(text, sizeof text, "unix:%s/s", folder);
    CASE("a Unix socket for two loops, for its owner and group");
    before = umask(077); // as stayd sets it
    CHECK_EQ(open_at(text, 2, fds, &address, problem), LISTEN_OK);
    (void)umask(before);
    CHECK_EQ(stat(text + 5, &file), 0);
    CHECK_EQ(file.st_mode & 0777, 0660);
    listen_url(fds[1], url);
    CHECK_TEXT(url, text);
    CASE("a living one is taken");
    CHECK_EQ(open_at(text, 1, more, &again, problem), LISTEN_TAKEN);
    CASE("a dead one is replaced");
    close_all(fds, 2);
    CHECK_EQ(open_at(text, 1, more, &again, problem), LISTEN_OK);
    close_all(more, 1);
    CASE("its file can be removed, twice");
    listen_forget(&again);
    CHECK(stat(text + 5, &file) != 0);
    listen_forget(&again);
    CASE("a file that is no socket is left alone");
    close(open(text + 5, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    CHECK_EQ(open_at(text, 1, more, &again, problem), LISTEN_TAKEN);
    CHECK_EQ(stat(text + 5, &file), 0);
    unlink(text + 5);
    rmdir(folder);
}

/* Makes descriptor 3 (and 4) what a service manager would pass. */
static void pass(int fd, const char *count, pid_t pid)
{
    char number[16];

    dup2(fd, 3);
    (void)snprintf(number, sizeof number, "%d", (int)pid);
    setenv("LISTEN_FDS", count, 1);
    setenv("LISTEN_PID", number, 1);
    setenv("LISTEN_FDNAMES", "stayd.socket", 1);
}

static void inherited(void **state)
{
    struct listen_address address;
    char problem[LISTEN_TEXT];
    char want[LISTEN_TEXT];
    char url[LISTEN_TEXT];
    int fds[4];
    int got[4];

    (void)state;
    CHECK_EQ(open_at("127.0.0.1:0", 1, fds, &address, problem), LISTEN_OK);
    listen_url(fds[0], want);
    CASE("nothing was passed");
    CHECK_EQ(listen_inherited(got, 4), 0);
    CASE("one listening socket was passed to us");
    pass(fds[0], "1", getpid());
    if (CHECK_EQ(listen_inherited(got, 4), 1)) {
        listen_url(got[0], url);
        CHECK_TEXT(url, want);
        CHECK((fcntl(got[0], F_GETFD) & FD_CLOEXEC) != 0);
        close(got[0]);
    }
    CHECK(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_PID") == NULL);
    CASE("it was passed to another process");
    pass(fds[0], "1", getpid() + 1);
    CHECK_EQ(listen_inherited(got, 4), 0);
    CASE("a number that is none");
    pass(fds[0], "-1", getpid());
    CHECK_EQ(listen_inherited(got, 4), 0);
    close(fds[0]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse),       cmocka_unit_test(path_length),
        cmocka_unit_test(taken),       cmocka_unit_test(ports),
        cmocka_unit_test(unix_socket), cmocka_unit_test(inherited),
    };

    // The place where inherited descriptors begin must be ours to use.
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) < 4)
        ;
    return check_run("server/listen", tests);
}
