/*
 * `stayd migrate`, `stayd backup`, `stayd check`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/admin.h"
#include "server/key_file.h"
#include "server/listen.h"
#include "server/mount.h"

int admin_migrate(struct admin *admin)
{
    struct store_config config = config_store(admin->config, STORE_WRITE);
    enum store_result result;
    struct store_why why;
    int64_t version = 0;

    // Opening it to write is what migrates, one process at a time.
    if (store_open(&admin->store, &config, &why) != STORE_OK)
        return admin_fail("%s", why.text);
    result = store_version(admin->store, &version);
    if (result != STORE_OK)
        return admin_store_failed(admin, result);
    (void)printf("the database is at version %lld\n", (long long)version);
    return ADMIN_DONE;
}

int admin_backup(struct admin *admin)
{
    struct store_why why;

    if (store_backup(admin->store, admin->words[0], &why) != STORE_OK)
        return admin_fail("%s", why.text);
    (void)printf("backed up to %s; the key file is not in it: keep a copy of "
                 "that elsewhere\n",
                 admin->words[0]);
    return ADMIN_DONE;
}

/* ---- check: one line for each thing, "well", "note" or "wrong" ---- */

static void say(const char *verdict, const char *what, const char *text)
{
    (void)printf("%-6s%s: %s\n", verdict, what, text);
}

/* Each says how it is, and whether stayd could start with it. */

static bool check_dialects(const struct config *config)
{
    struct mounts *mounts = calloc(1, sizeof *mounts);
    char text[MOUNT_WHY_SIZE] = "out of memory";
    bool good = mounts != NULL &&
                mount_open(mounts, &config->dialects, text) == MOUNT_OK;

    if (good)
        (void)snprintf(text, sizeof text, "%zu at their own paths, %zu in all",
                       mounts->placed_count, mounts->count);
    say(good ? "well" : "wrong", "dialects", text);
    if (good)
        mount_close(mounts);
    free(mounts);
    return good;
}

static bool check_listen(const struct config *config)
{
    struct listen_address address;
    char problem[LISTEN_TEXT];

    if (listen_parse(config->listen, &address, problem) != LISTEN_OK) {
        say("wrong", "listen", problem);
        return false;
    }
    if (listen_is_local(&address))
        say("well", "listen", config->listen);
    else
        say("note", "listen",
            "others can connect, and nothing is encrypted: put a proxy with "
            "TLS in front");
    if (config->url == NULL)
        say("note", "url",
            "not set: tokens name where we listen as their issuer");
    if (config->demo)
        say("note", "demo",
            "known users and faults on demand: never in "
            "earnest");
    return true;
}

static bool check_key_file(const struct config *config)
{
    uint8_t key[KEY_FILE_SIZE];
    char path[PATH_MAX];
    char text[KEY_WHY_SIZE];
    enum key_file_result result;

    config_key_path(config, path);
    result = key_file_read(path, key, text);
    explicit_bzero(key, sizeof key);
    if (result == KEY_FILE_OK)
        say("well", "key file", path);
    else if (result == KEY_FILE_NONE)
        say("note", "key file", "there is none yet: the first start makes it");
    else
        say("wrong", "key file", text);
    return result != KEY_FILE_BAD;
}

static bool is_absent(const struct config *config)
{
    return strncmp(config->database, "sqlite:", 7) == 0 &&
           access(config->database + 7, F_OK) != 0 && errno == ENOENT;
}

static bool check_database(struct admin *admin)
{
    struct store_config config = config_store(admin->config, STORE_READ);
    enum store_result result;
    struct store_why why = {.text = ""};
    int64_t version = 0;

    if (is_absent(admin->config)) {
        say("note", "database", "there is none yet: the first start makes it");
        return true;
    }
    result = store_open(&admin->store, &config, &why);
    if (result == STORE_OK)
        result = store_check(admin->store, &why);
    if (result == STORE_OK)
        result = store_version(admin->store, &version);
    if (result == STORE_OK)
        (void)snprintf(why.text, sizeof why.text, "version %lld, and whole",
                       (long long)version);
    else if (why.text[0] == '\0')
        (void)snprintf(why.text, sizeof why.text, "%s",
                       store_result_text(result));
    say(result == STORE_OK ? "well" : "wrong", "database", why.text);
    return result == STORE_OK;
}

int admin_check(struct admin *admin)
{
    bool good = true;

    say("well", "options",
        admin->config->file != NULL ? admin->config->file : "no file");
    // All of them, so that all is told at once.
    good &= check_listen(admin->config);
    good &= check_dialects(admin->config);
    good &= check_key_file(admin->config);
    good &= check_database(admin);
    return good ? ADMIN_DONE
                : admin_fail("stayd would not start, or not serve well");
}
