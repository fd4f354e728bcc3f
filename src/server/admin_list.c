/*
 * Lists of a command: a head line and tabs for people, JSON for scripts.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/utf8.h"
#include "server/admin.h"
#include "server/plausible.h"

enum { LINE_SIZE = 16 * 1024 };

/* A label is anybody's text, and a terminal does what a control tells it. */
static void print_text(const char *text)
{
    struct span rest = span_of(text);

    while (rest.length > 0) {
        size_t n = utf8_length(rest);
        struct span one = span_head(rest, n > 0 ? n : 1);

        if (!plausible_shown(one))
            one = SPAN("?");
        (void)fwrite(one.text, 1, one.length, stdout); // admin_list_end tells
        rest = span_tail(rest, n > 0 ? n : 1);
    }
}

static void print_time(int64_t time_s)
{
    time_t wall = (time_t)time_s;
    struct tm utc;
    char text[32] = "?";

    if (gmtime_r(&wall, &utc) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    (void)fputs(text, stdout);
}

static void print_cell(const struct admin_cell *cell)
{
    if (cell->text != NULL)
        print_text(cell->text);
    else if (cell->is_flag)
        (void)fputs(cell->number != 0 ? "yes" : "no", stdout);
    else if (cell->is_time)
        print_time(cell->number);
    else
        (void)printf("%lld", (long long)cell->number);
}

static void put_cell(struct json_writer *w, const struct admin_cell *cell)
{
    json_key(w, span_of(cell->name));
    if (cell->text != NULL)
        json_put_string(w, span_of(cell->text));
    else if (cell->is_flag)
        json_put_bool(w, cell->number != 0);
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
    for (size_t i = 0; first && i < count; i++)
        (void)printf("%s%c", cells[i].name, i + 1 < count ? '\t' : '\n');
    for (size_t i = 0; i < count; i++) {
        print_cell(&cells[i]);
        (void)putchar(i + 1 < count ? '\t' : '\n');
    }
}

int admin_list_end(struct admin *admin)
{
    if (admin->option[ADMIN_JSON] != NULL)
        (void)fputs(admin->listed ? "\n]\n" : "[]\n", stdout);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return admin_fail("standard output did not take the list");
    return ADMIN_DONE;
}
