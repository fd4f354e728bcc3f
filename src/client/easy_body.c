#include "client/easy.h"

#include <string.h>

static bool is_read(const struct stay_easy *easy)
{
    const struct easy_noted *noted = &easy->noted;

    return noted->method == EASY_PUT ||
           (noted->method == EASY_POST && !noted->memory);
}

/* libcurl's own default: fread from READDATA. */
static bool is_file(const struct stay_easy *easy)
{
    return easy->noted.read == NULL && easy->noted.read_data != NULL;
}

void easy_body_mark(struct stay_easy *easy)
{
    easy->spent = false;
    easy->body_start = -1;
    if (is_read(easy) && is_file(easy))
        easy->body_start = ftello(easy->noted.read_data);
}

bool easy_body_is_one_shot(const struct stay_easy *easy)
{
    if (!is_read(easy) || easy->noted.seek != NULL)
        return false;
    return !is_file(easy) || easy->body_start < 0;
}

bool easy_body_is_taken(const struct stay_easy *easy)
{
    const struct easy_noted *noted = &easy->noted;
    const char *last = NULL;
    long hops = 0;

    if (!noted->follow || (noted->method <= EASY_HEAD && !noted->custom))
        return false;
    // libcurl knows both of each transfer.
    (void)curl_easy_getinfo(easy->curl, CURLINFO_REDIRECT_COUNT, &hops);
    (void)curl_easy_getinfo(easy->curl, CURLINFO_EFFECTIVE_METHOD, &last);
    if (easy->see_other) // a method by CUSTOMREQUEST is kept all the same
        return true;
    return hops > 0 && last != NULL &&
           (strcmp(last, "GET") == 0 || strcmp(last, "HEAD") == 0);
}

bool easy_body_rewind(struct stay_easy *easy)
{
    if (!is_read(easy))
        return true; // libcurl has it in memory, or rewinds it itself
    if (is_file(easy))
        return easy->body_start >= 0 &&
               fseeko(easy->noted.read_data, easy->body_start, SEEK_SET) == 0;
    if (!easy->spent)
        return true;
    return easy->noted.seek != NULL &&
           easy->noted.seek(easy->noted.seek_data, 0, SEEK_SET) ==
               CURL_SEEKFUNC_OK;
}
