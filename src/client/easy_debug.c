#include "client/easy.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "client/session.h"

/* So many bytes of a token tell it from anything else. */
enum { SURE_LENGTH = 12 };

/* As libcurl prints when VERBOSE is set and no function is. */
static int print(const struct stay_easy *easy, curl_infotype type,
                 const char *bytes, size_t size)
{
    FILE *file = easy->noted.stderr_file;
    const char *mark = type == CURLINFO_TEXT         ? "* "
                       : type == CURLINFO_HEADER_OUT ? "> "
                       : type == CURLINFO_HEADER_IN  ? "< "
                                                     : NULL;

    if (mark == NULL)
        return 0;
    if (file == NULL)
        file = stderr;
    (void)fputs(mark, file); // diagnostics: there is nobody to tell
    (void)fwrite(bytes, 1, size, file);
    return 0;
}

static int give(const struct stay_easy *easy, CURL *curl, curl_infotype type,
                struct span bytes)
{
    if (easy->noted.debug == NULL)
        return print(easy, type, bytes.text, bytes.length);
    return easy->noted.debug(curl, type, (char *)(uintptr_t)bytes.text,
                             bytes.length, easy->noted.debug_data);
}

/* The token in the line that libcurl has; empty when it has none. */
static struct span current_token(const struct stay_easy *easy)
{
    size_t prefix = session_line_prefix(easy->stay);

    if (easy->line.length <= prefix)
        return (struct span){0};
    return span_tail((struct span){easy->line.text, easy->line.length}, prefix);
}

/* libcurl cuts long lines: a token's first bytes alone are masked too. */
static void mask(char *bytes, size_t size, struct span token)
{
    size_t sure = token.length < SURE_LENGTH ? token.length : SURE_LENGTH;
    char *end = bytes + size;
    char *at = bytes;

    while ((at = memmem(at, (size_t)(end - at), token.text, sure)) != NULL) {
        size_t i = 0;

        for (; i < token.length && at + i < end && at[i] == token.text[i]; i++)
            continue;
        memset(at, '*', i);
        at += i;
    }
}

int easy_on_debug(CURL *curl, curl_infotype type, char *bytes, size_t size,
                  void *data)
{
    struct stay_easy *easy = data;
    struct span token = current_token(easy);
    char *copy;
    int result;

    if (token.length == 0 ||
        memmem(bytes, size, token.text,
               token.length < SURE_LENGTH ? token.length : SURE_LENGTH) == NULL)
        return give(easy, curl, type, (struct span){bytes, size});
    copy = malloc(size);
    if (copy == NULL)
        return 0; // rather nothing than the token
    memcpy(copy, bytes, size);
    mask(copy, size, token);
    result = give(easy, curl, type, (struct span){copy, size});
    free(copy);
    return result;
}
