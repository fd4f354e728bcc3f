#include "cluster.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "wire.h"

bool cluster_begin(struct cluster *c, const char *database,
                   const char *const more[])
{
    // Tokens as short as a holder's clock expects them: holder_let_expire.
    const char *const options[CLUSTER_OPTIONS] = {
        "--database",     database,
        "--key-file",     c->key,
        "--url",          "https://" NGINX_NAME,
        "--trust-proxy",  "127.0.0.1",
        "--access-ttl",   "60s",
        "--log-level",    "warn",
        "--sessions-max", "1000"};
    size_t count = 0;
    bool good = true;

    *c = (struct cluster){.folder = ""};
    if (!process_folder(c->folder))
        return false;
    (void)snprintf(c->key, sizeof c->key, "%s/stay.key", c->folder);
    memcpy(c->options, options, sizeof options);
    while (c->options[count] != NULL)
        count++;
    for (size_t i = 0; more != NULL && more[i] != NULL; i++)
        if (count < CLUSTER_OPTIONS)
            c->options[count++] = more[i];
    for (size_t i = 0; i < CLUSTER_SIZE; i++)
        good &= stayd_begin(&c->stayd[i], c->options);
    for (size_t i = 0; i < CLUSTER_SIZE; i++)
        good &= stayd_await(&c->stayd[i]);
    return good;
}

bool cluster_start(struct cluster *c, const char *database,
                   const char *const more[])
{
    int ports[CLUSTER_SIZE];
    bool good = cluster_begin(c, database, more);

    for (size_t i = 0; i < CLUSTER_SIZE; i++)
        ports[i] = c->stayd[i].port;
    if (good && nginx_start(&c->nginx, ports, CLUSTER_SIZE))
        return true;
    cluster_clear(c);
    return false;
}

bool cluster_restart(struct cluster *c, size_t which)
{
    return stayd_restart(&c->stayd[which], c->options);
}

bool cluster_wait(struct cluster *c, size_t which, int status)
{
    const struct wire_request ask = {.method = "GET", .path = "/readyz"};
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    struct wire_reply reply;
    int got = 0;

    while (got != status && process_now_ms() < end_ms) {
        reply = wire_ask(c->stayd[which].port, &ask);
        got = reply.status;
        wire_clear(&reply);
        if (got != status)
            process_pause();
    }
    return got == status;
}

void cluster_clear(struct cluster *c)
{
    nginx_clear(&c->nginx);
    for (size_t i = 0; i < CLUSTER_SIZE; i++)
        stayd_clear(&c->stayd[i]);
    process_folder_remove(c->folder);
    *c = (struct cluster){.folder = ""};
}
