#include "core/record.h"

#include <string.h>

#include "base/bytes.h"
#include "check.h"

/* Secret k is 32 times this byte; fresh ones are told apart by 0xf0. */
static void secret_of(int k, uint8_t out[RECORD_SECRET_SIZE])
{
    memset(out, k + 1, RECORD_SECRET_SIZE);
}

static const uint8_t session[RECORD_SECRET_SIZE] = "R";
static const uint8_t sid[RECORD_SID_SIZE] = "sid";
static const uint8_t fresh[RECORD_SECRET_SIZE] = "fresh";

/* At step i, with `older` secrets before it, and S_{i+1} if `next`. */
static struct record record_at(int i, int older, bool next)
{
    struct record r;
    uint8_t secret[RECORD_SECRET_SIZE];

    secret_of(i, secret);
    record_start(&r, session, sid, secret);
    r.generation = i;
    r.older_count = (uint8_t)older;
    for (int j = 0; j < older; j++)
        secret_of(i - 1 - j, r.older[j]);
    r.has_next = next;
    if (next)
        secret_of(i + 1, r.next);
    return r;
}

/* A refresh that has sent `step` of a record at i. */
static struct record_refresh sent(int i, int step)
{
    struct record_refresh refresh = {
        .under_way = true, .was = RECORD_LIVE, .generation = i, .step = step};

    memcpy(refresh.sid, sid, sizeof sid);
    return refresh;
}

static void starting(void **state)
{
    struct record r;
    struct record_refresh refresh = {0};
    struct record_message m;
    uint8_t want[RECORD_SECRET_SIZE];

    (void)state;
    CASE("a session begins at 0, with R and without next");
    secret_of(0, want);
    record_start(&r, session, sid, want);
    CHECK_EQ(r.state, RECORD_LIVE);
    CHECK_EQ(r.generation, 0);
    CHECK(r.has_session && !r.has_next && r.older_count == 0);

    CASE("the first begin draws next, and wants it saved before it is sent");
    CHECK_EQ(record_begin(&r, &refresh, fresh, &m), RECORD_SAVE | RECORD_SEND);
    CHECK(r.has_next);
    CHECK_BYTES(r.next, sizeof fresh, fresh, sizeof fresh);
    CHECK_EQ(m.generation, 0);
    CHECK_BYTES(m.session, 32, session, 32);
    CHECK_BYTES(m.sid, 16, sid, 16);
    CHECK_BYTES(m.secret, 32, want, 32);
    CHECK_BYTES(m.next, 32, fresh, 32);

    CASE("a next that is there is used, and nothing is written");
    refresh = (struct record_refresh){0};
    secret_of(77, want);
    CHECK_EQ(record_begin(&r, &refresh, want, &m), RECORD_SEND);
    CHECK_BYTES(m.next, 32, fresh, 32);

    CASE("in cookie mode no R is held or sent");
    record_start(&r, NULL, sid, want);
    refresh = (struct record_refresh){0};
    CHECK_EQ(record_begin(&r, &refresh, fresh, &m), RECORD_SAVE | RECORD_SEND);
    CHECK(!r.has_session && m.session == NULL);
}

/* What the vault holds when the answer comes, relative to what was sent. */
enum vault {
    SAME,    /* untouched */
    FURTHER, /* one step further */
    FAR,     /* twenty steps further */
    ANEW,    /* another sign-in, at the same number */
    OUT,     /* signed out, the server not told yet */
    GONE,    /* emptied */
};

struct apply_case {
    const char *name;
    int i, older, step; /* what was read, what of it was sent */
    enum vault vault;
    enum record_answer answer;
    int server; /* generation in the answer; of a refusal: its reason */
    unsigned want;
    int next_step;             /* where the next begin goes on, on AGAIN */
    enum record_reason reason; /* after, when it is over */
};

enum {
    SAVE = RECORD_SAVE,
    USE = RECORD_USE,
    AGAIN = RECORD_AGAIN,
    MOVED_AGAIN = RECORD_MOVED | RECORD_AGAIN,
    PAUSE = RECORD_PAUSE,
    OVER = RECORD_OVER,
    OVER_TELL = RECORD_OVER | RECORD_SIGN_OUT,
};

static const struct apply_case apply_cases[] = {
    {"granted: moved on, saved, used",                               20, 8, 20, SAME,    RECORD_GRANTED,  0,
     SAVE | USE,                                                                                                                            0,  0                },
    {"granted at the very first step",                               0,  0, 0,  SAME,    RECORD_GRANTED,  0,
     SAVE | USE,                                                                                                                            0,  0                },
    {"granted late: the token is good, the vault stays",             20, 8, 20, FURTHER,
     RECORD_GRANTED,                                                                                      0,              USE,              0,  0                },
    {"granted for another session: dropped",                         20, 8, 20, ANEW,    RECORD_GRANTED,  0,
     MOVED_AGAIN,                                                                                                                           20, 0                },
    {"granted after sign-out: brings nothing back",                  20, 8, 20, OUT,
     RECORD_GRANTED,                                                                                      0,              OVER_TELL,        0,  RECORD_SIGNED_OUT},
    {"granted to an emptied vault: brings nothing back",             20, 8, 20, GONE,
     RECORD_GRANTED,                                                                                      0,              OVER,             0,  0                },
    {"granted while catching up: used, the next one follows",        20, 8, 15, SAME,
     RECORD_GRANTED,                                                                                      0,              USE | AGAIN,      16, 0                },
    {"granted for the last step of catching up",                     20, 8, 19, SAME,
     RECORD_GRANTED,                                                                                      0,              USE | AGAIN,      20, 0                },
    {"granted while catching up, the vault moved on",                20, 8, 15, FURTHER,
     RECORD_GRANTED,                                                                                      0,              USE,              0,  0                },

    {"advance: moved on, saved, again",                              20, 8, 20, SAME,    RECORD_ADVANCE,  0,
     SAVE | AGAIN,                                                                                                                          21, 0                },
    {"advance, but somebody saved it first",                         20, 8, 20, FURTHER, RECORD_ADVANCE,
     0,                                                                                                                   MOVED_AGAIN,      21, 0                },
    {"advance for another session",                                  20, 8, 20, ANEW,    RECORD_ADVANCE,  0,
     MOVED_AGAIN,                                                                                                                           20, 0                },
    {"advance after sign-out",                                       20, 8, 20, OUT,     RECORD_ADVANCE,  0,              OVER_TELL,        0,
     RECORD_SIGNED_OUT                                                                                                                                           },
    {"advance while catching up",                                    20, 8, 15, SAME,    RECORD_ADVANCE,  0,              AGAIN,            16,
     0                                                                                                                                                           },
    {"advance while catching up, the vault moved on",                20, 8, 15, FAR,
     RECORD_ADVANCE,                                                                                      0,              MOVED_AGAIN,      40, 0                },

    {"stale, the vault has moved on: go on from it",                 20, 8, 20, FURTHER,
     RECORD_STALE,                                                                                        0,              MOVED_AGAIN,      21, 0                },
    {"stale, the vault has not: another holder; tell the server",    20, 8, 20,
     SAME,                                                                               RECORD_STALE,    0,              SAVE | OVER_TELL, 0,  RECORD_REUSE     },
    {"stale for a step that was sent again: go on from the vault's", 20, 8, 12,
     SAME,                                                                               RECORD_STALE,    0,              AGAIN,            20, 0                },
    {"stale for another session",                                    20, 8, 20, ANEW,    RECORD_STALE,    0,              MOVED_AGAIN,
     20,                                                                                                                                        0                },
    {"stale after sign-out",                                         20, 8, 20, OUT,     RECORD_STALE,    0,              OVER_TELL,        0,
     RECORD_SIGNED_OUT                                                                                                                                           },

    {"behind by one: that step again",                               20, 8, 20, SAME,    RECORD_BEHIND,   19,
     AGAIN,                                                                                                                                 19, 0                },
    {"behind by eight: the oldest secret held",                      20, 8, 20, SAME,    RECORD_BEHIND,
     12,                                                                                                                  AGAIN,            12, 0                },
    {"behind by nine: the server lost this session",                 20, 8, 20, SAME,
     RECORD_BEHIND,                                                                                       11,             SAVE | OVER_TELL, 0,  RECORD_LOST      },
    {"behind by all there was",                                      3,  3, 3,  SAME,    RECORD_BEHIND,   0,              AGAIN,            0,  0                },
    {"behind by more than is held of a short life",                  4,  3, 4,  SAME,
     RECORD_BEHIND,                                                                                       0,              SAVE | OVER_TELL, 0,  RECORD_LOST      },
    {"behind again while catching up",                               20, 8, 15, SAME,    RECORD_BEHIND,   13,
     AGAIN,                                                                                                                                 13, 0                },
    {"behind beyond what is held, but the vault moved on: old news", 20, 8, 20,
     FAR,                                                                                RECORD_BEHIND,   11,             MOVED_AGAIN,      40, 0                },
    {"behind, but not behind what was sent: nonsense",               20, 8, 20, SAME,
     RECORD_BEHIND,                                                                                       20,             PAUSE,            0,  0                },
    {"behind a negative number: nonsense",                           20, 8, 20, SAME,    RECORD_BEHIND,   -1,
     PAUSE,                                                                                                                                 0,  0                },
    {"behind for another session",                                   20, 8, 20, ANEW,    RECORD_BEHIND,   0,
     MOVED_AGAIN,                                                                                                                           20, 0                },
    {"behind after sign-out",                                        20, 8, 20, OUT,     RECORD_BEHIND,   0,              OVER_TELL,        0,
     RECORD_SIGNED_OUT                                                                                                                                           },

    {"other session, and the vault has it",                          20, 8, 20, ANEW,
     RECORD_OTHER_SESSION,                                                                                0,              MOVED_AGAIN,      20, 0                },
    {"other session, the vault does not have it yet",                20, 8, 20, SAME,
     RECORD_OTHER_SESSION,                                                                                0,              AGAIN,            20, 0                },

    {"refused as revoked: over",                                     20, 8, 20, SAME,    RECORD_REFUSED,
     RECORD_REVOKED,                                                                                                      SAVE | OVER,      0,  RECORD_REVOKED   },
    {"refused as unknown: over",                                     20, 8, 20, SAME,    RECORD_REFUSED,
     RECORD_UNKNOWN,                                                                                                      SAVE | OVER,      0,  RECORD_UNKNOWN   },
    {"refused as expired: over",                                     20, 8, 20, SAME,    RECORD_REFUSED,
     RECORD_EXPIRED,                                                                                                      SAVE | OVER,      0,  RECORD_EXPIRED   },
    {"refused as disabled: over",                                    20, 8, 20, SAME,    RECORD_REFUSED,
     RECORD_DISABLED,                                                                                                     SAVE | OVER,      0,  RECORD_DISABLED  },
    {"refused as reuse: over",                                       20, 8, 20, SAME,    RECORD_REFUSED,  RECORD_REUSE,
     SAVE | OVER,                                                                                                                           0,  RECORD_REUSE     },
    {"refused while catching up: over",                              20, 8, 15, SAME,    RECORD_REFUSED,
     RECORD_REVOKED,                                                                                                      SAVE | OVER,      0,  RECORD_REVOKED   },
    {"refused, but the vault has moved on: that one is tried",       20, 8, 20,
     FURTHER,                                                                            RECORD_REFUSED,  RECORD_REVOKED, MOVED_AGAIN,      21, 0                },
    {"refused, but somebody signed in anew: theirs lives",           20, 8, 20, ANEW,
     RECORD_REFUSED,                                                                                      RECORD_UNKNOWN, MOVED_AGAIN,      20, 0                },
    {"refused after sign-out: the reason stays",                     20, 8, 20, OUT,     RECORD_REFUSED,
     RECORD_REVOKED,                                                                                                      OVER_TELL,        0,  RECORD_SIGNED_OUT},

    {"no complete answer: the same again",                           20, 8, 20, SAME,    RECORD_NO_REPLY, 0,
     AGAIN,                                                                                                                                 20, 0                },
    {"no answer while catching up: the same again",                  20, 8, 15, SAME,
     RECORD_NO_REPLY,                                                                                     0,              AGAIN,            15, 0                },
    {"no answer, the vault moved on: from there",                    20, 8, 15, FURTHER,
     RECORD_NO_REPLY,                                                                                     0,              AGAIN,            21, 0                },
    {"no answer after sign-out",                                     20, 8, 20, OUT,     RECORD_NO_REPLY, 0,              OVER_TELL,
     0,                                                                                                                                         RECORD_SIGNED_OUT},
    {"a passing failure ends nothing",                               20, 8, 20, SAME,    RECORD_PASSING,  0,
     PAUSE,                                                                                                                                 0,  0                },
    {"a passing failure while catching up",                          20, 8, 15, SAME,    RECORD_PASSING,  0,
     PAUSE,                                                                                                                                 0,  0                },
};

static struct record vault_of(const struct apply_case *c)
{
    int further = c->vault == FURTHER ? 1 : c->vault == FAR ? 20 : 0;
    struct record r = record_at(c->i + further, c->older, c->vault != FURTHER);

    if (c->vault == ANEW)
        r.sid[3] = 'X';
    if (c->vault == OUT)
        (void)record_end(&r, RECORD_SIGNED_OUT, true);
    if (c->vault == GONE)
        record_clear(&r);
    return r;
}

/* What was at i is now at i + 1, and the secrets moved along. */
static void check_moved_on(const struct record *after, int i, int older)
{
    struct record want =
        record_at(i + 1, older < RECORD_OLDER_MAX ? older + 1 : older, false);

    CHECK_EQ(after->generation, want.generation);
    CHECK_EQ(after->older_count, want.older_count);
    CHECK(!after->has_next);
    CHECK_BYTES(after->next, 32, want.next, 32);
    CHECK_BYTES(after->secret, 32, want.secret, 32);
    CHECK_BYTES(after->older, sizeof want.older, want.older, sizeof want.older);
}

static void check_over(const struct record *after, unsigned todo,
                       enum record_reason reason)
{
    static const uint8_t zeros[RECORD_OLDER_MAX * RECORD_SECRET_SIZE];
    bool tell = todo & RECORD_SIGN_OUT;

    CHECK_EQ(after->reason, reason);
    CHECK_EQ(after->sign_out_due, tell);
    CHECK_BYTES(after->session, 32, tell ? session : zeros, 32);
    CHECK_BYTES(after->secret, 32, zeros, 32);
    CHECK_BYTES(after->next, 32, zeros, 32);
    CHECK_BYTES(after->older, sizeof zeros, zeros, sizeof zeros);
}

static void applying(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(apply_cases); i++) {
        const struct apply_case *c = &apply_cases[i];
        struct record r = vault_of(c);
        struct record before = r;
        struct record_refresh refresh = sent(c->i, c->step);
        struct record_reply reply = {.answer = c->answer,
                                     .reason = (enum record_reason)c->server,
                                     .generation = c->server};
        struct record_message m;
        unsigned todo;

        CASE(c->name);
        todo = record_apply(&r, &refresh, &reply);
        CHECK_EQ(todo, c->want);
        if (todo & RECORD_OVER)
            check_over(&r, todo, c->reason);
        else if (todo & RECORD_SAVE)
            check_moved_on(&r, c->i, c->older);
        else
            CHECK(memcmp(&r, &before, sizeof r) == 0);
        if (todo & RECORD_AGAIN) {
            CHECK(record_begin(&r, &refresh, fresh, &m) & RECORD_SEND);
            CHECK_EQ(m.generation, c->next_step);
        }
    }
}

/* Each step that is sent again carries its own secret and its own successor. */
static void catching_up(void **state)
{
    struct record r = record_at(20, 8, true);
    struct record_refresh refresh = {0};
    struct record_message m;
    struct record_reply reply = {.answer = RECORD_BEHIND, .generation = 12};
    uint8_t secret[RECORD_SECRET_SIZE], next[RECORD_SECRET_SIZE];

    (void)state;
    (void)record_begin(&r, &refresh, fresh, &m);
    CHECK_EQ(record_apply(&r, &refresh, &reply), RECORD_AGAIN);
    reply.answer = RECORD_GRANTED;
    for (int step = 12; step <= 20; step++) {
        check_case("a database eight behind: step %d", step);
        CHECK_EQ(record_begin(&r, &refresh, fresh, &m), RECORD_SEND);
        secret_of(step, secret);
        secret_of(step + 1, next);
        CHECK_EQ(m.generation, step);
        CHECK_BYTES(m.secret, 32, secret, 32);
        CHECK_BYTES(m.next, 32, next, 32);
        CHECK_EQ(record_apply(&r, &refresh, &reply),
                 step < 20 ? RECORD_USE | RECORD_AGAIN
                           : RECORD_USE | RECORD_SAVE);
    }
    CASE("then the vault stands where the database does");
    CHECK_EQ(r.generation, 21);
}

static unsigned answer_again(struct record *r, struct record_refresh *refresh,
                             enum record_answer answer)
{
    struct record_message m;
    struct record_reply reply = {.answer = answer};

    CHECK(record_begin(r, refresh, fresh, &m) & RECORD_SEND);
    return record_apply(r, refresh, &reply);
}

static void in_a_row(void **state)
{
    struct record r = record_at(20, 8, false);
    struct record_refresh refresh = {0};

    (void)state;
    CASE("eight advances in a row go on at once");
    for (int n = 0; n < RECORD_ADVANCES_MAX; n++)
        CHECK_EQ(answer_again(&r, &refresh, RECORD_ADVANCE), SAVE | AGAIN);
    CASE("the ninth is saved, and then: later");
    CHECK_EQ(answer_again(&r, &refresh, RECORD_ADVANCE), SAVE | PAUSE);
    CHECK_EQ(r.generation, 29);

    CASE("a 200 in between begins the count anew");
    refresh = (struct record_refresh){0};
    for (int n = 0; n < RECORD_ADVANCES_MAX; n++)
        CHECK_EQ(answer_again(&r, &refresh, RECORD_ADVANCE), SAVE | AGAIN);
    CHECK_EQ(answer_again(&r, &refresh, RECORD_GRANTED), SAVE | USE);
    CHECK_EQ(answer_again(&r, &refresh, RECORD_ADVANCE), SAVE | AGAIN);

    CASE("sixteen 409s in a row go on at once");
    r = record_at(20, 8, true);
    refresh = (struct record_refresh){0};
    for (int n = 0; n < RECORD_CONFLICTS_MAX; n++)
        CHECK_EQ(answer_again(&r, &refresh, RECORD_OTHER_SESSION), AGAIN);
    CASE("the seventeenth: later, and nothing changed");
    CHECK_EQ(answer_again(&r, &refresh, RECORD_OTHER_SESSION), PAUSE);
    CHECK_EQ(r.generation, 20);

    CASE("silence is met once at once, then: later");
    refresh = (struct record_refresh){0};
    CHECK_EQ(answer_again(&r, &refresh, RECORD_NO_REPLY), AGAIN);
    CHECK_EQ(answer_again(&r, &refresh, RECORD_NO_REPLY), PAUSE);
    CASE("an answer in between ends the silence");
    refresh = (struct record_refresh){0};
    CHECK_EQ(answer_again(&r, &refresh, RECORD_NO_REPLY), AGAIN);
    CHECK_EQ(answer_again(&r, &refresh, RECORD_OTHER_SESSION), AGAIN);
    CHECK_EQ(answer_again(&r, &refresh, RECORD_NO_REPLY), AGAIN);
}

static void ending(void **state)
{
    struct record r = record_at(20, 8, true);
    struct record_refresh refresh = {0};
    struct record_message m;
    uint8_t other[RECORD_SID_SIZE] = "other";

    (void)state;
    CASE("sign-out keeps R for telling, and nothing else");
    CHECK(record_end(&r, RECORD_SIGNED_OUT, true));
    CHECK_EQ(r.state, RECORD_ENDED);
    check_over(&r, RECORD_SIGN_OUT, RECORD_SIGNED_OUT);
    CHECK_BYTES(r.sid, 16, sid, 16);
    CASE("ending it again changes nothing");
    CHECK(!record_end(&r, RECORD_REUSE, true));
    CHECK_EQ(r.reason, RECORD_SIGNED_OUT);
    CASE("an ended record sends no refresh, but wants its sign-out sent");
    CHECK_EQ(record_begin(&r, &refresh, fresh, &m), OVER_TELL);
    CASE("an answer for another session's sign-out is not this one's");
    CHECK(!record_signed_out(&r, other));
    CHECK(r.sign_out_due);
    CASE("the sign-out was answered: R goes too");
    CHECK(record_signed_out(&r, sid));
    check_over(&r, 0, RECORD_SIGNED_OUT);
    CHECK_EQ(record_begin(&r, &refresh, fresh, &m), OVER);
    CASE("and only once");
    CHECK(!record_signed_out(&r, sid));
    CASE("an empty vault has nothing to end or to send");
    record_clear(&r);
    CHECK(!record_end(&r, RECORD_SIGNED_OUT, true));
    CHECK(!record_signed_out(&r, r.sid));
    CHECK_EQ(record_begin(&r, &refresh, fresh, &m), OVER);
    CASE("in cookie mode the sign-out is due as well, without R");
    record_start(&r, NULL, sid, session);
    CHECK(record_end(&r, RECORD_SIGNED_OUT, true));
    CHECK(r.sign_out_due && !r.has_session);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(starting),    cmocka_unit_test(applying),
        cmocka_unit_test(catching_up), cmocka_unit_test(in_a_row),
        cmocka_unit_test(ending),
    };

    return check_run("core/record", tests);
}
