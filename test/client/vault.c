/* Vaults: what is kept, whole, private, and shared by processes. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/vault.h"

#include "check.h"
#include "client/kit.h"

/*
 * The n-th of the calls that change a disk fails, as if it were full. Counted
 * only while `failing` is set, so that the test's own output is left alone.
 */
static bool failing;
static int calls;
static int fail_at;

static bool fails_now(void)
{
    if (!failing || ++calls != fail_at)
        return false;
    errno = ENOSPC;
    return true;
}

ssize_t write(int file, const void *bytes, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    return fails_now() ? -1 : real(file, bytes, size);
}

int fsync(int file)
{
    static int (*real)(int);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    return fails_now() ? -1 : real(file);
}

int rename(const char *from, const char *to)
{
    static int (*real)(const char *, const char *);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "rename");
    return fails_now() ? -1 : real(from, to);
}

static char folder[32];
static char path[64];

static void make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/stay-vault-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/v.json", folder);
}

static void remove_folder(void)
{
    static const char *const endings[] = {"", ".lock", ".refresh", ".new"};
    char name[160];

    for (size_t i = 0; i < COUNT(endings); i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    (void)rmdir(folder);
}

static void put_file(const char *text, mode_t mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK_EQ(write(file, text, strlen(text)), (ssize_t)strlen(text));
    (void)fchmod(file, mode);
    (void)close(file);
}

static bool file_is(const char *text)
{
    char got[4096] = {0};
    int file = open(path, O_RDONLY);
    ssize_t length = read(file, got, sizeof got - 1);

    (void)close(file);
    return length >= 0 && strcmp(got, text) == 0;
}

static void fill(struct entry *entry, int seed)
{
    memset(&entry->record, seed, sizeof entry->record);
    entry->record.state = RECORD_LIVE;
    entry->record.reason = RECORD_NO_REASON;
    entry->record.has_session = true;
    entry->record.has_next = seed % 2 != 0;
    entry->record.sign_out_due = false;
    entry->record.older_count = 8;
    entry->record.generation = seed * 1000;
    (void)snprintf(entry->url, sizeof entry->url, "https://a.example/api");
    (void)snprintf(entry->dialect, sizeof entry->dialect, "stay");
    (void)snprintf(entry->user, sizeof entry->user, "ad\"a\n\xc3\xa9");
    (void)snprintf(entry->boot, sizeof entry->boot, "boot");
    memset(entry->access, 'a', ENTRY_TOKEN_MAX);
    memset(entry->refresh, 'r', ENTRY_TOKEN_MAX);
    entry->sign_in = 3;
    entry->committed = true;
    entry->generation = (uint64_t)seed + 7;
    entry->life_ms = 60000;
    entry->received_ms = 123456789;
    entry->received_s = 1700000000;
    entry->budget.failure_count = 5;
    entry->budget.rest_until_ms = 99;
}

static void text(void **state)
{
    struct entry *entry = entry_new();
    struct entry *again = entry_new();
    char *out = malloc(ENTRY_TEXT_MAX);
    size_t length = 0;
    unsigned taken = 0;

    (void)state;
    CASE("an entry as long as can be is written and read back, whole");
    fill(entry, 5);
    CHECK_EQ(entry_write(entry, out, &length), ENTRY_OK);
    CHECK_EQ(entry_read(again, out, length), ENTRY_OK);
    CHECK(memcmp(entry->access, again->access, sizeof entry->access) == 0);
    CHECK(memcmp(entry->refresh, again->refresh, sizeof entry->refresh) == 0);
    CHECK(memcmp(&entry->budget, &again->budget, sizeof entry->budget) == 0);
    CHECK(memcmp(entry->record.older, again->record.older,
                 sizeof entry->record.older) == 0);
    CHECK(memcmp(entry->record.next, again->record.next, 32) == 0);
    CHECK_EQ(again->record.generation, 5000);
    CHECK_TEXT(again->user, entry->user);
    CHECK_EQ(again->generation, 12);

    CASE("cut short anywhere it is no vault");
    memset(entry->access + 40, 0, ENTRY_TOKEN_MAX - 40);
    memset(entry->refresh + 40, 0, ENTRY_TOKEN_MAX - 40);
    CHECK_EQ(entry_write(entry, out, &length), ENTRY_OK);
    for (size_t i = 0; i < length; i++)
        taken += entry_read(again, out, i) != ENTRY_BAD;
    CHECK_EQ(taken, 0);

    CASE("any one byte changed: read or refused, never a crash");
    for (size_t i = 0; i < length; i++) {
        out[i] = (char)(out[i] ^ 0x15);
        (void)entry_read(again, out, length);
        out[i] = (char)(out[i] ^ 0x15);
    }
    CHECK_EQ(entry_read(again, out, length), ENTRY_OK);
    free(out);
    entry_free(entry);
    entry_free(again);
}

struct bad_text {
    const char *name;
    const char *text;
    enum entry_result want;
};
static const struct bad_text bad_texts[] = {
    {"an empty file",                  "",                                          ENTRY_BAD  },
    {"no JSON",                        "hello",                                     ENTRY_BAD  },
    {"another JSON file",              "{\"a\":1}",                                 ENTRY_BAD  },
    {"a list",                         "[1]",                                       ENTRY_BAD  },
    {"version 0",                      "{\"stay_vault\":0}",                        ENTRY_BAD  },
    {"this version, and nothing else", "{\"stay_vault\":1}",                        ENTRY_OK   },
    {"members it does not know",       "{\"stay_vault\":1,\"new\":[1]}",            ENTRY_OK   },
    {"the next version",               "{\"stay_vault\":2}",                        ENTRY_NEWER},
    {"a number for a text",            "{\"stay_vault\":1,\"user\":1}",             ENTRY_BAD  },
    {"a text for a number",            "{\"stay_vault\":1,\"life_ms\":\"1\"}",      ENTRY_BAD  },
    {"a negative number",              "{\"stay_vault\":1,\"life_ms\":-1}",         ENTRY_BAD  },
    {"a fraction",                     "{\"stay_vault\":1,\"life_ms\":1.5}",        ENTRY_BAD  },
    {"a NUL in a text",                "{\"stay_vault\":1,\"user\":\"a\\u0000b\"}", ENTRY_BAD  },
    {"a secret too short",             "{\"stay_vault\":1,\"secret\":\"AAAA\"}",    ENTRY_BAD  },
    {"a secret not base64url",         "{\"stay_vault\":1,\"sid\":\"?\"}",          ENTRY_BAD  },
    {"a state there is not",           "{\"stay_vault\":1,\"record_state\":9}",
     ENTRY_BAD                                                                                 },
    {"nine older secrets",             "{\"stay_vault\":1,\"older_count\":9}",      ENTRY_BAD  },
    {"a reason there is not",          "{\"stay_vault\":1,\"ended\":\"x\"}",        ENTRY_BAD  },
    {"a reason there is",              "{\"stay_vault\":1,\"ended\":\"reuse\"}",    ENTRY_OK   },
};

static void texts(void **state)
{
    struct entry *entry = entry_new();

    (void)state;
    for (size_t i = 0; i < COUNT(bad_texts); i++) {
        CASE(bad_texts[i].name);
        CHECK_EQ(
            entry_read(entry, bad_texts[i].text, strlen(bad_texts[i].text)),
            bad_texts[i].want);
    }
    entry_free(entry);
}

static enum vault_result read_it(char *error)
{
    struct entry *entry = entry_new();
    struct vault *vault = NULL;
    enum vault_result result = vault_file_open(&vault, path, error);

    if (result == VAULT_OK) {
        result = vault_read(vault, entry);
        vault_error(vault, error);
    }
    vault_close(vault);
    entry_free(entry);
    return result;
}

static void private_files(void **state)
{
    char error[STAY_ERROR_SIZE];
    char want[STAY_ERROR_SIZE];
    char other[160];
    struct stat status;

    (void)state;
    CASE("nothing there: empty, and nothing is made by looking");
    make_folder();
    CHECK_EQ(read_it(error), VAULT_OK);
    CHECK(stat(path, &status) != 0);

    CASE("readable by others: refused, with what to do, and left alone");
    put_file("{\"stay_vault\":1}", 0640);
    CHECK_EQ(read_it(error), VAULT_BAD);
    (void)snprintf(want, sizeof want,
                   "%s: open to other users; run: chmod 600 '%s'", path, path);
    CHECK_TEXT(error, want);
    CHECK(file_is("{\"stay_vault\":1}"));

    CASE("a symbolic link: refused");
    (void)snprintf(other, sizeof other, "%s/other", folder);
    CHECK_EQ(rename(path, other), 0);
    (void)chmod(other, 0600);
    CHECK_EQ(symlink(other, path), 0);
    CHECK_EQ(read_it(error), VAULT_BAD);
    (void)unlink(path);
    (void)unlink(other);

    CASE("a folder or a pipe in its place: refused, and no hanging");
    CHECK_EQ(mkdir(path, 0700), 0);
    CHECK_EQ(read_it(error), VAULT_BAD);
    CHECK_EQ(rmdir(path), 0);
    CHECK_EQ(mkfifo(path, 0600), 0);
    CHECK_EQ(read_it(error), VAULT_BAD);
    CHECK_EQ(unlink(path), 0);

    CASE("a folder that others may write to: refused");
    CHECK_EQ(chmod(folder, 0777), 0);
    CHECK_EQ(read_it(error), VAULT_BAD);
    CHECK_EQ(chmod(folder, 0700), 0);

    CASE("of a later version: refused, and not overwritten by a sign-in");
    put_file("{\"stay_vault\":2,\"x\":1}", 0600);
    CHECK_EQ(read_it(error), VAULT_NEWER);
    CHECK(strstr(error, "later version") != NULL);
    CHECK(file_is("{\"stay_vault\":2,\"x\":1}"));

    CASE("damaged: refused, kept, and said what to do");
    put_file("{\"stay_vault\":1,\"url\":", 0600);
    CHECK_EQ(read_it(error), VAULT_BAD);
    CHECK(strstr(error, "damaged") != NULL);
    CHECK(file_is("{\"stay_vault\":1,\"url\":"));
    remove_folder();
}

static void by_name(void **state)
{
    char error[STAY_ERROR_SIZE];
    char got[STAY_URL_SIZE];
    char want[STAY_URL_SIZE];
    char home[160];
    struct stat status;

    (void)state;
    CASE("a session by name rests under XDG_STATE_HOME, in a folder of 0700");
    make_folder();
    (void)snprintf(home, sizeof home, "%s/state", folder);
    (void)setenv("XDG_STATE_HOME", home, 1);
    CHECK(vault_file_path("work", got, error));
    (void)snprintf(want, sizeof want, "%s/stay/work.json", home);
    CHECK_TEXT(got, want);
    (void)snprintf(want, sizeof want, "%s/stay", home);
    CHECK_EQ(stat(want, &status), 0);
    CHECK_EQ(status.st_mode & 0777, 0700);
    (void)rmdir(want);
    (void)rmdir(home);

    CASE("names that would lead elsewhere are refused");
    CHECK(!vault_file_path("", got, error));
    CHECK(!vault_file_path("../x", got, error));
    CHECK(!vault_file_path(".x", got, error));
    CHECK(!vault_file_path("a/b", got, error));
    CHECK(!vault_file_path("a b", got, error));
    (void)unsetenv("XDG_STATE_HOME");
    remove_folder();
}

static void failing_writes(void **state)
{
    struct entry *entry = entry_new();
    struct entry *again = entry_new();
    struct vault *vault = NULL;
    char error[STAY_ERROR_SIZE];
    struct stat status;

    (void)state;
    make_folder();
    CHECK_EQ(vault_file_open(&vault, path, error), VAULT_OK);
    CASE("what is saved is there, 0600, and has not moved");
    CHECK_EQ(vault_lock(vault, again), VAULT_OK);
    fill(entry, 1);
    CHECK_EQ(vault_save(vault, entry), VAULT_OK);
    vault_unlock(vault);
    CHECK_EQ(stat(path, &status), 0);
    CHECK_EQ(status.st_mode & 0777, 0600);
    CHECK(!vault_moved(vault));

    for (int n = 1; n <= 6; n++) {
        enum vault_result result;

        check_case("the disk is full at the %d. call: old or new, whole", n);
        CHECK_EQ(vault_lock(vault, again), VAULT_OK);
        fill(entry, 2);
        calls = 0;
        fail_at = n;
        failing = true;
        result = vault_save(vault, entry);
        failing = false;
        vault_unlock(vault);
        // Two writes, fsync, rename, fsync of the folder: then nothing fails.
        CHECK_EQ(result, n <= 5 ? VAULT_UNWRITTEN : VAULT_OK);
        CHECK_EQ(vault_read(vault, again), VAULT_OK);
        CHECK_EQ(again->record.generation, n <= 4 ? 1000 : 2000);
        vault_error(vault, error);
        if (n <= 5)
            CHECK(strstr(error, "No space left on device") != NULL);
    }
    vault_close(vault);
    entry_free(entry);
    entry_free(again);
    remove_folder();
}

static void full_disk(void **state)
{
    struct rlimit before, none;
    struct kit kit;

    (void)state;
    CASE("no room for a sign-in: said so, and the session before it goes on");
    make_folder();
    kit_open(&kit, path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 10;
    (void)setrlimit(RLIMIT_FSIZE, &none);
    CHECK_EQ(kit_sign_in(&kit), STAY_BAD_VAULT);
    stay_error(kit.stay, kit.error);
    CHECK(strstr(kit.error, "cannot be written: File too large") != NULL);
    CHECK(strstr(kit.error, "access-") == NULL);

    CASE("no room for a refresh's first save: try later, nothing is sent");
    clock_shift(61000);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_COULDNT_CONNECT);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_TRY_LATER);
    CHECK_EQ(kit.reason, STAY_REASON_VAULT);
    CHECK_EQ(fake_count(kit.fake.server, FAKE_REFRESH), 0);
    (void)setrlimit(RLIMIT_FSIZE, &before);
    kit_close(&kit);
    remove_folder();
}

/* The 6th disk call of a refresh is the second save's first write. */
static void half_full(void **state)
{
    struct kit kit;

    (void)state;
    for (int n = 1; n <= 10; n++) {
        check_case("a refresh whose %d. disk call fails: the session goes on",
                   n);
        make_folder();
        kit_open(&kit, path);
        CHECK_EQ(kit_sign_in(&kit), STAY_OK);
        clock_shift(61000);
        fake_stay_expire(&kit.fake);
        calls = 0;
        fail_at = n;
        failing = true;
        (void)kit_get(&kit, "/data");
        failing = false;
        clock_shift(61000);
        fake_stay_expire(&kit.fake);
        CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
        CHECK_EQ(kit.status, 200);
        kit_close(&kit);
        remove_folder();
    }
}

static void reopened(void **state)
{
    struct stay_config config = {.vault = path};
    struct stay_easy *easy;
    struct stay *second = NULL;
    struct stay_token token;
    struct stay_status seen;
    struct kit kit;

    (void)state;
    CASE("opened again without URL or dialect, the session goes on");
    make_folder();
    kit_open(&kit, path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    CHECK_EQ(stay_open(&second, &config), STAY_OK);
    CHECK_EQ(stay_status(second, &seen), STAY_OK);
    CHECK_EQ(seen.state, STAY_STATE_FRESH);
    CHECK_TEXT(seen.user, FAKE_USER);
    CHECK_TEXT(seen.dialect, "stay");
    CHECK(strstr(seen.url, "/api") != NULL);
    CHECK(seen.left_ms > 50000);

    CASE("what one has renewed, the other adopts: no second refresh");
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(stay_get(second, 0, &token), STAY_OK);
    CHECK_TEXT(token.text, "access-2");
    stay_token_clear(&token);
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);

    CASE("also after a 401 to the older token, which costs no refresh");
    clock_shift(31000);
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
        int file = open(path, O_RDONLY);

        CHECK(read(file, text_left, sizeof text_left - 1) > 0);
        (void)close(file);
        CHECK(strstr(text_left, "access-") == NULL);
        CHECK(strstr(text_left,
                     "\"secret\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                     "AA\"") != NULL);
    }
    kit_close(&kit);
    remove_folder();
}

/* Runs in a child: opens the vault, asks for /data, says how it went. */
static int child_get(const char *url)
{
    struct stay_config config = {.vault = path, .limit_ms = 30000};
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

static pid_t start_child(const char *url, const char *point)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    if (point != NULL)
        (void)setenv("STAY_POINT", point, 1);
    _exit(child_get(url));
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
        make_folder();
        kit_open(&kit, path);
        CHECK_EQ(kit_sign_in(&kit), STAY_OK);
        for (int round = 0; round < 5; round++) {
            clock_shift(61000);
            fake_stay_expire(&kit.fake);
            (void)waitpid(start_child(fake_url(kit.fake.server), points[i]),
                          &status, 0);
            CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        }
        (void)waitpid(start_child(fake_url(kit.fake.server), NULL), &status, 0);
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), 0);
        kit_close(&kit);
        remove_folder();
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
    make_folder();
    kit_open(&kit, path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    for (int round = 1; round <= 5; round++) {
        clock_shift(61000);
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
    remove_folder();
}

static void stuck(void **state)
{
    struct stay_config config = {.vault = path, .limit_ms = 200};
    struct stay *stay = NULL;
    struct stay_token token;
    char name[160];
    struct kit kit;
    int lock;

    (void)state;
    CASE("a refresh lock that nobody gives back is waited for, then ignored");
    make_folder();
    kit_open(&kit, path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    (void)snprintf(name, sizeof name, "%s.refresh", path);
    lock = open(name, O_RDWR | O_CREAT, 0600);
    CHECK_EQ(flock(lock, LOCK_EX), 0);
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(stay_open(&stay, &config), STAY_OK);
    CHECK_EQ(stay_get(stay, 0, &token), STAY_OK);
    CHECK_TEXT(token.text, "access-2");
    stay_token_clear(&token);
    (void)close(lock);
    stay_close(stay);
    kit_close(&kit);
    remove_folder();
}

static void second_holder(void **state)
{
    struct stay_config config = {.vault = path};
    char copy[64], original[64];
    struct stay *stay = NULL;
    struct stay_token token;
    struct kit kit;

    (void)state;
    CASE("a copied vault: caught at the second refresh, and both are told");
    make_folder();
    kit_open(&kit, path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    (void)snprintf(copy, sizeof copy, "%s/copy.json", folder);
    {
        char text_copied[16384];
        int from = open(path, O_RDONLY);
        int to = open(copy, O_WRONLY | O_CREAT, 0600);
        ssize_t length = read(from, text_copied, sizeof text_copied);

        CHECK(write(to, text_copied, (size_t)length) == length);
        (void)close(from);
        (void)close(to);
    }
    memcpy(original, path, sizeof path);
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    config.vault = copy;
    CHECK_EQ(stay_open(&stay, &config), STAY_OK);
    CHECK_EQ(stay_get(stay, 0, &token), STAY_SIGN_IN);
    stay_error(stay, kit.error);
    CHECK_TEXT(kit.error,
               "sign in again: someone else used this session's secrets");
    clock_shift(61000);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    stay_close(stay);
    kit_close(&kit);
    memcpy(path, copy, sizeof path);
    remove_folder();
    memcpy(path, original, sizeof path);
    remove_folder();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),           cmocka_unit_test(texts),
        cmocka_unit_test(private_files),  cmocka_unit_test(by_name),
        cmocka_unit_test(failing_writes), cmocka_unit_test(full_disk),
        cmocka_unit_test(half_full),      cmocka_unit_test(reopened),
        cmocka_unit_test(killed),         cmocka_unit_test(processes),
        cmocka_unit_test(stuck),          cmocka_unit_test(second_holder),
    };

    return check_run("client/vault", tests);
}
