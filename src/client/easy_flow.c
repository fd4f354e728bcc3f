#include "client/easy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

enum { STATUS_SEE_OTHER = 303, STATUS_UNAUTHORISED = 401 };

static size_t give_body(struct stay_easy *easy, char *bytes, size_t length)
{
    if (easy->noted.write != NULL)
        return easy->noted.write(bytes, 1, length, easy->noted.write_data);
    return fwrite(bytes, 1, length, easy->noted.write_data);
}

/* As libcurl: with HEADERDATA alone, headers go to the write function. */
static size_t give_header(struct stay_easy *easy, char *bytes, size_t length)
{
    if (easy->noted.header != NULL)
        return easy->noted.header(bytes, 1, length, easy->noted.header_data);
    if (easy->noted.header_data == NULL)
        return length;
    if (easy->noted.write != NULL)
        return easy->noted.write(bytes, 1, length, easy->noted.header_data);
    return fwrite(bytes, 1, length, easy->noted.header_data);
}

static bool give_held(enum hold_kind kind, char *piece, size_t length,
                      void *data)
{
    struct stay_easy *easy = data;
    size_t taken = kind == HOLD_HEADER ? give_header(easy, piece, length)
                                       : give_body(easy, piece, length);

    return taken == length;
}

bool easy_release(struct stay_easy *easy)
{
    bool good = hold_deliver(&easy->hold, give_held, easy);

    hold_empty(&easy->hold);
    easy->flow = FLOW_PASS;
    return good;
}

/* Only a 401 to a token of ours can be helped by another token. */
static void decide_flow(struct stay_easy *easy)
{
    bool ours = easy->attached && easy->status == STATUS_UNAUTHORISED;

    hold_empty(&easy->hold); // what an answer before this one left
    easy->flow = ours ? FLOW_HOLD : FLOW_PASS;
    // Only a redirect's headers concern us, line by line.
    easy->passes_headers = !ours && easy->noted.header != NULL &&
                           (easy->status / 100 != 3 || !easy->noted.follow);
}

/* What is too long to be held is the caller's, from its first byte. */
static bool hold_back(struct stay_easy *easy, enum hold_kind kind,
                      const char *bytes, size_t length)
{
    if (hold_add(&easy->hold, kind, bytes, length))
        return true;
    easy->overflown = true;
    return false;
}

size_t easy_on_write(char *bytes, size_t size, size_t count, void *data)
{
    struct stay_easy *easy = data;
    size_t length = size * count;

    if (easy->flow == FLOW_UNSEEN) {
        (void)curl_easy_getinfo(easy->curl, CURLINFO_RESPONSE_CODE,
                                &easy->status); // 0 when it is not known
        // With CURLOPT_HEADER, a 100 or a proxy's answer may come before.
        if (easy->status >= 200)
            decide_flow(easy);
    }
    if (easy->flow == FLOW_HOLD) {
        if (hold_back(easy, HOLD_BODY, bytes, length))
            return length;
        if (!easy_release(easy))
            return 0;
    }
    return give_body(easy, bytes, length);
}

/* "HTTP/1.1 401 ...", as libcurl gives the first line of each answer. */
static long status_of(const char *line, size_t length)
{
    const char *blank = memchr(line, ' ', length);
    size_t left = blank != NULL ? length - (size_t)(blank - line) : 0;
    long status = 0;

    for (size_t i = 1; i < left && i <= 3; i++) {
        if (blank[i] < '0' || blank[i] > '9')
            return 0;
        status = status * 10 + (blank[i] - '0');
    }
    return status;
}

/* A header's value as a string, white space around it left out; or NULL. */
static char *copy_value(const char *line, size_t length, size_t name_length)
{
    const char *from = line + name_length;
    const char *to = line + length;

    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == '\r' || to[-1] == '\n' || to[-1] == ' ' ||
                         to[-1] == '\t'))
        to--;
    return strndup(from, (size_t)(to - from));
}

/* libcurl ignores CURLOPT_PORT on an absolute redirect, so all bets are off. */
static bool leaves_port(const struct stay_easy *easy, const char *location)
{
    return easy->noted.port != 0 && strstr(location, "//") != NULL;
}

/* The token must not follow to another origin, in whichever header it is. */
static void check_redirect(struct stay_easy *easy, const char *line,
                           size_t length)
{
    const struct span name = SPAN("location:");
    char *base = NULL;
    char *location;

    if (!span_equal_nocase(span_head((struct span){line, length}, name.length),
                           name))
        return;
    location = copy_value(line, length, name.length);
    (void)curl_easy_getinfo(easy->curl, CURLINFO_EFFECTIVE_URL, &base);
    if (location == NULL || base == NULL || leaves_port(easy, location) ||
        !origin_keeps(base, location))
        easy_mute(easy);
    free(location);
}

static bool starts_answer(const char *line, size_t length)
{
    return length > 5 && line[0] == 'H' && memcmp(line, "HTTP/", 5) == 0;
}

/* Apart, so that the lines it is not for do not pay for its frame. */
__attribute__((noinline)) static size_t
look_at_header(struct stay_easy *easy, char *bytes, size_t length)
{
    if (starts_answer(bytes, length)) {
        easy->status = status_of(bytes, length);
        easy->see_other |= easy->status == STATUS_SEE_OTHER;
        decide_flow(easy);
    }
    if (easy->attached && easy->noted.follow && easy->status / 100 == 3)
        check_redirect(easy, bytes, length);
    if (easy->flow == FLOW_HOLD) {
        if (hold_back(easy, HOLD_HEADER, bytes, length))
            return length;
        if (!easy_release(easy))
            return 0;
    }
    return give_header(easy, bytes, length);
}

size_t easy_on_header(char *bytes, size_t size, size_t count, void *data)
{
    struct stay_easy *easy = data;

    // Nearly all lines of nearly all answers leave here.
    if (easy->passes_headers && bytes[0] != 'H')
        return easy->noted.header(bytes, size, count, easy->noted.header_data);
    return look_at_header(easy, bytes, size * count);
}

size_t easy_on_read(char *bytes, size_t size, size_t count, void *data)
{
    struct stay_easy *easy = data;

    easy->spent = true;
    return easy->noted.read(bytes, size, count, easy->noted.read_data);
}
