/*
 * `stayd keys ...`
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/admin.h"
#include "server/audit.h"
#include "server/hs256_file.h"
#include "server/key_admin.h"
#include "server/key_open.h"
#include "server/server.h"

enum { LEAD_MAX_S = 30 * 24 * 60 * 60 };

static void list_key(struct admin *admin, const struct key_fact *fact)
{
    bool access = fact->use == KEY_ACCESS;
    char algorithm[16];
    struct span name = jws_algorithm_name(fact->algorithm);
    // clang-format off
    const struct admin_cell cells[] = {
        {.name = "id", .number = fact->id, .width = 4},
        {.name = "use", .text = access ? "access" : "refresh", .width = 8},
        {.name = "algorithm", .text = access ? algorithm : "HMAC-SHA256", .width = 12},
        {.name = "state", .text = key_state_text(fact->state), .width = 10},
        {.name = "kid", .text = fact->kid, .width = 44},
        {.name = "created_s", .number = fact->created_s, .is_time = true, .width = 21},
        {.name = "since_s", .number = fact->since_s, .is_time = true, .width = 21},
        {.name = "until_s", .number = fact->until_s, .is_time = true},
    };
    // clang-format on

    (void)snprintf(algorithm, sizeof algorithm, "%.*s", (int)name.length,
                   name.text);
    admin_list_row(admin, cells, sizeof cells / sizeof cells[0]);
}

int admin_keys_list(struct admin *admin)
{
    struct key_facts *facts = calloc(1, sizeof *facts);
    struct key_lives lives = server_key_lives(admin->config);
    struct key_plan plan;
    enum store_result result;
    int code;

    if (facts == NULL)
        return admin_fail("out of memory");
    lives.now_s = admin->now_s;
    result = key_row_list(admin->store, facts);
    if (result == STORE_OK)
        key_plan_make(facts, &lives, &plan);
    for (size_t i = 0; result == STORE_OK && i < facts->count; i++)
        list_key(admin, &facts->list[i]);
    code = result == STORE_OK ? admin_list_end(admin)
                              : admin_store_failed(admin, result);
    free(facts);
    return code;
}

struct rotating {
    struct key_seal seal;
    struct key_secret secret; /* of --hs256-secret-file */
    struct key_lives lives;
    struct key_rotation rotation;
    struct key_rotated done;
};

static enum store_result rotate(struct admin *admin, void *context)
{
    struct rotating *r = context;
    enum store_result result =
        key_rotate(admin->store, &r->seal, &r->lives, &r->rotation, &r->done);

    admin->event.detail = r->done.added.id;
    return result;
}

static bool read_options(struct admin *admin, struct key_rotation *out)
{
    const char *lead = admin->option[ADMIN_LEAD];

    *out = (struct key_rotation){
        .use = admin->option[ADMIN_REFRESH] != NULL ? KEY_REFRESH : KEY_ACCESS,
        .lead_s = KEY_LEAD_S,
        .compromised = admin->option[ADMIN_COMPROMISED] != NULL,
    };
    if (out->use == KEY_ACCESS &&
        config_from(admin->config, "algorithm") != CONFIG_FROM_DEFAULT)
        out->algorithm = admin->config->algorithm;
    if (out->compromised)
        out->lead_s = 0;
    return lead == NULL || config_duration(lead, 0, LEAD_MAX_S, &out->lead_s);
}

/* The key of that file and no other, or a restart would bring it back. */
static int take_file(struct admin *admin, struct rotating *r)
{
    const char *path = admin->config->hs256_file;
    char why[KEY_WHY_SIZE];

    if (path == NULL || r->rotation.use != KEY_ACCESS)
        return ADMIN_DONE;
    if (!hs256_file_read(path, &r->secret, why))
        return admin_fail("%s", why);
    r->rotation.algorithm = JWS_HS256;
    r->rotation.secret = &r->secret;
    return ADMIN_DONE;
}

static int say_result(struct admin *admin, const struct rotating *r,
                      enum store_result result)
{
    char when[ADMIN_TIME_SIZE];

    if (result == STORE_LIMIT && r->done.waits)
        return admin_fail("keys: a new one waits to be used already; see stayd "
                          "keys list");
    if (result == STORE_LIMIT)
        return admin_fail("keys: so many verify still that there is no room; "
                          "wait until one is over: see stayd keys list");
    if (result == STORE_TAKEN && r->rotation.secret != NULL)
        return admin_fail("keys: the secret in %s is in use already; put "
                          "another one there first",
                          admin->config->hs256_file);
    if (result == STORE_TAKEN)
        return admin_fail("keys: another process adds one right now; try "
                          "again");
    if (result != STORE_OK)
        return admin_store_failed(admin, result);
    (void)printf("added key %lld", (long long)r->done.added.id);
    if (r->done.added.kid[0] != '\0')
        (void)printf(" %s", r->done.added.kid);
    // Where none goes, nobody waits for the new one.
    if (r->rotation.lead_s == 0 || r->done.retired == 0)
        (void)printf(", in use from now on\n");
    else
        (void)printf(
            ", published now, in use from %s on\n",
            admin_time_text(r->lives.now_s + r->rotation.lead_s, when));
    return ADMIN_DONE;
}

/* May others run on it? Of SQLite's there is one as a rule. */
static bool is_shared(const struct config *config)
{
    return strncmp(config->database, "sqlite:", 7) != 0;
}

int admin_keys_rotate(struct admin *admin)
{
    struct rotating r = {.lives = server_key_lives(admin->config)};
    char path[PATH_MAX];
    char why[KEY_WHY_SIZE];
    const struct key_source source = {.store = admin->store, .path = path};
    enum store_result result;
    int code = ADMIN_FAILED;

    if (!read_options(admin, &r.rotation))
        return admin_misuse("--lead: '%.64s' is not allowed; use 0s to 30d",
                            admin->option[ADMIN_LEAD]);
    if (!r.rotation.compromised && r.rotation.lead_s < KEY_SPREAD_S &&
        (r.rotation.use == KEY_REFRESH || is_shared(admin->config)))
        return admin_misuse("--lead: every stayd must know a key before it is "
                            "used: %ds at least",
                            KEY_SPREAD_S);
    if (r.rotation.compromised && r.rotation.lead_s > 0)
        return admin_misuse("--lead: a compromised key is replaced at once");
    config_key_path(admin->config, path);
    if (key_open_seal(&source, &r.seal, why) != KEY_OK)
        return admin_fail("%s", why);
    if (take_file(admin, &r) != ADMIN_DONE)
        goto done;
    r.lives.now_s = admin->now_s;
    (void)admin_audit(admin, AUDIT_KEY_ROTATE, 0);
    result = admin_change(admin, rotate, &r);
    code = say_result(admin, &r, result);
done:
    sodium_memzero(&r.seal, sizeof r.seal);
    sodium_memzero(&r.secret, sizeof r.secret);
    return code;
}
