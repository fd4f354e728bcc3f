#include "core/rotation.h"

#include "base/assert.h"
#include "base/bytes.h"

static const char *const words[] = {
    [ROTATION_MOVE] = "granted",
    [ROTATION_TOUCH] = "granted",
    [ROTATION_KEEP] = "granted",
    [ROTATION_BAD] = "bad_request",
    [ROTATION_OTHER_SESSION] = "other_session",
    [ROTATION_ADVANCE] = "advance",
    [ROTATION_STALE] = "stale",
    [ROTATION_BEHIND] = "behind",
    [ROTATION_RESEED] = "reseed",
    [ROTATION_SOFT] = "soft",
    [ROTATION_UNKNOWN] = "unknown",
    [ROTATION_REVOKED] = "revoked",
    [ROTATION_EXPIRED] = "expired",
    [ROTATION_DISABLED] = "disabled",
    [ROTATION_REUSE] = "reuse",
    [ROTATION_REVOKE] = "reuse",
};

/* What a row that is over answers, by why it is. */
static const enum rotation_verdict ended_verdicts[] = {
    [ROTATION_LIVING] = ROTATION_MOVE,
    [ROTATION_ENDED_REVOKED] = ROTATION_REVOKED,
    [ROTATION_ENDED_EXPIRED] = ROTATION_EXPIRED,
    [ROTATION_ENDED_DISABLED] = ROTATION_DISABLED,
    [ROTATION_ENDED_REUSE] = ROTATION_REUSE,
};

static bool is_zero(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;

    for (size_t i = 0; i < size; i++)
        any |= bytes[i];
    return any == 0;
}

static bool has_expired(const struct rotation_row *row,
                        const struct rotation_limits *limits, int64_t now_s)
{
    return (limits->max_s > 0 && now_s - row->started_s >= limits->max_s) ||
           (limits->idle_s > 0 && now_s - row->used_s >= limits->idle_s);
}

/* What the row alone says, whatever was presented; MOVE: nothing against it. */
static enum rotation_verdict judge_row(const struct rotation_row *row,
                                       enum rotation_protocol protocol,
                                       const struct rotation_limits *limits,
                                       int64_t now_s)
{
    if (row == NULL || row->protocol != protocol)
        return ROTATION_UNKNOWN;
    // A number that no version of ours wrote: over, to be safe.
    if ((size_t)row->ended >= COUNT(ended_verdicts))
        return ROTATION_REVOKED;
    if (row->ended != ROTATION_LIVING)
        return ended_verdicts[row->ended];
    if (has_expired(row, limits, now_s))
        return ROTATION_EXPIRED;
    return row->disabled ? ROTATION_DISABLED : ROTATION_MOVE;
}

static enum rotation_verdict revoke(const struct rotation_row *row,
                                    struct rotation_row *after)
{
    *after = *row;
    after->ended = ROTATION_ENDED_REUSE;
    return ROTATION_REVOKE;
}

/* The first 16 bytes of chain[j]. */
static const uint8_t *link_at(const uint8_t *chain, int64_t j)
{
    assert(j >= 0 && j < ROTATION_CHAIN_MAX);
    return j == 0 ? chain
                  : chain + ROTATION_HASH_SIZE + (j - 1) * ROTATION_CUT_SIZE;
}

/* Is chain[j] this hash, in as many bytes as are kept of it? */
static bool link_is(const uint8_t *chain, int64_t j, const uint8_t *hash)
{
    size_t size = j == 0 ? ROTATION_HASH_SIZE : ROTATION_CUT_SIZE;
    const uint8_t *link = link_at(chain, j);

    return bytes_equal_secret(link, hash, size) && !is_zero(link, size);
}

/* By the first 16 bytes everywhere, as the store's UPDATE compares. */
static bool chain_holds(const uint8_t *chain, const uint8_t *hash)
{
    bool held = false;

    for (int64_t j = 0; j < ROTATION_CHAIN_MAX; j++)
        held |= bytes_equal_secret(link_at(chain, j), hash, ROTATION_CUT_SIZE);
    return held;
}

/* The chain with one more commitment in front; the oldest falls off. */
static void push_link(uint8_t *chain, const uint8_t *next)
{
    uint8_t *older = chain + ROTATION_HASH_SIZE;
    size_t kept = (ROTATION_CHAIN_MAX - 2) * ROTATION_CUT_SIZE;

    __builtin_memmove(older + ROTATION_CUT_SIZE, older, kept);
    __builtin_memcpy(older, chain, ROTATION_CUT_SIZE);
    __builtin_memcpy(chain, next, ROTATION_HASH_SIZE);
}

/* The step is for the row's own generation. */
static enum rotation_verdict make_step(const struct rotation_row *row,
                                       const struct rotation_step *step,
                                       int64_t now_s,
                                       struct rotation_row *after)
{
    if (!link_is(row->chain, 0, step->secret_hash) ||
        chain_holds(row->chain, step->next))
        return revoke(row, after);
    *after = *row;
    after->generation++;
    after->used_s = now_s;
    push_link(after->chain, step->next);
    return ROTATION_MOVE;
}

bool rotation_may_move(const struct rotation_step *step)
{
    // Zeros mark a place in the chain that is not used yet, and no hash begins
    // with so many.
    return step->complete && step->generation >= 0 && step->sid_fits &&
           !is_zero(step->next, ROTATION_CUT_SIZE);
}

enum rotation_verdict rotation_committed(const struct rotation_row *row,
                                         const struct rotation_step *step,
                                         const struct rotation_limits *limits,
                                         int64_t now_s,
                                         struct rotation_row *after)
{
    enum rotation_verdict verdict;
    int64_t age;

    if (!step->complete || step->generation < 0 ||
        is_zero(step->next, ROTATION_CUT_SIZE))
        return ROTATION_BAD;
    if (!step->sid_fits)
        return step->by_cookie ? ROTATION_OTHER_SESSION : ROTATION_BAD;
    verdict = judge_row(row, ROTATION_COMMITTED, limits, now_s);
    if (verdict != ROTATION_MOVE)
        return verdict;

    assert(row->generation >= 0 && row->generation < INT64_MAX);
    age = row->generation - step->generation;
    if (age == 0)
        return make_step(row, step, now_s, after);
    if (age < 0)
        return ROTATION_BEHIND;
    // Nothing is held of a generation from before the line began.
    if (age >= ROTATION_CHAIN_MAX ||
        is_zero(link_at(row->chain, age), ROTATION_CUT_SIZE))
        return ROTATION_STALE;
    if (link_is(row->chain, age, step->secret_hash) &&
        link_is(row->chain, age - 1, step->next))
        return ROTATION_ADVANCE;
    return revoke(row, after);
}

static bool line_is_well_formed(const struct rotation_line *line)
{
    return line->complete &&
           (line->asks ||
            (line->generation >= 0 && line->to <= ROTATION_LINE_MAX &&
             line->to >= ROTATION_JUMP_MIN &&
             line->generation <= line->to - ROTATION_JUMP_MIN &&
             !is_zero(line->next, ROTATION_CUT_SIZE)));
}

/* This very step was made: `next` stands where it wanted to. */
static bool line_has_begun(const struct rotation_row *row,
                           const struct rotation_line *line)
{
    int64_t age = row->generation - line->to;

    return age >= 0 && age < ROTATION_CHAIN_MAX &&
           link_is(row->chain, age, line->next);
}

static enum rotation_verdict begin_line(const struct rotation_row *row,
                                        const struct rotation_line *line,
                                        int64_t now_s,
                                        struct rotation_row *after)
{
    *after = *row;
    after->generation = line->to;
    after->used_s = now_s;
    __builtin_memset(after->chain, 0, sizeof after->chain);
    __builtin_memcpy(after->chain, line->next, ROTATION_HASH_SIZE);
    return ROTATION_MOVE;
}

enum rotation_verdict rotation_reseed(const struct rotation_row *row,
                                      const struct rotation_line *line,
                                      const struct rotation_limits *limits,
                                      int64_t now_s, struct rotation_row *after)
{
    enum rotation_verdict verdict;

    if (!line_is_well_formed(line))
        return ROTATION_BAD;
    if (!line->sid_fits)
        return ROTATION_OTHER_SESSION;
    verdict = judge_row(row, ROTATION_COMMITTED, limits, now_s);
    if (verdict != ROTATION_MOVE)
        return verdict;
    if (line->asks)
        return ROTATION_RESEED;
    if (line_has_begun(row, line))
        return ROTATION_ADVANCE;
    if (row->generation == line->generation &&
        link_is(row->chain, 0, line->from) &&
        !chain_holds(row->chain, line->next))
        return begin_line(row, line, now_s, after);
    return ROTATION_RESEED;
}

static bool id_is(const uint8_t *a, const uint8_t *b)
{
    return bytes_equal_secret(a, b, OFFERED_ID_SIZE);
}

/* used_s is written rarely, but often enough that a short idle limit holds. */
static enum rotation_verdict touch(const struct rotation_row *row,
                                   const struct rotation_limits *limits,
                                   int64_t now_s, struct rotation_row *after)
{
    int64_t pause_s = ROTATION_TOUCH_S;

    if (limits->idle_s > 0 && limits->idle_s / 4 < pause_s)
        pause_s = limits->idle_s / 4;
    *after = *row;
    if (now_s - row->used_s < pause_s || now_s <= row->used_s)
        return ROTATION_KEEP;
    after->used_s = now_s;
    return ROTATION_TOUCH;
}

/* The token becomes the current one. */
static enum rotation_verdict adopt(const struct rotation_row *row,
                                   const struct offered_token *token,
                                   int64_t now_s, struct rotation_row *after)
{
    *after = *row;
    __builtin_memcpy(after->previous, row->current, OFFERED_ID_SIZE);
    __builtin_memcpy(after->current, token->self, OFFERED_ID_SIZE);
    after->n = token->n;
    after->moved = true;
    after->moved_s = now_s;
    after->used_s = now_s;
    return ROTATION_MOVE;
}

/*
 * As adopt, where the database has lost commits. Which tokens are still under
 * way nobody knows now: with no previous one, all older ones are refused softly
 * until the window is over.
 */
static enum rotation_verdict recover(const struct rotation_row *row,
                                     const struct offered_token *token,
                                     int64_t now_s, struct rotation_row *after)
{
    enum rotation_verdict verdict = adopt(row, token, now_s, after);

    __builtin_memset(after->previous, 0, OFFERED_ID_SIZE);
    return verdict;
}

static bool is_of_previous(const struct rotation_row *row,
                           const struct offered_token *token)
{
    return is_zero(row->previous, OFFERED_ID_SIZE) ||
           id_is(token->self, row->previous) ||
           id_is(token->parent, row->previous);
}

enum rotation_verdict rotation_offered(const struct rotation_row *row,
                                       const struct offered_token *token,
                                       const struct rotation_limits *limits,
                                       int64_t now_s,
                                       struct rotation_row *after)
{
    enum rotation_verdict verdict;
    bool moved_lately;

    if (token == NULL)
        return ROTATION_UNKNOWN;
    verdict = judge_row(row, ROTATION_OFFERED, limits, now_s);
    if (verdict != ROTATION_MOVE)
        return verdict;

    moved_lately = row->moved && now_s - row->moved_s < limits->soft_s;
    if (id_is(token->self, row->current))
        return touch(row, limits, now_s, after);
    if (id_is(token->parent, row->current))
        return moved_lately ? touch(row, limits, now_s, after)
                            : adopt(row, token, now_s, after);
    if (token->n > row->n)
        return recover(row, token, now_s, after);
    if (moved_lately && is_of_previous(row, token))
        return ROTATION_SOFT;
    return revoke(row, after);
}

bool rotation_start_committed(struct rotation_row *row,
                              const uint8_t next[ROTATION_HASH_SIZE],
                              int64_t now_s)
{
    if (is_zero(next, ROTATION_CUT_SIZE))
        return false;
    *row = (struct rotation_row){
        .protocol = ROTATION_COMMITTED, .started_s = now_s, .used_s = now_s};
    __builtin_memcpy(row->chain, next, ROTATION_HASH_SIZE);
    return true;
}

void rotation_start_offered(struct rotation_row *row,
                            const uint8_t root[OFFERED_ID_SIZE], int64_t now_s)
{
    *row = (struct rotation_row){
        .protocol = ROTATION_OFFERED, .started_s = now_s, .used_s = now_s};
    __builtin_memcpy(row->current, root, OFFERED_ID_SIZE);
}

bool rotation_same_start(const struct rotation_row *row,
                         const uint8_t next[ROTATION_HASH_SIZE])
{
    return row->protocol == ROTATION_COMMITTED &&
           row->ended == ROTATION_LIVING && !row->disabled &&
           row->generation == 0 && link_is(row->chain, 0, next);
}

const char *rotation_word(enum rotation_verdict verdict)
{
    return (size_t)verdict < COUNT(words) ? words[verdict] : "";
}
