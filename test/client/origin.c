#include "client/origin.h"

#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "client/token_life.h"

struct find_row {
    const char *name;
    const char *url;
    int want;
};
/* The list: 0 http://127.0.0.1:8080, 1 https://api.example.org */
static const struct find_row find_rows[] = {
    {"its very text",                "http://127.0.0.1:8080",           0          },
    {"with a path",                  "http://127.0.0.1:8080/a?b#c",     0          },
    {"with a query at once",         "http://127.0.0.1:8080?b",         0          },
    {"another port",                 "http://127.0.0.1:8081/",          ORIGIN_NONE},
    {"a port that only starts so",   "http://127.0.0.1:80801/",         ORIGIN_NONE},
    {"another scheme",               "https://127.0.0.1:8080/",         ORIGIN_NONE},
    {"a host that only starts so",   "https://api.example.org.evil/",
     ORIGIN_NONE                                                                   },
    {"a host that only ends so",     "https://evil-api.example.org/",   ORIGIN_NONE},
    {"hidden as a user name",        "https://api.example.org@evil/",   ORIGIN_NONE},
    {"hidden as a password",         "https://api.example.org:1@evil/", ORIGIN_NONE},
    {"hidden behind a backslash",    "https://evil\\@api.example.org/",
     ORIGIN_NONE                                                                   },
    {"the scheme's port, spelled",   "https://api.example.org:443/",    1          },
    {"another letter case",          "HTTPS://Api.Example.ORG/",        1          },
    {"the origin with a user",       "https://me@api.example.org/",     ORIGIN_NONE},
    {"no scheme at all",             "127.0.0.1:8080/x",                0          },
    {"not a URL",                    "://",                             ORIGIN_NONE},
    {"another protocol",             "ftp://127.0.0.1:8080/",           ORIGIN_NONE},
    {"a number that means the host", "http://2130706433:8080/",         0          },
};

static void find(void **state)
{
    struct origin_list list = {.count = 0};
    const struct origin_hint none = {0};

    (void)state;
    CASE("origins are added once each, and only of http and https");
    CHECK(origin_add(&list, "http://127.0.0.1:8080/api"));
    CHECK(origin_add(&list, "https://api.example.org"));
    CHECK(origin_add(&list, "HTTPS://api.example.org:443/x"));
    CHECK(!origin_add(&list, "ftp://x/"));
    CHECK_EQ(list.count, 2);
    for (size_t i = 0; i < COUNT(find_rows); i++) {
        CASE(find_rows[i].name);
        CHECK_EQ(origin_find(&list, find_rows[i].url, &none),
                 find_rows[i].want);
    }
}

static void loopback(void **state)
{
    static const struct {
        const char *url;
        bool want;
    } rows[] = {
        {"http://localhost:80",       true },
        {"http://127.0.0.1",          true },
        {"http://127.9.9.9:1",        true },
        {"http://[::1]:8080",         true },
        {"http://localhost.evil.org", false},
        {"http://127.0.0.1.evil.org", false},
        {"http://10.0.0.1",           false},
        {"http://[::2]",              false},
        {"http://example.org",        false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct origin origin;

        check_case("%s is %sloopback", rows[i].url, rows[i].want ? "" : "not ");
        CHECK(origin_parse(rows[i].url, NULL, &origin));
        CHECK_EQ(origin_is_loopback(&origin), rows[i].want);
    }
}

/* eyJl... is {"exp":1060,"iat":1000} and so on, in base64url. */
static void life(void **state)
{
    static const struct {
        const char *name;
        const char *token;
        int64_t want_ms;
    } rows[] = {
        {"exp and iat",               "e30.eyJleHAiOjEwNjAsImlhdCI6MTAwMH0.x", 60000},
        {"exp alone counts from now", "e30.eyJleHAiOjEwNjB9.x",                10000},
        {"exp before iat",            "e30.eyJleHAiOjEwMDAsImlhdCI6MTA2MH0.x", 0    },
        {"no exp",                    "e30.e30.x",                             0    },
        {"opaque",                    "abcdef",                                0    },
        {"two dots, no JSON",         "a.b.c",                                 0    },
        {"empty",                     "",                                      0    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CASE(rows[i].name);
        CHECK_EQ(token_life_ms(span_of(rows[i].token), 1050), rows[i].want_ms);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(find),
        cmocka_unit_test(loopback),
        cmocka_unit_test(life),
    };

    return check_run("client/origin", tests);
}
