#include "client/origin.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

/* As libcurl itself parses a CURLOPT_URL. */
enum { URL_FLAGS = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME };

static bool is_absolute(const char *url)
{
    size_t length = strcspn(url, ":/?#");

    return length > 0 && strncmp(url + length, "://", 3) == 0;
}

static CURLU *parse_url(const char *url, const struct origin_hint *hint)
{
    const char *protocol = hint != NULL ? hint->default_protocol : NULL;
    char whole[8192];
    CURLU *parsed;

    if (hint != NULL && hint->parsed != NULL)
        return curl_url_dup(hint->parsed);
    if (url == NULL)
        return NULL;
    if (protocol != NULL && !is_absolute(url)) {
        int length = snprintf(whole, sizeof whole, "%s://%s", protocol, url);
        if (length < 0 || (size_t)length >= sizeof whole)
            return NULL;
        url = whole;
    }
    parsed = curl_url();
    if (parsed != NULL &&
        curl_url_set(parsed, CURLUPART_URL, url, URL_FLAGS) != CURLUE_OK) {
        curl_url_cleanup(parsed);
        parsed = NULL;
    }
    return parsed;
}

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + ('a' - 'A'));
}

static bool write_origin(struct origin *out, const char *scheme,
                         const char *host, const char *port)
{
    bool https = strcasecmp(scheme, "https") == 0;
    int length;

    if (!https && strcasecmp(scheme, "http") != 0)
        return false;
    if (strcmp(port, https ? "443" : "80") == 0)
        length = snprintf(out->text, ORIGIN_SIZE, "%s://%s", scheme, host);
    else
        length =
            snprintf(out->text, ORIGIN_SIZE, "%s://%s:%s", scheme, host, port);
    if (length < 0 || length >= ORIGIN_SIZE)
        return false;
    out->length = (size_t)length;
    lower(out->text);
    return true;
}

static bool origin_of(CURLU *url, long fixed_port, struct origin *out)
{
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    char fixed[24];
    bool good;

    good = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
               CURLUE_OK;
    if (good && fixed_port > 0)
        (void)snprintf(fixed, sizeof fixed, "%ld", fixed_port); // always fits
    good =
        good && write_origin(out, scheme, host, fixed_port > 0 ? fixed : port);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return good;
}

bool origin_parse(const char *url, const struct origin_hint *hint,
                  struct origin *out)
{
    CURLU *parsed = parse_url(url, hint);
    bool good;

    if (parsed == NULL)
        return false;
    good = origin_of(parsed, hint != NULL ? hint->port : 0, out);
    curl_url_cleanup(parsed);
    return good;
}

bool origin_has_user(const char *url, const struct origin_hint *hint)
{
    CURLU *parsed = parse_url(url, hint);
    char *part = NULL;
    bool found;

    if (parsed == NULL)
        return false;
    found = curl_url_get(parsed, CURLUPART_USER, &part, 0) == CURLUE_OK;
    curl_free(part);
    part = NULL;
    found = curl_url_get(parsed, CURLUPART_PASSWORD, &part, 0) == CURLUE_OK ||
            found;
    curl_free(part);
    curl_url_cleanup(parsed);
    return found;
}

static bool is_loopback_v4(const char *host, size_t length)
{
    if (length < 7 || strncmp(host, "127.", 4) != 0)
        return false;
    return strspn(host, "0123456789.") >= length;
}

bool origin_is_loopback(const struct origin *origin)
{
    const char *host = strstr(origin->text, "://") + 3;
    size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");

    return span_is((struct span){host, length}, "localhost") ||
           span_is((struct span){host, length}, "[::1]") ||
           is_loopback_v4(host, length);
}

bool origin_add(struct origin_list *list, const char *url)
{
    struct origin found;

    if (!origin_parse(url, NULL, &found))
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i].text, found.text) == 0)
            return true;
    if (list->count == ORIGIN_COUNT_MAX)
        return false;
    list->item[list->count++] = found;
    return true;
}

/* Only a whole authority counts: "http://a" is no start of "http://a.evil". */
static bool starts_at(const struct origin *origin, const char *url)
{
    char next;

    if (strncmp(url, origin->text, origin->length) != 0)
        return false;
    next = url[origin->length];
    return next == '/' || next == '?' || next == '#' || next == '\0';
}

int origin_find(const struct origin_list *list, const char *url,
                const struct origin_hint *hint)
{
    bool plain = url != NULL && hint->parsed == NULL && hint->port == 0;
    struct origin found;

    for (size_t i = 0; plain && i < list->count; i++)
        if (starts_at(&list->item[i], url))
            return (int)i;
    if (!origin_parse(url, hint, &found) || origin_has_user(url, hint))
        return ORIGIN_NONE;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i].text, found.text) == 0)
            return (int)i;
    return ORIGIN_NONE;
}

bool origin_keeps(const char *base, const char *location)
{
    CURLU *url = parse_url(base, NULL);
    struct origin before;
    struct origin after;
    bool same;

    if (url == NULL)
        return false;
    same = origin_of(url, 0, &before) &&
           curl_url_set(url, CURLUPART_URL, location,
                        CURLU_URLENCODE | CURLU_ALLOW_SPACE |
                            CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
           origin_of(url, 0, &after) && strcmp(before.text, after.text) == 0;
    curl_url_cleanup(url);
    return same;
}
