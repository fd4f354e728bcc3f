/* Disks that are full: old or new, whole, and the session goes on. */
#include "client/vault.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "client/folder.h"
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

static struct folder place;

/* Just enough to tell one from the next. */
static void fill(struct entry *entry, int seed)
{
    memset(entry, 0, sizeof *entry);
    entry->sign_in = 1;
    entry->record.generation = seed * 1000;
}

static void failing_writes(void **state)
{
    struct entry *entry = entry_new();
    struct entry *again = entry_new();
    struct vault *vault = NULL;
    char error[STAY_ERROR_SIZE];
    struct stat status;

    (void)state;
    folder_make(&place);
    CHECK_EQ(vault_file_open(&vault, place.path, error), VAULT_OK);
    CASE("what is saved is there, 0600, and has not moved");
    CHECK_EQ(vault_lock(vault, again), VAULT_OK);
    fill(entry, 1);
    CHECK_EQ(vault_save(vault, entry), VAULT_OK);
    vault_unlock(vault);
    CHECK_EQ(stat(place.path, &status), 0);
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
        // Two writes, fsync, rename, fsync of the place.folder: then nothing fails.
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
    folder_remove(&place);
}

static void full_disk(void **state)
{
    struct rlimit before, none;
    struct kit kit;

    (void)state;
    CASE("no room for a sign-in: said so, and the session before it goes on");
    folder_make(&place);
    kit_open(&kit, place.path);
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
    folder_remove(&place);
}

/* The 6th disk call of a refresh is the second save's first write. */
static void half_full(void **state)
{
    struct kit kit;

    (void)state;
    for (int n = 1; n <= 10; n++) {
        check_case("a refresh whose %d. disk call fails: the session goes on",
                   n);
        folder_make(&place);
        kit_open(&kit, place.path);
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
        folder_remove(&place);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_writes),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(half_full),
    };

    return check_run("client/vault_disk", tests);
}
