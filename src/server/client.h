/*
 * Whose request it is: the client's own address, behind proxies that we trust.
 *
 * A proxy appends the address of who spoke to it to X-Forwarded-For. That header
 * is read from the right, over as many hops as are trusted (--trust-proxy); the
 * first that is not is the client. What stands to its left is what the client
 * said of itself, and is not looked at. So a forged header changes nothing, and
 * from a peer that is no proxy of ours the header is not read at all. The header
 * Forwarded (RFC 7239) is not read.
 */
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/config.h"
#include "server/http.h"

enum { CLIENT_HOPS_MAX = 32 }; /* of a header; what is beyond is not read */

/* Addresses that begin with the same bits; IPv4 is mapped into IPv6. */
struct client_network {
    uint8_t address[16];
    unsigned bits; /* 0 to 128 */
};

/* Whose X-Forwarded-For is believed. Zero: nobody's. */
struct client_trust {
    bool local; /* peers of a Unix socket */
    struct client_network list[CONFIG_LIST_MAX];
    size_t count;
};

/*
 * "unix", "10.0.0.0/8", "10.0.0.1", "2001:db8::/32". Adds it; false, and nothing
 * added, when it is none of these, has bits set behind its prefix, or the list
 * is full.
 */
bool client_trust_add(struct client_trust *trust, const char *text);

/* Is this peer one whose word is believed? */
bool client_trusts(const struct client_trust *trust,
                   const struct http_peer *peer);

/*
 * The client of a request: its address (port 0 when a proxy told of it), or
 * is_unix. Never fails: a hop that is no address ends the walk at the proxy that
 * wrote it.
 */
struct http_peer client_find(const struct client_trust *trust,
                             const struct http_request *request);

/* Is what http_peer_text once wrote of the same network as this peer? */
bool client_is_near(const char *text, const struct http_peer *peer);

#endif
