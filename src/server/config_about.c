/*
 * What can be said of options, beside their values.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "server/config_row.h"

/* How many letters to change, add or leave out to make `b` of `a`. */
static size_t distance(const char *a, const char *b)
{
    size_t row[CONFIG_NAME_MAX + 1];
    size_t length = strlen(b);

    for (size_t k = 0; k <= length; k++)
        row[k] = k;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t corner = row[0];

        row[0] = i + 1;
        for (size_t k = 0; k < length; k++) {
            size_t best = corner + (a[i] != b[k]);

            corner = row[k + 1];
            if (row[k] + 1 < best)
                best = row[k] + 1;
            if (corner + 1 < best)
                best = corner + 1;
            row[k + 1] = best;
        }
    }
    return row[length];
}

bool config_is_near(const char *name, const char *meant)
{
    size_t length = strlen(name);

    return strlen(meant) <= CONFIG_NAME_MAX &&
           distance(name, meant) <= (length < 6 ? 2 : length / 3);
}

const char *config_nearest(const char *name)
{
    size_t best = SIZE_MAX;
    const struct option_row *row;
    const char *nearest = NULL;

    for (size_t i = 0; (row = config_row(i)) != NULL; i++) {
        size_t apart = distance(name, row->name);

        if (apart < best && config_is_near(name, row->name)) {
            best = apart;
            nearest = row->name;
        }
    }
    return nearest;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_list(const struct config_list *a, const struct config_list *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (!same_text(a->value[i], b->value[i]))
            return false;
    return a->count == b->count;
}

static bool same_value(const struct option_row *row, const struct config *a,
                       const struct config *b)
{
    const void *x = (const char *)a + row->at;
    const void *y = (const char *)b + row->at;

    switch (row->kind) {
    case KIND_TEXT:
        return same_text(*(const char *const *)x, *(const char *const *)y);
    case KIND_LIST:
        return same_list(x, y);
    case KIND_DURATION:
    case KIND_COUNT:
        return *(const int64_t *)x == *(const int64_t *)y;
    case KIND_SWITCH:
        return *(const bool *)x == *(const bool *)y;
    case KIND_OTHER:
        break;
    }
    return true;
}

/* Those with readers of their own are compared here. */
static bool same_other(const char *name, const struct config *a,
                       const struct config *b)
{
    if (strcmp(name, "signup-roles") == 0)
        return a->signup_roles == b->signup_roles;
    if (strcmp(name, "hide-users") == 0)
        return a->hide_users == b->hide_users;
    if (strcmp(name, "no-reseed") == 0)
        return a->reseed == b->reseed;
    if (strcmp(name, "throttle") == 0)
        return a->throttle == b->throttle;
    if (strcmp(name, "algorithm") == 0)
        return a->algorithm == b->algorithm;
    return true;
}

void config_different(const struct config *a, const struct config *b, char *out,
                      size_t size)
{
    const struct option_row *row;
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; (row = config_row(i)) != NULL; i++) {
        if (row->at == offsetof(struct config, origins) &&
            row->kind == KIND_LIST)
            continue;
        if (same_value(row, a, b) && same_other(row->name, a, b))
            continue;
        if (used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s",
                                     used > 0 ? " " : "", row->name);
    }
}

void config_key_path(const struct config *config, char path[PATH_MAX])
{
    struct span database = span_of(config->database);
    struct span rest = SPAN("");
    size_t slash;

    if (config->key_file != NULL) {
        (void)snprintf(path, PATH_MAX, "%s", config->key_file);
        return;
    }
    // A database on a server has no folder: the one we were started in.
    if (span_starts(database, SPAN("sqlite:")))
        rest = span_tail(database, 7);
    for (slash = rest.length; slash > 0 && rest.text[slash - 1] != '/';)
        slash--;
    (void)snprintf(path, PATH_MAX, "%.*sstay.key", (int)slash, rest.text);
}

struct store_config config_store(const struct config *config,
                                 enum store_mode mode)
{
    return (struct store_config){.url = config->database,
                                 .mode = mode,
                                 .password_file =
                                     config->database_password_file};
}
