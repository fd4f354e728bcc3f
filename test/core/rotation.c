#include "core/rotation.h"

#include <string.h>

#include "base/bytes.h"
#include "check.h"

enum {
    NOW = 1000000,
    OTHER = 200,     /* a secret that the session never had */
    HALF = 100,      /* HALF + k: as k in the first half, else different */
    ZEROS = 0 - 100, /* a `next` of which the first half is zeros */
};

static const struct rotation_limits limits = {
    .idle_s = 3600, .max_s = 86400, .soft_s = 60};

/* SHA-256 of the secret of generation k, as far as these rows care. */
static void hash_of(int k, uint8_t out[ROTATION_HASH_SIZE])
{
    int first = k > HALF && k < OTHER ? k - HALF : k;

    memset(out, k == ZEROS ? 0 : first + 1, ROTATION_HASH_SIZE);
    if (first != k)
        memset(out + ROTATION_CUT_SIZE, 0xee, ROTATION_CUT_SIZE);
}

/* At generation g, with `count` commitments: those of g, g-1, ... */
static struct rotation_row committed_at(int g, int count)
{
    struct rotation_row row = {
        .started_s = NOW - 100, .used_s = NOW - 10, .generation = g};
    uint8_t hash[ROTATION_HASH_SIZE];

    for (int j = 0; j < count && j < ROTATION_CHAIN_MAX; j++) {
        hash_of(g - j, hash);
        memcpy(j == 0 ? row.chain
                      : row.chain + ROTATION_HASH_SIZE +
                            (j - 1) * ROTATION_CUT_SIZE,
               hash, j == 0 ? ROTATION_HASH_SIZE : ROTATION_CUT_SIZE);
    }
    return row;
}

static struct rotation_step step_of(int i, int secret, int next)
{
    struct rotation_step step = {
        .complete = true, .sid_fits = true, .generation = i};

    hash_of(secret, step.secret_hash);
    hash_of(next, step.next);
    return step;
}

struct committed_case {
    const char *name;
    int g, count; /* the row */
    int i, secret, next;
    enum rotation_verdict want;
};

static const struct committed_case committed_cases[] = {
    {"the first refresh moves",                                 0,  1, 0,    0,         1,         ROTATION_MOVE   },
    {"the next step moves",                                     20, 8, 20,   20,        21,        ROTATION_MOVE   },
    {"a secret that does not fit is reuse",                     20, 8, 20,   OTHER,     21,
     ROTATION_REVOKE                                                                                               },
    {"a secret of which the first half fits is reuse",          20, 8, 20,   HALF + 20, 21,
     ROTATION_REVOKE                                                                                               },
    {"next is the newest commitment: reuse",                    20, 8, 20,   20,        20,
     ROTATION_REVOKE                                                                                               },
    {"next is the oldest commitment: reuse",                    20, 8, 20,   20,        13,
     ROTATION_REVOKE                                                                                               },
    {"next is in the chain by its first half: reuse",           20, 8, 20,   20,        HALF + 15,
     ROTATION_REVOKE                                                                                               },
    {"next fell off the chain: it moves",                       20, 8, 20,   20,        12,        ROTATION_MOVE   },

    {"an exact repeat of the last step",                        20, 8, 19,   19,        20,        ROTATION_ADVANCE},
    {"an exact repeat of the oldest step held",                 20, 8, 13,   13,        14,
     ROTATION_ADVANCE                                                                                              },
    {"an exact repeat of the first step",                       1,  2, 0,    0,         1,         ROTATION_ADVANCE},
    {"the last step with another next: reuse",                  20, 8, 19,   19,        OTHER,
     ROTATION_REVOKE                                                                                               },
    {"the last step, next alike in its first half only: reuse", 20, 8, 19,   19,
     HALF + 20,                                                                                    ROTATION_REVOKE },
    {"the oldest step held with another next: reuse",           20, 8, 13,   13,        OTHER,
     ROTATION_REVOKE                                                                                               },
    {"an old step with a secret that does not fit: reuse",      20, 8, 15,   OTHER,     16,
     ROTATION_REVOKE                                                                                               },
    {"an old step whose next is a later commitment: reuse",     20, 8, 15,   15,        17,
     ROTATION_REVOKE                                                                                               },

    {"i = g - 7 is still in the chain",                         20, 8, 13,   13,        14,        ROTATION_ADVANCE},
    {"i = g - 8 is stale",                                      20, 8, 12,   12,        13,        ROTATION_STALE  },
    {"long before the chain is stale",                          20, 8, 2,    2,         3,         ROTATION_STALE  },
    {"i = g - 8 is stale whatever the secret",                  20, 8, 12,   OTHER,     OTHER,
     ROTATION_STALE                                                                                                },
    {"i = 0 is stale at g = 8",                                 8,  8, 0,    0,         1,         ROTATION_STALE  },
    {"i = 0 is in the chain at g = 7",                          7,  8, 0,    0,         1,         ROTATION_ADVANCE},

    {"a chain begun anew: its first step moves",                20, 1, 20,   20,        21,
     ROTATION_MOVE                                                                                                 },
    {"a step from before the chain began is stale",             20, 1, 19,   19,        20,
     ROTATION_STALE                                                                                                },
    {"before the chain began, whatever the secret: stale",      20, 1, 19,   OTHER,
     OTHER,                                                                                        ROTATION_STALE  },
    {"the step that began the chain, at another number: stale", 20, 1, 19,   19,
     21,                                                                                           ROTATION_STALE  },
    {"a short chain's oldest is still known",                   20, 3, 18,   18,        19,
     ROTATION_ADVANCE                                                                                              },
    {"a short chain's oldest with another next: reuse",         20, 3, 18,   18,        OTHER,
     ROTATION_REVOKE                                                                                               },
    {"one before a short chain's oldest is stale",              20, 3, 17,   17,        18,
     ROTATION_STALE                                                                                                },
    {"stale goes by the number, not by the chain's length",     20, 3, 12,   12,        13,
     ROTATION_STALE                                                                                                },

    {"i = g + 1 is behind",                                     20, 8, 21,   21,        22,        ROTATION_BEHIND },
    {"far above g is behind",                                   20, 8, 1000, OTHER,     OTHER,     ROTATION_BEHIND },
    {"a new row that lost all",                                 0,  1, 1,    1,         2,         ROTATION_BEHIND },

    {"a negative generation is malformed",                      20, 8, -1,   20,        21,        ROTATION_BAD    },
    {"a next that marks an empty place is malformed",           0,  1, 0,    0,         ZEROS,
     ROTATION_BAD                                                                                                  },
};

static void committed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(committed_cases); i++) {
        const struct committed_case *c = &committed_cases[i];
        struct rotation_row row = committed_at(c->g, c->count);
        struct rotation_step step = step_of(c->i, c->secret, c->next);
        struct rotation_row after;
        struct rotation_row untouched;

        CASE(c->name);
        memset(&after, 0x5a, sizeof after);
        untouched = after;
        CHECK_EQ(rotation_committed(&row, &step, &limits, NOW, &after),
                 c->want);
        CHECK_EQ(rotation_may_move(&step), c->want != ROTATION_BAD);
        if (c->want == ROTATION_MOVE) {
            CHECK_EQ(after.generation, c->g + 1);
            CHECK_EQ(after.used_s, NOW);
            CHECK_EQ(after.started_s, row.started_s);
            CHECK_EQ(after.ended, ROTATION_LIVING);
        } else if (c->want == ROTATION_REVOKE) {
            CHECK_EQ(after.ended, ROTATION_ENDED_REUSE);
            CHECK_EQ(after.generation, c->g);
        } else {
            CHECK(memcmp(&after, &untouched, sizeof after) == 0);
        }
    }
}

/* The chain after n moves is the chain that the rows above begin with. */
static void chain_grows(void **state)
{
    struct rotation_row row;
    uint8_t first[ROTATION_HASH_SIZE];

    (void)state;
    hash_of(0, first);
    CASE("a session begins at 0 with one commitment");
    CHECK(rotation_start_committed(&row, first, NOW));
    CHECK_EQ(row.generation, 0);
    for (int g = 0; g < 12; g++) {
        struct rotation_row want = committed_at(g, g + 1);
        struct rotation_step step = step_of(g, g, g + 1);

        check_case("the chain at generation %d", g);
        CHECK_BYTES(row.chain, sizeof row.chain, want.chain, sizeof want.chain);
        CHECK_EQ(rotation_committed(&row, &step, &limits, NOW, &row),
                 ROTATION_MOVE);
        CHECK_EQ(rotation_committed(&row, &step, &limits, NOW, &row),
                 ROTATION_ADVANCE);
    }
    CASE("a first commitment that begins with zeros is no hash");
    hash_of(ZEROS, first);
    CHECK(!rotation_start_committed(&row, first, NOW));
}

struct order_case {
    const char *name;
    bool complete, sid_fits, by_cookie, there;
    enum rotation_protocol protocol;
    enum rotation_end ended;
    int idle_s, age_s; /* since last used, since sign-in */
    bool disabled;
    int i; /* of a row at 20; 20 moves, 21 is behind */
    enum rotation_verdict want;
};

static const struct order_case order_cases[] = {
    {"incomplete comes first",                      false, false, true,  false, 0,                0,                       0,    0,     false, 20,
     ROTATION_BAD                                                                                                                                                        },
    {"a sid that is not R's is malformed",          true,  false, false, true,  0,                0,                       0,    0,
     false,                                                                                                                                    20, ROTATION_BAD          },
    {"in cookie mode it is another session",        true,  false, true,  true,  0,                0,                       0,
     0,                                                                                                                                 false, 20, ROTATION_OTHER_SESSION},
    {"another session, even where the row is gone", true,  false, true,  false, 0,
     0,                                                                                                                    0,    0,     false, 20, ROTATION_OTHER_SESSION},
    {"no row",                                      true,  true,  false, false, 0,                0,                       0,    0,     false, 20,
     ROTATION_UNKNOWN                                                                                                                                                    },
    {"a row of the other protocol",                 true,  true,  false, true,  ROTATION_OFFERED,
     0,                                                                                                                    0,    0,     false, 20, ROTATION_UNKNOWN      },
    {"revoked",                                     true,  true,  false, true,  0,                ROTATION_ENDED_REVOKED,  0,    0,     false,
     20,                                                                                                                                           ROTATION_REVOKED      },
    {"revoked stays so when it would have expired", true,  true,  false, true,  0,
     ROTATION_ENDED_REVOKED,                                                                                               3600, 86400, true,  20, ROTATION_REVOKED      },
    {"ended for reuse keeps saying reuse",          true,  true,  false, true,  0,
     ROTATION_ENDED_REUSE,                                                                                                 0,    0,     false, 20, ROTATION_REUSE        },
    {"ended as expired",                            true,  true,  false, true,  0,                ROTATION_ENDED_EXPIRED,  0,
     0,                                                                                                                                 false, 20, ROTATION_EXPIRED      },
    {"ended as disabled",                           true,  true,  false, true,  0,                ROTATION_ENDED_DISABLED,
     0,                                                                                                                          0,     false, 20, ROTATION_DISABLED     },
    {"an end that no version wrote",                true,  true,  false, true,  0,
     (enum rotation_end)77,                                                                                                0,    0,     false, 20, ROTATION_REVOKED      },
    {"the last second before the idle limit",       true,  true,  false, true,  0,                0,
     3599,                                                                                                                       3599,  false, 20, ROTATION_MOVE         },
    {"the idle limit",                              true,  true,  false, true,  0,                0,                       3600, 3600,  false, 20,
     ROTATION_EXPIRED                                                                                                                                                    },
    {"the last second of its life",                 true,  true,  false, true,  0,                0,                       0,    86399,
     false,                                                                                                                                    20, ROTATION_MOVE         },
    {"its life is over, however lately used",       true,  true,  false, true,  0,                0,                       0,
     86400,                                                                                                                             false, 20, ROTATION_EXPIRED      },
    {"the user is disabled",                        true,  true,  false, true,  0,                0,                       0,    0,     true,  20,
     ROTATION_DISABLED                                                                                                                                                   },
    {"expired comes before disabled",               true,  true,  false, true,  0,                0,                       3600, 3600,
     true,                                                                                                                                     20, ROTATION_EXPIRED      },
    {"the row's state comes before the step",       true,  true,  false, true,  0,
     ROTATION_ENDED_REVOKED,                                                                                               0,    0,     false, 21, ROTATION_REVOKED      },
    {"by cookie a step is the same",                true,  true,  true,  true,  0,                0,                       0,    0,     false,
     21,                                                                                                                                           ROTATION_BEHIND       },
};

static void order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(order_cases); i++) {
        const struct order_case *c = &order_cases[i];
        struct rotation_row row = committed_at(20, 8);
        struct rotation_step step = step_of(c->i, c->i, c->i + 1);
        struct rotation_row after;

        CASE(c->name);
        row.protocol = c->protocol;
        row.ended = c->ended;
        row.used_s = NOW - c->idle_s;
        row.started_s = NOW - c->age_s;
        row.disabled = c->disabled;
        step.complete = c->complete;
        step.sid_fits = c->sid_fits;
        step.by_cookie = c->by_cookie;
        CHECK_EQ(rotation_committed(c->there ? &row : NULL, &step, &limits, NOW,
                                    &after),
                 c->want);
        CHECK_EQ(rotation_may_move(&step), c->complete && c->sid_fits);
    }
}

static void no_limits(void **state)
{
    static const struct rotation_limits none = {0};
    struct rotation_row row = committed_at(20, 8);
    struct rotation_step step = step_of(20, 20, 21);
    struct rotation_row after;

    (void)state;
    CASE("a limit of 0 is none");
    row.started_s = row.used_s = 0;
    CHECK_EQ(rotation_committed(&row, &step, &none, INT64_MAX, &after),
             ROTATION_MOVE);
}

/* The sign-in is repeated: which rows answer it again? */
static void same_start(void **state)
{
    struct rotation_row row = committed_at(0, 1);
    uint8_t next[ROTATION_HASH_SIZE];

    (void)state;
    hash_of(0, next);
    CASE("the same sign-in again at generation 0");
    CHECK(rotation_same_start(&row, next));
    CASE("not when the user is disabled since");
    row.disabled = true;
    CHECK(!rotation_same_start(&row, next));
    CASE("not when it is ended");
    row = committed_at(0, 1);
    row.ended = ROTATION_ENDED_REVOKED;
    CHECK(!rotation_same_start(&row, next));
    CASE("not after the first refresh");
    row = committed_at(1, 2);
    CHECK(!rotation_same_start(&row, next));
    CASE("not with another next");
    row = committed_at(0, 1);
    hash_of(HALF + 1, next);
    next[0] = row.chain[0];
    CHECK(!rotation_same_start(&row, next));
}

struct line_case {
    const char *name;
    int g, count; /* the row */
    int i, from;
    int64_t to;
    int next;
    enum rotation_verdict want;
};

static const struct line_case line_cases[] = {
    {"from what holds now, a line begins",             20, 8, 20, 20,        36,                    OTHER,
     ROTATION_MOVE                                                                                                         },
    {"from the first generation too",                  0,  1, 0,  0,         16,                    OTHER, ROTATION_MOVE   },
    {"from a line of one commitment",                  20, 1, 20, 20,        900,                   OTHER, ROTATION_MOVE   },
    {"the highest line there is",                      20, 8, 20, 20,        ROTATION_LINE_MAX,     OTHER,
     ROTATION_MOVE                                                                                                         },
    {"beyond the highest: malformed",                  20, 8, 20, 20,        ROTATION_LINE_MAX + 1,
     OTHER,                                                                                                ROTATION_BAD    },
    {"a jump that is too short: malformed",            20, 8, 20, 20,        35,                    OTHER,
     ROTATION_BAD                                                                                                          },
    {"to a negative number: malformed",                20, 8, 20, 20,        INT64_MIN,             OTHER,
     ROTATION_BAD                                                                                                          },
    {"from a negative number: malformed",              20, 8, -1, 20,        36,                    OTHER,
     ROTATION_BAD                                                                                                          },
    {"a next that marks an empty place: malformed",    20, 8, 20, 20,        36,                    ZEROS,
     ROTATION_BAD                                                                                                          },
    {"the row has moved on: told what holds",          20, 8, 19, 19,        36,                    OTHER,
     ROTATION_RESEED                                                                                                       },
    {"the row fell back: told what holds",             20, 8, 21, 21,        37,                    OTHER,
     ROTATION_RESEED                                                                                                       },
    {"another commitment holds now: told which",       20, 8, 20, OTHER,     36,                    OTHER,
     ROTATION_RESEED                                                                                                       },
    {"only half of the commitment is known: no",       20, 8, 20, HALF + 20, 36,
     OTHER,                                                                                                ROTATION_RESEED },
    {"next is the newest commitment: told what holds", 20, 8, 20, 20,        36,                    20,
     ROTATION_RESEED                                                                                                       },
    {"next is the oldest commitment: told what holds", 20, 8, 20, 20,        36,                    13,
     ROTATION_RESEED                                                                                                       },
    {"it began just so: advance",                      36, 1, 20, 20,        36,                    36,    ROTATION_ADVANCE},
    {"it began, and went on by seven: advance",        43, 8, 20, 20,        36,                    36,
     ROTATION_ADVANCE                                                                                                      },
    {"it began, and went on by eight: told",           44, 8, 20, 20,        36,                    36,
     ROTATION_RESEED                                                                                                       },
    {"it began with another next: told",               36, 1, 20, 20,        36,                    OTHER,
     ROTATION_RESEED                                                                                                       },
    {"its next stands at another number: told",        37, 2, 20, 20,        36,                    37,
     ROTATION_RESEED                                                                                                       },
};

static struct rotation_line line_of(const struct line_case *c)
{
    struct rotation_line line = {
        .complete = true, .sid_fits = true, .generation = c->i, .to = c->to};

    hash_of(c->from, line.from);
    hash_of(c->next, line.next);
    return line;
}

static void lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(line_cases); i++) {
        const struct line_case *c = &line_cases[i];
        struct rotation_row row = committed_at(c->g, c->count);
        struct rotation_line line = line_of(c);
        struct rotation_row want = row;
        struct rotation_row after = row;

        CASE(c->name);
        CHECK_EQ(rotation_reseed(&row, &line, &limits, NOW, &after), c->want);
        if (c->want == ROTATION_MOVE) {
            want.generation = c->to;
            want.used_s = NOW;
            memset(want.chain, 0, sizeof want.chain);
            hash_of(c->next, want.chain);
        }
        CHECK_EQ(after.generation, want.generation);
        CHECK_EQ(after.used_s, want.used_s);
        CHECK_EQ(after.ended, ROTATION_LIVING);
        CHECK_BYTES(after.chain, sizeof after.chain, want.chain,
                    sizeof want.chain);
    }
}

/* What stands before the step, for a question and for a step alike. */
static void lines_in_order(void **state)
{
    struct rotation_row row = committed_at(20, 8);
    struct rotation_line line = {
        .complete = true, .asks = true, .sid_fits = true};
    struct rotation_row after;

    (void)state;
    CASE("a question changes nothing and is told what holds");
    CHECK_EQ(rotation_reseed(&row, &line, &limits, NOW, &after),
             ROTATION_RESEED);
    CASE("a question with another session's sid");
    line.sid_fits = false;
    CHECK_EQ(rotation_reseed(&row, &line, &limits, NOW, &after),
             ROTATION_OTHER_SESSION);
    CASE("a question that is incomplete comes before that");
    line.complete = false;
    CHECK_EQ(rotation_reseed(&row, &line, &limits, NOW, &after), ROTATION_BAD);
    line.complete = line.sid_fits = true;
    CASE("a question about no session");
    CHECK_EQ(rotation_reseed(NULL, &line, &limits, NOW, &after),
             ROTATION_UNKNOWN);
    CASE("no line begins in a session that is over");
    line = line_of(&line_cases[0]);
    row.ended = ROTATION_ENDED_REVOKED;
    CHECK_EQ(rotation_reseed(&row, &line, &limits, NOW, &after),
             ROTATION_REVOKED);
    CASE("nor for a user who is disabled");
    row.ended = ROTATION_LIVING;
    row.disabled = true;
    CHECK_EQ(rotation_reseed(&row, &line, &limits, NOW, &after),
             ROTATION_DISABLED);
    CASE("nor in one that has expired");
    row.started_s = 0;
    CHECK_EQ(rotation_reseed(&row, &line, &limits, NOW, &after),
             ROTATION_EXPIRED);
    CASE("nor in one of the other protocol");
    row.protocol = ROTATION_OFFERED;
    CHECK_EQ(rotation_reseed(&row, &line, &limits, NOW, &after),
             ROTATION_UNKNOWN);
}

static void verdict_words(void **state)
{
    (void)state;
    CASE("every verdict has a word");
    for (int v = ROTATION_MOVE; v <= ROTATION_REVOKE; v++)
        CHECK(rotation_word((enum rotation_verdict)v)[0] != '\0');
    CHECK_TEXT(rotation_word(ROTATION_REVOKE), "reuse");
    CHECK_TEXT(rotation_word((enum rotation_verdict)99), "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed),      cmocka_unit_test(chain_grows),
        cmocka_unit_test(order),          cmocka_unit_test(no_limits),
        cmocka_unit_test(same_start),     cmocka_unit_test(lines),
        cmocka_unit_test(lines_in_order), cmocka_unit_test(verdict_words),
    };

    return check_run("core/rotation", tests);
}
