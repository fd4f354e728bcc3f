/*
 * `stayd check`: would it start, and serve well? A line for each thing: "well",
 * "note", or "wrong" where it would not. Nothing is changed.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/admin.h"
#include "server/app.h"
#include "server/demo_users.h"
#include "server/hs256_file.h"
#include "server/key_open.h"
#include "server/listen.h"
#include "server/mail.h"
#include "server/mount.h"

static void say(const char *verdict, const char *what, const char *text)
{
    size_t length = strlen(what);

    // Where a reason names what it is about, it is not named twice.
    if (strncmp(text, what, length) == 0 &&
        (text[length] == ':' || text[length] == ' '))
        text += length + strspn(text + length, ": ");
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

/* What is allowed, and should be known. */
static void check_risks(const struct config *config)
{
    if (config->url == NULL)
        say("note", "url",
            "not set: tokens name where we listen as their issuer");
    if (config->demo)
        say("note", "demo",
            "known users and faults on demand: never in earnest");
    if (!config->throttle)
        say("note", "throttle", "off: passwords may be tried without end");
    if (config->lenient)
        say("note", "lenient-nest",
            "whoever ever saw an access token can go on until its session "
            "ends");
    if (!config->sandbox)
        say("note", "sandbox", "off: for debuggers only");
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
    check_risks(config);
    return true;
}

/* ---- Files that the options name ---- */

static bool check_mail(const struct config *config)
{
    char text[CONFIG_TEXT_MAX + 64];

    if (config->mail_command == NULL) {
        say("note", "mail",
            "none is sent: a forgotten password cannot be "
            "helped, and no address is verified");
        return true;
    }
    if (mail_can_run(config->mail_command)) {
        say("well", "mail", config->mail_command);
        return true;
    }
    (void)snprintf(text, sizeof text, "--mail-command: %s: %s",
                   config->mail_command, strerror(errno));
    say("wrong", "mail", text);
    return false;
}

static bool check_secret(const struct config *config)
{
    struct key_secret secret;
    char text[KEY_WHY_SIZE];
    bool good;

    if (config->hs256_file == NULL)
        return true;
    if (config->algorithm != JWS_HS256) {
        say("note", "hs256 secret", "is not used: --algorithm is not HS256");
        return true;
    }
    good = hs256_file_read(config->hs256_file, &secret, text);
    sodium_memzero(&secret, sizeof secret);
    say(good ? "well" : "wrong", "hs256 secret",
        good ? config->hs256_file : text);
    return good;
}

static bool check_clients(const struct config *config)
{
    struct apps *apps;
    char text[APP_WHY_SIZE] = "out of memory";
    bool good;

    if (config->client_file == NULL)
        return true;
    apps = calloc(1, sizeof *apps);
    good = apps != NULL &&
           app_read_file(config->client_file, apps, text) == APP_OK;
    say(good ? "well" : "wrong", "client file",
        good ? config->client_file : text);
    free(apps);
    return good;
}

/* ---- The database, and what seals its keys ---- */

/* What is not there yet can be made; NULL, or why not. */
static const char *folder_fault(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;

    if (length + 2 > sizeof folder)
        return "its path is too long";
    (void)snprintf(folder, sizeof folder, "%.*s.", (int)length, path);
    if (access(folder, W_OK | X_OK) == 0)
        return NULL;
    return errno == ENOENT ? "its folder does not exist"
                           : "its folder cannot be written to";
}

/* Of `path`, which is not there. */
static bool say_absent(const char *what, const char *path)
{
    const char *fault = folder_fault(path);
    char text[PATH_MAX + 64];

    if (fault == NULL) {
        say("note", what, "there is none yet: the first start makes it");
        return true;
    }
    (void)snprintf(text, sizeof text, "%s %s: %s", what, path, fault);
    say("wrong", what, text);
    return false;
}

/* Without keys in the database, any key file will do. */
static bool check_new_key_file(const char *path)
{
    uint8_t key[KEY_FILE_SIZE];
    char text[KEY_WHY_SIZE];
    enum key_file_result result = key_file_read(path, key, text);

    sodium_memzero(key, sizeof key);
    if (result == KEY_FILE_OK)
        say("well", "key file", path);
    else if (result == KEY_FILE_NONE)
        return say_absent("key file", path);
    else
        say("wrong", "key file", text);
    return result != KEY_FILE_BAD;
}

/* `store` is NULL where there is none. */
static bool check_key_file(const struct config *config, struct store *store)
{
    char path[PATH_MAX];
    char text[KEY_WHY_SIZE + PATH_MAX];
    const struct key_source source = {.store = store, .path = path};
    struct key_facts *facts = calloc(1, sizeof *facts);
    struct key_seal seal;
    bool sealed = facts != NULL && store != NULL &&
                  key_row_list(store, facts) == STORE_OK && facts->count > 0;
    bool good;

    free(facts);
    config_key_path(config, path);
    if (!sealed)
        return check_new_key_file(path);
    good = key_open_seal(&source, &seal, text) == KEY_OK;
    sodium_memzero(&seal, sizeof seal);
    if (good)
        (void)snprintf(text, sizeof text, "%s opens the keys in the database",
                       path);
    say(good ? "well" : "wrong", "key file", text);
    return good;
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

    if (is_absent(admin->config))
        return say_absent("database", admin->config->database + 7);
    result = store_open(&admin->store, &config, &why);
    if (result == STORE_OLDER) {
        say("note", "database", why.text);
        return true;
    }
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
    if (result == STORE_OK && !admin->config->demo &&
        demo_users_left(admin->store) > 0)
        say("note", "database",
            "users of a demonstration can still sign in by their known "
            "passwords");
    return result == STORE_OK;
}

/* A misspelt one does nothing. It is no fault: where a cluster has a service
   named stayd, it sets STAYD_PORT and others of its own. */
static void check_environment(void)
{
    static const struct span ours = {"STAYD_", 6};

    for (char *const *at = environ; *at != NULL; at++) {
        struct span line = span_of(*at);
        struct span name = span_head(line, span_find(line, '='));
        char text[128];

        if (!span_equal(span_head(name, ours.length), ours) ||
            config_knows_variable(name))
            continue;
        (void)snprintf(text, sizeof text, "%.*s is no option, and does nothing",
                       (int)(name.length < 64 ? name.length : 64), name.text);
        say("note", "environment", text);
    }
}

int admin_check(struct admin *admin)
{
    bool good = true;
    bool whole;

    say("well", "options",
        admin->config->file != NULL ? admin->config->file : "no file");
    check_environment();
    // All of them, so that all is told at once.
    good &= check_listen(admin->config);
    good &= check_dialects(admin->config);
    good &= check_mail(admin->config);
    good &= check_secret(admin->config);
    good &= check_clients(admin->config);
    whole = check_database(admin);
    good &= whole;
    good &= check_key_file(admin->config, whole ? admin->store : NULL);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return admin_fail("cannot write to standard output");
    return good ? ADMIN_DONE
                : admin_fail("stayd would not start, or not serve well");
}
