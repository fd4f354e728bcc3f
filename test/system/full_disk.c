/*
 * A disk without room under a running server, and room again.
 */
#include <sys/resource.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

#define REFUSED "{\"ready\":false,\"reason\":\"no room on the disk\"}\n"

// clang-format off
static const struct row with_room[] = {
    {"with room: it is ready", "GET", "/readyz", NULL, NULL, 200,
     "{\"ready\":true}\n", NULL, NULL},
    {"ada signs in", "POST", "/api/auth/signin", NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}", 200, NULL, NULL,
     "TOKEN=accessToken"},
};

static const struct row without_room[] = {
    {"before anybody has asked for room, none is known to be missing", "GET",
     "/readyz", NULL, NULL, 200, NULL, NULL, NULL},
    {"what cannot be kept is not answered as if it were", "POST", "/api/todos",
     "x-access-token: $TOKEN\r\n", "{\"title\":\"a pail\"}", 503, NULL,
     "Retry-After: 1\n", NULL},
    {"then it is not ready, and says why", "GET", "/readyz", NULL, NULL, 503,
     REFUSED, "Retry-After: 1\nCache-Control: no-store\n", NULL},
    {"nor the next time", "GET", "/readyz", NULL, NULL, 503, REFUSED, NULL,
     NULL},
    {"but it lives: nobody starts it anew for this", "GET", "/livez", NULL,
     NULL, 200, NULL, NULL, NULL},
    {"and what needs no room is served", "GET", "/api/test/user",
     "x-access-token: $TOKEN\r\n", NULL, 200, NULL, NULL, NULL},
};

static const struct row room_again[] = {
    {"with room again it is ready, though nobody wrote meanwhile", "GET",
     "/readyz", NULL, NULL, 200, "{\"ready\":true}\n", NULL, NULL},
    {"and the next time", "GET", "/readyz", NULL, NULL, 200, NULL, NULL, NULL},
    {"it keeps what it is given", "POST", "/api/todos",
     "x-access-token: $TOKEN\r\n", "{\"title\":\"a sponge\"}", 201, NULL, NULL,
     NULL},
    {"and has nothing of what it refused", "GET", "/api/todos",
     "x-access-token: $TOKEN\r\n", NULL, 200, "[{\"id\":<INT>,\"title\":\"a sponge\",\"done\":false}]",
     NULL, NULL},
};
// clang-format on

/* No file of the server's may be written beyond its first `size` bytes. */
static bool limit_files(const struct stayd *stayd, rlim_t size)
{
    const struct rlimit limit = {size, RLIM_INFINITY};

    return prlimit(process_id(stayd->process), RLIMIT_FSIZE, &limit, NULL) == 0;
}

static void full(void **state)
{
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    rows_init(&rows, stayd.port);
    rows_run(&rows, with_room, COUNT(with_room));
    CHECK(limit_files(&stayd, 0));
    rows_run(&rows, without_room, COUNT(without_room));
    CHECK(limit_files(&stayd, RLIM_INFINITY));
    rows_run(&rows, room_again, COUNT(room_again));
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(full)};

    return check_run("system/full_disk", tests);
}
