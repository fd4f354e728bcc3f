#include "server/client.h"

#include <arpa/inet.h>
#include <string.h>

/* "::ffff:0:0": what IPv4 addresses are mapped behind. */
static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* An address without anything around it. */
static bool parse_address(struct span text, uint8_t out[16])
{
    char copy[INET6_ADDRSTRLEN];

    if (text.length == 0 || text.length >= sizeof copy)
        return false;
    memcpy(copy, text.text, text.length);
    copy[text.length] = '\0';
    if (strlen(copy) != text.length)
        return false;
    if (inet_pton(AF_INET6, copy, out) == 1)
        return true;
    memcpy(out, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, out + sizeof mapped) == 1;
}

/* ---- What is trusted ---- */

/* Are all bits from `first` on zero? */
static bool is_clear(const uint8_t address[16], unsigned first)
{
    for (unsigned i = first; i < 128; i++)
        if ((address[i / 8] & 0x80u >> i % 8) != 0)
            return false;
    return true;
}

static bool parse_network(struct span text, struct client_network *out)
{
    size_t slash = span_find(text, '/');
    struct span address = span_head(text, slash);
    unsigned before = 0; // bits of the mapping
    int64_t bits;

    if (!parse_address(address, out->address))
        return false;
    if (span_find(address, ':') == address.length)
        before = 8 * sizeof mapped;
    bits = 128 - (int64_t)before;
    if (slash < text.length &&
        (!span_to_int(span_tail(text, slash + 1), &bits) ||
         bits > 128 - (int64_t)before))
        return false;
    out->bits = before + (unsigned)bits;
    return is_clear(out->address, out->bits);
}

bool client_trust_add(struct client_trust *trust, const char *text)
{
    struct client_network network;

    if (strcmp(text, "unix") == 0) {
        trust->local = true;
        return true;
    }
    if (trust->count == COUNT(trust->list) ||
        !parse_network(span_of(text), &network))
        return false;
    trust->list[trust->count++] = network;
    return true;
}

static bool is_within(const struct client_network *network,
                      const uint8_t address[16])
{
    unsigned bytes = network->bits / 8;
    unsigned rest = network->bits % 8;
    unsigned differ;

    if (memcmp(network->address, address, bytes) != 0)
        return false;
    if (rest == 0)
        return true;
    differ = (unsigned)network->address[bytes] ^ address[bytes];
    return differ >> (8 - rest) == 0;
}

bool client_trusts(const struct client_trust *trust,
                   const struct http_peer *peer)
{
    if (peer->is_unix)
        return trust->local;
    for (size_t i = 0; i < trust->count; i++)
        if (is_within(&trust->list[i], peer->address))
            return true;
    return false;
}

/* ---- What the hops say ---- */

/* "192.0.2.1", "192.0.2.1:8080", "2001:db8::1" or "[2001:db8::1]:8080". */
static bool parse_hop(struct span text, struct http_peer *out)
{
    size_t colon = span_find(text, ':');
    int64_t port;

    memset(out, 0, sizeof *out);
    if (text.length > 0 && text.text[0] == '[') {
        size_t end = span_find(text, ']');
        struct span rest = span_tail(text, end + 1);

        return end < text.length &&
               (rest.length == 0 || (rest.text[0] == ':' &&
                                     span_to_int(span_tail(rest, 1), &port))) &&
               parse_address(span_head(span_tail(text, 1), end - 1),
                             out->address);
    }
    // One colon only: a port behind IPv4.
    if (colon < text.length &&
        span_find(span_tail(text, colon + 1), ':') == text.length - colon - 1 &&
        span_to_int(span_tail(text, colon + 1), &port))
        text = span_head(text, colon);
    return parse_address(text, out->address);
}

/* Takes the last element of a list off; false when there is none left. */
static bool take_last(struct span *list, struct span *out)
{
    size_t start = list->length;

    if (list->text == NULL)
        return false;
    while (start > 0 && list->text[start - 1] != ',')
        start--;
    *out = span_trim(span_tail(*list, start));
    *list = start > 0 ? span_head(*list, start - 1) : (struct span){NULL, 0};
    return true;
}

/* Goes on over one header's hops; false: the walk is over. */
static bool walk(const struct client_trust *trust, struct span list,
                 size_t *hops, struct http_peer *at)
{
    struct span text;

    while (take_last(&list, &text)) {
        struct http_peer hop;

        if (++*hops > CLIENT_HOPS_MAX || !parse_hop(text, &hop))
            return false;
        *at = hop;
        if (!client_trusts(trust, at))
            return false;
    }
    return true;
}

struct http_peer client_find(const struct client_trust *trust,
                             const struct http_request *request)
{
    struct http_peer at = request->peer;
    size_t hops = 0;

    if (!client_trusts(trust, &at))
        return at;
    // Several headers are one list, the last of them its end.
    for (size_t i = request->header_count; i-- > 0;) {
        const struct http_header *h = &request->headers[i];

        if (span_equal_nocase(h->name, SPAN("X-Forwarded-For")) &&
            !walk(trust, h->value, &hops, &at))
            break;
    }
    return at;
}

bool client_is_near(const char *text, const struct http_peer *peer)
{
    struct http_peer other = {.port = 0};
    uint8_t theirs[16];
    uint8_t ours[16];

    if (strcmp(text, "unix") == 0 || peer->is_unix)
        return strcmp(text, "unix") == 0 && peer->is_unix;
    if (!parse_address(span_of(text), other.address))
        return false;
    http_peer_network(&other, theirs);
    http_peer_network(peer, ours);
    return memcmp(theirs, ours, sizeof ours) == 0;
}
