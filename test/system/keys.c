/*
 * Keys of a running stayd: each algorithm, rotation while it serves, secrets
 * that are too weak.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stay.h>

#include "base/base64url.h"
#include "check.h"
#include "stayd.h"
#include "wire.h"

enum { TOKEN_SIZE = 4096 };

/* What one sign-in gave. */
struct tokens {
    char access[TOKEN_SIZE];
    char refresh[TOKEN_SIZE];
    char header[512]; /* of the access token, decoded */
};

static void read_header(struct tokens *t)
{
    struct span text = span_of(t->access);
    size_t length = 0;

    (void)base64url_decode(span_head(text, span_find(text, '.')), t->header,
                           sizeof t->header - 1, &length);
    t->header[length] = '\0';
}

static bool take_tokens(struct wire_reply *reply, struct tokens *out)
{
    bool good =
        reply->status == 200 &&
        wire_member(reply, "accessToken", out->access, sizeof out->access) &&
        wire_member(reply, "refreshToken", out->refresh, sizeof out->refresh);

    if (good)
        read_header(out);
    wire_clear(reply);
    return good;
}

static bool sign_in(int port, struct tokens *out)
{
    struct wire_request request = {
        .method = "POST",
        .path = "/api/auth/signin",
        .body = "{\"username\":\"ada\",\"password\":\"lovelace\"}"};
    struct wire_reply reply = wire_ask(port, &request);

    return take_tokens(&reply, out);
}

static bool refresh(int port, struct tokens *t)
{
    char body[TOKEN_SIZE + 64];
    struct wire_request request = {
        .method = "POST", .path = "/api/auth/refreshtoken", .body = body};
    struct wire_reply reply;

    (void)snprintf(body, sizeof body, "{\"refreshToken\":\"%s\"}", t->refresh);
    reply = wire_ask(port, &request);
    return take_tokens(&reply, t);
}

static int verify(int port, const char *access)
{
    char headers[TOKEN_SIZE + 64];
    struct wire_request request = {
        .method = "GET", .path = "/auth/verify", .headers = headers};
    struct wire_reply reply;
    int status;

    (void)snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n",
                   access);
    reply = wire_ask(port, &request);
    status = reply.status;
    wire_clear(&reply);
    return status;
}

static struct wire_reply ask_jwks(int port, const char *headers)
{
    struct wire_request request = {
        .method = "GET", .path = "/.well-known/jwks.json", .headers = headers};

    return wire_ask(port, &request);
}

static size_t count_keys(int port)
{
    struct wire_reply reply = ask_jwks(port, NULL);
    size_t count = 0;

    for (const char *at = reply.body; (at = strstr(at, "\"kid\"")) != NULL;
         at++)
        count++;
    wire_clear(&reply);
    return count;
}

static bool wait_for_keys(int port, size_t wanted)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (process_now_ms() < end_ms) {
        if (count_keys(port) == wanted)
            return true;
        process_pause();
    }
    return false;
}

/* `stayd keys ...` beside the running one; the exit code. */
static int keys(const struct stayd *s, const char *const words[], char *out,
                size_t size)
{
    char database[PROCESS_PATH_SIZE + 32];
    char key_file[PROCESS_PATH_SIZE + 32];
    const char *argv[16] = {stayd_path(), "--database", database,
                            "--key-file", key_file,     "keys"};
    struct process_result result;
    int code;

    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", s->folder);
    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", s->folder);
    for (size_t i = 0; words[i] != NULL && i < 9; i++)
        argv[6 + i] = words[i];
    result = process_run(argv, NULL, NULL);
    code = result.code;
    if (out != NULL)
        (void)snprintf(out, size, "%s%s", result.out, result.err);
    process_result_clear(&result);
    return code;
}

/* ---- Each algorithm ---- */

static const struct algorithm_row {
    const char *name;
    const char *header;          /* in the token */
    const char *key;             /* in the JWKS; NULL: it is empty */
    enum stay_verdict good, bad; /* of libstay, to a token and a changed one */
} algorithms[] = {
    {"EdDSA", "\"alg\":\"EdDSA\"", "\"crv\":\"Ed25519\"", STAY_VERDICT_GOOD,
     STAY_VERDICT_FORGED   },
    {"ES256", "\"alg\":\"ES256\"", "\"crv\":\"P-256\"",   STAY_VERDICT_GOOD,
     STAY_VERDICT_FORGED   },
    {"RS256", "\"alg\":\"RS256\"", "\"e\":\"AQAB\"",      STAY_VERDICT_GOOD,
     STAY_VERDICT_FORGED   },
    {"HS256", "\"alg\":\"HS256\"", NULL,                  STAY_VERDICT_ALGORITHM,
     STAY_VERDICT_ALGORITHM},
};

/* What libstay says of it, by what this stayd publishes. */
static enum stay_verdict ask_library(const struct stayd *s, const char *access)
{
    char url[128];
    char error[STAY_ERROR_SIZE] = "";
    const struct stay_verifier_config config = {
        .keys_url = url, .issuer = s->url, .audience = s->url, .error = error};
    struct stay_verifier *verifier = NULL;
    enum stay_verdict verdict = STAY_VERDICT_NO_KEYS;
    struct stay_claims claims;

    (void)snprintf(url, sizeof url, "%s/.well-known/jwks.json", s->url);
    if (CHECK_EQ(stay_verifier_open(&verifier, &config), STAY_OK)) {
        verdict = stay_verify(verifier, access, &claims);
        CHECK_EQ(stay_verify_role(&claims, "user"),
                 verdict == STAY_VERDICT_GOOD);
        stay_claims_clear(&claims);
    }
    stay_verifier_close(verifier);
    return verdict;
}

static void serve_one(const struct algorithm_row *row)
{
    const char *const options[] = {"--algorithm", row->name, NULL};
    struct tokens t;
    char *last;
    struct stayd s;
    struct wire_reply reply;

    check_case("%s signs, and its tokens are good", row->name);
    if (!stayd_start(&s, options))
        return;
    CHECK(sign_in(s.port, &t));
    CHECK(strstr(t.header, row->header) != NULL);
    CHECK_EQ(verify(s.port, t.access), 204);
    CHECK(refresh(s.port, &t));
    CHECK_EQ(verify(s.port, t.access), 204);
    check_case("%s: what stay_verify says of them", row->name);
    CHECK_EQ(ask_library(&s, t.access), row->good);
    last = &t.access[strlen(t.access) - 3];
    *last = *last == 'A' ? 'B' : 'A';
    CHECK_EQ(ask_library(&s, t.access), row->bad);
    check_case("%s: one with a letter changed is refused", row->name);
    CHECK_EQ(verify(s.port, t.access), 401);
    check_case("%s: what is published", row->name);
    reply = ask_jwks(s.port, NULL);
    if (row->key == NULL)
        CHECK_TEXT(reply.body, "{\"keys\":[]}");
    else
        CHECK(strstr(reply.body, row->key) != NULL);
    CHECK(strstr(reply.body, "\"d\":") == NULL);
    CHECK(strstr(reply.body, "\"k\":") == NULL);
    wire_clear(&reply);
    stayd_clear(&s);
}

static void each_algorithm(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(algorithms); i++)
        serve_one(&algorithms[i]);
}

static void another_algorithm(void **state)
{
    static const char *const list[] = {"list", "--json", NULL};
    const char *const options[] = {"--algorithm", "ES256", NULL};
    struct tokens before;
    struct tokens after;
    char text[4096];
    struct stayd s;
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;

    (void)state;
    CASE("started again with another algorithm, its key is published first");
    if (!stayd_start(&s, NULL))
        return;
    CHECK(sign_in(s.port, &before));
    CHECK_EQ(stayd_stop(&s, SIGTERM), 0);
    if (!stayd_restart(&s, options))
        return;
    CASE("the audit tells of it");
    CHECK(process_line(
        s.process, PROCESS_ERR,
        "\"event\":\"key_rotate\",\"outcome\":\"ok\",\"key\":", &from, line));
    CHECK_EQ(count_keys(s.port), 2);
    CHECK(sign_in(s.port, &after));
    CHECK(strstr(after.header, "\"alg\":\"EdDSA\"") != NULL);
    CHECK_EQ(keys(&s, list, text, sizeof text), 0);
    CHECK(strstr(text, "\"algorithm\":\"ES256\",\"state\":\"published\"") !=
          NULL);
    CASE("the tokens and sessions from before go on");
    CHECK_EQ(verify(s.port, before.access), 204);
    CHECK(refresh(s.port, &before));
    CASE("a start that says nothing of it changes nothing");
    CHECK_EQ(stayd_stop(&s, SIGTERM), 0);
    if (!stayd_restart(&s, NULL))
        return;
    CHECK_EQ(count_keys(s.port), 2);
    stayd_clear(&s);
}

/* ---- Rotation while it serves ---- */

static void rotation(void **state)
{
    static const char *const rotate[] = {"rotate", "--lead", "8s", NULL};
    static const char *const list[] = {"list", "--json", NULL};
    static const char *const plain[] = {"list", NULL};
    static const char head[] =
        "id\tuse\talgorithm\tstate\tkid\tcreated\tsince\tuntil\n";
    char text[4096];
    struct tokens old;
    struct tokens now;
    struct stayd s;
    int64_t end_ms;

    (void)state;
    CASE("a key added beside a running stayd is published within seconds");
    if (!stayd_start(&s, NULL))
        return;
    CHECK(sign_in(s.port, &old));
    CHECK_EQ(keys(&s, rotate, text, sizeof text), 0);
    CHECK(wait_for_keys(s.port, 2));
    CASE("until its time the old one signs");
    CHECK_EQ(keys(&s, list, text, sizeof text), 0);
    CHECK(strstr(text, "\"state\":\"published\"") != NULL);
    now = old;
    CASE("a second rotation waits for the first");
    CHECK_EQ(keys(&s, rotate, text, sizeof text), 1);
    CHECK(strstr(text, "a new one waits to be used already") != NULL);
    CASE("what is not planned is no time of 1970");
    CHECK_EQ(keys(&s, plain, text, sizeof text), 0);
    CHECK(strncmp(text, head, sizeof head - 1) == 0);
    CHECK(strstr(text, "\t-\n") != NULL);
    CHECK(strstr(text, "1970") == NULL);
    CASE("then the new one signs, and nobody was told");
    end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    while (strcmp(now.header, old.header) == 0 && process_now_ms() < end_ms) {
        process_pause();
        CHECK(refresh(s.port, &now));
    }
    CHECK(strcmp(now.header, old.header) != 0);
    CHECK_EQ(verify(s.port, now.access), 204);
    CASE("what the old one signed is good still");
    CHECK_EQ(verify(s.port, old.access), 204);
    CHECK_EQ(keys(&s, list, text, sizeof text), 0);
    CHECK(strstr(text, "\"state\":\"retired\"") != NULL);
    stayd_clear(&s);
}

/* Another stayd would take the tokens of a key that it does not know yet for
   unknown. */
static void leads(void **state)
{
    static const char *const early[] = {"rotate", "--refresh", "--lead", "9s",
                                        NULL};
    static const char *const least[] = {"rotate", "--refresh", "--lead", "10s",
                                        NULL};
    static const char *const access[] = {"rotate", "--lead", "0s", NULL};
    char text[4096];
    struct stayd s;

    (void)state;
    CASE("a refresh key is not used before every stayd knows it");
    if (!stayd_start(&s, NULL))
        return;
    CHECK_EQ(keys(&s, early, text, sizeof text), 2);
    CHECK(strstr(text, "10s at least") != NULL);
    CHECK_EQ(keys(&s, least, text, sizeof text), 0);
    CASE("an access key may be");
    CHECK_EQ(keys(&s, access, text, sizeof text), 0);
    stayd_clear(&s);
}

static void compromise(void **state)
{
    static const char *const rotate[] = {"rotate", "--compromised", NULL};
    struct tokens old;
    struct stayd s;
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    (void)state;
    CASE("a compromised key's tokens are refused");
    if (!stayd_start(&s, NULL))
        return;
    CHECK(sign_in(s.port, &old));
    CHECK_EQ(keys(&s, rotate, NULL, 0), 0);
    process_signal(s.process, SIGHUP);
    while (verify(s.port, old.access) != 401 && process_now_ms() < end_ms)
        process_pause();
    CHECK_EQ(verify(s.port, old.access), 401);
    CHECK_EQ(count_keys(s.port), 1);
    CASE("and the session goes on");
    CHECK(refresh(s.port, &old));
    CHECK_EQ(verify(s.port, old.access), 204);
    stayd_clear(&s);
}

static void by_age(void **state)
{
    const char *const options[] = {"--key-life", "6m", NULL};
    struct stayd s;

    (void)state;
    CASE("with --key-life the next key is published in time by itself");
    if (!stayd_start(&s, options))
        return;
    CHECK(wait_for_keys(s.port, 2));
    stayd_clear(&s);
}

static void cached(void **state)
{
    char etag[1024];
    char headers[1100];
    struct wire_reply reply;
    struct stayd s;

    (void)state;
    CASE("whoever has the keys already is told so");
    if (!stayd_start(&s, NULL))
        return;
    reply = ask_jwks(s.port, NULL);
    CHECK(wire_header(&reply, "ETag", 0, etag));
    wire_clear(&reply);
    (void)snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", etag);
    reply = ask_jwks(s.port, headers);
    CHECK_EQ(reply.status, 304);
    CHECK_EQ(reply.body_size, 0);
    wire_clear(&reply);
    stayd_clear(&s);
}

/* ---- --hs256-secret-file ---- */

static const struct secret_row {
    const char *name;
    const char *text;
    mode_t mode;
    const char *why; /* NULL: it starts */
} secrets[] = {
  // clang-format off
    {"a good secret, a new line behind it",
     "q7WnZ0r-XhT4_vKe9LsBpJ2mYcUgA5dF\n", 0600, NULL},
    {"31 bytes", "q7WnZ0r-XhT4_vKe9LsBpJ2mYcUgA5d\n", 0600,
     "is under 32 bytes"},
    {"an empty file", "", 0600, "is under 32 bytes"},
    {"one letter forty times", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0600,
     "has too few different characters"},
    {"words", "passwordpasswordmonkeydragonletmein", 0600, "is easy to guess"},
    {"rows of keys", "qwertyuiopasdfghjklzxcvbnm1234567890", 0600,
     "is easy to guess"},
    {"one that stands in examples, like words or not",
     "7786df7fc3a34e26a61c034d5ec8245d", 0600, "is known"},
    {"others may read it", "q7WnZ0r-XhT4_vKe9LsBpJ2mYcUgA5dF\n", 0644,
     "others may read or write it"},
  // clang-format on
};

static void try_secret(const struct secret_row *row)
{
    char folder[PROCESS_PATH_SIZE];
    char file[PROCESS_PATH_SIZE + 16];
    char database[PROCESS_PATH_SIZE + 32];
    const char *const argv[] = {
        stayd_path(), "--listen",    "127.0.0.1:0", "--database",
        database,     "--algorithm", "HS256",       "--hs256-secret-file",
        file,         NULL};
    char line[PROCESS_LINE_SIZE];
    struct process_result result;
    struct process *process;
    size_t from = 0;

    check_case("a shared secret: %s", row->name);
    CHECK(process_folder(folder));
    (void)snprintf(file, sizeof file, "%s/secret", folder);
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    CHECK(process_write_file(file, row->text, strlen(row->text)));
    CHECK_EQ(chmod(file, row->mode), 0);
    if (row->why == NULL) {
        process = process_start(argv, NULL);
        CHECK(process_line(process, PROCESS_OUT, "listening on ", &from, line));
        process_close(process);
    } else {
        result = process_run(argv, NULL, NULL);
        CHECK_EQ(result.code, 1);
        CHECK(strstr(result.err, row->why) != NULL);
        CHECK(row->text[0] == '\0' || strstr(result.err, row->text) == NULL);
        process_result_clear(&result);
    }
    process_folder_remove(folder);
}

static void shared_secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(secrets); i++)
        try_secret(&secrets[i]);
}

/* A new secret is put into the file, and then into use. */
static void shared_secret_changed(void **state)
{
    char file[PROCESS_PATH_SIZE + 16];
    const char *const options[] = {"--hs256-secret-file", file, NULL};
    const char *const rotate[] = {
        "rotate", "--lead", "1s", "--hs256-secret-file", file, NULL};
    static const char *const list[] = {"list", "--json", NULL};
    static const char first[] = "q7WnZ0r-XhT4_vKe9LsBpJ2mYcUgA5dF\n";
    static const char second[] = "Fd5AgUcYm2JpBsL9eKv_4ThX-r0ZnW7q\n";
    char folder[PROCESS_PATH_SIZE];
    char before[4096];
    char after[4096];
    char text[1024];
    struct stayd s;

    (void)state;
    CASE("a file alone says that it is HS256");
    CHECK(process_folder(folder));
    (void)snprintf(file, sizeof file, "%s/secret", folder);
    CHECK(process_write_file(file, first, sizeof first - 1));
    CHECK_EQ(chmod(file, 0600), 0);
    if (!stayd_start(&s, options))
        return;
    CHECK_EQ(keys(&s, list, before, sizeof before), 0);
    CHECK(strstr(before, "\"HS256\"") != NULL);
    CASE("the secret that is in use cannot take its own place");
    CHECK_EQ(keys(&s, rotate, text, sizeof text), 1);
    CHECK(strstr(text, "is in use already") != NULL);
    CASE("another one can, and stays after a restart");
    CHECK(process_write_file(file, second, sizeof second - 1));
    CHECK_EQ(keys(&s, rotate, text, sizeof text), 0);
    CHECK_EQ(keys(&s, list, before, sizeof before), 0);
    CHECK_EQ(stayd_stop(&s, SIGTERM), 0);
    CHECK(stayd_restart(&s, options));
    CHECK_EQ(keys(&s, list, after, sizeof after), 0);
    CHECK_EQ(strlen(after) > 100, true);
    CHECK(strstr(after, "\"id\":3") != NULL);
    CHECK(strstr(after, "\"id\":4") == NULL);
    stayd_clear(&s);
    process_folder_remove(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm),
        cmocka_unit_test(another_algorithm),
        cmocka_unit_test(rotation),
        cmocka_unit_test(leads),
        cmocka_unit_test(compromise),
        cmocka_unit_test(by_age),
        cmocka_unit_test(cached),
        cmocka_unit_test(shared_secrets),
        cmocka_unit_test(shared_secret_changed),
    };

    return check_run("system/keys", tests);
}
