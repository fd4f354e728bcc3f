/*
 * Who is let through: throttling in every family's words, and whose address
 * counts behind proxies. The tests are the proxy: they say X-Forwarded-For.
 */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

/* As src/server/throttle.c has them. */
enum {
    PAIR_BURST = 10,
    PAIR_S = 30,
    REFRESH_BURST = 300,
    TAKEN_BURST = 20,
    NETWORK_BURST = 100,
    SIGN_UP_BURST = 100,
    SIGN_UP_MS = 10 * 1000,
};

static const char *const behind_proxy[] = {"--throttle", "--trust-proxy",
                                           "127.0.0.1",  "--trust-proxy",
                                           "10.0.0.0/8", NULL};
static const char *const alone[] = {"--throttle", NULL};

/* POST with a body in JSON or else as a form, and X-Forwarded-For unless `from`
   is NULL. */
static struct wire_reply post(const struct stayd *stayd, const char *path,
                              const char *body, const char *from)
{
    char headers[512];
    const char *type = body[0] == '{' ? "application/json"
                                      : "application/x-www-form-urlencoded";
    struct wire_request request = {
        .method = "POST", .path = path, .headers = headers, .body = body};
    int length =
        snprintf(headers, sizeof headers, "Content-Type: %s\r\n", type);

    if (from != NULL)
        (void)snprintf(headers + length, sizeof headers - (size_t)length,
                       "X-Forwarded-For: %s\r\n", from);
    return wire_ask(stayd->port, &request);
}

static int post_status(const struct stayd *stayd, const char *path,
                       const char *body, const char *from)
{
    struct wire_reply reply = post(stayd, path, body, from);
    int status = reply.status;

    wire_clear(&reply);
    return status;
}

static const char express_in[] = "/d/express/api/auth/signin";
static const char wrong[] = "{\"username\":\"ada\",\"password\":\"wrong-one\"}";
static const char right[] = "{\"username\":\"ada\",\"password\":\"lovelace\"}";

static int guess(const struct stayd *stayd, const char *from)
{
    return post_status(stayd, express_in, wrong, from);
}

static int guess_other(const struct stayd *stayd, const char *from)
{
    return post_status(stayd, express_in,
                       "{\"username\":\"max\",\"password\":\"wrong-one\"}",
                       from);
}

/* ---- Each family refuses in its own shape ---- */

// clang-format off
static const struct {
    const char *name;
    const char *path;
    const char *body; /* JSON, or else a form */
    const char *want;
} families[] = {
    {"stay", "/d/stay/api/session", "{\"username\":\"ada\","
     "\"password\":\"wrong-one\",\"sid\":\"AAAAAAAAAAAAAAAAAAAAAA\","
     "\"next\":\"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
     "{\"error\":\"throttled\",\"message\":\"<ANY>\"}"},
    {"express", "/d/express/api/auth/signin", wrong,
     "{\"message\":\"Too many requests, please try again later.\"}"},
    {"django", "/d/django/api/v1/auth/jwt/create/", wrong,
     "{\"detail\":\"Request was throttled.<ANY>\"}"},
    {"spring", "/d/spring/api/auth/signin", wrong, "{\"timestamp\":\"<ANY>\","
     "\"status\":429,\"error\":\"Too Many Requests\","
     "\"path\":\"/api/auth/signin\"}"},
    {"nest", "/d/nest/auth/login", wrong, "{\"statusCode\":429,"
     "\"message\":\"ThrottlerException: Too Many Requests\"}"},
    {"nest-camel", "/d/nest-camel/auth/login", wrong, "{\"statusCode\":429,"
     "\"message\":\"ThrottlerException: Too Many Requests\"}"},
    {"sofunction", "/d/sofunction/auth/login", wrong,
     "{\"message\":\"Too many requests\"}"},
    {"symfony", "/d/symfony/api/login_check", wrong, "{\"code\":429,"
     "\"message\":\"Too many failed login attempts, please try again in 1 "
     "minute.\"}"},
    {"oauth2", "/d/oauth2/oauth/token",
     "grant_type=password&username=ada&password=wrong-one",
     "{\"error\": \"slow_down\"<ANY>}"},
};
// clang-format on

static void check_refusal(const struct wire_reply *reply, const char *want)
{
    char value[1024];
    long wait;

    CHECK_EQ(reply->status, 429);
    CHECK(wire_header(reply, "Retry-After", 0, value));
    wait = strtol(value, NULL, 10);
    CHECK(wait >= 1 && wait <= PAIR_S);
    CHECK(wire_match(want, reply->body));
    CHECK(reply->body_size > 0);
}

static void one_family(const struct stayd *stayd, size_t which)
{
    struct wire_reply reply;

    check_case("%s: throttled in the family's shape", families[which].name);
    reply =
        post(stayd, families[which].path, families[which].body, "192.0.2.1");
    check_refusal(&reply, families[which].want);
    wire_clear(&reply);
}

static void wrong_passwords(const struct stayd *stayd)
{
    CASE("so many wrong passwords are refused as such");
    for (int i = 0; i < PAIR_BURST; i++)
        CHECK_EQ(guess(stayd, "192.0.2.1"), 401);
    for (size_t i = 0; i < COUNT(families); i++)
        one_family(stayd, i);
    CASE("the right password is refused there too: it cannot be found so");
    CHECK_EQ(post_status(stayd, express_in, right, "192.0.2.1"), 429);
    CASE("and is good from elsewhere");
    CHECK_EQ(post_status(stayd, express_in, right, "192.0.2.200"), 200);
    CASE("a name that is nobody's is throttled alike");
    for (int i = 0; i < PAIR_BURST; i++)
        CHECK_EQ(post_status(stayd, express_in,
                             "{\"username\":\"nix\",\"password\":\"x\"}",
                             "192.0.2.201"),
                 401);
    CHECK_EQ(post_status(stayd, express_in,
                         "{\"username\":\"nix\",\"password\":\"x\"}",
                         "192.0.2.201"),
             429);
    CASE("a right password empties what wrong ones have filled");
    for (int i = 0; i < PAIR_BURST - 1; i++)
        CHECK_EQ(guess(stayd, "192.0.2.202"), 401);
    CHECK_EQ(post_status(stayd, express_in, right, "192.0.2.202"), 200);
    CHECK_EQ(guess(stayd, "192.0.2.202"), 401);
    CHECK_EQ(guess(stayd, "192.0.2.202"), 401);
    CASE("what was throttled is counted");
    CHECK(stayd_metric(stayd, "stay_throttled_total{act=\"sign_in\"}") >=
          (double)COUNT(families));
}

/* ---- Whose address it is ---- */

static void addresses(const struct stayd *stayd)
{
    char from[64];
    int passed = 0;

    CASE("a client that forges its header before our proxy adds to it");
    for (int i = 0; i < 2 * PAIR_BURST; i++) {
        (void)snprintf(from, sizeof from, "203.0.113.%d, 198.51.100.1", i);
        passed += guess_other(stayd, from) == 401;
    }
    CHECK_EQ(passed, PAIR_BURST);
    CASE("two proxies of ours: the client behind both");
    CHECK_EQ(guess_other(stayd, "198.51.100.1, 10.1.2.3"), 429);
    CHECK_EQ(guess_other(stayd, "198.51.100.2, 10.1.2.3"), 401);
    CASE("a second proxy that is not ours is the client itself");
    for (int i = 0; i < PAIR_BURST; i++)
        CHECK_EQ(guess_other(stayd, "198.51.100.3, 172.16.0.1"), 401);
    CHECK_EQ(guess_other(stayd, "198.51.100.4, 172.16.0.1"), 429);
    CASE("IPv6 is counted by the first 64 bits");
    for (int i = 0; i < PAIR_BURST; i++) {
        (void)snprintf(from, sizeof from, "2001:db8:1:2:%x::%x", i, i);
        CHECK_EQ(guess_other(stayd, from), 401);
    }
    CHECK_EQ(guess_other(stayd, "2001:db8:1:2:ffff::1"), 429);
    CHECK_EQ(guess_other(stayd, "2001:db8:1:3::1"), 401);
}

static void forged(void **state)
{
    struct stayd stayd;
    char line[PROCESS_LINE_SIZE];
    char from[32];
    size_t at = 0;
    int passed = 0;

    (void)state;
    CASE("stayd starts without a proxy");
    if (!stayd_start(&stayd, alone))
        return;
    CASE("a forged header from a peer that is not trusted changes nothing");
    for (int i = 0; i < 2 * PAIR_BURST; i++) {
        (void)snprintf(from, sizeof from, "203.0.113.%d", i);
        passed += guess(&stayd, from) == 401;
    }
    CHECK_EQ(passed, PAIR_BURST);
    CASE("the log says whose header was not believed, and what to do");
    CHECK(process_line(
        stayd.process, PROCESS_ERR,
        "\"event\":\"untrusted_proxy\",\"address\":\"127.0.0.1\"", &at, line));
    CHECK(strstr(line, "--trust-proxy") != NULL);
    CHECK(strstr(line, "203.0.113") == NULL);
    stayd_clear(&stayd);
}

/* One request over a Unix socket; its status, or -1. */
static int ask_unix(const char *path, const char *from)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct wire_reply reply = {.status = -1};
    char headers[128];
    struct wire_request request = {.method = "POST",
                                   .path = express_in,
                                   .headers = headers,
                                   .body = wrong};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status;

    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    (void)snprintf(headers, sizeof headers, "X-Forwarded-For: %s\r\n", from);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        reply = wire_ask_on(fd, &request);
    status = reply.status;
    wire_clear(&reply);
    (void)close(fd);
    return status;
}

/* `trust` is the option's value, or NULL. How many of 20 guesses, each from an
   address of its own, got an answer of their own. */
static int guesses_by_unix(const char *trust)
{
    char folder[PROCESS_PATH_SIZE];
    char path[PROCESS_PATH_SIZE + 16];
    char listen[sizeof path + 8];
    char database[sizeof path + 8];
    char line[PROCESS_LINE_SIZE];
    const char *argv[] = {stayd_path(),
                          "--listen",
                          listen,
                          "--database",
                          database,
                          "--demo",
                          trust != NULL ? "--trust-proxy" : NULL,
                          trust,
                          NULL};
    struct process *process;
    size_t at = 0;
    int passed = 0;

    if (!CHECK(process_folder(folder)))
        return -1;
    (void)snprintf(path, sizeof path, "%s/s", folder);
    (void)snprintf(listen, sizeof listen, "unix:%s", path);
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    process = process_start(argv, NULL);
    if (CHECK(process_line(process, PROCESS_OUT, "listening on ", &at, line)))
        for (int i = 0; i < 2 * PAIR_BURST; i++) {
            char from[32];

            (void)snprintf(from, sizeof from, "203.0.113.%d", i);
            passed += ask_unix(path, from) == 401;
        }
    process_close(process);
    process_folder_remove(folder);
    return passed;
}

static void unix_socket(void **state)
{
    (void)state;
    CASE("behind a Unix socket that is trusted, each client counts alone");
    CHECK_EQ(guesses_by_unix("unix"), 2 * PAIR_BURST);
    CASE("not trusted, all of them are one");
    CHECK_EQ(guesses_by_unix(NULL), PAIR_BURST);
}

/* ---- Behind one address ---- */

static int sign_in_from(const struct stayd *stayd, const char *name,
                        const char *password)
{
    char body[128];

    (void)snprintf(body, sizeof body,
                   "{\"username\":\"%s\",\"password\":\"%s\"}", name, password);
    return post_status(stayd, express_in, body, "192.0.2.150");
}

/* Somebody tries one password on many accounts, until it is enough. */
static void spray(const struct stayd *stayd)
{
    char name[32];
    int refused = 0;

    for (int i = 0; i < NETWORK_BURST + 20 && refused < 3; i++) {
        (void)snprintf(name, sizeof name, "name-%d", i);
        refused += sign_in_from(stayd, name, "Spring-2026") == 429;
    }
    CHECK_EQ(refused, 3);
}

static void neighbours(const struct stayd *stayd)
{
    CASE("one of an office signs in");
    CHECK_EQ(sign_in_from(stayd, "max", "quantum-1900"), 200);
    CASE("another one tries a password on many accounts, until it is enough");
    spray(stayd);
    CASE("the first signs in as ever");
    CHECK_EQ(sign_in_from(stayd, "max", "quantum-1900"), 200);
    CASE("also when it takes a few tries");
    CHECK_EQ(sign_in_from(stayd, "max", "quantum-1901"), 401);
    CHECK_EQ(sign_in_from(stayd, "max", "quantum-1900"), 200);
    CASE("whoever is new there has to wait");
    CHECK_EQ(sign_in_from(stayd, "root", "toor-toor"), 429);
}

/* What was known in memory has gone, what is known by a session has not. */
static void neighbours_of_old(void **state)
{
    struct stayd stayd;

    (void)state;
    CASE("one signs in there, and another elsewhere");
    if (!stayd_start(&stayd, behind_proxy))
        return;
    CHECK_EQ(sign_in_from(&stayd, "max", "quantum-1900"), 200);
    CHECK_EQ(post_status(&stayd, express_in, right, "192.0.2.151"), 200);
    CASE("stayd is started again, and somebody there tries many accounts");
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    if (stayd_restart(&stayd, behind_proxy)) {
        spray(&stayd);
        CASE("who has a session from there signs in as ever");
        CHECK_EQ(sign_in_from(&stayd, "max", "quantum-1900"), 200);
        CASE("who has one from elsewhere has to wait");
        CHECK_EQ(sign_in_from(&stayd, "ada", "lovelace"), 429);
        CASE("and so has who is nobody");
        CHECK_EQ(sign_in_from(&stayd, "nobody", "lovelace"), 429);
    }
    stayd_clear(&stayd);
}

/* ---- Sign-up and refresh ---- */

static void taken(const struct stayd *stayd)
{
    static const char path[] = "/d/express/api/auth/signup";
    static const char body[] =
        "{\"username\":\"ada\",\"email\":\"a@b.example\","
        "\"password\":\"wonderland-1865\"}";
    int told = 0;

    CASE("who has an account is told so many times, and no more");
    for (int i = 0; i < TAKEN_BURST + 5; i++)
        told += post_status(stayd, path, body, "192.0.2.77") == 400;
    CHECK_EQ(told, TAKEN_BURST);
    CASE("nor is it then told who has none");
    CHECK_EQ(post_status(stayd, path,
                         "{\"username\":\"new-one\",\"email\":\"n@b.example\","
                         "\"password\":\"wonderland-1865\"}",
                         "192.0.2.77"),
             429);
    CASE("elsewhere it goes on");
    CHECK_EQ(post_status(stayd, path,
                         "{\"username\":\"new-one\",\"email\":\"n@b.example\","
                         "\"password\":\"wonderland-1865\"}",
                         "192.0.2.78"),
             200);
}

/* Each is a hash's work, in which time others leak out. */
static void newcomers(const struct stayd *stayd)
{
    static const char path[] = "/d/express/api/auth/signup";
    int64_t began_ms = process_now_ms();
    int64_t leaked;
    int added = 0;

    CASE("so many new accounts from one address, and no more");
    for (int i = 0; i < SIGN_UP_BURST + 10; i++) {
        char body[160];

        (void)snprintf(
            body, sizeof body,
            "{\"username\":\"new-%d\",\"email\":\"new-%d@b.example\","
            "\"password\":\"wonderland-1865\"}",
            i, i);
        added += post_status(stayd, path, body, "192.0.2.79") == 200;
    }
    leaked = (process_now_ms() - began_ms) / SIGN_UP_MS + 1;
    CHECK(added >= SIGN_UP_BURST && added <= SIGN_UP_BURST + leaked);
}

static const struct row sign_ins[] = {
    {"a committed session of that network", "POST", "/d/stay/api/session",
     "X-Forwarded-For: 192.0.2.99\r\n",                                                                       "{\"username\":\"max\",\"password\":\"quantum-1900\",\"sid\":\"$A_SID\","
     "\"next\":\"$A_N0\"}", 201, NULL, NULL, NULL                  },
    {"an offered one",                      "POST", express_in,            "X-Forwarded-For: 192.0.2.99\r\n",
     right,                                                        200, NULL, NULL, "REFRESH=refreshToken"},
};

static const struct row living[] = {
    {"the committed session refreshes as ever", "POST",
     "/d/stay/api/session/refresh",                                                         "X-Forwarded-For: 192.0.2.99\r\n",
     "{\"session\":\"$A_R\",\"sid\":\"$A_SID\",\"generation\":0,"
     "\"secret\":\"$A_S0\",\"next\":\"$A_N1\"}",                                                                                                                  200, NULL, NULL, NULL},
    {"and once more",                           "POST", "/d/stay/api/session/refresh",
     "X-Forwarded-For: 192.0.2.99\r\n",                                                                                        "{\"session\":\"$A_R\",\"sid\":\"$A_SID\",\"generation\":1,"
     "\"secret\":\"$A_S1\",\"next\":\"$A_N2\"}",                                                                           200, NULL, NULL, NULL},
    {"so does the offered one",                 "POST", "/d/express/api/auth/refreshtoken",
     "X-Forwarded-For: 192.0.2.99\r\n",                                                                                        "{\"refreshToken\":\"$REFRESH\"}", 200,
     NULL,                                                                                                                                                                   NULL, NULL},
};

/*
 * Five a second leak out of what is full, so the first answer may still be the
 * refusal that fills it again: what counts is that the refusals end.
 */
static void secret_of_nobody(const struct stayd *stayd, const struct rows *rows)
{
    static const char path[] = "/d/stay/api/session/refresh";
    struct wire_reply reply = {.status = 401};
    char body[512], retry[1024] = "";

    (void)snprintf(body, sizeof body,
                   "{\"session\":\"%s\",\"sid\":\"%s\",\"generation\":0,"
                   "\"secret\":\"%s\",\"next\":\"%s\"}",
                   rows_value(rows, "B_R"), rows_value(rows, "B_SID"),
                   rows_value(rows, "B_S0"), rows_value(rows, "B_N1"));
    CASE("a secret of nobody is not told so");
    for (int i = 0; i < REFRESH_BURST && reply.status == 401; i++) {
        wire_clear(&reply);
        reply = post(stayd, path, body, "192.0.2.99");
    }
    CHECK_EQ(reply.status, 429);
    CHECK(wire_header(&reply, "Retry-After", 0, retry));
    CHECK_TEXT(retry, "1");
    wire_clear(&reply);

    CASE("but it is to others");
    CHECK_EQ(post_status(stayd, path, body, "192.0.2.98"), 401);
}

static void refreshes(const struct stayd *stayd)
{
    static const char path[] = "/d/express/api/auth/refreshtoken";
    static const char body[] = "{\"refreshToken\":\"garbage\"}";
    struct rows rows;
    int refused = 0;
    int throttled = 0;

    rows_init(&rows, stayd->port);
    rows_set_secrets(&rows, "A");
    rows_set_secrets(&rows, "B");
    rows_run(&rows, sign_ins, COUNT(sign_ins));
    CASE("refresh tokens that are none are refused, then throttled");
    for (int i = 0; i < 4 * REFRESH_BURST && throttled < 20; i++) {
        int status = post_status(stayd, path, body, "192.0.2.99");

        refused += status == 403;
        throttled += status == 429;
        CHECK(status == 403 || status == 429);
    }
    CHECK(refused >= REFRESH_BURST);
    CHECK_EQ(throttled, 20);
    // Five a second leak out: fill it up again for what follows.
    for (int i = 0; i < 5; i++)
        (void)post_status(stayd, path, body, "192.0.2.99");
    rows_run(&rows, living, COUNT(living));
    secret_of_nobody(stayd, &rows);
    CASE("what was throttled is counted by dialect and outcome");
    CHECK(stayd_metric(stayd, "stay_refreshes_total{dialect=\"express\","
                              "outcome=\"throttled\"}") >= 20);
    CHECK(stayd_metric(stayd, "stay_refreshes_total{dialect=\"stay\","
                              "outcome=\"throttled\"}") >= 1);
    rows_clear(&rows);
}

static void one_server(void **state)
{
    struct stayd stayd;

    (void)state;
    CASE("stayd starts behind a proxy");
    if (!stayd_start(&stayd, behind_proxy))
        return;
    wrong_passwords(&stayd);
    addresses(&stayd);
    neighbours(&stayd);
    taken(&stayd);
    newcomers(&stayd);
    refreshes(&stayd);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_server),
        cmocka_unit_test(neighbours_of_old),
        cmocka_unit_test(forged),
        cmocka_unit_test(unix_socket),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/gate", tests);
}
