/*
 * The code itself, the offered rotation, walked through every order of a
 * bounded world, as models/offered.pml is: requests that arrive never, late or
 * twice, replies that are lost, a client that dies anywhere, a database that
 * falls back, a thief. What was sent before the row last moved is gone when the
 * window closes; nothing else is asked of the network.
 */
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "core/offered.h"
#include "core/rotation.h"
#include "core/walk.h"

enum {
    NOW = 1000,
    SOFT_S = 60,
    TOKENS = 10, /* that somebody receives, from 1 */
    MOVES = 6,
};

enum holder {
    BOTH = 0,
    OWNER,
    THIEF,
};

struct world {
    struct rotation_row row;
    struct rotation_row before[MOVES + 1]; /* as it was after so many moves */
    struct offered_token tokens[TOKENS + 1];
    int last, moves, losses, copies;
    int token;                     /* what the client has saved */
    bool busy;                     /* the client waits for an answer */
    bool busy_old;                 /* and sent before the row's last move */
    enum rotation_verdict verdict; /* of the answer on its way, */
    bool answered;                 /* if there is one, */
    struct offered_token answer;   /* and its token */
    unsigned sent, sent_old; /* requests that may arrive: bits of tokens */
    unsigned known, had;     /* the thief's tokens; the owner's ever */
    enum holder holder;      /* of the current token, told when the row moves */
};

struct bounds {
    const char *name;
    int tokens, moves, losses, back, copies;
};

static const struct bounds journeys[] = {
    {"lost and late replies",                                  10, 6, 0, 0, 0},
    {"a database that falls back twice, by up to three moves", 8,  6, 2, 3, 0},
    {"a thief who copies twice",                               7,  5, 0, 0, 2},
    {"a thief and a database that falls back",                 6,  4, 1, 2, 1},
};

static const struct rotation_limits limits = {.soft_s = SOFT_S};

static unsigned bit(int token)
{
    return 1u << token;
}

static bool window_is_open(const struct world *w)
{
    return w->row.moved && w->row.moved_s == NOW;
}

static bool grants(enum rotation_verdict verdict)
{
    return verdict == ROTATION_MOVE || verdict == ROTATION_TOUCH ||
           verdict == ROTATION_KEEP;
}

static void begin_world(struct world *w)
{
    static const uint8_t id[OFFERED_ID_SIZE] = "sid";
    uint8_t root[OFFERED_ID_SIZE] = {0xaa};
    uint8_t self[OFFERED_ID_SIZE] = {1};

    memset(w, 0, sizeof *w);
    rotation_start_offered(&w->row, root, NOW);
    w->before[0] = w->row;
    w->last = w->token = 1;
    w->tokens[1] = offered_child(1, id, root, 0, self);
    w->had = bit(1);
}

static void note_move(struct world *w, int token)
{
    bool owners = w->had & bit(token);
    bool thiefs = w->known & bit(token);

    w->before[++w->moves] = w->row;
    w->sent_old = w->sent;
    w->busy_old = w->busy;
    w->holder = owners && thiefs ? BOTH : owners ? OWNER : THIEF;
}

static enum rotation_verdict serve(struct walk *s, struct world *w, int token)
{
    enum rotation_verdict verdict =
        rotation_offered(&w->row, &w->tokens[token], &limits, NOW, &w->row);

    if (verdict == ROTATION_MOVE)
        note_move(w, token);
    if (verdict == ROTATION_REVOKE)
        walk_demand(s, w->copies > 0, "without a thief nothing is reuse");
    return verdict;
}

/* What the row now hands out for `token`; its `self` is set when received. */
static struct offered_token answer_to(const struct world *w, int token)
{
    static const uint8_t unset[OFFERED_ID_SIZE];

    return offered_answer(&w->tokens[token], 1, w->row.current, w->row.n,
                          unset);
}

/* The number of a token that was received: an old one, or the next new. */
static int take_token(struct world *w, const struct offered_token *token)
{
    if (token->self[0] != 0)
        return token->self[0];
    w->tokens[++w->last] = *token;
    w->tokens[w->last].self[0] = (uint8_t)w->last;
    return w->last;
}

static void forget(struct world *w)
{
    w->busy = w->busy_old = w->answered = false;
    w->verdict = ROTATION_MOVE;
    memset(&w->answer, 0, sizeof w->answer);
}

/* ---- What can happen; false where it cannot, and then nothing did ---- */

static bool client_sends(struct walk *s, struct world *w, int unused)
{
    (void)s;
    (void)unused;
    if (w->busy)
        return false;
    w->busy = true;
    w->sent |= bit(w->token);
    w->sent_old &= ~bit(w->token);
    return true;
}

static bool client_is_answered(struct walk *s, struct world *w, int unused)
{
    (void)unused;
    if (!w->busy || w->answered || w->moves >= s->bounds->moves)
        return false;
    w->verdict = serve(s, w, w->token);
    w->answered = true;
    if (!grants(w->verdict))
        return true;
    w->answer = answer_to(w, w->token);
    return walk_demand(s, w->holder != THIEF || w->losses > 0,
                       "the owner is not granted what only the thief holds");
}

static bool client_receives(struct walk *s, struct world *w, int unused)
{
    (void)unused;
    if (!w->answered || w->last >= s->bounds->tokens)
        return false;
    if (grants(w->verdict)) {
        w->token = take_token(w, &w->answer);
        w->had |= bit(w->token);
    }
    forget(w);
    return true;
}

static bool client_dies(struct walk *s, struct world *w, int unused)
{
    (void)s;
    (void)unused;
    if (!w->busy)
        return false;
    forget(w);
    return true;
}

static bool old_request(struct walk *s, struct world *w, int token)
{
    if (!(w->sent & bit(token)) || w->moves >= s->bounds->moves)
        return false;
    (void)serve(s, w, token);
    return true;
}

static bool window_closes(struct walk *s, struct world *w, int unused)
{
    (void)s;
    (void)unused;
    if (!window_is_open(w))
        return false;
    w->row.moved_s = NOW - SOFT_S;
    w->sent &= ~w->sent_old;
    w->sent_old = 0;
    if (w->busy_old)
        forget(w);
    return true;
}

/* `which`: by how many moves; odd ones with the window open, even ones shut. */
static bool database_falls(struct walk *s, struct world *w, int which)
{
    int by = which / 2 + 1;

    if (w->losses >= s->bounds->losses || by > s->bounds->back ||
        by > w->moves || w->row.ended != ROTATION_LIVING)
        return false;
    w->losses++;
    for (; by > 0; by--)
        memset(&w->before[w->moves--], 0, sizeof w->before[0]);
    w->row = w->before[w->moves];
    if (w->row.moved)
        w->row.moved_s = which % 2 ? NOW : NOW - SOFT_S;
    w->holder = BOTH;
    return true;
}

static bool token_is_copied(struct walk *s, struct world *w, int unused)
{
    (void)unused;
    if (w->copies >= s->bounds->copies)
        return false;
    w->copies++;
    w->known |= bit(w->token);
    w->holder = BOTH;
    return true;
}

static bool thief_sends(struct walk *s, struct world *w, int token)
{
    struct offered_token answer;

    if (!(w->known & bit(token)) || w->moves >= s->bounds->moves ||
        w->last >= s->bounds->tokens || w->row.ended != ROTATION_LIVING)
        return false;
    if (!grants(serve(s, w, token)))
        return true;
    answer = answer_to(w, token);
    w->known |= bit(take_token(w, &answer));
    return walk_demand(s, w->holder != OWNER || w->losses > 0,
                       "the thief is not granted what only the owner holds");
}

static const struct walk_act actions[] = {
    {client_sends,       1     },
    {client_is_answered, 1     },
    {client_receives,    1     },
    {client_dies,        1     },
    {old_request,        TOKENS},
    {window_closes,      1     },
    {database_falls,     MOVES },
    {token_is_copied,    1     },
    {thief_sends,        TOKENS},
};

/* From here on all is calm: the saved token is good, when the window closed. */
static void check_calm(struct walk *s, const struct world *from)
{
    struct world w = *from;
    enum rotation_verdict verdict;

    if (w.moves >= s->bounds->moves)
        return;
    verdict = serve(s, &w, w.token);
    if (verdict == ROTATION_SOFT) {
        (void)window_closes(s, &w, 0);
        verdict = serve(s, &w, w.token);
    }
    if (grants(verdict))
        walk_demand(s, w.holder != THIEF || w.losses > 0,
                    "the owner is not served with what only the thief holds");
    else
        walk_demand(s, w.copies > 0 && w.row.ended == ROTATION_ENDED_REUSE,
                    "a calm refresh succeeds, unless a thief was there");
}

static void journey(void **state)
{
    size_t total = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(journeys); i++) {
        struct walk s = {.bounds = &journeys[i],
                         .acts = actions,
                         .act_count = COUNT(actions),
                         .world_size = sizeof(struct world),
                         .look = check_calm};
        struct world w;

        CASE(journeys[i].name);
        begin_world(&w);
        total += walk_all(&s, &w, journeys[i].name);
    }
    check_note("offered rotation, the code: %zu states in all", total);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(journey)};

    return check_run("core/offered_journeys", tests);
}
