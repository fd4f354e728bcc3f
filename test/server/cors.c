#include "server/cors.h"

#include "check.h"

struct row {
    const char *name;
    const char *origin;
    bool listed; /* admitted in earnest */
    bool demo;   /* admitted under --demo */
};

static const struct row rows[] = {
    {"one on the list",            "https://app.example",      true,  true },
    {"the other on the list",      "http://b.example:81",      true,  true },
    {"its other scheme",           "http://app.example",       false, false},
    {"its other port",             "https://app.example:8443", false, false},
    {"a longer name",              "https://app.example.org",  false, false},
    {"a name in front of it",      "https://evil.app.example", false, false},
    {"in capitals",                "https://APP.example",      false, false},
    {"none",                       "",                         false, false},
    {"null",                       "null",                     false, false},
    {"this machine by name",       "http://localhost:5173",    false, true },
    {"this machine by number",     "http://127.0.0.1:8081",    false, true },
    {"this machine on port 80",    "http://localhost",         false, true },
    {"this machine by https",      "https://localhost:5173",   false, false},
    {"a name that begins like it", "http://localhost.evil",    false, false},
    {"a name behind a colon",      "http://localhost:evil",    false, false},
    {"a port out of range",        "http://localhost:65536",   false, false},
    {"no port behind the colon",   "http://localhost:",        false, false},
    {"a path behind it",           "http://localhost:1/",      false, false},
};

static void origins(void **state)
{
    struct config config = {
        .origins = {{"https://app.example", "http://b.example:81"}, 2}
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CASE(rows[i].name);
        config.demo = false;
        CHECK_EQ(cors_allows(&config, span_of(rows[i].origin)), rows[i].listed);
        config.demo = true;
        CHECK_EQ(cors_allows(&config, span_of(rows[i].origin)), rows[i].demo);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(origins)};

    return check_run("server/cors", tests);
}
