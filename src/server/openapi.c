#include "server/openapi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "server/http.h"
#include "server/openapi_schema.h"
#include "server/place.h"

enum {
    PATH_SIZE = 256,
    MESSAGES_MAX = 4, /* that share a method and a path */
    ENTRIES_MAX = 2 * MOUNT_MAX * MESSAGE_COUNT,
    STATUSES_TOLD = 32,
};

/* One method of one path, and what it may mean. */
struct entry {
    char path[PATH_SIZE];
    const struct mount *mount;
    struct span method;
    enum message messages[MESSAGES_MAX];
    size_t message_count;
    bool placed; /* at the dialect's own path, not under /d */
};

struct document {
    const struct openapi_source *source;
    struct entry *entries; /* by path and method */
    size_t count;
    struct json_writer w;
};

/* ---- Which paths there are ---- */

/* Text and {names}; false where it does not fit. */
static bool write_path(const struct mount *mount,
                       const struct request_rule *rule, bool placed,
                       char out[PATH_SIZE])
{
    const struct dialect *d = &mount->dialect;
    struct span prefix = rule->at_mount ? SPAN("") : d->prefix;
    int used = snprintf(out, PATH_SIZE, "%s%.*s%.*s", placed ? "" : "/d/",
                        placed ? 0 : (int)d->name.length, d->name.text,
                        (int)prefix.length, prefix.text);

    for (size_t i = 0; i < rule->path.count && used < PATH_SIZE; i++) {
        const struct part *part = &rule->path.parts[i];
        size_t left = (size_t)(PATH_SIZE - used);

        if (part->kind == PART_FIELD)
            used += snprintf(out + used, left, "{%s}",
                             field_name((enum field)part->field));
        else
            used += snprintf(out + used, left, "%.*s", (int)part->text.length,
                             part->text.text);
    }
    return used < PATH_SIZE && out[0] == '/';
}

/* At a dialect's own path: is it this one that answers there? */
static bool is_ours(const struct document *doc, const struct entry *entry)
{
    struct request_seen seen = {.method = entry->method,
                                .path = span_of(entry->path)};
    struct mount_route route;

    if (!entry->placed)
        return true;
    route = mount_route(doc->source->mounts, NULL, &seen);
    return route.result == ROUTE_FOUND && route.mount == entry->mount;
}

/* To the entry of the same method and path, if there is one. */
static void add(struct document *doc, const struct entry *one)
{
    for (size_t i = 0; i < doc->count; i++) {
        struct entry *e = &doc->entries[i];

        if (e->mount != one->mount || e->placed != one->placed ||
            strcmp(e->path, one->path) != 0 ||
            !span_equal(e->method, one->method))
            continue;
        if (e->message_count < MESSAGES_MAX)
            e->messages[e->message_count++] = one->messages[0];
        return;
    }
    if (doc->count < ENTRIES_MAX)
        doc->entries[doc->count++] = *one;
}

static void add_mount(struct document *doc, const struct mount *mount,
                      bool placed)
{
    for (unsigned m = MESSAGE_WELCOME; m < MESSAGE_COUNT; m++) {
        const struct message_rules *rules = mount->dialect.message[m];
        struct entry entry = {.mount = mount,
                              .messages = {(enum message)m},
                              .message_count = 1,
                              .placed = placed};

        if (rules == NULL || rules->request.method.length == 0 ||
            !doc->source->serves((enum message)m) ||
            !write_path(mount, &rules->request, placed, entry.path))
            continue;
        entry.method = rules->request.method;
        if (is_ours(doc, &entry))
            add(doc, &entry);
    }
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int order = strcmp(x->path, y->path);

    if (order != 0)
        return order;
    return strncmp(x->method.text, y->method.text,
                   x->method.length < y->method.length ? x->method.length
                                                       : y->method.length);
}

static void gather(struct document *doc)
{
    const struct mounts *mounts = doc->source->mounts;

    for (size_t i = 0; i < mounts->count; i++)
        add_mount(doc, &mounts->list[i], false);
    for (size_t i = 0; i < mounts->placed_count; i++)
        add_mount(doc, mounts->placed[i], true);
    qsort(doc->entries, doc->count, sizeof *doc->entries, compare);
}

/* ---- One operation ---- */

static void put_security(struct document *doc, const struct mount *mount)
{
    char name[64];

    openapi_open(&doc->w, "security", '[');
    for (size_t i = 0; i < mount->dialect.reads_count; i++) {
        (void)snprintf(name, sizeof name, "%.*s_%zu",
                       (int)mount->dialect.name.length,
                       mount->dialect.name.text, i);
        json_open(&doc->w, '{');
        openapi_open(&doc->w, name, '[');
        json_close(&doc->w, ']');
        json_close(&doc->w, '}');
    }
    json_close(&doc->w, ']');
}

static void put_replies(struct document *doc, const struct entry *e,
                        const struct message_rules *const *rules)
{
    const struct dialect *d = &e->mount->dialect;
    const struct message_rules *all[MESSAGES_MAX + 1];
    int statuses[STATUSES_TOLD];
    char number[16];
    size_t count;

    for (size_t i = 0; i < e->message_count; i++)
        all[i] = rules[i];
    all[e->message_count] = d->message[MESSAGE_NONE];
    count =
        openapi_statuses(all, e->message_count + 1, statuses, STATUSES_TOLD);
    openapi_open(&doc->w, "responses", '{');
    for (size_t i = 0; i < count; i++) {
        struct openapi_reply reply = {.dialect = d,
                                      .rules = all,
                                      .count = e->message_count + 1,
                                      .status = statuses[i]};

        (void)snprintf(number, sizeof number, "%d", statuses[i]);
        json_key(&doc->w, span_of(number));
        openapi_put_reply(&doc->w, &reply);
    }
    openapi_open(&doc->w, "default", '{');
    openapi_put_text(&doc->w, "description",
                     SPAN("Refused before it was understood, or a fault."));
    json_close(&doc->w, '}');
    json_close(&doc->w, '}');
}

static void put_operation(struct document *doc, const struct entry *e)
{
    const struct message_rules *rules[MESSAGES_MAX];
    const struct request_rule *requests[MESSAGES_MAX];
    const struct dialect *d = &e->mount->dialect;
    char method[16] = "";
    char name[96];
    enum need need = dialect_need(d, e->messages[0]);

    assert(e->message_count > 0);
    for (size_t i = 0; i < e->message_count; i++) {
        rules[i] = d->message[e->messages[i]];
        requests[i] = &rules[i]->request;
        if (dialect_need(d, e->messages[i]) == NEED_NOTHING)
            need = NEED_NOTHING;
    }
    for (size_t i = 0; i < e->method.length && i < sizeof method - 1; i++)
        method[i] = (char)(e->method.text[i] | 0x20); // to lower case
    openapi_open(&doc->w, method, '{');
    (void)snprintf(name, sizeof name, "%s%.*s_%s", e->placed ? "" : "d_",
                   (int)d->name.length, d->name.text,
                   message_name(e->messages[0]));
    openapi_put_text(&doc->w, "operationId", span_of(name));
    openapi_open(&doc->w, "tags", '[');
    json_put_string(&doc->w, d->name);
    json_close(&doc->w, ']');
    openapi_put_parameters(&doc->w, requests[e->message_count - 1]);
    openapi_put_request(&doc->w, requests, e->message_count);
    put_replies(doc, e, rules);
    if (need != NEED_NOTHING)
        put_security(doc, e->mount);
    json_close(&doc->w, '}');
}

/* ---- The whole ---- */

static void put_paths(struct document *doc)
{
    const char *open = NULL;

    for (size_t i = 0; i < doc->count; i++) {
        const struct entry *e = &doc->entries[i];

        if (open == NULL || strcmp(open, e->path) != 0) {
            if (open != NULL)
                json_close(&doc->w, '}');
            openapi_open(&doc->w, e->path, '{');
            open = e->path;
        }
        put_operation(doc, e);
    }
    if (open != NULL)
        json_close(&doc->w, '}');
}

/* What a place answers with is not said in more than its type. */
static void put_place_answer(struct document *doc,
                             const struct place_answer *answer)
{
    char status[16];

    (void)snprintf(status, sizeof status, "%d", answer->status);
    openapi_open(&doc->w, status, '{');
    openapi_put_text(&doc->w, "description",
                     span_of(http_status_text(answer->status)));
    openapi_open(&doc->w, "content", '{');
    if (answer->type != NULL) {
        openapi_open(&doc->w, answer->type, '{');
        json_close(&doc->w, '}');
    }
    json_close(&doc->w, '}');
    json_close(&doc->w, '}');
}

static void put_place(struct document *doc, const struct place_row *row)
{
    openapi_open(&doc->w, row->path, '{');
    openapi_open(&doc->w, row->method[0] == 'G' ? "get" : "post", '{');
    openapi_put_text(&doc->w, "operationId", span_of(row->path + 1));
    openapi_put_text(&doc->w, "summary", span_of(row->what));
    openapi_open(&doc->w, "responses", '{');
    for (size_t i = 0; i < PLACE_ANSWERS_MAX && row->answers[i].status != 0;
         i++)
        put_place_answer(doc, &row->answers[i]);
    openapi_open(&doc->w, "default", '{');
    openapi_put_text(&doc->w, "description", SPAN("It could not be done."));
    json_close(&doc->w, '}');
    json_close(&doc->w, '}');
    json_close(&doc->w, '}');
    json_close(&doc->w, '}');
}

static void put_places(struct document *doc)
{
    const struct place_row *row;

    for (size_t i = 0; (row = place_row(i)) != NULL; i++)
        if (!row->demo || doc->source->demo)
            put_place(doc, row);
}

/* Where this dialect's access tokens may stand. */
static void put_schemes(struct document *doc, const struct dialect *d)
{
    char name[64];

    for (size_t i = 0; i < d->reads_count; i++) {
        const struct access_place *place = &d->reads[i];
        bool bearer = span_equal_nocase(place->header, SPAN("Authorization")) &&
                      span_equal_nocase(place->prefix, SPAN("Bearer"));

        (void)snprintf(name, sizeof name, "%.*s_%zu", (int)d->name.length,
                       d->name.text, i);
        openapi_open(&doc->w, name, '{');
        openapi_put_text(&doc->w, "type",
                         bearer ? SPAN("http") : SPAN("apiKey"));
        if (bearer) {
            openapi_put_text(&doc->w, "scheme", SPAN("bearer"));
            openapi_put_text(&doc->w, "bearerFormat", SPAN("JWT"));
        } else {
            openapi_put_text(&doc->w, "in", SPAN("header"));
            openapi_put_text(&doc->w, "name", place->header);
            openapi_put_text(&doc->w, "x-stay-prefix", place->prefix);
        }
        json_close(&doc->w, '}');
    }
}

static void put_errors(struct document *doc, const struct dialect *d)
{
    const struct message_rules *rules = d->message[MESSAGE_NONE];
    int statuses[STATUSES_TOLD];
    size_t count = openapi_statuses(&rules, 1, statuses, STATUSES_TOLD);

    for (size_t i = 0; i < count; i++) {
        const struct openapi_reply reply = {
            .dialect = d, .rules = &rules, .count = 1, .status = statuses[i]};

        openapi_put_general(&doc->w, &reply);
    }
}

static void put_components(struct document *doc)
{
    const struct mounts *mounts = doc->source->mounts;

    openapi_open(&doc->w, "components", '{');
    openapi_open(&doc->w, "securitySchemes", '{');
    for (size_t i = 0; i < mounts->count; i++)
        put_schemes(doc, &mounts->list[i].dialect);
    json_close(&doc->w, '}');
    openapi_open(&doc->w, "schemas", '{');
    for (size_t i = 0; i < mounts->count; i++)
        put_errors(doc, &mounts->list[i].dialect);
    json_close(&doc->w, '}');
    json_close(&doc->w, '}');
}

static const char about[] =
    "Every dialect stands under /d/NAME; those that are placed also at their "
    "own paths, each path going to the first that wants it. A request that "
    "shows an access token there is answered in the dialect the token was "
    "issued under.";

static void put_document(struct document *doc)
{
    const struct mounts *mounts = doc->source->mounts;

    json_open(&doc->w, '{');
    openapi_put_text(&doc->w, "openapi", SPAN("3.1.0"));
    openapi_open(&doc->w, "info", '{');
    openapi_put_text(&doc->w, "title", SPAN("stayd"));
    openapi_put_text(&doc->w, "version", SPAN(STAY_VERSION));
    openapi_put_text(&doc->w, "description", SPAN(about));
    json_close(&doc->w, '}');
    openapi_open(&doc->w, "servers", '[');
    json_open(&doc->w, '{');
    openapi_put_text(&doc->w, "url", span_of(doc->source->url));
    json_close(&doc->w, '}');
    json_close(&doc->w, ']');
    openapi_open(&doc->w, "tags", '[');
    for (size_t i = 0; i < mounts->count; i++) {
        json_open(&doc->w, '{');
        openapi_put_text(&doc->w, "name", mounts->list[i].dialect.name);
        openapi_put_text(&doc->w, "description", mounts->list[i].dialect.title);
        json_close(&doc->w, '}');
    }
    json_close(&doc->w, ']');
    openapi_open(&doc->w, "paths", '{');
    put_places(doc);
    put_paths(doc);
    json_close(&doc->w, '}');
    put_components(doc);
    json_close(&doc->w, '}');
}

char *openapi_write(const struct openapi_source *source, size_t *length)
{
    struct document doc = {.source = source};
    char *text = NULL;

    doc.entries = calloc(ENTRIES_MAX, sizeof *doc.entries);
    if (doc.entries == NULL)
        return NULL;
    gather(&doc);
    for (size_t size = OPENAPI_START; size <= OPENAPI_MAX; size *= 2) {
        free(text);
        text = malloc(size);
        if (text == NULL)
            break;
        json_begin(&doc.w, text, size, JSON_COMPACT);
        put_document(&doc);
        if (!doc.w.overflow)
            break;
    }
    free(doc.entries);
    if (doc.w.overflow) {
        free(text);
        return NULL;
    }
    *length = doc.w.length;
    return text;
}
