/* Vault files: private, and left alone when they are not ours to read. */
#include "client/vault.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "client/folder.h"

static struct folder place;

static void put_file(const char *text, mode_t mode)
{
    int file = open(place.path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK_EQ(write(file, text, strlen(text)), (ssize_t)strlen(text));
    (void)fchmod(file, mode);
    (void)close(file);
}

static bool file_is(const char *text)
{
    char got[4096] = {0};
    int file = open(place.path, O_RDONLY);
    ssize_t length = read(file, got, sizeof got - 1);

    (void)close(file);
    return length >= 0 && strcmp(got, text) == 0;
}

static enum vault_result read_it(char *error)
{
    struct entry *entry = entry_new();
    struct vault *vault = NULL;
    enum vault_result result = vault_file_open(&vault, place.path, error);

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
    folder_make(&place);
    CHECK_EQ(read_it(error), VAULT_OK);
    CHECK(stat(place.path, &status) != 0);

    CASE("readable by others: refused, with what to do, and left alone");
    put_file("{\"stay_vault\":1}", 0640);
    CHECK_EQ(read_it(error), VAULT_BAD);
    (void)snprintf(want, sizeof want,
                   "%s: open to other users; run: chmod 600 '%s'", place.path,
                   place.path);
    CHECK_TEXT(error, want);
    CHECK(file_is("{\"stay_vault\":1}"));

    CASE("a symbolic link: refused");
    (void)snprintf(other, sizeof other, "%s/other", place.folder);
    CHECK_EQ(rename(place.path, other), 0);
    (void)chmod(other, 0600);
    CHECK_EQ(symlink(other, place.path), 0);
    CHECK_EQ(read_it(error), VAULT_BAD);
    (void)unlink(place.path);
    (void)unlink(other);

    CASE("a place.folder or a pipe in its place: refused, and no hanging");
    CHECK_EQ(mkdir(place.path, 0700), 0);
    CHECK_EQ(read_it(error), VAULT_BAD);
    CHECK_EQ(rmdir(place.path), 0);
    CHECK_EQ(mkfifo(place.path, 0600), 0);
    CHECK_EQ(read_it(error), VAULT_BAD);
    CHECK_EQ(unlink(place.path), 0);

    CASE("a place.folder that others may write to: refused");
    CHECK_EQ(chmod(place.folder, 0777), 0);
    CHECK_EQ(read_it(error), VAULT_BAD);
    CHECK_EQ(chmod(place.folder, 0700), 0);

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
    folder_remove(&place);
}

static void by_name(void **state)
{
    char error[STAY_ERROR_SIZE];
    char got[STAY_URL_SIZE];
    char want[STAY_URL_SIZE];
    char home[160];
    struct stat status;

    (void)state;
    CASE("a session by name rests under XDG_STATE_HOME, in a place.folder of "
         "0700");
    folder_make(&place);
    (void)snprintf(home, sizeof home, "%s/state", place.folder);
    (void)setenv("XDG_STATE_HOME", home, 1);
    CHECK_EQ(vault_file_path("work", got, error), STAY_OK);
    (void)snprintf(want, sizeof want, "%s/stay/work.json", home);
    CHECK_TEXT(got, want);
    (void)snprintf(want, sizeof want, "%s/stay", home);
    CHECK_EQ(stat(want, &status), 0);
    CHECK_EQ(status.st_mode & 0777, 0700);
    (void)rmdir(want);
    (void)rmdir(home);

    CASE("names that would lead elsewhere are refused");
    CHECK_EQ(vault_file_path("", got, error), STAY_BAD_CONFIG);
    CHECK_EQ(vault_file_path("../x", got, error), STAY_BAD_CONFIG);
    CHECK_EQ(vault_file_path(".x", got, error), STAY_BAD_CONFIG);
    CHECK_EQ(vault_file_path("a/b", got, error), STAY_BAD_CONFIG);
    CHECK_EQ(vault_file_path("a b", got, error), STAY_BAD_CONFIG);

    CASE("where there is no place for the folder, the vault is at fault");
    (void)setenv("XDG_STATE_HOME", "/dev/null", 1);
    CHECK_EQ(vault_file_path("work", got, error), STAY_BAD_VAULT);
    CHECK(strstr(error, "/dev/null") != NULL);
    (void)unsetenv("XDG_STATE_HOME");
    folder_remove(&place);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_files),
        cmocka_unit_test(by_name),
    };

    return check_run("client/vault", tests);
}
