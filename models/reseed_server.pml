/*
 * The server of reseed.pml: what it makes of a usual refresh, and of a step that
 * begins a line.
 */
/* The server moves on to generation k with ask_next, and mints. */
inline move(k)
{
    g = k;
    commitment[g] = ask_next;
    verdict = GRANT;
    assert(!ended); /* after sign-out or revocation nothing is minted */
#if COPIES > 0
    changes = changes + (by_thief != BY_THIEF(g, ask_next));
    by_thief = BY_THIEF(g, ask_next);
    assert(changes <= CHANGES);
#endif
}

inline find_in_chain()
{
    j = 0;
    do
    :: j < CHAIN && j <= g && g - j >= START(LINE(g)) ->
        in_chain = in_chain || commitment[g - j] == ask_next;
        j++
    :: else -> break
    od
}

inline revoke()
{
    ended = true;
    verdict = REFUSED;
    assert(COPIES > 0) /* nobody else was there */
}

/* A usual refresh, in the order of the list. */
inline serve_usual()
{
    find_in_chain();
    if
    :: ended -> verdict = REFUSED
    :: !ended && ask_step == g && commitment[g] == ask_secret && !in_chain ->
        /* Once he has moved, a usual refresh of the owner's is no grant. */
        assert(!by_thief || BY_THIEF(g + 1, ask_next) || losses > 0);
        move(g + 1)
    :: !ended && ask_step < g && HELD(ask_step) &&
       commitment[ask_step] == ask_secret &&
       commitment[ask_step + 1] == ask_next ->
        verdict = ADVANCE
    :: !ended && ask_step + CHAIN <= g -> verdict = STALE
#if !defined(BREAK_RESEED_STALE) && !defined(WORDED_RESEED)
    :: !ended && ask_step < START(LINE(g)) && ask_step + CHAIN > g ->
        verdict = STALE
#endif
    :: !ended && ask_step > g -> verdict = BEHIND
    :: else -> revoke()
    fi
}

#ifdef BREAK_RESEED_REPEAT
#define REPEATED false
#else
#define REPEATED (HELD(ask_to) && commitment[ask_to] == ask_next)
#endif

/* From ask_step, whose commitment is ask_secret, to the line at ask_to. */
inline serve_seed()
{
#ifdef WORDED_RESEED
    find_in_chain();
    ask_to = START(LINE(g) + 1);
    if
    :: ended -> verdict = REFUSED
    :: !ended && in_chain -> verdict = ADVANCE
    :: !ended && !in_chain && ask_to < NUMBERS ->
        came[LINE(ask_to)] = g;
        move(ask_to)
    :: else -> verdict = STALE
    fi
#else
    find_in_chain();
    if
    :: ended -> verdict = REFUSED
    :: !ended && REPEATED -> verdict = ADVANCE
#ifdef BREAK_RESEED_COMPARE
    :: !ended && ask_to > g && !in_chain ->
#else
#ifdef BREAK_RESEED_FROM
    :: !ended && ask_to > g && !in_chain && ask_step == g ->
#else
    :: !ended && ask_to > g && !in_chain && ask_step == g &&
       commitment[g] == ask_secret ->
#endif
#endif
        came[LINE(ask_to)] = g;
        reseeds = reseeds + !BY_THIEF(ask_to, ask_next);
#ifndef STRANGER
        /* One line for each time that the storage was cleared. */
        assert(COPIES > 0 || losses > 0 || reseeds <= clears);
#endif
        move(ask_to)
#ifdef BREAK_RESEED_PASSED
    :: !ended && ask_to <= g && !REPEATED -> verdict = STALE
#endif
    :: else -> verdict = RESEED
    fi
#endif
}
