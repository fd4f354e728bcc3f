#include "server/http.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/assert.h"

bool http_request_header(const struct http_request *request, struct span name,
                         struct span *value)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (!span_equal_nocase(request->headers[i].name, name))
            continue;
        *value = request->headers[i].value;
        return true;
    }
    return false;
}

/* The value of "name=value", if that is what the pair is. */
static bool match_pair(struct span pair, struct span name, struct span *value)
{
    while (pair.length > 0 && (pair.text[0] == ' ' || pair.text[0] == '\t'))
        pair = span_tail(pair, 1);
    if (!span_starts(pair, name) || pair.length == name.length ||
        pair.text[name.length] != '=')
        return false;
    *value = span_tail(pair, name.length + 1);
    return true;
}

bool http_request_cookie(const struct http_request *request, struct span name,
                         struct span *value)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct span rest = request->headers[i].value;

        if (!span_equal_nocase(request->headers[i].name, SPAN("cookie")))
            continue;
        while (rest.length > 0) {
            size_t end = span_find(rest, ';');

            if (match_pair(span_head(rest, end), name, value))
                return true;
            rest = span_tail(rest, end + 1);
        }
    }
    return false;
}

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

void http_peer_network(const struct http_peer *peer, uint8_t out[16])
{
    memcpy(out, peer->address, sizeof peer->address);
    if (memcmp(out, mapped, sizeof mapped) != 0)
        memset(out + 8, 0, 8);
}

void http_peer_text(const struct http_peer *peer, char out[HTTP_PEER_TEXT])
{
    bool is_v4 = memcmp(peer->address, mapped, sizeof mapped) == 0;
    const char *text;

    if (peer->is_unix) {
        memcpy(out, "unix", sizeof "unix");
        return;
    }
    text = inet_ntop(is_v4 ? AF_INET : AF_INET6,
                     peer->address + (is_v4 ? sizeof mapped : 0), out,
                     HTTP_PEER_TEXT);
    assert(text != NULL); // INET6_ADDRSTRLEN is 46
    (void)text;
}

bool http_response_add(struct http_response *response, struct span name,
                       struct span value)
{
    if (response->header_count == HTTP_RESPONSE_HEADERS)
        return false;
    response->headers[response->header_count++] =
        (struct http_header){name, value};
    return true;
}
