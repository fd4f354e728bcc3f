/*
 * What a family's stock clients do not survive, whatever the words are.
 */
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

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(never_401)};

    return check_run("core/dialect_traps", tests);
}
