/*
 * Rows on top of cmocka: a table, a sentence for a name, checks that carry on.
 *
 *     static void ask(void **state)
 *     {
 *         for (size_t i = 0; i < COUNT(ask_cases); i++) {
 *             CASE(ask_cases[i].name);
 *             CHECK_EQ(engine_ask(...), ask_cases[i].todo);
 *         }
 *     }
 *     int main(void)
 *     {
 *         static const struct CMUnitTest tests[] = {cmocka_unit_test(ask)};
 *         return check_run("core/engine", tests);
 *     }
 *
 * Each CASE is a row and is counted: passed when every check up to the next
 * CASE held. A function without a CASE counts as one row under its own name.
 * Not for use from more than one thread: collect in threads, check after.
 */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Begins a row. `name` is copied (127 bytes). check_case takes printf words. */
#define CASE(name) check_case("%s", (name))
void check_case(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the row as skipped; says why. Under STAY_NO_SKIP=1 that is a failure. */
void check_skip(const char *why);
/* As check_skip, but never a failure: third-party vectors that are absent. */
void check_skip_vectors(const char *why);

#define CHECK(condition) check_true(__FILE__, __LINE__, #condition, (condition))
#define CHECK_EQ(got, want)                                                    \
    check_equal(__FILE__, __LINE__, #got, (intmax_t)(got), (intmax_t)(want))
#define CHECK_TEXT(got, want)                                                  \
    check_text(__FILE__, __LINE__, #got, (got), (want))
#define CHECK_BYTES(got, got_size, want, want_size)                            \
    check_bytes(__FILE__, __LINE__, #got, (got), (got_size), (want),           \
                (want_size))

/* Each returns whether it held, so that a row may stop early. */
bool check_true(const char *file, int line, const char *what, bool held);
bool check_equal(const char *file, int line, const char *what, intmax_t got,
                 intmax_t want);
bool check_text(const char *file, int line, const char *what, const char *got,
                const char *want);
bool check_bytes(const char *file, int line, const char *what, const void *got,
                 size_t got_size, const void *want, size_t want_size);

/* A line for people in the output, such as a count of states. */
void check_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* STAY_VECTORS, or ../shared/vectors beside the project; NULL when absent. */
const char *check_vectors(void);

/*
 * The environment's STAY_STORE is "postgres": the same rows on PostgreSQL, by
 * those kits that have a database (store/fixture.h, system/stayd.h). ".postgres"
 * goes behind the suite's name then.
 */
bool check_on_postgres(void);

/* Runs the tests; the exit code of main. Adds a line to STAY_REPORT if set. */
#define check_run(suite, tests)                                                \
    check_run_group((suite), (tests), sizeof(tests) / sizeof((tests)[0]))
int check_run_group(const char *suite, const struct CMUnitTest *tests,
                    size_t count);

#endif
