#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "process.h"

/* A file whose lines are cut off one after the other. */
struct reader {
    char *at; /* NULL at the end */
};

/* One row's text, as far as it was read. */
struct draft {
    char *name;
    char *method;
    char *path;
    char headers[ROWS_LINE_MAX];
    char *body;
    int status;
    char *want;
    char want_headers[ROWS_LINE_MAX];
    char *save;
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The line that comes next, still unread; "# " at the end of the file. */
static const char *peek(const struct reader *r)
{
    return r->at == NULL || *r->at == '\0' ? "# " : r->at;
}

static char *take_line(struct reader *r)
{
    return strsep(&r->at, "\n");
}

static void append(char out[ROWS_LINE_MAX], const char *line, const char *end)
{
    size_t length = strlen(out);

    (void)snprintf(out + length, ROWS_LINE_MAX - length, "%s%s", line, end);
}

static char *take_body(struct reader *r)
{
    char *line;

    if (*peek(r) != '\n')
        return NULL;
    (void)take_line(r);
    if (starts(peek(r), "#") || *peek(r) == '\n')
        return NULL; // the blank line between two rows
    line = take_line(r);
    return strcmp(line, "<EMPTY>") == 0 ? line + strlen(line) : line;
}

static void take_request(struct reader *r, struct draft *d)
{
    d->name = take_line(r) + 2;
    d->path = take_line(r);
    d->method = strsep(&d->path, " ");
    while (!starts(peek(r), "=> ") && *peek(r) != '\n' && *peek(r) != '#')
        append(d->headers, take_line(r), "\r\n");
    d->body = take_body(r);
}

static void take_answer(struct reader *r, struct draft *d)
{
    d->status = (int)strtol(take_line(r) + 3, NULL, 10);
    while (*peek(r) != '\n' && *peek(r) != '#' && !starts(peek(r), "save ") &&
           !starts(peek(r), "claims "))
        append(d->want_headers, take_line(r), "\n");
    d->want = take_body(r);
    if (starts(peek(r), "claims "))
        append(d->want_headers, take_line(r), "\n");
    if (starts(peek(r), "save "))
        d->save = take_line(r) + 5;
}

static void run_draft(struct rows *rows, const struct draft *d)
{
    const struct row row = {
        .name = d->name,
        .method = d->method,
        .path = d->path,
        .headers = d->headers,
        .body = d->body,
        .status = d->status,
        .want = d->want,
        .want_headers = d->want_headers,
        .save = d->save,
    };

    rows_run(rows, &row, 1);
}

static void take_row(struct rows *rows, struct reader *r)
{
    struct draft draft = {.name = NULL};

    take_request(r, &draft);
    if (draft.path == NULL || !starts(peek(r), "=> ")) {
        CHECK_TEXT(draft.name, "a whole row");
        r->at = NULL;
        return;
    }
    take_answer(r, &draft);
    run_draft(rows, &draft);
}

static void take_value(struct rows *rows, struct reader *r)
{
    char value[ROWS_LINE_MAX] = "";
    const char *name = take_line(r) + 4;

    while (starts(peek(r), "    ")) {
        if (value[0] != '\0')
            append(value, "\n", "");
        append(value, take_line(r) + 4, "");
    }
    rows_set(rows, name, value);
}

void rows_run_file(struct rows *rows, const char *name)
{
    char path[512];
    struct reader r;
    char *text;

    (void)snprintf(path, sizeof path, "%s/%s", ROWS, name);
    text = process_read_file(path, NULL);
    if (!CHECK(text != NULL))
        return;
    r.at = text;
    while (r.at != NULL && *r.at != '\0') {
        if (starts(r.at, "let "))
            take_value(rows, &r);
        else if (starts(r.at, "# "))
            take_row(rows, &r);
        else
            (void)take_line(&r); // a comment, or blank
    }
    free(text);
}
