#include "client/easy.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static void forget_notes(struct stay_easy *easy)
{
    // libcurl's own defaults.
    easy->noted = (struct easy_noted){
        .write_data = stdout,
        .read_data = stdin,
        .header_option = CURLHEADER_SEPARATE,
    };
    free(easy->url);
    free(easy->protocol);
    easy->url = NULL;
    easy->url_size = 0;
    easy->protocol = NULL;
    easy->origin = ORIGIN_NONE;
    easy->installed = false;
    easy->sees_headers = false;
}

struct stay_easy *stay_easy_init(struct stay *stay)
{
    struct stay_easy *easy = calloc(1, sizeof *easy);

    if (easy == NULL)
        return NULL;
    easy->stay = stay;
    easy->curl = curl_easy_init();
    forget_notes(easy);
    if (easy->curl != NULL && easy_install(easy) == CURLE_OK)
        return easy;
    stay_easy_cleanup(easy);
    return NULL;
}

void stay_easy_cleanup(struct stay_easy *easy)
{
    if (easy == NULL)
        return;
    curl_easy_cleanup(easy->curl);
    line_clear(&easy->line);
    hold_clear(&easy->hold);
    free(easy->url);
    free(easy->protocol);
    free(easy);
}

void stay_easy_reset(struct stay_easy *easy)
{
    curl_easy_reset(easy->curl);
    forget_notes(easy);
    // Only a libcurl without these options could refuse.
    (void)easy_install(easy);
}

static bool copy_notes(struct stay_easy *to, const struct stay_easy *from)
{
    to->noted = from->noted;
    to->origin = from->origin;
    to->noted.error = NULL; // as curl_easy_duphandle does
    if (from->url != NULL)
        to->url = strdup(from->url);
    to->url_size = to->url != NULL ? strlen(to->url) + 1 : 0;
    if (from->protocol != NULL)
        to->protocol = strdup(from->protocol);
    return (from->url == NULL || to->url != NULL) &&
           (from->protocol == NULL || to->protocol != NULL);
}

struct stay_easy *stay_easy_duphandle(struct stay_easy *easy)
{
    struct stay_easy *copy;

    // The copy must not point into this handle's list.
    if (easy_detach(easy) != CURLE_OK)
        return NULL;
    copy = calloc(1, sizeof *copy);
    if (copy == NULL)
        return NULL;
    copy->stay = easy->stay;
    copy->curl = curl_easy_duphandle(easy->curl);
    if (copy->curl != NULL && copy_notes(copy, easy) &&
        easy_install(copy) == CURLE_OK)
        return copy;
    stay_easy_cleanup(copy);
    return NULL;
}

CURLcode stay_easy_getinfo(struct stay_easy *easy, CURLINFO info, ...)
{
    va_list list;
    void *out;

    va_start(list, info);
    out = va_arg(list, void *); // every CURLINFO writes through a pointer
    va_end(list);
    return curl_easy_getinfo(easy->curl, info, out);
}

CURLcode stay_easy_pause(struct stay_easy *easy, int bitmask)
{
    return curl_easy_pause(easy->curl, bitmask);
}

// NOLINTNEXTLINE(readability-function-size): it has the arguments of its twin
CURLHcode stay_easy_header(struct stay_easy *easy, const char *name,
                           size_t index, unsigned origin, int request,
                           struct curl_header **out)
{
    return curl_easy_header(easy->curl, name, index, origin, request, out);
}

struct curl_header *stay_easy_nextheader(struct stay_easy *easy,
                                         unsigned origin, int request,
                                         struct curl_header *previous)
{
    return curl_easy_nextheader(easy->curl, origin, request, previous);
}

curl_mime *stay_mime_init(struct stay_easy *easy)
{
    return curl_mime_init(easy->curl);
}

CURL *stay_easy_handle(struct stay_easy *easy)
{
    return easy->curl;
}

enum stay_result stay_easy_result(const struct stay_easy *easy)
{
    return easy->result;
}
