/*
 * The offered half of core/rotation.h; the committed one is in rotation.c.
 */
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "core/rotation.h"

enum { NOW = 1000000 };

static const struct rotation_limits limits = {
    .idle_s = 3600, .max_s = 86400, .soft_s = 60};

/* Ids of tokens, one letter each; the row below is at n = 5, 'c' after 'p'. */
struct offered_case {
    const char *name;
    char self, parent;
    int n;
    bool moved;
    int moved_ago_s;
    enum rotation_verdict want;
    char current, previous; /* after */
};

static const struct offered_case offered_cases[] = {
    {"the current one, lately moved",                       'c', 'p', 5,  true,  0,    ROTATION_KEEP,   'c',
     'p'                                                                                                        },
    {"the current one, long after",                         'c', 'p', 5,  true,  9999, ROTATION_KEEP,   'c',
     'p'                                                                                                        },
    {"a child in the instant of the move",                  'x', 'c', 6,  true,  0,    ROTATION_KEEP,
     'c',                                                                                                    'p'},
    {"a child in the last second of the window",            'x', 'c', 6,  true,  59,
     ROTATION_KEEP,                                                                                     'c', 'p'},
    {"a child when the window is over",                     'x', 'c', 6,  true,  60,   ROTATION_MOVE,
     'x',                                                                                                    'c'},
    {"a child long after",                                  'x', 'c', 6,  true,  9999, ROTATION_MOVE,   'x', 'c'},
    {"the first move waits for no window",                  'x', 'c', 6,  false, 0,    ROTATION_MOVE,
     'x',                                                                                                    'c'},
    {"a clock that went back holds the row still",          'x', 'c', 6,  true,  -500,
     ROTATION_KEEP,                                                                                     'c', 'p'},

    {"above the row and no child of current, lately moved", 'x', 'y', 6,  true,
     0,                                                                                ROTATION_MOVE,   'x', 0  },
    {"above the row by far",                                'x', 'y', 90, true,  9999, ROTATION_MOVE,   'x', 0  },
    {"above the row, and the previous one's child",         'x', 'p', 6,  true,  0,
     ROTATION_MOVE,                                                                                     'x', 0  },
    {"level with the row, a stranger: reuse",               'x', 'y', 5,  true,  0,
     ROTATION_REVOKE,                                                                                   'c', 'p'},

    {"the previous one in the instant of the move",         'p', 'o', 4,  true,  0,
     ROTATION_SOFT,                                                                                     'c', 'p'},
    {"the previous one in the window's last second",        'p', 'o', 4,  true,  59,
     ROTATION_SOFT,                                                                                     'c', 'p'},
    {"the previous one when the window is over: reuse",     'p', 'o', 4,  true,  60,
     ROTATION_REVOKE,                                                                                   'c', 'p'},
    {"a sibling of current in the window's last second",    's', 'p', 5,  true,  59,
     ROTATION_SOFT,                                                                                     'c', 'p'},
    {"a sibling of current when the window is over: reuse", 's', 'p', 5,  true,
     60,                                                                               ROTATION_REVOKE, 'c', 'p'},
    {"two moves old, lately moved: reuse",                  'o', 'q', 3,  true,  0,
     ROTATION_REVOKE,                                                                                   'c', 'p'},
    {"a sibling of previous, lately moved: reuse",          's', 'o', 4,  true,  0,
     ROTATION_REVOKE,                                                                                   'c', 'p'},
};

static struct rotation_row offered_row(void)
{
    struct rotation_row row = {.protocol = ROTATION_OFFERED,
                               .started_s = NOW - 50000,
                               .used_s = NOW - 10,
                               .n = 5};

    memset(row.current, 'c', sizeof row.current);
    memset(row.previous, 'p', sizeof row.previous);
    return row;
}

static struct offered_token token_of(char self, char parent, int n)
{
    struct offered_token token = {.key_id = 1, .n = n};

    memset(token.self, self, sizeof token.self);
    memset(token.parent, parent, sizeof token.parent);
    return token;
}

static void offered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(offered_cases); i++) {
        const struct offered_case *c = &offered_cases[i];
        struct rotation_row row = offered_row();
        struct offered_token token = token_of(c->self, c->parent, c->n);
        struct rotation_row after = row;
        bool moves = c->want == ROTATION_MOVE;

        CASE(c->name);
        row.moved = c->moved;
        row.moved_s = NOW - c->moved_ago_s;
        CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &after), c->want);
        CHECK_EQ(after.current[0], c->current);
        CHECK_EQ(after.current[15], c->current);
        CHECK_EQ(after.previous[0], c->previous);
        CHECK_EQ(after.n, moves ? c->n : 5);
        CHECK_EQ(after.used_s, moves ? NOW : row.used_s);
        CHECK_EQ(after.ended, c->want == ROTATION_REVOKE ? ROTATION_ENDED_REUSE
                                                         : ROTATION_LIVING);
        if (moves)
            CHECK(after.moved && after.moved_s == NOW);
    }
}

/* An offered session from its root, and that each near-miss is a miss. */
static void offered_life(void **state)
{
    uint8_t root[OFFERED_ID_SIZE] = "root";
    struct rotation_row row;
    struct offered_token token = token_of('a', 0, 1);

    (void)state;
    memcpy(token.parent, root, sizeof root);
    CASE("the first token moves the row at once");
    rotation_start_offered(&row, root, NOW);
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &row), ROTATION_MOVE);
    CHECK_EQ(row.n, 1);
    CASE("and again it is the current one");
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &row), ROTATION_KEEP);
    CASE("its child waits for the window");
    token = token_of('b', 'a', 2);
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &row), ROTATION_KEEP);
    for (size_t i = 0; i < OFFERED_ID_SIZE; i++) {
        check_case("byte %zu of an id counts", i);
        row = offered_row();
        token = token_of('c', 'y', 5);
        token.self[i] ^= 1;
        CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &row),
                 ROTATION_REVOKE);
    }
}

/* The row is at 'c' with n = 5; what each granted token is answered with. */
static void handing_out(void **state)
{
    static const uint8_t self[OFFERED_ID_SIZE] = "fresh";
    struct rotation_row row = offered_row();
    struct offered_token token = token_of('c', 'p', 5);
    struct offered_token out;

    (void)state;
    CASE("the current one is answered with a new child of its own");
    out = offered_answer(&token, 9, row.current, row.n, self);
    CHECK_EQ(out.n, 6);
    CHECK_EQ(out.key_id, 9);
    CHECK_BYTES(out.self, 16, self, 16);
    CHECK_BYTES(out.parent, 16, row.current, 16);

    CASE("a child that the window holds back gets itself back");
    token = token_of('x', 'c', 6);
    token.sid[0] = 's';
    row.moved = true;
    row.moved_s = NOW - 59;
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &row), ROTATION_KEEP);
    out = offered_answer(&token, 9, row.current, row.n, self);
    CHECK_EQ(out.n, 6);
    CHECK_EQ(out.key_id, 9);
    CHECK_BYTES(out.self, 16, token.self, 16);
    CHECK_BYTES(out.parent, 16, token.parent, 16);
    CHECK_BYTES(out.sid, 16, token.sid, 16);

    CASE("a child that moves the row gets a child of its own");
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW + 1, &row),
             ROTATION_MOVE);
    out = offered_answer(&token, 9, row.current, row.n, self);
    CHECK_EQ(out.n, 7);
    CHECK_BYTES(out.self, 16, self, 16);
    CHECK_BYTES(out.parent, 16, token.self, 16);
    CHECK_BYTES(out.sid, 16, token.sid, 16);
}

/* After a loss was made good nobody knows which tokens are under way. */
static void recovering(void **state)
{
    struct rotation_row row = offered_row();
    struct offered_token token = token_of('x', 'y', 8);
    struct rotation_row after;

    (void)state;
    CASE("a token above the row is adopted, with no previous one");
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &row), ROTATION_MOVE);
    CASE("any older one is refused softly in the window's last second");
    token = token_of('a', 'b', 2);
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW + 59, &after),
             ROTATION_SOFT);
    CASE("a stranger at the row's own number too");
    token = token_of('a', 'b', 8);
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW + 59, &after),
             ROTATION_SOFT);
    CASE("and is reuse when the window is over");
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW + 60, &after),
             ROTATION_REVOKE);
    CASE("the next ordinary move has a previous one again");
    token = token_of('z', 'x', 9);
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW + 60, &row),
             ROTATION_MOVE);
    CHECK_EQ(row.previous[0], 'x');
    token = token_of('a', 'b', 2);
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW + 61, &after),
             ROTATION_REVOKE);
}

static void offered_order(void **state)
{
    struct rotation_row row = offered_row();
    struct offered_token token = token_of('c', 'p', 5);
    struct rotation_row after;

    (void)state;
    CASE("a token that is not ours is unknown");
    CHECK_EQ(rotation_offered(&row, NULL, &limits, NOW, &after),
             ROTATION_UNKNOWN);
    CASE("a token without a row is unknown");
    CHECK_EQ(rotation_offered(NULL, &token, &limits, NOW, &after),
             ROTATION_UNKNOWN);
    CASE("an offered token for a committed session is unknown");
    row.protocol = ROTATION_COMMITTED;
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &after),
             ROTATION_UNKNOWN);
    CASE("a revoked row comes before any token");
    row = offered_row();
    row.ended = ROTATION_ENDED_REVOKED;
    token = token_of('x', 'y', 5);
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &after),
             ROTATION_REVOKED);
    CASE("so does expiry");
    row = offered_row();
    row.used_s = NOW - 3600;
    CHECK_EQ(rotation_offered(&row, &token, &limits, NOW, &after),
             ROTATION_EXPIRED);
}

struct touch_case {
    const char *name;
    int idle_s, used_ago_s;
    enum rotation_verdict want;
};

static const struct touch_case touch_cases[] = {
    {"used 59 s ago: not written",                         0,   59, ROTATION_KEEP },
    {"used a minute ago: written",                         0,   60, ROTATION_TOUCH},
    {"a long idle limit changes nothing",                  240, 59, ROTATION_KEEP },
    {"a short idle limit: written within a quarter of it", 40,  10,
     ROTATION_TOUCH                                                               },
    {"a short idle limit: not before",                     40,  9,  ROTATION_KEEP },
    {"the shortest idle limit: once a second",             2,   1,  ROTATION_TOUCH},
    {"not twice in one second",                            2,   0,  ROTATION_KEEP },
    {"a clock that went back writes nothing",              2,   -5, ROTATION_KEEP },
};

static void touching(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(touch_cases); i++) {
        const struct touch_case *c = &touch_cases[i];
        struct rotation_limits own = {.idle_s = c->idle_s, .soft_s = 60};
        struct rotation_row row = offered_row();
        struct offered_token token = token_of('c', 'p', 5);
        struct rotation_row after;

        CASE(c->name);
        row.used_s = NOW - c->used_ago_s;
        CHECK_EQ(rotation_offered(&row, &token, &own, NOW, &after), c->want);
        CHECK_EQ(after.used_s, c->want == ROTATION_TOUCH ? NOW : row.used_s);
        CHECK_BYTES(after.current, 16, row.current, 16);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(offered),       cmocka_unit_test(offered_life),
        cmocka_unit_test(handing_out),   cmocka_unit_test(recovering),
        cmocka_unit_test(offered_order), cmocka_unit_test(touching),
    };

    return check_run("core/rotation_offered", tests);
}
