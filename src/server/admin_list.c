/*
 * Lists of a command: a head line and tabs for people, JSON for scripts.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/utf8.h"
#include "server/admin.h"
#include "server/plausible.h"

enum { LINE_SIZE = 16 * 1024 };

/* A label is anybody's text, and a terminal does what a control tells it. The
   columns it takes, as good as can be told. */
static int print_text(const char *text)
{
    struct span rest = span_of(text);
    int columns = 0;

    while (rest.length > 0) {
        size_t n = utf8_length(rest);
        struct span one = span_head(rest, n > 0 ? n : 1);

        if (!plausible_shown(one))
            one = SPAN("?");
        (void)fwrite(one.text, 1, one.length, stdout); // admin_list_end tells
        rest = span_tail(rest, n > 0 ? n : 1);
        columns++;
    }
    return columns;
}

const char *admin_time_text(int64_t time_s, char out[ADMIN_TIME_SIZE])
{
    time_t wall = (time_t)time_s;
    struct tm utc;

    if (gmtime_r(&wall, &utc) == NULL ||
        strftime(out, ADMIN_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        (void)snprintf(out, ADMIN_TIME_SIZE, "?");
    return out;
}

static bool is_empty(const struct admin_cell *cell)
{
    return cell->text != NULL ? cell->text[0] == '\0'
                              : cell->is_time && cell->number == 0;
}

static int print_cell(const struct admin_cell *cell)
{
    char when[ADMIN_TIME_SIZE];

    if (is_empty(cell))
        return print_text("-");
    if (cell->text != NULL)
        return print_text(cell->text);
    if (cell->is_flag)
        return print_text(cell->number != 0 ? "yes" : "no");
    if (cell->is_time)
        return print_text(admin_time_text(cell->number, when));
    return printf("%lld", (long long)cell->number);
}

/* "created_s" is one that people read as "created". */
static int print_name(const struct admin_cell *cell)
{
    size_t length = strlen(cell->name);

    return printf("%.*s", (int)(cell->is_time ? length - 2 : length),
                  cell->name);
}

/* Tabs for scripts; on a terminal, columns. */
static void print_row(const struct admin_cell *cells, size_t count,
                      int (*print)(const struct admin_cell *cell))
{
    bool seen = isatty(STDOUT_FILENO) == 1;

    for (size_t i = 0; i < count; i++) {
        int columns = print(&cells[i]);

        if (i + 1 == count)
            (void)putchar('\n');
        else if (seen && columns < cells[i].width)
            (void)printf("%*s", cells[i].width - columns, "");
        else
            (void)putchar(seen ? ' ' : '\t');
    }
}

static void put_words(struct json_writer *w, struct span rest)
{
    json_open(w, '[');
    while (rest.length > 0) {
        size_t end = span_find(rest, ' ');

        json_put_string(w, span_head(rest, end));
        rest = span_tail(rest, end + 1);
    }
    json_close(w, ']');
}

static void put_cell(struct json_writer *w, const struct admin_cell *cell)
{
    json_key(w, span_of(cell->name));
    if (cell->is_list)
        put_words(w, span_of(cell->text));
    else if (cell->text != NULL)
        json_put_string(w, span_of(cell->text));
    else if (cell->is_flag)
        json_put_bool(w, cell->number != 0);
    else if (is_empty(cell))
        json_put_null(w);
    else
        json_put_int(w, cell->number);
}

static void print_json(const struct admin_cell *cells, size_t count, bool first)
{
    char line[LINE_SIZE];
    struct json_writer w;

    json_begin(&w, line, sizeof line, JSON_COMPACT);
    json_open(&w, '{');
    for (size_t i = 0; i < count; i++)
        put_cell(&w, &cells[i]);
    json_close(&w, '}');
    (void)printf("%s%.*s", first ? "[\n" : ",\n", (int)w.length, line);
}

void admin_list_row(struct admin *admin, const struct admin_cell *cells,
                    size_t count)
{
    bool first = !admin->listed;

    admin->listed = true;
    if (admin->option[ADMIN_JSON] != NULL) {
        print_json(cells, count, first);
        return;
    }
    if (first)
        print_row(cells, count, print_name);
    print_row(cells, count, print_cell);
}

int admin_list_end(struct admin *admin)
{
    if (admin->option[ADMIN_JSON] != NULL)
        (void)fputs(admin->listed ? "\n]\n" : "[]\n", stdout);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return admin_fail("standard output did not take the list");
    return ADMIN_DONE;
}
