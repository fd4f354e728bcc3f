#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    char name[128];
    bool open;    /* a row has begun and is not counted yet */
    bool failed;  /* the open row */
    bool skipped; /* the open row */
    unsigned rows_failed, rows_passed, rows_skipped;
    bool function_failed;
} now;

static void end_row(void)
{
    if (!now.open)
        return;
    if (now.failed)
        now.rows_failed++;
    else if (now.skipped)
        now.rows_skipped++;
    else
        now.rows_passed++;
    now.open = false;
}

static void begin_row(const char *name)
{
    end_row();
    (void)snprintf(now.name, sizeof now.name, "%s", name);
    now.open = true;
    now.failed = now.skipped = false;
}

void check_case(const char *format, ...)
{
    char name[sizeof now.name];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(name, sizeof name, format, args);
    va_end(args);
    begin_row(name);
}

static bool fail_row(const char *file, int line)
{
    if (!now.open)
        begin_row("(before the first row)");
    now.failed = true;
    now.function_failed = true;
    printf("# FAILED %s:%d: row \"%s\": ", file, line, now.name);
    return false;
}

void check_skip_vectors(const char *why)
{
    now.skipped = true;
    printf("# SKIPPED row \"%s\": %s\n", now.name, why);
}

void check_skip(const char *why)
{
    const char *no_skip = getenv("STAY_NO_SKIP");

    if (no_skip == NULL || strcmp(no_skip, "1") != 0) {
        check_skip_vectors(why);
        return;
    }
    (void)fail_row("skip", 0);
    printf("skipped, and STAY_NO_SKIP=1 forbids it: %s\n", why);
}

bool check_true(const char *file, int line, const char *what, bool held)
{
    if (held)
        return true;
    (void)fail_row(file, line);
    printf("%s does not hold\n", what);
    return false;
}

bool check_equal(const char *file, int line, const char *what, intmax_t got,
                 intmax_t want)
{
    if (got == want)
        return true;
    (void)fail_row(file, line);
    printf("%s: got %" PRIdMAX ", want %" PRIdMAX "\n", what, got, want);
    return false;
}

bool check_text(const char *file, int line, const char *what, const char *got,
                const char *want)
{
    if (got == NULL || want == NULL ? got == want : strcmp(got, want) == 0)
        return true;
    (void)fail_row(file, line);
    printf("%s:\n#   got  %s\n#   want %s\n", what, got ? got : "(null)",
           want ? want : "(null)");
    return false;
}

bool check_bytes(const char *file, int line, const char *what, const void *got,
                 size_t got_size, const void *want, size_t want_size)
{
    if (got_size == want_size &&
        (want_size == 0 || memcmp(got, want, want_size) == 0))
        return true;
    (void)fail_row(file, line);
    printf("%s:\n#   got  %zu bytes: %.*s\n#   want %zu bytes: %.*s\n", what,
           got_size, (int)got_size, (const char *)got, want_size,
           (int)want_size, (const char *)want);
    return false;
}

void check_note(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("# ");
    (void)vprintf(format, args);
    printf("\n");
    va_end(args);
}

const char *check_vectors(void)
{
    const char *folder = getenv("STAY_VECTORS");

    if (folder == NULL || *folder == '\0')
        return NULL;
    return access(folder, R_OK | X_OK) == 0 ? folder : NULL;
}

static int begin_function(void **state)
{
    (void)state;
    now.function_failed = false;
    return 0;
}

/* A function whose row failed fails in cmocka's own count too. */
static int end_function(void **state)
{
    (void)state;
    end_row();
    return now.function_failed ? -1 : 0;
}

static void report(const char *suite, double seconds)
{
    const char *path = getenv("STAY_REPORT");
    FILE *file;

    printf("# %s: %u passed, %u failed, %u skipped, %.1f s\n", suite,
           now.rows_passed, now.rows_failed, now.rows_skipped, seconds);
    if (path == NULL || (file = fopen(path, "a")) == NULL)
        return;
    (void)fprintf(file, "%s %u %u %u %.1f\n", suite, now.rows_passed,
                  now.rows_failed, now.rows_skipped, seconds);
    (void)fclose(file);
}

bool check_on_postgres(void)
{
    const char *kind = getenv("STAY_STORE");

    return kind != NULL && strcmp(kind, "postgres") == 0;
}

int check_run_group(const char *suite, const struct CMUnitTest *tests,
                    size_t count)
{
    struct timespec start, end;
    char name[128];
    struct CMUnitTest *rows = calloc(count, sizeof *rows);
    int failed;

    if (rows == NULL)
        return 1;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    failed = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned before = now.rows_passed + now.rows_failed + now.rows_skipped;
        int broke;

        rows[i] = tests[i];
        rows[i].setup_func = begin_function;
        rows[i].teardown_func = end_function;
        broke = _cmocka_run_group_tests(tests[i].name, &rows[i], 1, NULL, NULL);
        failed += broke != 0;
        // A function without rows, or one that cmocka stopped, is a row too.
        if (now.rows_passed + now.rows_failed + now.rows_skipped == before ||
            (broke && now.rows_failed == 0)) {
            begin_row(tests[i].name);
            now.failed = broke != 0;
            end_row();
        }
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    (void)snprintf(name, sizeof name, "%s%s", suite,
                   check_on_postgres() ? ".postgres" : "");
    report(name, (double)(end.tv_sec - start.tv_sec) +
                     (double)(end.tv_nsec - start.tv_nsec) / 1e9);
    free(rows);
    return failed != 0 || now.rows_failed != 0;
}
