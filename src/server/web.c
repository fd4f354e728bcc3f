#include "server/web.h"

#include <stdio.h>
#include <string.h>

#include "server/place.h"

/*
 * No script, style or request of another origin, and none written into a page:
 * what somebody gets into a page by trickery does not run. WebAssembly runs, as
 * it has no more rights than the script that starts it.
 */
#define POLICY                                                                 \
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "               \
    "style-src 'self'; img-src 'self' data:; connect-src 'self'; "             \
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/* For pages of other origins too: it is the package and holds no secret. */
#define PACKAGE "/stay.js"

bool web_open(struct web *out, const char *from, char why[WEB_WHY_SIZE])
{
    *out = (struct web){.count = 0};
    if (from == NULL) {
        out->files = web_embedded;
        out->count = web_embedded_count;
        out->missing = web_embedded_count == 0;
        return true;
    }
    return strcmp(from, "none") == 0 || web_folder_read(out, from, why);
}

void web_close(struct web *web)
{
    web_folder_close(web->owned);
    *web = (struct web){.count = 0};
}

static int compare(const char *path, struct span asked)
{
    size_t length = strlen(path);
    size_t shorter = length < asked.length ? length : asked.length;
    int order = memcmp(path, asked.text, shorter);

    if (order != 0 || length == asked.length)
        return order;
    return length < asked.length ? -1 : 1;
}

const struct web_file *web_find(const struct web *web, struct span path)
{
    size_t low = 0;
    size_t high = web->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(web->files[middle].path, path);

        if (order == 0)
            return &web->files[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- The answer ---- */

static void add(struct http_response *response, const char *name,
                struct span value)
{
    (void)http_response_add(response, span_of(name), value); // there is room
}

static void add_safety(struct http_response *response, bool is_package)
{
    add(response, "Content-Security-Policy", SPAN(POLICY));
    add(response, "X-Content-Type-Options", SPAN("nosniff"));
    // To this origin whole, to others nothing: a path may name a person.
    add(response, "Referrer-Policy", SPAN("same-origin"));
    add(response, "Cross-Origin-Opener-Policy", SPAN("same-origin"));
    add(response, "Cross-Origin-Resource-Policy",
        is_package ? SPAN("cross-origin") : SPAN("same-origin"));
    if (is_package)
        add(response, "Access-Control-Allow-Origin", SPAN("*"));
}

/* `linked`: by a path of the app's own, where the API may answer as well. */
static void answer_file(struct call *call, const struct web_file *file,
                        bool linked)
{
    static const char *const codings[] = {
        [WEB_PLAIN] = "", [WEB_GZIP] = "gzip", [WEB_BROTLI] = "br"};
    enum web_coding coding =
        web_choose(file, call_header(call, "Accept-Encoding"));
    struct http_response response = {.status = 200,
                                     .content_type = span_of(file->type),
                                     .body = file->body[coding],
                                     .body_lasting = true};
    char tag[WEB_TAG_SIZE + sizeof "\"-gzip\""];

    (void)snprintf(tag, sizeof tag, "\"%s%s%s\"", file->tag,
                   coding == WEB_PLAIN ? "" : "-", codings[coding]);
    if (web_matches(call_header(call, "If-None-Match"), span_of(tag)))
        response = (struct http_response){.status = 304};
    else if (coding != WEB_PLAIN)
        add(&response, "Content-Encoding", span_of(codings[coding]));
    add(&response, "ETag", span_of(tag));
    add(&response, "Cache-Control",
        file->lasting ? SPAN("public, max-age=31536000, immutable")
                      : SPAN("no-cache"));
    add(&response, "Vary",
        linked ? SPAN("Accept, Accept-Encoding") : SPAN("Accept-Encoding"));
    add_safety(&response, strcmp(file->path, PACKAGE) == 0);
    call_answer(call, &response);
}

static void answer_missing(struct call *call)
{
    struct http_response response = {
        .status = 404,
        .content_type = SPAN("text/plain; charset=utf-8"),
        .body = SPAN("stayd is running, and was built without its web app.\n"
                     "Build it with Node.js 18 or newer (tools/setup run, then "
                     "make), or start stayd with --web DIR.\n"),
        .body_lasting = true,
    };

    add(&response, "Vary", SPAN("Accept"));
    add_safety(&response, false);
    call_answer(call, &response);
}

/* A folder without a package of its own has the program's. */
static const struct web_file *find_file(const struct web *web, struct span path)
{
    const struct web whole = {.files = web_embedded,
                              .count = web_embedded_count};
    const struct web_file *file = web_find(web, path);

    if (file == NULL && web->owned != NULL && span_is(path, PACKAGE))
        file = web_find(&whole, path);
    return file;
}

bool web_take(struct call *call)
{
    const struct web *web = &call->server->web;
    const struct web_file *file;
    bool linked = false;

    if (!span_is(call->seen.method, "GET") &&
        !span_is(call->seen.method, "HEAD"))
        return false;
    file = find_file(web, call->seen.path);
    if (file == NULL &&
        web_lists(call_header(call, "Accept"), SPAN("text/html"))) {
        file = web_find(web, SPAN("/index.html"));
        linked = true;
    }
    if (file == NULL &&
        !(linked && web->missing && span_is(call->seen.path, "/")))
        return false;
    call->place = place_of_web();
    if (file != NULL)
        answer_file(call, file, linked);
    else
        answer_missing(call);
    return true;
}
