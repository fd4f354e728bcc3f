#include "store/store.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "store/driver.h"
#include "store/postgres.h"
#include "store/sqlite.h"
#include "store/standing.h"

static const struct store_driver *const drivers[] = {&sqlite_driver,
                                                     &postgres_driver};

static const char *const result_texts[] = {
    [STORE_OK] = "done",
    [STORE_NONE] = "no such row",
    [STORE_TAKEN] = "taken",
    [STORE_TAKEN_NAME] = "the name is taken",
    [STORE_TAKEN_EMAIL] = "the e-mail address is taken",
    [STORE_LIMIT] = "too many",
    [STORE_BUSY] = "the database is locked by another process",
    [STORE_FULL] = "no room on the disk",
    [STORE_FAILED] = "the disk or the database refused",
    [STORE_NO_MEMORY] = "out of memory",
    [STORE_AWAY] = "the database cannot be reached",
    [STORE_WAITING] = "waiting for the database",
    [STORE_DENIED] = "the database cannot be opened or written",
    [STORE_CORRUPT] = "the database is damaged or not ours",
    [STORE_NEWER] = "the database was written by a newer version",
    [STORE_OLDER] = ("the database is of an older version: `stayd migrate` "
                     "brings it to this one, and so does a start"),
};

bool store_failed(enum store_result result)
{
    return result >= STORE_BUSY;
}

const char *store_result_text(enum store_result result)
{
    if ((size_t)result >= COUNT(result_texts))
        return "unknown";
    return result_texts[result];
}

static const struct store_driver *find_driver(const char *url)
{
    for (size_t i = 0; i < COUNT(drivers); i++)
        if (strncmp(url, drivers[i]->scheme, strlen(drivers[i]->scheme)) == 0)
            return drivers[i];
    return NULL;
}

enum store_result store_url_check(const char *url, struct store_why *why)
{
    const struct store_driver *driver = find_driver(url);
    const char *wrong = "unknown kind of database: write sqlite:PATH or "
                        "postgresql://[USER@]HOST[:PORT]/DATABASE";
    bool password = false;

    why->text[0] = '\0';
    if (driver != NULL && driver->understands(url, &password))
        return STORE_OK;
    if (driver != NULL)
        wrong = driver->file ? "database: not a path"
                             : "the database's address is malformed";
    (void)snprintf(why->text, sizeof why->text, "%s", wrong);
    return STORE_DENIED;
}

bool store_url_has_password(const char *url)
{
    const struct store_driver *driver = find_driver(url);
    bool password = false;

    // One that cannot be read might hold one as well.
    return driver != NULL && !driver->file &&
           (!driver->understands(url, &password) || password);
}

bool store_url_is_file(const char *url)
{
    const struct store_driver *driver = find_driver(url);

    return driver != NULL && driver->file;
}

enum store_result store_open(struct store **out,
                             const struct store_config *config,
                             struct store_why *why)
{
    enum store_result result = store_url_check(config->url, why);

    *out = NULL;
    if (result != STORE_OK)
        return result;
    return find_driver(config->url)->open(out, config, why);
}

void store_close(struct store *store)
{
    if (store != NULL)
        store->driver->close(store);
}

const char *store_message(const struct store *store)
{
    return store->driver->message(store);
}

enum store_result store_check(struct store *store, struct store_why *why)
{
    return store->driver->check(store, why);
}

enum store_result store_backup(struct store *store, const char *path,
                               struct store_why *why)
{
    if (store->driver->backup != NULL)
        return store->driver->backup(store, path, why);
    (void)snprintf(why->text, sizeof why->text,
                   "this database is a server of its own: back it up with its "
                   "own tools, such as pg_dump");
    return STORE_DENIED;
}

enum store_result store_begin(struct store *store)
{
    return store->driver->begin(store);
}

enum store_result store_commit(struct store *store)
{
    return store->driver->commit(store);
}

void store_rollback(struct store *store)
{
    store->driver->rollback(store);
}

enum store_result store_save(struct store *store)
{
    return store->driver->save(store);
}

enum store_result store_keep(struct store *store)
{
    return store->driver->keep(store);
}

enum store_result store_revert(struct store *store)
{
    return store->driver->revert(store);
}

bool store_in_transaction(struct store *store)
{
    return store->driver->in_transaction(store);
}

enum store_result store_checkpoint(struct store *store, struct store_log *out)
{
    return store->driver->checkpoint(store, out);
}

int64_t store_log_pages(const struct store *store)
{
    return store->driver->log_pages(store);
}

enum store_result store_hold(struct store *store, uint64_t *version)
{
    if (store->driver->hold == NULL)
        return STORE_NONE;
    return store->driver->hold(store, version);
}

void store_let_go(struct store *store)
{
    if (store->driver->let_go != NULL)
        store->driver->let_go(store);
}

void store_files(struct store *store,
                 void (*each)(void *context, const char *path), void *context)
{
    if (store->driver->files != NULL)
        store->driver->files(store, each, context);
}

bool store_ready(struct store *store)
{
    return store->driver->ready == NULL || store->driver->ready(store);
}

enum store_result store_mend(struct store *store)
{
    return store->driver->mend == NULL ? STORE_OK : store->driver->mend(store);
}

bool store_talks(const struct store *store)
{
    return store->driver->listen != NULL;
}

void store_listen(struct store *store, struct store_talk *talk)
{
    store->driver->listen(store, talk);
}

enum store_result store_collect(struct store *store)
{
    return store->driver->collect(store);
}

void store_talk_clear(struct store *store, struct store_talk *talk)
{
    for (size_t i = 0; i < talk->count; i++)
        if (!talk->part[i].lent)
            store->driver->forget(talk->part[i].answer);
    *talk = (struct store_talk){.count = 0};
}
