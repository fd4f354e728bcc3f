#include "server/client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

/* ---- What --trust-proxy takes ---- */

static const struct {
    const char *name;
    const char *text;
    bool want;
} trust_rows[] = {
    {"an IPv4 address",                    "10.0.0.1",              true },
    {"an IPv4 network",                    "10.0.0.0/8",            true },
    {"every IPv4 address",                 "0.0.0.0/0",             true },
    {"one address as a network",           "10.0.0.1/32",           true },
    {"a prefix that is too long for IPv4", "10.0.0.1/33",           false},
    {"a bit set behind the prefix",        "10.0.0.1/31",           false},
    {"its neighbour has none",             "10.0.0.2/31",           true },
    {"an IPv6 address",                    "2001:db8::1",           true },
    {"an IPv6 network",                    "2001:db8::/32",         true },
    {"the longest prefix",                 "2001:db8::1/128",       true },
    {"a prefix that is too long",          "2001:db8::1/129",       false},
    {"IPv4 in IPv6's clothes",             "::ffff:10.0.0.1",       true },
    {"a Unix socket",                      "unix",                  true },
    {"a Unix socket's path",               "unix:/run/nginx",       false},
    {"a name",                             "localhost",             false},
    {"nothing",                            "",                      false},
    {"no prefix behind the slash",         "10.0.0.0/",             false},
    {"a negative prefix",                  "10.0.0.0/-8",           false},
    {"a prefix with a zero before it",     "10.0.0.0/08",           false},
    {"an address with a port",             "10.0.0.1:80",           false},
    {"an address that is far too long",
     "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", false},
    {"half an address",                    "10.0.0",                false},
};

static void what_is_trusted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(trust_rows); i++) {
        struct client_trust trust = {.count = 0};

        CASE(trust_rows[i].name);
        CHECK_EQ(client_trust_add(&trust, trust_rows[i].text),
                 trust_rows[i].want);
    }
}

static void how_many(void **state)
{
    struct client_trust trust = {.count = 0};

    (void)state;
    CASE("as many proxies as the option may be repeated");
    for (int i = 0; i < CONFIG_LIST_MAX; i++)
        CHECK(client_trust_add(&trust, "10.0.0.1"));
    CASE("one more is refused");
    CHECK(!client_trust_add(&trust, "10.0.0.1"));
}

/* ---- Whose request it is ---- */

enum { WORDS = 3 };

static const struct {
    const char *name;
    const char *trust[WORDS];
    const char *peer;         /* "unix": a Unix socket */
    const char *forwarded[2]; /* header lines in order */
    const char *want;
} client_rows[] = {
    {"no proxy at all",                                          {NULL},       "192.0.2.1", {NULL},                                      "192.0.2.1"  },
    {"a forged header from a peer that is no proxy",
     {"10.0.0.0/8"},
     "192.0.2.1",                                                                           {"198.51.100.7"},
     "192.0.2.1"                                                                                                                                      },
    {"a forged header where nobody is trusted",
     {NULL},
     "127.0.0.1",                                                                           {"198.51.100.7"},
     "127.0.0.1"                                                                                                                                      },
    {"one proxy tells of its client",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {"198.51.100.7"},
     "198.51.100.7"                                                                                                                                   },
    {"a client that forged before the proxy added it",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {"203.0.113.9, 198.51.100.7"},
     "198.51.100.7"                                                                                                                                   },
    {"two proxies, both trusted",
     {"10.0.0.1", "172.16.0.0/12"},
     "10.0.0.1",                                                                            {"198.51.100.7, 172.16.3.4"},
     "198.51.100.7"                                                                                                                                   },
    {"two proxies, and a forged one before them",
     {"10.0.0.1", "172.16.0.0/12"},
     "10.0.0.1",                                                                            {"203.0.113.9,198.51.100.7,172.16.3.4"},
     "198.51.100.7"                                                                                                                                   },
    {"two proxies, only the nearer trusted",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {"198.51.100.7, 172.16.3.4"},
     "172.16.3.4"                                                                                                                                     },
    {"two header lines are one list",
     {"10.0.0.1", "172.16.0.0/12"},
     "10.0.0.1",                                                                            {"203.0.113.9, 198.51.100.7", "172.16.3.4"},
     "198.51.100.7"                                                                                                                                   },
    {"the walk ends in the last line where that is not trusted",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {"203.0.113.9", "198.51.100.7"},
     "198.51.100.7"                                                                                                                                   },
    {"every hop is a proxy of ours: the first of them",
     {"10.0.0.0/8"},
     "10.0.0.1",                                                                            {"10.0.0.3, 10.0.0.2"},
     "10.0.0.3"                                                                                                                                       },
    {"a trusted proxy that says nothing is the client",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {NULL},
     "10.0.0.1"                                                                                                                                       },
    {"an empty header likewise",                                 {"10.0.0.1"}, "10.0.0.1",  {""},                                        "10.0.0.1"   },
    {"a word that is no address ends the walk",
     {"10.0.0.0/8"},
     "10.0.0.1",                                                                            {"198.51.100.7, unknown, 10.0.0.2"},
     "10.0.0.2"                                                                                                                                       },
    {"an empty element likewise",
     {"10.0.0.0/8"},
     "10.0.0.1",                                                                            {"198.51.100.7,, 10.0.0.2"},
     "10.0.0.2"                                                                                                                                       },
    {"IPv4 with a port",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {"198.51.100.7:4711"},
     "198.51.100.7"                                                                                                                                   },
    {"IPv6 in brackets with a port",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {"[2001:db8::7]:4711"},
     "2001:db8::7"                                                                                                                                    },
    {"IPv6 in brackets",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {"[2001:db8::7]"},
     "2001:db8::7"                                                                                                                                    },
    {"IPv6 alone",                                               {"10.0.0.1"}, "10.0.0.1",  {"2001:db8::7"},                             "2001:db8::7"},
    {"a bracket that does not end",
     {"10.0.0.1"},
     "10.0.0.1",                                                                            {"[2001:db8::7"},
     "10.0.0.1"                                                                                                                                       },
    {"a proxy of IPv6",
     {"2001:db8:1::/48"},
     "2001:db8:1::5",                                                                       {"198.51.100.7"},
     "198.51.100.7"                                                                                                                                   },
    {"its neighbour network is none",
     {"2001:db8:1::/48"},
     "2001:db8:2::5",                                                                       {"198.51.100.7"},
     "2001:db8:2::5"                                                                                                                                  },
    {"a prefix within a byte: the last address in it",
     {"10.0.0.0/22"},
     "10.0.3.255",                                                                          {"198.51.100.7"},
     "198.51.100.7"                                                                                                                                   },
    {"and the first one out of it",
     {"10.0.0.0/22"},
     "10.0.4.0",                                                                            {"198.51.100.7"},
     "10.0.4.0"                                                                                                                                       },
    {"a Unix socket, trusted",
     {"unix"},
     "unix",                                                                                {"198.51.100.7"},
     "198.51.100.7"                                                                                                                                   },
    {"a Unix socket, not trusted",
     {"10.0.0.1"},
     "unix",                                                                                {"198.51.100.7"},
     "unix"                                                                                                                                           },
    {"a Unix socket whose proxy says nothing",
     {"unix"},
     "unix",                                                                                {NULL},
     "unix"                                                                                                                                           },
    {"all of IPv4 trusted is not all of IPv6",
     {"0.0.0.0/0"},
     "2001:db8::1",                                                                         {"198.51.100.7"},
     "2001:db8::1"                                                                                                                                    },
};

static struct http_peer peer_of(const char *text)
{
    struct http_peer peer = {.port = 4711};

    if (strcmp(text, "unix") == 0)
        return (struct http_peer){.is_unix = true};
    if (inet_pton(AF_INET6, text, peer.address) == 1)
        return peer;
    peer.address[10] = peer.address[11] = 0xff;
    CHECK_EQ(inet_pton(AF_INET, text, peer.address + 12), 1);
    return peer;
}

static void add_header(struct http_request *request, const char *value)
{
    request->headers[request->header_count++] =
        (struct http_header){SPAN("x-forwarded-for"), span_of(value)};
}

static void whose(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(client_rows); i++) {
        struct client_trust trust = {.count = 0};
        struct http_request request = {.header_count = 0};
        char text[HTTP_PEER_TEXT];
        struct http_peer client;

        CASE(client_rows[i].name);
        for (int k = 0; k < WORDS && client_rows[i].trust[k] != NULL; k++)
            CHECK(client_trust_add(&trust, client_rows[i].trust[k]));
        request.peer = peer_of(client_rows[i].peer);
        add_header(&request, "");
        request.headers[0].name = SPAN("X-Other");
        for (int k = 0; k < 2 && client_rows[i].forwarded[k] != NULL; k++)
            add_header(&request, client_rows[i].forwarded[k]);
        client = client_find(&trust, &request);
        http_peer_text(&client, text);
        CHECK_TEXT(text, client_rows[i].want);
    }
}

static void long_lists(void **state)
{
    struct client_trust trust = {.count = 0};
    struct http_request request = {.peer = peer_of("10.0.0.1")};
    char list[64 * 16] = "198.51.100.7";
    char text[HTTP_PEER_TEXT];
    struct http_peer client;

    (void)state;
    CHECK(client_trust_add(&trust, "10.0.0.0/8"));
    add_header(&request, list);
    for (int i = 1; i < CLIENT_HOPS_MAX; i++)
        (void)strncat(list, ",10.9.9.9", sizeof list - strlen(list) - 1);
    request.headers[0].value = span_of(list);
    CASE("as many hops as are read");
    client = client_find(&trust, &request);
    http_peer_text(&client, text);
    CHECK_TEXT(text, "198.51.100.7");
    CASE("one more is not read");
    (void)strncat(list, ",10.9.9.9", sizeof list - strlen(list) - 1);
    request.headers[0].value = span_of(list);
    client = client_find(&trust, &request);
    http_peer_text(&client, text);
    CHECK_TEXT(text, "10.9.9.9");
}

static const struct {
    const char *name;
    const char *text;
    const char *peer;
    bool want;
} near_rows[] = {
    {"the same address",             "192.0.2.1",      "192.0.2.1",      true },
    {"the next one of IPv4",         "192.0.2.2",      "192.0.2.1",      false},
    {"the same 64 bits of IPv6",     "2001:db8::1:1",  "2001:db8::2:2",  true },
    {"the next 64 bits",             "2001:db8:0:1::", "2001:db8:0:2::", false},
    {"a Unix socket",                "unix",           "unix",           true },
    {"an address is no Unix socket", "::",             "unix",           false},
    {"a Unix socket is no address",  "unix",           "::",             false},
    {"what an ended session has",    "",               "::",             false},
    {"what is no address",           "192.0.2",        "192.0.2.1",      false},
};

static void near(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(near_rows); i++) {
        struct http_peer peer = peer_of(near_rows[i].peer);

        CASE(near_rows[i].name);
        CHECK_EQ(client_is_near(near_rows[i].text, &peer), near_rows[i].want);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_trusted),
        cmocka_unit_test(how_many),
        cmocka_unit_test(whose),
        cmocka_unit_test(long_lists),
        cmocka_unit_test(near),
    };

    return check_run("server/client", tests);
}
