/*
 * Random texts, close to JSON, read by base/json and by jansson.
 *
 * Text number N depends on the seed and N alone. STAY_SEED=... repeats a run;
 * FULL=1 makes it longer.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "edge.h"
#include "json_compare.h"

enum {
    TEXT_MAX = 2048,
    DEPTH_MAX = 36, /* a little more than JSON_DEPTH_MAX */
    MUTATIONS_MAX = 3,
    SECONDS = 2,
    SECONDS_FULL = 30,
};

struct text {
    uint64_t random; /* state of splitmix64 */
    char bytes[TEXT_MAX];
    size_t length;
};

static const char *const pieces[] = {
    "a",
    "key",
    "/",
    "<b>&'",
    " ",
    "\\n",
    "\\\"",
    "\\\\",
    "\\/",
    "\\b\\f\\r\\t",
    "\\u0000",
    "\\u00e9",
    "\\u20AC",
    "\\uD834\\uDD1E",
    "\\ud800",
    "\\udc00a",
    "\\uD800\\uD800",
    "\\u007f\\u001F",
    "\xC3\xA9",
    "\xE2\x82\xAC",
    "\xF0\x9D\x84\x9E",
    "\xEF\xBF\xBF",
    "\xF4\x8F\xBF\xBF",
    "abcdefghijklmnop",
    "\x7F",
};

static const char *const scalars[] = {
    "0",
    "-0",
    "1",
    "-17",
    "1.5",
    "-0.0",
    "1e5",
    "2E-3",
    "1e+2",
    "true",
    "false",
    "null",
    "\"\"",
    "1e999",
    "-1e400",
    "1e-999",
    "0.1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901",
    "1.7976931348623157e308",
    "5e-324",
    "{}",
    "[]",
};

/* Bytes and words that a mutation puts where they do not belong. */
static const char *const intruders[] = {
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "-",
    "+",
    ".",
    "e",
    "0",
    "01",
    " ",
    "\n",
    "\t",
    "\r",
    "\f",
    "\x01",
    "\x7F",
    "\x80",
    "\xC0",
    "\xC3",
    "\xE2\x82",
    "\xED\xA0\x80",
    "\xF4\x90\x80\x80",
    "\xFF",
    "\\u",
    "\\ud83",
    "\\x",
    "nul",
    "NaN",
    "//",
    "\xEF\xBB\xBF",
};

static uint64_t draw(struct text *t)
{
    uint64_t z = t->random += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static size_t draw_below(struct text *t, size_t bound)
{
    return (size_t)(draw(t) % bound);
}

static void add(struct text *t, const char *bytes)
{
    size_t length = strlen(bytes);

    if (length > TEXT_MAX - t->length)
        return;
    memcpy(t->bytes + t->length, bytes, length);
    t->length += length;
}

static void add_blanks(struct text *t)
{
    static const char *const blanks[] = {"", "", "", " ", "\n", "\t\r", "  "};

    add(t, blanks[draw_below(t, COUNT(blanks))]);
}

static void add_string(struct text *t)
{
    size_t count = draw_below(t, 4);

    add(t, "\"");
    while (count-- > 0)
        add(t, pieces[draw_below(t, COUNT(pieces))]);
    add(t, "\"");
}

static void add_value(struct text *t, size_t depth);

static void add_container(struct text *t, size_t depth)
{
    bool object = draw_below(t, 2) == 0;
    size_t count = draw_below(t, 4);

    add(t, object ? "{" : "[");
    for (size_t i = 0; i < count; i++) {
        add(t, i > 0 ? "," : "");
        add_blanks(t);
        if (object) {
            add_string(t);
            add_blanks(t);
            add(t, ":");
        }
        add_value(t, depth + 1);
    }
    add(t, object ? "}" : "]");
}

static void add_value(struct text *t, size_t depth)
{
    size_t kind = draw_below(t, 8);

    add_blanks(t);
    if (kind < 3 && depth < DEPTH_MAX)
        add_container(t, depth);
    else if (kind < 6)
        add_string(t);
    else
        add(t, scalars[draw_below(t, COUNT(scalars))]);
    add_blanks(t);
}

/* Around the greatest depth; such a text is seldom grown by chance. */
static void add_deep(struct text *t)
{
    size_t depth = DEPTH_MAX - draw_below(t, 8);

    for (size_t i = 0; i < depth; i++)
        add(t, "[");
    add_value(t, DEPTH_MAX);
    for (size_t i = 0; i < depth; i++)
        add(t, "]");
}

static void insert(struct text *t, size_t at, const char *bytes, size_t length)
{
    if (length > TEXT_MAX - t->length)
        return;
    memmove(t->bytes + at + length, t->bytes + at, t->length - at);
    memcpy(t->bytes + at, bytes, length);
    t->length += length;
}

static void mutate(struct text *t)
{
    size_t at = draw_below(t, t->length + 1);
    size_t count = draw_below(t, t->length - at + 1);
    const char *intruder = intruders[draw_below(t, COUNT(intruders))];
    char copy[16];

    switch (draw_below(t, 6)) {
    case 0:
        insert(t, at, intruder, strlen(intruder));
        break;
    case 1: // a few bytes less
        count = count > 4 ? 4 : count;
        memmove(t->bytes + at, t->bytes + at + count, t->length - at - count);
        t->length -= count;
        break;
    case 2: // another bit
        if (at < t->length)
            t->bytes[at] = (char)(t->bytes[at] ^ 1 << draw_below(t, 8));
        break;
    case 3:
        t->length = at;
        break;
    case 4: // a few bytes twice
        count = count > sizeof copy ? sizeof copy : count;
        memcpy(copy, t->bytes + at, count);
        insert(t, at, copy, count);
        break;
    default:
        insert(t, at, "", 1); // NUL
        break;
    }
}

static void make_text(struct text *t, uint64_t seed, uint64_t number)
{
    size_t mutations;

    t->random = seed + number * UINT64_C(0xD1342543DE82EF95);
    t->length = 0;
    if (draw_below(t, 50) == 0)
        add_deep(t);
    else
        add_value(t, draw_below(t, DEPTH_MAX));
    // One text in two stays as it was made.
    mutations = draw_below(t, 2) * draw_below(t, MUTATIONS_MAX + 1);
    for (size_t i = 0; i < mutations; i++)
        mutate(t);
}

static uint64_t choose_seed(void)
{
    const char *given = getenv("STAY_SEED");
    uint64_t seed = 1;

    if (given != NULL)
        return strtoull(given, NULL, 10);
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint64_t)time(NULL);
    return seed >> 32;
}

static void show_text(const char *text, size_t length)
{
    printf("# the text, as a C literal: \"");
    for (size_t i = 0; i < length; i++)
        printf("\\x%02X", (unsigned)(uint8_t)text[i]);
    printf("\"\n");
}

/* Returns false on a difference, which is then shown. */
static bool compare_one(struct text *t, const struct edge *edge,
                        uint64_t counts[COMPARE_COUNT])
{
    const char *why;
    char *place = edge_place(edge, t->bytes, t->length);
    enum compare_result result = json_compare(place, t->length, &why);

    counts[result]++;
    if (result != COMPARE_DIFFER)
        return true;
    check_note("%s", why);
    show_text(t->bytes, t->length);
    return false;
}

static int64_t now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* So that the comparison cannot pass by never comparing. */
static void check_reach(const uint64_t counts[COMPARE_COUNT], uint64_t total)
{
    static const char *const names[COMPARE_COUNT] = {
        "read by both",      "refused by both",
        "beyond our limits", "a number beyond jansson's types",
        "a lone surrogate",  "NUL",
        "unexplained",
    };

    for (int i = 0; i < COMPARE_DIFFER; i++) {
        CASE(names[i]);
        CHECK(counts[i] > total / 1000);
        check_note("%" PRIu64 " texts: %s", counts[i], names[i]);
    }
}

static void random_texts(void **state)
{
    static struct text t;
    uint64_t counts[COMPARE_COUNT] = {0};
    uint64_t seed = choose_seed();
    uint64_t number = 0;
    struct edge edge = edge_open(TEXT_MAX);
    int64_t end_s = now_s() + (getenv("FULL") ? SECONDS_FULL : SECONDS);
    bool agreed = true;

    (void)state;
    check_case("STAY_SEED=%" PRIu64, seed);
    while (agreed && now_s() < end_s)
        for (int i = 0; agreed && i < 1000; i++) {
            make_text(&t, seed, number++);
            agreed = compare_one(&t, &edge, counts);
        }
    CHECK(agreed);
    check_note("STAY_SEED=%" PRIu64 ": %" PRIu64 " texts", seed, number);
    if (agreed)
        check_reach(counts, number);
    edge_close(&edge);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(random_texts)};

    return check_run("base/json_fuzz", tests);
}
