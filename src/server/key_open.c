#include "server/key_open.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/audit.h"
#include "server/hs256_file.h"
#include "server/key_admin.h"
#include "store/key.h"

enum { ROUNDS = 16 }; /* other instances may add their keys beside us */

static enum key_result say_file(const struct key_source *source,
                                const char *text, char why[KEY_WHY_SIZE])
{
    (void)snprintf(why, KEY_WHY_SIZE, "key file %s: %s", source->path, text);
    return KEY_BAD_FILE;
}

struct opening_check {
    const struct key_seal *seal;
    bool wrong; /* some key did not open */
};

static bool note_row(void *context, const struct store_key *row)
{
    (void)row;
    *(bool *)context = true;
    return false;
}

static bool check_row(void *context, const struct store_key *row)
{
    struct opening_check *check = context;
    struct key_secret secret;

    check->wrong |= !key_row_open(row, check->seal->bytes, &secret);
    sodium_memzero(&secret, sizeof secret);
    return !check->wrong;
}

/* Nothing may be added under a seal that does not open the rest. */
static enum key_result check_seal(const struct key_source *source,
                                  const struct key_seal *seal,
                                  char why[KEY_WHY_SIZE])
{
    struct opening_check check = {.seal = seal};
    enum store_result listed = store_key_list(source->store, check_row, &check);

    if (listed != STORE_OK)
        return key_say_database(why, listed);
    if (!check.wrong)
        return KEY_OK;
    return say_file(source,
                    "is not the one that the keys in the database are sealed "
                    "with",
                    why);
}

static enum key_result say_missing(const struct key_source *source,
                                   char why[KEY_WHY_SIZE])
{
    return say_file(source,
                    "is missing, and the keys in the database are sealed with "
                    "it: bring it back, or say by --key-file where it is",
                    why);
}

/* A new key file is made only where it can not hide the loss of the old one. */
enum key_result key_open_seal(const struct key_source *source,
                              struct key_seal *out, char why[KEY_WHY_SIZE])
{
    bool sealed = false;
    enum store_result listed = store_key_list(source->store, note_row, &sealed);
    enum key_file_result found;

    if (listed != STORE_OK)
        return key_say_database(why, listed);
    found = sealed ? key_file_read(source->path, out->bytes, why)
                   : key_file_make(source->path, out->bytes, why);
    if (found == KEY_FILE_NONE)
        return say_missing(source, why);
    if (found != KEY_FILE_OK)
        return KEY_BAD_FILE;
    return check_seal(source, out, why);
}

/* ---- What is missing ---- */

struct opening {
    const struct key_source *source;
    const struct key_seal *seal;
    struct key_facts facts;
    struct key_plan plan;
    enum jws_algorithm algorithm; /* none: any will do */
    struct key_secret secret;     /* from --hs256-secret-file */
    char kid[STORE_KID_SIZE];     /* its name; empty: there is no such file */
};

static enum key_result read_hs256(struct opening *o, char why[KEY_WHY_SIZE])
{
    struct jws_key key;

    if (o->source->hs256_file == NULL)
        return KEY_OK;
    o->algorithm = JWS_HS256;
    if (!hs256_file_read(o->source->hs256_file, &o->secret, why))
        return KEY_WEAK;
    if (!jws_key_init(&key, JWS_HS256, o->secret.bytes, o->secret.length)) {
        (void)snprintf(why, KEY_WHY_SIZE, "out of memory");
        return KEY_NO_MEMORY;
    }
    (void)snprintf(o->kid, sizeof o->kid, "%s", key.kid);
    jws_key_clear(&key);
    return KEY_OK;
}

/* Does what signs in the end differ from what was asked for? */
static bool wants_sign(const struct opening *o)
{
    const struct key_fact *newest = key_plan_newest(&o->facts, KEY_ACCESS);

    if (newest == NULL)
        return true;
    if (o->kid[0] != '\0')
        return strcmp(newest->kid, o->kid) != 0;
    return o->algorithm != JWS_NO_ALGORITHM &&
           newest->algorithm != o->algorithm;
}

/* Nobody waits for the first key, and only other stayds for a shared one. */
static int64_t lead_of(const struct opening *o)
{
    if (key_plan_newest(&o->facts, KEY_ACCESS) == NULL)
        return 0;
    return o->algorithm == JWS_HS256 ? (int64_t)KEY_SPREAD_S
                                     : (int64_t)KEY_LEAD_S;
}

static enum store_result tell(struct store *store, int64_t id,
                              struct audit *out)
{
    audit_begin_operator(out, AUDIT_KEY_ROTATE);
    out->detail = id;
    return audit_store(store, out);
}

static enum store_result add(const struct opening *o, enum key_use use)
{
    struct key_rotation rotation = {.use = use, .first = true, .prunes = true};
    struct store *store = o->source->store;
    // The first key of all takes no other's place.
    bool replaces = key_plan_newest(&o->facts, use) != NULL;
    struct key_rotated done;
    enum store_result result;
    struct audit event;

    if (use == KEY_ACCESS) {
        rotation.algorithm = o->algorithm;
        rotation.lead_s = lead_of(o);
        rotation.secret = o->kid[0] != '\0' ? &o->secret : NULL;
    }
    result = store_begin(store);
    if (result != STORE_OK)
        return result;
    result = key_rotate(store, o->seal, &o->source->lives, &rotation, &done);
    if (result == STORE_OK && replaces)
        result = tell(store, done.added.id, &event);
    if (result == STORE_OK) {
        result = store_commit(store);
        if (result == STORE_OK && replaces)
            audit_tell(NULL, &event);
        return result;
    }
    store_rollback(store);
    // Another instance was first: the next round reads its key.
    return result == STORE_TAKEN ? STORE_OK : result;
}

/* *whole: nothing was missing, and o->plan is what there is. */
static bool has_over(const struct key_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++)
        if (facts->list[i].state == KEY_OVER)
            return true;
    return false;
}

static enum store_result look(struct opening *o, bool *whole)
{
    enum store_result result = key_row_list(o->source->store, &o->facts);

    *whole = false;
    if (result != STORE_OK)
        return result;
    key_plan_make(&o->facts, &o->source->lives, &o->plan);
    if (wants_sign(o))
        return add(o, KEY_ACCESS);
    if (key_plan_newest(&o->facts, KEY_REFRESH) == NULL)
        return add(o, KEY_REFRESH);
    *whole = true;
    if (has_over(&o->facts))
        (void)key_prune(o->source->store, &o->facts); // the next start tries
    return STORE_OK;
}

static enum key_result say_failed(enum store_result result,
                                  char why[KEY_WHY_SIZE])
{
    if (result != STORE_LIMIT)
        return key_say_database(why, result == STORE_OK ? STORE_BUSY : result);
    (void)snprintf(why, KEY_WHY_SIZE,
                   "keys in the database: too many verify still; start with "
                   "the algorithm that was in use, or wait until some are over "
                   "(stayd keys list)");
    return KEY_FULL;
}

static enum key_result fill(struct opening *o, struct key_ring **out,
                            char why[KEY_WHY_SIZE])
{
    enum key_result result = read_hs256(o, why);
    enum store_result stored = STORE_OK;
    bool whole = false;

    if (result != KEY_OK)
        return result;
    for (int round = 0; round < ROUNDS && stored == STORE_OK; round++) {
        stored = look(o, &whole);
        if (stored == STORE_OK && whole)
            return key_ring_read(out, o->source->store, o->seal, &o->plan, why);
    }
    return say_failed(stored, why);
}

enum key_result key_open(struct key_ring **out, struct key_seal *seal,
                         const struct key_source *source,
                         char why[KEY_WHY_SIZE])
{
    struct opening *o = calloc(1, sizeof *o);
    enum key_result result;

    *out = NULL;
    if (o == NULL) {
        (void)snprintf(why, KEY_WHY_SIZE, "out of memory");
        return KEY_NO_MEMORY;
    }
    o->source = source;
    o->algorithm = source->algorithm;
    o->seal = seal;
    result = key_open_seal(source, seal, why);
    if (result == KEY_OK)
        result = fill(o, out, why);
    if (result == KEY_OK)
        why[0] = '\0'; // of the file that had to be made first
    else
        sodium_memzero(seal, sizeof *seal);
    sodium_memzero(o, sizeof *o);
    free(o);
    return result;
}
