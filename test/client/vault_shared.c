/* One vault file: opened again, shared, copied, and its user killed. */
#include "client/vault.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "client/folder.h"
#include "client/kit.h"

static struct folder place;
static int64_t shifted_ms;

static void shift_clock(int64_t ms)
{
    clock_shift(ms);
    shifted_ms += ms;
}

static void reopened(void **state)
{
    struct stay_config config = {.vault = place.path};
    struct stay_easy *easy;
    struct stay *second = NULL;
    struct stay_token token;
    struct stay_status seen;
    struct kit kit;

    (void)state;
    CASE("opened again without URL or dialect, the session goes on");
    folder_make(&place);
    kit_open(&kit, place.path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    CHECK_EQ(stay_open(&second, &config), STAY_OK);
    CHECK_EQ(stay_status(second, &seen), STAY_OK);
    CHECK_EQ(seen.state, STAY_STATE_FRESH);
    CHECK_TEXT(seen.user, FAKE_USER);
    CHECK_TEXT(seen.dialect, "stay");
    CHECK(strstr(seen.url, "/api") != NULL);
    CHECK(seen.left_ms > 50000);

    CASE("what one has renewed, the other adopts: no second refresh");
    shift_clock(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(stay_get(second, 0, &token), STAY_OK);
    CHECK_TEXT(token.text, "access-2");
    stay_token_clear(&token);
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);

    CASE("also after a 401 to the older token, which costs no refresh");
    shift_clock(31000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(atomic_load(&kit.fake.granted), 2);
    easy = stay_easy_init(second);
    (void)stay_easy_setopt(easy, CURLOPT_URL, fake_url(kit.fake.server));
    (void)stay_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    CHECK_EQ(stay_easy_perform(easy), CURLE_OK);
    CHECK_EQ(stay_easy_result(easy), STAY_OK);
    CHECK_EQ(atomic_load(&kit.fake.granted), 2);
    stay_easy_cleanup(easy);

    CASE("what one has signed out of, the other is out of");
    CHECK_EQ(stay_sign_out(kit.stay), STAY_OK);
    CHECK_EQ(stay_status(second, &seen), STAY_OK);
    CHECK_EQ(seen.state, STAY_STATE_ENDED);
    CHECK_EQ(seen.reason, STAY_REASON_SIGNED_OUT);
    CHECK_EQ(stay_get(second, 0, &token), STAY_SIGN_IN);
    stay_close(second);

    CASE("and no secret is left in the file");
    {
        char text_left[8192] = {0};
        int file = open(place.path, O_RDONLY);

        CHECK(read(file, text_left, sizeof text_left - 1) > 0);
        (void)close(file);
        CHECK(strstr(text_left, "access-") == NULL);
        CHECK(strstr(text_left,
                     "\"secret\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                     "AA\"") != NULL);
    }
    kit_close(&kit);
    folder_remove(&place);
}

/*
 * A process of its own, main() below: opens the vault, asks for /data, and says
 * by its exit code how it went.
 */
static int child_get(const char *vault, const char *url)
{
    struct stay_config config = {.vault = vault, .limit_ms = 30000};
    struct stay_easy *easy;
    struct stay *stay = NULL;
    char whole[256];
    long status = 0;
    CURLcode code;

    if (stay_open(&stay, &config) != STAY_OK)
        return 10;
    easy = stay_easy_init(stay);
    (void)snprintf(whole, sizeof whole, "%s/data", url);
    (void)stay_easy_setopt(easy, CURLOPT_URL, whole);
    (void)stay_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    code = stay_easy_perform(easy);
    (void)stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    stay_easy_cleanup(easy);
    stay_close(stay);
    return code == CURLE_OK && status == 200 ? 0 : 11;
}

static int child_main(char **argv)
{
    (void)setenv("STAY_CLOCK_OFFSET_MS", argv[3], 1);
    if (argv[4] != NULL)
        (void)setenv("STAY_POINT", argv[4], 1);
    return child_get(argv[1], argv[2]);
}

static pid_t start_child(const char *url, const char *point)
{
    char offset[24];
    pid_t child;

    (void)snprintf(offset, sizeof offset, "%" PRId64, shifted_ms);
    child = fork();
    // Other threads run here: what is forked may do nothing but this.
    if (child == 0) {
        (void)execl("/proc/self/exe", "child", place.path, url, offset, point,
                    (char *)NULL);
        _exit(127);
    }
    return child;
}

static void killed(void **state)
{
    static const char *const points[] = {
        "before_write",   "mid_write",       "before_fsync",   "before_rename",
        "after_rename",   "after_send",      "before_write:2", "mid_write:3",
        "before_fsync:2", "before_rename:2", "after_rename:2",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(points); i++) {
        struct kit kit;
        int status = 0;

        check_case("killed at %s of a refresh: still signed in", points[i]);
        folder_make(&place);
        kit_open(&kit, place.path);
        CHECK_EQ(kit_sign_in(&kit), STAY_OK);
        for (int round = 0; round < 5; round++) {
            shift_clock(61000);
            fake_stay_expire(&kit.fake);
            (void)waitpid(start_child(fake_url(kit.fake.server), points[i]),
                          &status, 0);
            CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        }
        (void)waitpid(start_child(fake_url(kit.fake.server), NULL), &status, 0);
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), 0);
        kit_close(&kit);
        folder_remove(&place);
    }
}

static void processes(void **state)
{
    enum { CHILDREN = 8 };
    pid_t children[CHILDREN];
    struct kit kit;
    int status;

    (void)state;
    CASE("8 processes on one vault at expiry: 8 answered 200, one refresh");
    folder_make(&place);
    kit_open(&kit, place.path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    for (int round = 1; round <= 5; round++) {
        shift_clock(61000);
        fake_stay_expire(&kit.fake);
        for (int i = 0; i < CHILDREN; i++)
            children[i] = start_child(fake_url(kit.fake.server), NULL);
        for (int i = 0; i < CHILDREN; i++) {
            (void)waitpid(children[i], &status, 0);
            CHECK(WIFEXITED(status));
            CHECK_EQ(WEXITSTATUS(status), 0);
        }
        CHECK_EQ(atomic_load(&kit.fake.granted), round);
        CHECK_EQ(fake_count(kit.fake.server, FAKE_REFRESH), round);
    }
    kit_close(&kit);
    folder_remove(&place);
}

static void stuck(void **state)
{
    struct stay_config config = {.vault = place.path, .limit_ms = 200};
    struct stay *stay = NULL;
    struct stay_token token;
    char name[160];
    struct kit kit;
    int lock;

    (void)state;
    CASE("a refresh lock that nobody gives back is waited for, then ignored");
    folder_make(&place);
    kit_open(&kit, place.path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    (void)snprintf(name, sizeof name, "%s.refresh", place.path);
    lock = open(name, O_RDWR | O_CREAT, 0600);
    CHECK_EQ(flock(lock, LOCK_EX), 0);
    shift_clock(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(stay_open(&stay, &config), STAY_OK);
    CHECK_EQ(stay_get(stay, 0, &token), STAY_OK);
    CHECK_TEXT(token.text, "access-2");
    stay_token_clear(&token);
    (void)close(lock);
    stay_close(stay);
    kit_close(&kit);
    folder_remove(&place);
}

static void second_holder(void **state)
{
    struct stay_config config = {.vault = place.path};
    char copy[64], original[64];
    struct stay *stay = NULL;
    struct stay_token token;
    struct kit kit;

    (void)state;
    CASE("a copied vault: caught at the second refresh, and both are told");
    folder_make(&place);
    kit_open(&kit, place.path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    (void)snprintf(copy, sizeof copy, "%s/copy.json", place.folder);
    {
        char text_copied[16384];
        int from = open(place.path, O_RDONLY);
        int to = open(copy, O_WRONLY | O_CREAT, 0600);
        ssize_t length = read(from, text_copied, sizeof text_copied);

        CHECK(write(to, text_copied, (size_t)length) == length);
        (void)close(from);
        (void)close(to);
    }
    memcpy(original, place.path, sizeof place.path);
    shift_clock(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    config.vault = copy;
    CHECK_EQ(stay_open(&stay, &config), STAY_OK);
    CHECK_EQ(stay_get(stay, 0, &token), STAY_SIGN_IN);
    stay_error(stay, kit.error);
    CHECK_TEXT(kit.error,
               "sign in again: someone else used this session's secrets");
    shift_clock(61000);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    stay_close(stay);
    kit_close(&kit);
    memcpy(place.path, copy, sizeof place.path);
    folder_remove(&place);
    memcpy(place.path, original, sizeof place.path);
    folder_remove(&place);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reopened),      cmocka_unit_test(killed),
        cmocka_unit_test(processes),     cmocka_unit_test(stuck),
        cmocka_unit_test(second_holder),
    };

    if (argc > 1)
        return child_main(argv);
    return check_run("client/vault_shared", tests);
}
