/*
 * JSONTestSuite: y_ must be read, n_ must be refused, i_ may be either. Each
 * text, and each of its prefixes, lies up against a page that may not be read.
 */
#include "base/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "edge.h"

enum {
    FILE_MAX = 512 * 1024,
    TOKENS_MAX = 4096,
    /* Longer files nest deep: only so many prefixes at both ends are read. */
    PREFIXES_MAX = 2048,
};

static char file_text[FILE_MAX];
static char value[FILE_MAX];
static struct json_token tokens[TOKENS_MAX];

struct tally {
    char kind; /* the first letter of the files' names */
    unsigned files, good;
};

/* Reads the text and takes every value out of it. */
static enum json_result read_all(const char *text, size_t length)
{
    struct json json;
    enum json_result result =
        json_parse(&json, text, length, tokens, TOKENS_MAX);

    for (size_t i = 0; i < json.count; i++) {
        int64_t number;
        size_t size;

        (void)json_int(&json, i, &number); // only that it does not crash
        if (json_string(&json, i, value, sizeof value, &size))
            CHECK(json_string_is(&json, i, (struct span){value, size}));
    }
    return result;
}

static void read_prefixes(const struct edge *edge, size_t length)
{
    for (size_t n = 0; n < length; n++) {
        if (n == PREFIXES_MAX && length > 2 * (size_t)PREFIXES_MAX)
            n = length - PREFIXES_MAX;
        (void)read_all(edge_place(edge, file_text, n), n);
    }
}

static size_t load(const char *folder, const char *name)
{
    char path[4096];
    FILE *file;
    size_t length;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (!CHECK(file != NULL))
        return 0;
    length = fread(file_text, 1, sizeof file_text, file);
    CHECK(length < sizeof file_text);
    (void)fclose(file);
    return length;
}

static void read_file(const struct edge *edge, struct tally *tally,
                      const char *folder, const char *name)
{
    size_t length = load(folder, name);
    enum json_result result =
        read_all(edge_place(edge, file_text, length), length);
    bool good = tally->kind == 'y'   ? result == JSON_OK
                : tally->kind == 'n' ? result != JSON_OK && result != JSON_MANY
                                     : true;

    CHECK(good);
    tally->files++;
    tally->good += good;
    read_prefixes(edge, length);
}

static void read_folder(const char *path, DIR *folder, struct tally tally[3])
{
    struct edge edge = edge_open(FILE_MAX);
    struct dirent *entry;

    while ((entry = readdir(folder)) != NULL)
        for (int i = 0; i < 3; i++)
            if (entry->d_name[0] == tally[i].kind && entry->d_name[1] == '_') {
                CASE(entry->d_name);
                read_file(&edge, &tally[i], path, entry->d_name);
            }
    edge_close(&edge);
}

static void suite(void **state)
{
    struct tally tally[] = {
        {'y', 0, 0},
        {'n', 0, 0},
        {'i', 0, 0}
    };
    const char *vectors = check_vectors();
    char path[2048];
    DIR *folder = NULL;

    (void)state;
    CASE("the suite is there");
    (void)snprintf(path, sizeof path, "%s/jsontestsuite/test_parsing",
                   vectors ? vectors : "");
    if (vectors == NULL || (folder = opendir(path)) == NULL) {
        check_skip_vectors("the 318 texts of JSONTestSuite are absent");
        return;
    }
    read_folder(path, folder, tally);
    (void)closedir(folder);
    CASE("its numbers");
    CHECK_EQ(tally[0].files, 95);
    CHECK_EQ(tally[1].files, 188);
    CHECK_EQ(tally[2].files, 35);
    check_note("JSONTestSuite: %u of %u read, %u of %u refused, %u of either "
               "kind survived",
               tally[0].good, tally[0].files, tally[1].good, tally[1].files,
               tally[2].good);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(suite)};

    return check_run("base/json_vectors", tests);
}
