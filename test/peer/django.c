/*
 * libstay against the real djoser + SimpleJWT, tokens of two seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "holder.h"

enum { ALIVE_MS = 9000 }; /* four lives of an access token */

static const char python[] = "/usr/bin/python3";
static const char page[] = "/auth/users/me/";

struct row {
    const char *name;
    const char *rotate;
    const char *blacklist;
    const char *order; /* given after the lives; NULL: none */
    enum stay_reason reason;
};

static const struct row rows[] = {
    {"no rotation: four lives long",                     "0", "0", NULL,         STAY_REASON_NONE},
    {"rotation without blacklist: four lives long",      "1", "0", NULL,
     STAY_REASON_NONE                                                                            },
    {"rotation and blacklist: four lives long",          "1", "1", NULL,
     STAY_REASON_NONE                                                                            },
    {"rotation and blacklist: the token is blacklisted", "1", "1", "blacklist",
     STAY_REASON_REVOKED                                                                         },
    {"no rotation: the user is deactivated",             "0", "0", "deactivate",
     STAY_REASON_DISABLED                                                                        },
    {"rotation and blacklist: the user is deactivated",  "1", "1", "deactivate",
     STAY_REASON_DISABLED                                                                        },
};

static bool peer_is_installed(void)
{
    const char *const argv[] = {
        python, "-c", "import djoser, rest_framework_simplejwt, corsheaders",
        NULL};
    struct process_result r;
    bool good;

    if (access(python, X_OK) != 0)
        return false;
    r = process_run(argv, NULL, NULL);
    good = r.code == 0;
    process_result_clear(&r);
    return good;
}

struct peer {
    struct process *process;
    char folder[PROCESS_PATH_SIZE];
    int port;
    size_t read; /* of its standard output */
};

static bool peer_start(struct peer *peer, const struct row *row)
{
    const char *argv[] = {python,      PEER,           peer->folder,
                          row->rotate, row->blacklist, NULL};
    char line[PROCESS_LINE_SIZE];

    if (!process_folder(peer->folder))
        return false;
    peer->process = process_start(argv, NULL);
    if (peer->process == NULL ||
        !process_line(peer->process, PROCESS_OUT, "version", &peer->read, line))
        return false;
    check_note("%s: djangorestframework-simplejwt %s", row->name,
               line + strlen("version "));
    if (!process_line(peer->process, PROCESS_OUT, "listening on ", &peer->read,
                      line))
        return false;
    peer->port = (int)strtol(line + strlen("listening on "), NULL, 10);
    return peer->port > 0;
}

static void peer_clear(struct peer *peer)
{
    process_close(peer->process);
    process_folder_remove(peer->folder);
}

/* Asks for the length of four token lives; every answer must be 200. */
static void live(struct holder *h)
{
    int64_t end = process_now_ms() + ALIVE_MS;
    unsigned asked = 0;
    unsigned good = 0;

    for (; process_now_ms() < end; asked++) {
        good += holder_get(h, page) == 200;
        (void)usleep(50000);
    }
    CHECK_EQ(good, asked);
    CHECK(h->refreshed >= 3);
    CHECK_EQ(h->signed_out, 0);
}

/* Asks until the session has ended; why goes to the caller. */
static enum stay_reason end_of(struct peer *peer, struct holder *h,
                               const char *order)
{
    int64_t end = process_now_ms() + PROCESS_LIMIT_MS;
    char line[PROCESS_LINE_SIZE];
    enum stay_result result = STAY_OK;

    (void)process_write(peer->process, order);
    (void)process_write(peer->process, "\n");
    if (!CHECK(process_line(peer->process, PROCESS_OUT, "done", &peer->read,
                            line)))
        return STAY_REASON_NONE;
    while (process_now_ms() < end && h->signed_out == 0) {
        (void)holder_try(h, page, &result);
        process_pause();
    }
    CHECK_EQ(h->signed_out, 1);
    (void)holder_try(h, page, &result);
    CHECK_EQ(result, STAY_SIGN_IN);
    return h->reason;
}

static void run_row(const struct row *row)
{
    struct peer peer = {0};
    struct holder h;

    CASE(row->name);
    if (CHECK(peer_start(&peer, row)) &&
        holder_open(&h, peer.port, "django", NULL, NULL)) {
        if (holder_sign_in(&h)) {
            if (row->order == NULL)
                live(&h);
            else
                CHECK_EQ(end_of(&peer, &h, row->order), row->reason);
        }
        holder_close(&h);
    }
    peer_clear(&peer);
}

static void django(void **state)
{
    bool installed = peer_is_installed();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (installed) {
            run_row(&rows[i]);
        } else {
            CASE(rows[i].name);
            check_skip("python3-djoser or python3-djangorestframework-"
                       "simplejwt is not installed");
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(django)};

    return check_run("peer/django", tests);
}
