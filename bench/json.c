/*
 * base/json beside jansson, on the messages of a refresh.
 *
 * Both do the same work. Each figure is the median of ROUNDS, all tasks in
 * turn, so that what else the machine does falls on all of them.
 */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json_jansson.h"

enum { ROUNDS = 31, CALLS = 10000, TOKENS_MAX = 32, TEXT_MAX = 512 };

static const struct message messages[] = {
    {"refresh reply",
     {{"access_token", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", 0},
      {"token_type", "Bearer", 0},
      {"expires_in", NULL, 300},
      {"generation", NULL, 17}}                                  },
    {"refresh request",
     {{"session", "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0},
      {"sid", "AAECAwQFBgcICQoLDA0ODw", 0},
      {"generation", NULL, 17},
      {"secret", "q80BAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4", 0},
      {"next", "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA", 0}}},
};

/* What one round works on. */
struct work {
    const struct message *message;
    const char *text; /* the message as JSON */
    size_t length;
};

static size_t write_own(const struct message *m, char *out, size_t size)
{
    struct json_writer w;

    json_begin(&w, out, size, JSON_COMPACT);
    json_open(&w, '{');
    for (const struct field *f = m->field; f->key != NULL; f++) {
        json_key(&w, span_of(f->key));
        if (f->text != NULL)
            json_put_string(&w, span_of(f->text));
        else
            json_put_int(&w, f->number);
    }
    json_close(&w, '}');
    if (w.overflow)
        abort();
    return w.length;
}

static size_t take_field(const struct json *json, const struct field *f)
{
    size_t at = json_member(json, 0, f->key);
    char value[TEXT_MAX];
    size_t length = 0;
    int64_t number = 0;

    if (f->text == NULL && !json_int(json, at, &number))
        abort();
    if (f->text != NULL && !json_string(json, at, value, sizeof value, &length))
        abort();
    return length + (size_t)number;
}

static size_t own_write(const struct work *w)
{
    char out[TEXT_MAX];

    return write_own(w->message, out, sizeof out);
}

static size_t own_parse(const struct work *w)
{
    struct json_token tokens[TOKENS_MAX];
    struct json json;

    if (json_parse(&json, w->text, w->length, tokens, TOKENS_MAX) != JSON_OK)
        abort();
    return json.token[0].count;
}

static size_t own_fields(const struct work *w)
{
    struct json_token tokens[TOKENS_MAX];
    struct json json;
    size_t sum = 0;

    if (json_parse(&json, w->text, w->length, tokens, TOKENS_MAX) != JSON_OK)
        abort();
    for (const struct field *f = w->message->field; f->key != NULL; f++)
        sum += take_field(&json, f);
    return sum;
}

static size_t other_write(const struct work *w)
{
    char out[TEXT_MAX];

    return jansson_write(w->message, out, sizeof out);
}

static size_t other_parse(const struct work *w)
{
    return jansson_parse(w->text, w->length);
}

static size_t other_fields(const struct work *w)
{
    return jansson_fields(w->message, w->text, w->length);
}

struct task {
    const char *name;
    size_t (*own)(const struct work *);
    size_t (*other)(const struct work *);
};

static const struct task tasks[] = {
    {"parse",              own_parse,  other_parse },
    {"parse, take fields", own_fields, other_fields},
    {"write",              own_write,  other_write },
};

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double value[ROUNDS])
{
    qsort(value, ROUNDS, sizeof *value, compare);
    return value[ROUNDS / 2];
}

/* Microseconds a call, over CALLS of them; they must all return `want`. */
static double time_calls(size_t (*call)(const struct work *),
                         const struct work *work, size_t want)
{
    struct timespec start, end;

    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < CALLS; i++)
        if (call(work) != want)
            abort();
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - start.tv_sec) * 1e9 +
            (double)(end.tv_nsec - start.tv_nsec)) /
           CALLS / 1e3;
}

static void compare_task(const struct task *task, const struct work *work)
{
    double own[ROUNDS], other[ROUNDS];
    size_t want = task->own(work);
    double own_us, other_us;

    if (task->other(work) != want)
        abort();
    for (int i = 0; i < ROUNDS; i++) {
        own[i] = time_calls(task->own, work, want);
        other[i] = time_calls(task->other, work, want);
    }
    own_us = median(own);
    other_us = median(other);
    printf("| %s, %zu bytes | %s | %.3f us | %.3f us | %.1f |\n",
           work->message->name, work->length, task->name, own_us, other_us,
           other_us / own_us);
}

int main(void)
{
    printf("| message | task | base/json | jansson | jansson over ours |\n"
           "|---|---|---|---|---|\n");
    for (size_t i = 0; i < COUNT(messages); i++) {
        char text[TEXT_MAX];
        struct work work = {.message = &messages[i], .text = text};

        work.length = write_own(work.message, text, sizeof text);
        for (size_t j = 0; j < COUNT(tasks); j++)
            compare_task(&tasks[j], &work);
    }
    return 0;
}
