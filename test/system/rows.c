#include "rows.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "check.h"

#define CLAIMS "claims " /* begins a line that is about no header */

enum {
    STEPS = 20,
    SECRET_SIZE = 32,
    SID_SIZE = 16,
};

void rows_init(struct rows *rows, int port)
{
    *rows = (struct rows){.port = port, .base = ""};
    rows->values = calloc(ROWS_VALUES, sizeof *rows->values);
    if (rows->values == NULL)
        abort();
}

void rows_clear(struct rows *rows)
{
    free(rows->values);
    *rows = (struct rows){.port = 0};
}

static size_t find_value(const struct rows *rows, const char *name,
                         size_t length)
{
    size_t i = 0;

    while (i < rows->count && (strlen(rows->names[i]) != length ||
                               memcmp(rows->names[i], name, length) != 0))
        i++;
    return i;
}

void rows_set(struct rows *rows, const char *name, const char *value)
{
    size_t i = find_value(rows, name, strlen(name));

    if (i == ROWS_VALUES)
        abort();
    if (i == rows->count) {
        rows->count++;
        (void)snprintf(rows->names[i], sizeof rows->names[i], "%s", name);
    }
    (void)snprintf(rows->values[i], ROWS_VALUE_SIZE, "%s", value);
}

const char *rows_value(const struct rows *rows, const char *name)
{
    size_t i = find_value(rows, name, strlen(name));

    return i < rows->count ? rows->values[i] : "";
}

static void set_bytes(struct rows *rows, const char *prefix, const char *kind,
                      int number, const uint8_t *bytes, size_t size)
{
    char name[32];
    char text[BASE64URL_LENGTH(SECRET_SIZE) + 1];

    text[base64url_encode(bytes, size, text)] = '\0';
    if (number < 0)
        (void)snprintf(name, sizeof name, "%s_%s", prefix, kind);
    else
        (void)snprintf(name, sizeof name, "%s_%s%d", prefix, kind, number);
    rows_set(rows, name, text);
}

void rows_set_secrets(struct rows *rows, const char *prefix)
{
    uint8_t secret[SECRET_SIZE];
    uint8_t hash[crypto_hash_sha256_BYTES];

    randombytes_buf(secret, sizeof secret);
    crypto_hash_sha256(hash, secret, sizeof secret);
    set_bytes(rows, prefix, "R", -1, secret, sizeof secret);
    set_bytes(rows, prefix, "SID", -1, hash, SID_SIZE);
    for (int i = 0; i < STEPS; i++) {
        randombytes_buf(secret, sizeof secret);
        crypto_hash_sha256(hash, secret, sizeof secret);
        set_bytes(rows, prefix, "S", i, secret, sizeof secret);
        set_bytes(rows, prefix, "N", i, hash, sizeof hash);
    }
}

/* How long the name behind $ or ${ is. */
static size_t name_length(const char *text)
{
    size_t length = 0;

    while (isupper((unsigned char)text[length]) ||
           isdigit((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length;
}

/* A new text with every $NAME and ${NAME} replaced; NULL stays NULL. */
static char *expand(const struct rows *rows, const char *text)
{
    char *out = text == NULL ? NULL : malloc(ROWS_TEXT_SIZE);
    size_t length = 0;

    if (out == NULL)
        return NULL;
    while (*text != '\0' && length < ROWS_TEXT_SIZE - 1) {
        bool braced = text[0] == '$' && text[1] == '{';
        size_t start = braced ? 2 : 1;
        size_t name = text[0] == '$' ? name_length(text + start) : 0;
        size_t i;

        if (name == 0) {
            out[length++] = *text++;
            continue;
        }
        i = find_value(rows, text + start, name);
        length += (size_t)snprintf(out + length, ROWS_TEXT_SIZE - length, "%s",
                                   i < rows->count ? rows->values[i] : "?");
        text += start + name + braced;
    }
    out[length < ROWS_TEXT_SIZE ? length : ROWS_TEXT_SIZE - 1] = '\0';
    return out;
}

/* A header may stand more than once, as Vary does: any may match. */
static bool has_header(const struct wire_reply *reply, const char *name,
                       const char *pattern)
{
    char value[1024];

    for (size_t i = 0; wire_header(reply, name, i, value); i++)
        if (pattern == NULL || wire_match(pattern, value))
            return true;
    return false;
}

/* What stands between a JWT's two dots. */
static bool read_payload(const struct wire_reply *reply, const char *member,
                         char *out, size_t size)
{
    char token[ROWS_VALUE_SIZE];
    struct span text;
    size_t length = 0;

    if (!wire_member(reply, member, token, sizeof token))
        return false;
    text = span_of(token);
    text = span_tail(text, span_find(text, '.') + 1);
    text = span_head(text, span_find(text, '.'));
    if (!base64url_decode(text, out, size - 1, &length))
        return false;
    out[length] = '\0';
    return true;
}

static void check_claims(const struct wire_reply *reply, const char *claims)
{
    char payload[ROWS_VALUE_SIZE];
    const char *pattern = strchr(claims, ' ');
    char member[64];

    if (pattern == NULL)
        abort();
    (void)snprintf(member, sizeof member, "%.*s", (int)(pattern - claims),
                   claims);
    if (CHECK(read_payload(reply, member, payload, sizeof payload)) &&
        !wire_match(pattern + 1, payload))
        CHECK_TEXT(payload, pattern + 1);
}

static void check_header(const struct wire_reply *reply, const char *line)
{
    char name[64];
    const char *colon = strstr(line, ": ");

    if (strncmp(line, CLAIMS, sizeof CLAIMS - 1) == 0) {
        check_claims(reply, line + sizeof CLAIMS - 1);
        return;
    }
    if (line[0] == '!') {
        CHECK_TEXT(has_header(reply, line + 1, NULL) ? line + 1 : "", "");
        return;
    }
    if (colon == NULL)
        abort();
    (void)snprintf(name, sizeof name, "%.*s", (int)(colon - line), line);
    // On failure the head is shown beside the line that it lacks.
    if (!has_header(reply, name, colon + 2))
        CHECK_TEXT(reply->head, line);
}

static void check_headers(const struct rows *rows,
                          const struct wire_reply *reply, const char *want)
{
    char *lines = expand(rows, want);
    char *rest = lines;
    char *line;

    while (rest != NULL && (line = strsep(&rest, "\n")) != NULL)
        if (line[0] != '\0')
            check_header(reply, line);
    free(lines);
}

/* The value of the cookie that is set. */
static bool read_cookie(const struct wire_reply *reply, const char *name,
                        char *out, size_t size)
{
    size_t length = strlen(name);
    char value[1024];

    for (size_t i = 0; wire_header(reply, "Set-Cookie", i, value); i++) {
        if (strncmp(value, name, length) != 0 || value[length] != '=')
            continue;
        (void)snprintf(out, size, "%.*s", (int)strcspn(value + length + 1, ";"),
                       value + length + 1);
        return true;
    }
    return false;
}

static void save_members(struct rows *rows, const struct wire_reply *reply,
                         const char *save)
{
    char *words = save == NULL ? NULL : strdup(save);
    char *rest = words;
    char *word;

    while (rest != NULL && (word = strsep(&rest, " ")) != NULL) {
        char *member = strchr(word, '=');
        char value[ROWS_VALUE_SIZE];

        if (member == NULL)
            abort();
        *member++ = '\0';
        if (member[0] == ';')
            CHECK(read_cookie(reply, member + 1, value, sizeof value));
        else
            CHECK(wire_member(reply, member, value, sizeof value));
        rows_set(rows, word, value);
    }
    free(words);
}

/* Outside the dialects there is one of each path. */
static bool stands_alone(const char *path)
{
    static const char *const outside[] = {"/d/", "/demo/", "/metrics",
                                          "/auth/verify", "/."};

    for (size_t i = 0; i < COUNT(outside); i++)
        if (strncmp(path, outside[i], strlen(outside[i])) == 0)
            return true;
    return false;
}

static char *expand_path(const struct rows *rows, const char *path)
{
    char whole[ROWS_LINE_MAX];

    (void)snprintf(whole, sizeof whole, "%s%s",
                   stands_alone(path) ? "" : rows->base, path);
    return expand(rows, whole);
}

static void run_row(struct rows *rows, const struct row *row)
{
    char *path = expand_path(rows, row->path);
    char *headers = expand(rows, row->headers);
    char *body = expand(rows, row->body);
    char *want = expand(rows, row->want);
    struct wire_request request = {
        .method = row->method, .path = path, .headers = headers, .body = body};
    struct wire_reply reply = wire_ask(rows->port, &request);

    CASE(row->name);
    CHECK_EQ(reply.status, row->status);
    if (want != NULL && !wire_match(want, reply.body))
        CHECK_TEXT(reply.body, want);
    check_headers(rows, &reply, row->want_headers);
    save_members(rows, &reply, row->save);
    wire_clear(&reply);
    free(path);
    free(headers);
    free(body);
    free(want);
}

void rows_run(struct rows *rows, const struct row *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        run_row(rows, &list[i]);
}
