/*
 * The web app as stayd serves it: files, deep links, and what a page may do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "server/web.h"
#include "stayd.h"

enum { NAME_SIZE = 160 };

/* A folder with an app in it, and what must not be served from there. */
static const struct made {
    const char *name;
    const char *text; /* NULL: a folder */
} made[] = {
    {"assets",                      NULL                      },
    {"deep",                        NULL                      },
    {".git",                        NULL                      },
    {"index.html",                  "<!doctype html><p>App.\n"},
    {"assets/index-BxYz1234.js",    "plain"                   },
    {"assets/index-BxYz1234.js.br", "br"                      },
    {"assets/index-BxYz1234.js.gz", "gzip"                    },
    {"assets/plain.css",            "p{}"                     },
    {"deep/two words.txt",          "words"                   },
    {"empty.txt",                   ""                        },
    {".env",                        "secret"                  },
    {".git/config",                 "secret"                  },
};

static void path_of(const char *folder, const char *name, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "%s/%s", folder, name);
}

static bool make_folder(char folder[PROCESS_PATH_SIZE])
{
    bool good = process_folder(folder);
    char path[NAME_SIZE];

    for (size_t i = 0; good && i < COUNT(made); i++) {
        path_of(folder, made[i].name, path);
        good = made[i].text == NULL ? mkdir(path, S_IRWXU) == 0
                                    : process_write_file(path, made[i].text,
                                                         strlen(made[i].text));
    }
    path_of(folder, "link.txt", path);
    return good && symlink("/etc/passwd", path) == 0;
}

static void folder(void **state)
{
    char app[PROCESS_PATH_SIZE];
    const char *options[] = {"--web", app, NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd serves a folder");
    if (!CHECK(make_folder(app)))
        return;
    if (stayd_start(&stayd, options)) {
        rows_init(&rows, stayd.port);
        rows_run_file(&rows, "web.rows");
        rows_clear(&rows);
        stayd_clear(&stayd);
    }
    process_folder_remove(app);
}

/* ---- The app in the program ---- */

#define PAGE "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"

// clang-format off
static const struct row embedded_rows[] = {
    {"the app's page", "GET", "/", PAGE, NULL, 200, "<!doctype html><ANY>",
     "Content-Type: text/html; charset=utf-8\nCache-Control: no-cache\n", NULL},
    {"a deep link", "GET", "/timeline", PAGE, NULL, 200, "<!doctype html><ANY>",
     NULL, NULL},
    {"the package for any page", "GET", "/stay.js", NULL, NULL, 200, NULL,
     "Content-Type: text/javascript; charset=utf-8\n"
     "Access-Control-Allow-Origin: *\n"
     "Cross-Origin-Resource-Policy: cross-origin\n", NULL},
};
static const struct row missing_rows[] = {
    {"how to get the app", "GET", "/", PAGE, NULL, 404,
     "<ANY>without its web app<ANY>--web DIR<ANY>", "Vary: Accept\n", NULL},
    {"no deep links then", "GET", "/timeline", PAGE, NULL, 404, "{<ANY>", NULL,
     NULL},
    {"no package", "GET", "/stay.js", NULL, NULL, 404, NULL, NULL, NULL},
};
static const struct row none_rows[] = {
    {"--web none: no page", "GET", "/", PAGE, NULL, 200, "{<ANY>", "!Vary: Accept\n", NULL},
    {"--web none: no deep link", "GET", "/timeline", PAGE, NULL, 404, "{<ANY>",
     "!ETag\n", NULL},
    {"--web none: no package", "GET", "/stay.js", NULL, NULL, 404, NULL, NULL,
     NULL},
};
// clang-format on

static void run_rows(const char *const options[], const struct row *list,
                     size_t count)
{
    struct stayd stayd;
    struct rows rows;

    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_run(&rows, list, count);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void embedded(void **state)
{
    static const char *const none[] = {"--web", "none", NULL};

    (void)state;
    if (web_embedded_count > 0)
        run_rows(NULL, embedded_rows, COUNT(embedded_rows));
    else
        run_rows(NULL, missing_rows, COUNT(missing_rows));
    run_rows(none, none_rows, COUNT(none_rows));
}

/* What is packed in the program is what it says, each file in each coding. */
static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < web_embedded_count; i++) {
        const struct web_file *file = &web_embedded[i];
        const struct span *body = file->body;

        check_case("embedded: %s", file->path);
        CHECK(i == 0 || strcmp(web_embedded[i - 1].path, file->path) < 0);
        CHECK(body[WEB_PLAIN].length > 0);
        CHECK(body[WEB_GZIP].length < body[WEB_PLAIN].length);
        CHECK(body[WEB_BROTLI].length < body[WEB_PLAIN].length);
        CHECK(body[WEB_GZIP].length == 0 ||
              memcmp(body[WEB_GZIP].text, "\x1f\x8b", 2) == 0);
        CHECK_EQ(file->lasting, web_is_lasting(file->path));
        CHECK_TEXT(file->type, web_type(file->path));
        CHECK_EQ(strlen(file->tag), WEB_TAG_SIZE - 1);
    }
}

/* ---- What cannot be served ---- */

static void refused(void **state)
{
    char app[PROCESS_PATH_SIZE];
    char path[NAME_SIZE];
    char want[2 * NAME_SIZE];
    const char *argv[] = {stayd_path(),
                          "--listen",
                          "127.0.0.1:0",
                          "--database",
                          "sqlite:/nonexistent/db",
                          "--web",
                          NULL,
                          NULL};
    struct process_result result;

    (void)state;
    CASE("a folder that is not there");
    argv[6] = "/nonexistent";
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 2);
    CHECK(wire_match("<ANY>--web: /nonexistent: No such file or directory<ANY>",
                     result.err));
    process_result_clear(&result);
    if (!CHECK(process_folder(app)))
        return;

    CASE("a folder without an app");
    argv[6] = app;
    (void)snprintf(want, sizeof want,
                   "<ANY>--web: %s: there is no index.html in it<ANY>", app);
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 2);
    CHECK(wire_match(want, result.err));
    process_result_clear(&result);

    CASE("a file");
    path_of(app, "file", path);
    argv[6] = path;
    (void)snprintf(want, sizeof want,
                   "<ANY>--web: %s: is a file, and no folder<ANY>", path);
    CHECK(process_write_file(path, "x", 1));
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 2);
    CHECK(wire_match(want, result.err));
    process_result_clear(&result);
    process_folder_remove(app);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder), cmocka_unit_test(embedded),
        cmocka_unit_test(table), cmocka_unit_test(refused)};

    return check_run("system/web", tests);
}
