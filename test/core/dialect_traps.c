/*
 * What a family's stock clients do not survive, whatever the words are; and what
 * a browser would make of them.
 */
#include <stdio.h>

#include "check.h"
#include "dialect_kit.h"

/* What speaks of an access token is no answer to a refresh. */
static bool speaks_of_access(enum reply_kind kind)
{
    return kind >= CASE_NO_TOKEN && kind <= CASE_WRONG_ROLE;
}

static int refresh_status(const char *dialect, struct reply_case what)
{
    struct fields fields;
    char buffer[4096];
    struct reply reply;
    enum reply_result result;

    kit_fields(&fields, "refresh=R&path=/p&method=POST");
    result =
        reply_build(kit_dialect(dialect),
                    &(struct reply_ask){MESSAGE_REFRESH, &what, 1, &fields},
                    (struct span){buffer, sizeof buffer}, &reply);
    return result == REPLY_OK ? reply.status : 0;
}

/*
 * The stock clients of these send their refresh through the interceptor that
 * refreshes on 401: measured, they never end.
 */
static void never_401(void **state)
{
    static const char *const dialects[] = {"express", "sofunction"};
    static const enum field fields[] = {FIELD_NONE, FIELD_REFRESH};

    (void)state;
    for (size_t i = 0; i < COUNT(dialects); i++)
        for (unsigned kind = 0; kind < CASE_COUNT; kind++) {
            if (speaks_of_access((enum reply_kind)kind))
                continue;
            check_case("%s never answers a refresh with 401: %s", dialects[i],
                       reply_kind_name((enum reply_kind)kind));
            for (size_t k = 0; k < COUNT(fields); k++) {
                int status = refresh_status(
                    dialects[i],
                    (struct reply_case){(enum reply_kind)kind, fields[k]});

                CHECK(status >= 200 && status != 401);
            }
        }
}

/* A text page is HTML where its own type says so, or else the dialect's. */
static void pages(void **state)
{
    static const struct {
        const char *name;
        const char *types;
        const char *want;
    } rows[] = {
        {"the dialect's type is HTML",
         "\"text_type\": \"text/html; charset=utf-8\",",                 "&lt;b&gt;"},
        {"in other letters",           "\"text_type\": \"Text/HTML\",",  "&lt;b&gt;"},
        {"it is plain text",           "\"text_type\": \"text/plain\",", "<b>"      },
        {"it is plain text by itself", "",                               "<b>"      },
    };
    static char memory[DIALECT_MEMORY];
    char text[512];
    char buffer[512];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct reply_case what = {CASE_OK, FIELD_NONE};
        struct fields fields;
        const struct reply_ask ask = {MESSAGE_REFRESH, &what, 1, &fields};
        struct dialect d;
        struct reply reply;

        check_case("a page: %s", rows[i].name);
        (void)snprintf(text, sizeof text,
                       "{\"dialect\":\"m\",\"title\":\"M\",%s\"rotation\":"
                       "\"none\",\"repeat\":\"safe\",\"send\":{\"header\":"
                       "\"X\"},\"messages\":{\"refresh\":{\"request\":{"
                       "\"method\":\"POST\",\"path\":\"/\"},\"replies\":{"
                       "\"ok\":{\"status\":200,\"text\":\"{path}\"}}}}}",
                       rows[i].types);
        CHECK_EQ(dialect_load(&d, SPAN("m.json"), span_of(text),
                              (struct span){memory, sizeof memory}, NULL),
                 DIALECT_OK);
        fields_init(&fields, NULL, 0);
        fields_set_text(&fields, FIELD_PATH, SPAN("<b>"));
        CHECK_EQ(
            reply_build(&d, &ask, (struct span){buffer, sizeof buffer}, &reply),
            REPLY_OK);
        CHECK(span_is(reply.body, rows[i].want));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(never_401),
                                              cmocka_unit_test(pages)};

    return check_run("core/dialect_traps", tests);
}
