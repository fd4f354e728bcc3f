#include "client/easy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/session.h"

/* An empty line in the list is skipped by libcurl, and sent to nobody. */
static char nothing[] = "";
static char expect_line[] = "Expect: 100-continue";

/* "Name: value", "Name:" (leave it out) or "Name;" (send it empty). */
static bool is_header(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0)
        return false;
    return line[length] == ':' || line[length] == ';';
}

bool easy_headers_decide(const struct stay_easy *easy)
{
    const char *name = session_header_name(easy->stay);
    char first = (char)(name[0] | 0x20);

    // Looked at each time: a caller may lengthen a list that is set already.
    for (const struct curl_slist *at = easy->noted.headers; at != NULL;
         at = at->next) {
        char letter = (char)(at->data[0] | 0x20);

        if (letter == 'a' && is_header(at->data, "Authorization"))
            return true;
        if (letter == first && is_header(at->data, name))
            return true;
    }
    return false;
}

static bool has_header(const struct stay_easy *easy, const char *name)
{
    for (const struct curl_slist *at = easy->noted.headers; at != NULL;
         at = at->next)
        if (is_header(at->data, name))
            return true;
    return false;
}

/*
 * CURLHEADER_UNIFIED sends the list to a proxy's CONNECT too. The token is not
 * the proxy's: while it is in the list, the proxy gets the caller's own.
 */
static CURLcode part_from_proxy(struct stay_easy *easy)
{
    CURLcode code;

    if (easy->noted.header_option != CURLHEADER_UNIFIED)
        return CURLE_OK;
    code = curl_easy_setopt(easy->curl, CURLOPT_HEADEROPT,
                            (long)CURLHEADER_SEPARATE);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy->curl, CURLOPT_PROXYHEADER,
                                easy->noted.headers);
    return code;
}

static CURLcode install(struct stay_easy *easy)
{
    CURLcode code;

    if (easy->installed)
        return CURLE_OK;
    code = part_from_proxy(easy);
    if (code == CURLE_OK)
        code =
            curl_easy_setopt(easy->curl, CURLOPT_HTTPHEADER, &easy->token_node);
    easy->installed = code == CURLE_OK;
    return code;
}

CURLcode easy_attach(struct stay_easy *easy, bool expect)
{
    expect = expect && !has_header(easy, "Expect");
    easy->token_node.data = easy->line.text;
    easy->token_node.next = expect ? &easy->expect_node : easy->noted.headers;
    easy->expect_node.data = expect_line;
    easy->expect_node.next = easy->noted.headers;
    easy->attached = true;
    return install(easy);
}

CURLcode easy_detach(struct stay_easy *easy)
{
    CURLcode code;

    easy->attached = false;
    if (!easy->installed)
        return CURLE_OK;
    easy->installed = false;
    code =
        curl_easy_setopt(easy->curl, CURLOPT_HTTPHEADER, easy->noted.headers);
    if (code == CURLE_OK && easy->noted.header_option == CURLHEADER_UNIFIED) {
        code = curl_easy_setopt(easy->curl, CURLOPT_HEADEROPT,
                                easy->noted.header_option);
        if (code == CURLE_OK)
            code = curl_easy_setopt(easy->curl, CURLOPT_PROXYHEADER,
                                    easy->noted.proxy_headers);
    }
    return code;
}

void easy_mute(struct stay_easy *easy)
{
    // libcurl reads the list again for each hop (RFC 9110, section 15.4).
    easy->token_node.data = nothing;
    easy->attached = false;
}
