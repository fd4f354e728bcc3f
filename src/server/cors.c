#include "server/cors.h"

static bool is_port(struct span text)
{
    int64_t port;

    return span_to_int(text, &port) && port >= 1 && port <= 65535;
}

/* http://localhost, http://127.0.0.1, and each with any port. */
static bool is_local(struct span origin)
{
    static const struct span hosts[] = {
        {"http://localhost", 16},
        {"http://127.0.0.1", 16},
    };

    for (size_t i = 0; i < COUNT(hosts); i++) {
        struct span rest;

        if (!span_starts(origin, hosts[i]))
            continue;
        rest = span_tail(origin, hosts[i].length);
        if (rest.length == 0)
            return true;
        return rest.text[0] == ':' && is_port(span_tail(rest, 1));
    }
    return false;
}

bool cors_allows(const struct config *config, struct span origin)
{
    if (origin.length == 0)
        return false;
    for (size_t i = 0; i < config->origins.count; i++)
        if (span_is(origin, config->origins.value[i]))
            return true;
    return config->demo && is_local(origin);
}
