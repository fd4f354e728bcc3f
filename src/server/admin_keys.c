/*
 * `stayd keys ...`
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/admin.h"
#include "server/audit.h"
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
        {.name = "id", .number = fact->id},
        {.name = "use", .text = access ? "access" : "refresh"},
        {.name = "algorithm", .text = access ? algorithm : "HMAC-SHA256"},
        {.name = "state", .text = key_state_text(fact->state)},
        {.name = "kid", .text = fact->kid},
        {.name = "created_s", .number = fact->created_s, .is_time = true},
        {.name = "since_s", .number = fact->since_s, .is_time = true},
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

static int say_result(struct admin *admin, const struct rotating *r,
                      enum store_result result)
{
    if (result == STORE_LIMIT)
        return admin_fail("keys: a new one waits to be used already, or too "
                          "many verify still; see stayd keys list");
    if (result == STORE_TAKEN)
        return admin_fail("keys: another process adds one right now; try "
                          "again");
    if (result != STORE_OK)
        return admin_store_failed(admin, result);
    (void)printf("added key %lld %s, in use %s\n", (long long)r->done.added.id,
                 r->done.added.kid,
                 r->rotation.lead_s > 0 ? "later: see stayd keys list"
                                        : "from now on");
    return ADMIN_DONE;
}

int admin_keys_rotate(struct admin *admin)
{
    struct rotating r = {.lives = server_key_lives(admin->config)};
    char path[PATH_MAX];
    char why[KEY_WHY_SIZE];
    const struct key_source source = {.store = admin->store, .path = path};
    enum store_result result;

    if (!read_options(admin, &r.rotation))
        return admin_misuse("--lead: '%.64s' is not allowed; use 0s to 30d",
                            admin->option[ADMIN_LEAD]);
    if (r.rotation.use == KEY_REFRESH && !r.rotation.compromised &&
        r.rotation.lead_s < KEY_SPREAD_S)
        return admin_misuse("--lead: every stayd must know a refresh key "
                            "before it is used: %ds at least",
                            KEY_SPREAD_S);
    if (r.rotation.compromised && r.rotation.lead_s > 0)
        return admin_misuse("--lead: a compromised key is replaced at once");
    config_key_path(admin->config, path);
    if (key_open_seal(&source, &r.seal, why) != KEY_OK)
        return admin_fail("%s", why);
    r.lives.now_s = admin->now_s;
    (void)admin_audit(admin, AUDIT_KEY_ROTATE, 0);
    result = admin_change(admin, rotate, &r);
    sodium_memzero(&r.seal, sizeof r.seal);
    return say_result(admin, &r, result);
}
