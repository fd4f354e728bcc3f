/*
 * Committed rotation in cookie mode (doc/design.md, section 5.1): a browser
 * that lost its storage, but has the cookie, begins a new line of secrets.
 *
 * What committed.pml has, and its steps as they are in the code: the row, the
 * vault, two processes on it, the network, a database that loses commits, and a
 * thief. New here: storage is cleared, and requests of before are still under
 * way. Sizes:
 *
 *   STEPS   refreshes of each line         CHAIN   commitments in the row, older
 *   SEEDS   lines after the first, the             secrets in the vault, and
 *           last kept for the calm                 commits that one loss takes
 *   CLEARS  times the storage is cleared   LOSSES  times the database falls back
 *   COPIES  times the vault is stolen
 * -DSIGNOUT: the person signs out at any time. -DSTRANGER: another site sends
 * with the cookie what it can guess.
 *
 * Line e holds the numbers START(e) to START(e) + STEPS: a generation that jumps
 * by more than can be made in a line. A secret and its hash are one number, as
 * in committed.pml: NEW(k, d), drawn for generation k by d.
 *
 * -DBREAK_... each leave one rule out, -DWORDED_... take an earlier wording:
 * test/models demands that the model then fails. What holds, see README.md.
 */
#ifndef STEPS
#define STEPS 2
#endif
#ifndef CHAIN
#define CHAIN 2
#endif
#ifndef SEEDS
#define SEEDS 3
#endif
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef CLEARS
#define CLEARS 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef COPIES
#define COPIES 0
#endif
#ifndef CHANGES
#define CHANGES (1 + losses + lost + 2 * reseeds)
#endif

#define SPAN (STEPS + 1)
#define NUMBERS ((SEEDS + 1) * SPAN)
#define START(e) ((e) * SPAN)
#define LINE(k) ((k) / SPAN)
#define LAST(k) ((k) % SPAN == STEPS)

#define CALM 2 /* the number of the process that runs when all is calm */
#define CALM_SENDS (2 * CHAIN + 8)
#define NEW(k, d) ((k) * 4 + (d) + 1)
#define MINE(c) (c == CALM -> 0 : c)
#define DRAWER(v) (((v) - 1) % 4)
#define OF(v) (((v) - 1) / 4)
#define BY_THIEF(k, n) (COPIES > 0 && (DRAWER(n) >= 2 || OF(n) != (k)))
#define KNOWN(v) ((know[OF(v)] >> DRAWER(v)) & 1)

mtype = {IDLE, AGAIN, WAIT};               /* what a process is about to do */
mtype = {LIVE, SEEDING, EMPTY, OVER, OUT}; /* the vault */
mtype = {USUAL, ASK, SEED};                /* a message */
mtype = {NONE, GRANT, ADVANCE, STALE, BEHIND, RESEED, REFUSED};

/* The row: commitment[g], [g-1], ... down to the line's start, CHAIN of them at
   most. What is below, and came, are what the database falls back to. */
byte g;
byte commitment[NUMBERS];
byte came[SEEDS + 1]; /* the generation that a line began from */
bool ended;

/* The vault: S_k for each k it holds; secret[vault_i + 1] is next, 0 none.
   SEEDING: secret[vault_i] is the first of a line that is asked for. */
mtype vault = LIVE;
byte vault_i;
byte vault_seed;
byte secret[NUMBERS];

/* What was recorded to begin a line; the network keeps it when it was sent. */
typedef reseed_step {
    byte at;   /* the row's generation, as it was told */
    byte from; /* and its newest commitment */
    byte to;   /* the first generation of the line */
    byte next;
    bool sent;
};
reseed_step seed[SEEDS + 1];
byte seeds; /* recorded, of number 1 and up */
byte top;   /* the highest line ever recorded */

/* A process: what it read, what it sent, what came back. */
typedef client {
    mtype at = IDLE;
    mtype kind = NONE;
    mtype was = NONE;
    byte i;
    byte step;
    byte shows;
    byte next;
    byte seed;
    bool asks;
    mtype reply = NONE;
    byte reply_g;
    byte reply_from;
};
client p[3];

/* Every usual refresh ever sent: for each k, one bit per pair of drawers. */
short sent[NUMBERS];
bool sign_out_sent;

byte clears, losses, copies;
byte know[NUMBERS]; /* the thief: for each k, one bit per drawer */

/* What only the checks look at. */
bool by_thief; /* the last grant was for a next of the thief's */
byte changes;  /* how often by_thief changed */
byte lost;     /* commits, by all losses */
byte reseeds;  /* lines that the owner began */
bool granted;  /* to the calm process */

/* Scratch, zero between steps. */
mtype verdict;
byte ask_step, ask_secret, ask_next, ask_to; /* the request being answered */
bool in_chain;
byte j;

#define CLEAR verdict = NONE; in_chain = false; j = 0; ask_step = 0; \
    ask_secret = 0; ask_next = 0; ask_to = 0
#define HELD(k) ((k) >= START(LINE(g)) && (k) <= g && (k) + CHAIN > g)

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

inline forget(c)
{
    p[c].at = IDLE; p[c].kind = NONE; p[c].was = NONE; p[c].i = 0;
    p[c].step = 0; p[c].shows = 0; p[c].next = 0; p[c].seed = 0;
    p[c].asks = false; p[c].reply = NONE; p[c].reply_g = 0; p[c].reply_from = 0
}

inline wipe_secrets()
{
    j = 0;
    do
    :: j < NUMBERS -> secret[j] = 0; j++
    :: else -> break
    od;
    j = 0
}

inline end_vault()
{
    assert(COPIES > 0); /* without a thief no session ends but by sign-out */
    wipe_secrets();
    vault = OVER;
    vault_i = 0;
    vault_seed = 0;
    sign_out_sent = true
}

/* Draws the first secret of a line, with its number; `at` and `from` are what
   the server told. Nothing happens where the model has no more numbers. */
inline draw_seed(c, told_at, told_from)
{
#ifdef WORDED_RANDOM
    select(j : 1 .. SEEDS);
    do /* any line that is above the row, and new */
    :: j <= SEEDS && (j <= LINE(told_at) || ((top >> j) & 1)) -> j++
    :: else -> break
    od;
#else
#ifdef BREAK_RESEED_JUMP
    j = LINE(told_at) + 1;
#else
    j = (top > LINE(told_at) -> top : LINE(told_at)) + 1;
#endif
#endif
    if
    :: j + (c != CALM) <= SEEDS && seeds + (c != CALM) < SEEDS ->
        seeds++;
#ifdef WORDED_RANDOM
        top = top | (1 << j);
#else
        top = (j > top -> j : top);
#endif
        seed[seeds].at = told_at;
        seed[seeds].from = told_from;
        seed[seeds].to = START(j);
#ifdef BREAK_RESEED_JUMP
        seed[seeds].next = NEW(START(j), seeds % 4);
#else
        seed[seeds].next = NEW(START(j), MINE(c));
#endif
        p[c].seed = seeds
    :: else
    fi;
    j = 0
}

/* Records what was drawn, durably, before it is sent. */
inline record_seed(c)
{
    if
    :: p[c].seed != 0 ->
        wipe_secrets();
        vault = SEEDING;
        vault_seed = p[c].seed;
        vault_i = seed[vault_seed].to;
        secret[vault_i] = seed[vault_seed].next
    :: else
    fi
}

#define UNMOVED(c) (p[c].was == vault && p[c].i == vault_i)
#define BEGINS (!(vault == LIVE && LAST(vault_i)) && \
    (vault == LIVE || vault == SEEDING || vault == EMPTY))

/* Reads the vault, goes on where it was if that has not moved, and sends. */
inline send(c)
{
    if
    :: p[c].at == AGAIN && UNMOVED(c)
    :: else ->
        forget(c);
        p[c].was = vault;
        p[c].i = vault_i;
        p[c].step = vault_i
    fi;
#ifdef WORDED_RESEED
    if
    :: vault == EMPTY ->
        draw_seed(c, 0, 0);
        record_seed(c);
        p[c].was = vault;
        p[c].i = vault_i
    :: else
    fi;
#endif
    if
    :: vault == SEEDING ->
        p[c].kind = SEED;
        p[c].seed = vault_seed;
        seed[vault_seed].sent = true
#ifdef BREAK_RESEED_NOT_DURABLE
    :: vault == EMPTY && p[c].seed != 0 ->
        p[c].kind = SEED;
        seed[p[c].seed].sent = true
#endif
    :: vault == EMPTY && p[c].seed == 0 -> p[c].kind = ASK
    :: vault == LIVE && p[c].asks -> p[c].kind = ASK
    :: vault == LIVE && !p[c].asks ->
        secret[vault_i + 1] = (secret[vault_i + 1] == 0 ->
            NEW(vault_i + 1, MINE(c)) : secret[vault_i + 1]);
        p[c].kind = USUAL;
        p[c].shows = secret[p[c].step];
        p[c].next = secret[p[c].step + 1];
        if /* what the network can rebuild */
        :: p[c].shows == NEW(p[c].step, DRAWER(p[c].shows)) ->
            sent[p[c].step] = sent[p[c].step] |
                (1 << (DRAWER(p[c].shows) * 4 + DRAWER(p[c].next)))
        :: else
        fi
    fi;
    p[c].at = WAIT
}

/* The server answers. */
inline answer(c)
{
    if
    :: p[c].kind == USUAL ->
        ask_step = p[c].step; ask_secret = p[c].shows; ask_next = p[c].next;
        serve_usual()
    :: p[c].kind == SEED ->
        put_seed(p[c].seed);
        serve_seed()
    :: p[c].kind == ASK -> verdict = (ended -> REFUSED : RESEED)
    fi;
    p[c].reply = verdict;
    p[c].reply_g = (verdict == BEHIND || verdict == RESEED -> g : 0);
    p[c].reply_from = (verdict == RESEED -> commitment[g] : 0);
#ifdef WORDED_RESEED
    p[c].reply_g = (p[c].kind == SEED -> g : p[c].reply_g);
#endif
    CLEAR
}

inline put_seed(which)
{
    ask_step = seed[which].at; ask_secret = seed[which].from;
    ask_next = seed[which].next; ask_to = seed[which].to
}

inline go_on(c)
{
    p[c].at = AGAIN; p[c].kind = NONE; p[c].reply = NONE; p[c].reply_g = 0;
    p[c].reply_from = 0; p[c].shows = 0; p[c].next = 0
#ifndef BREAK_RESEED_NOT_DURABLE
    ; p[c].seed = 0
#endif
}

/* The vault's step is made. */
inline advance_vault()
{
    vault_i++;
    if
    :: vault_i >= START(LINE(vault_i)) + CHAIN + 1 ->
        secret[vault_i - CHAIN - 1] = 0
    :: else
    fi
}

inline apply_usual(c)
{
    if
    :: p[c].reply == GRANT || p[c].reply == ADVANCE ->
        if
        :: vault == LIVE && vault_i == p[c].step -> advance_vault()
        :: else
        fi;
        if
        :: p[c].reply == GRANT && p[c].step == p[c].i ->
            granted = (c == CALM);
            forget(c)
        :: else ->
            p[c].step = (p[c].step < p[c].i -> p[c].step + 1 : p[c].step);
            go_on(c)
        fi
    :: p[c].reply == STALE ->
        if
        :: UNMOVED(c) && p[c].step == vault_i ->
#ifdef BREAK_RESEED_CAUGHT
            p[c].asks = true; go_on(c)
#else
            end_vault(); forget(c)
#endif
        :: else -> p[c].step = p[c].i; go_on(c)
        fi
    :: p[c].reply == BEHIND ->
        if
        :: !UNMOVED(c)
        :: UNMOVED(c) && secret[p[c].reply_g] != 0 ->
            p[c].step = p[c].reply_g
        :: UNMOVED(c) && secret[p[c].reply_g] == 0 ->
#if defined(BREAK_RESEED_BEHIND) || defined(WORDED_RESEED)
            end_vault()
#else
            p[c].asks = true
#endif
        fi;
        go_on(c)
    :: p[c].reply == REFUSED ->
        if
        :: UNMOVED(c) -> end_vault(); forget(c)
        :: else -> go_on(c)
        fi
    fi
}

/* To a question, or to a step that fits no more: what holds now. */
inline apply_reseed(c)
{
    if
#ifdef BREAK_RESEED_VAULT
    :: true ->
#else
    :: UNMOVED(c) ->
#endif
        p[c].seed = 0;
        draw_seed(c, p[c].reply_g, p[c].reply_from);
#ifndef BREAK_RESEED_NOT_DURABLE
        record_seed(c);
#endif
        if
        :: p[c].seed == 0 -> forget(c) /* the model has no more numbers */
        :: else -> go_on(c)
        fi
    :: else -> go_on(c)
    fi
}

/* The line has begun. */
inline apply_seed(c)
{
    if
    :: UNMOVED(c) ->
#ifdef BREAK_RESEED_NOT_DURABLE
        vault_i = seed[p[c].seed].to;
        secret[vault_i] = seed[p[c].seed].next;
#endif
#ifdef WORDED_RESEED
        secret[vault_i] = 0;
        vault_i = p[c].reply_g;
        secret[vault_i] = seed[p[c].seed].next;
#endif
        vault = LIVE;
        vault_seed = 0
    :: else
    fi;
    if
    :: p[c].reply == GRANT -> granted = (c == CALM); forget(c)
    :: else -> go_on(c)
    fi
}

/* What an answer makes of the vault, which is read again. */
inline apply(c)
{
    if
    :: vault == OVER || vault == OUT -> forget(c)
    :: else ->
        if
        :: p[c].reply == RESEED -> apply_reseed(c)
        :: p[c].kind == USUAL -> apply_usual(c)
        :: p[c].kind == SEED &&
           (p[c].reply == GRANT || p[c].reply == ADVANCE) -> apply_seed(c)
        :: p[c].kind == SEED && p[c].reply == STALE ->
            if
            :: UNMOVED(c) -> end_vault(); forget(c)
            :: else -> go_on(c)
            fi
        :: p[c].kind != USUAL && p[c].reply == REFUSED ->
            if
            :: UNMOVED(c) && vault != EMPTY -> end_vault(); forget(c)
            :: UNMOVED(c) && vault == EMPTY -> forget(c) /* nobody is */
            :: else -> go_on(c)
            fi
        fi
    fi;
    /* What the person ended stays so. */
    assert(!sign_out_sent || vault == OVER || vault == OUT || vault == EMPTY)
}

inline copy_vault()
{
    j = 0;
    do
    :: j < NUMBERS ->
        if
        :: secret[j] != 0 ->
            know[OF(secret[j])] = know[OF(secret[j])] |
                (1 << DRAWER(secret[j]))
        :: else
        fi;
        j++
    :: else -> break
    od;
    j = 0
}

/* The database forgets its newest commit. */
inline fall_back()
{
    commitment[g] = 0;
    if
    :: g == START(LINE(g)) ->
        j = g;
        g = came[LINE(j)];
        came[LINE(j)] = 0;
        j = 0
    :: else -> g--
    fi
}

/* One refresh while nothing is lost and nobody interferes must succeed; or, if
   the thief is ahead of a vault that is in use, end the session for both. */
inline calm_refresh()
{
    k = 0;
    a = by_thief && vault == LIVE;
    do
    :: !granted && k < CALM_SENDS && vault != OVER &&
       !(COPIES > 0 && ended && vault == EMPTY) ->
        send(CALM);
        answer(CALM);
        apply(CALM);
        k++
    :: else -> break
    od;
    assert(granted || (COPIES > 0 && vault == OVER && sign_out_sent) ||
           (COPIES > 0 && vault == EMPTY && ended));
    assert(!granted || !a || losses > 0)
}

active proctype world()
{
    byte c;
    byte k;
    byte a;
    byte b;

    commitment[0] = NEW(0, 0);
    secret[0] = NEW(0, 0);
    do
    :: atomic { /* a process begins, or goes on */
        if
        :: p[0].at != WAIT
        :: p[1].at != WAIT && PROCESSES == 2 -> c = 1
        fi;
        BEGINS;
        send(c);
        c = 0
    }
    :: atomic { /* dies, or stops waiting */
        if
        :: p[0].at != IDLE
        :: p[1].at != IDLE -> c = 1
        fi;
        forget(c);
        c = 0
    }
    :: atomic { /* the server answers a process that waits */
        if
        :: p[0].at == WAIT && p[0].reply == NONE
        :: p[1].at == WAIT && p[1].reply == NONE -> c = 1
        fi;
        answer(c);
        c = 0
    }
    :: atomic { /* a reply arrives; what it changes is durable in one step */
        if
        :: p[0].reply != NONE
        :: p[1].reply != NONE -> c = 1
        fi;
        apply(c);
        c = 0
    }
    :: atomic { /* a refresh of any time arrives; its reply finds nobody */
        select(k : 0 .. NUMBERS - 1);
        sent[k] != 0;
        select(a : 0 .. 3);
        select(b : 0 .. 3);
        (sent[k] >> (a * 4 + b)) & 1;
        ask_step = k; ask_secret = NEW(k, a); ask_next = NEW(k + 1, b);
        serve_usual();
        CLEAR;
        k = 0; a = 0; b = 0
    }
    :: atomic { /* and so a step that begins a line */
        select(k : 1 .. SEEDS);
        seed[k].sent;
        put_seed(k);
        serve_seed();
        CLEAR;
        k = 0
    }
    :: d_step { /* all storage is gone; the cookie is not */
        clears < CLEARS && (vault == LIVE || vault == SEEDING);
        clears++;
        wipe_secrets();
        vault = EMPTY;
        vault_i = 0;
        vault_seed = 0
    }

#if LOSSES > 0
    :: atomic { /* the database falls back, by CHAIN commits at most */
        losses < LOSSES && g > 0 && !ended;
        select(k : 1 .. CHAIN);
        losses++;
        do
        :: k > 0 && g > 0 -> fall_back(); lost++; k--
        :: else -> break
        od;
        k = 0
#if COPIES == 0
        ; lost = 0; reseeds = 0
#endif
    }
#endif

#ifdef SIGNOUT
    :: d_step {
        vault == LIVE || vault == SEEDING;
        vault = OUT;
        wipe_secrets();
        sign_out_sent = true
    }
#endif
    :: d_step {
        sign_out_sent && !ended;
        ended = true
    }

#ifdef STRANGER
    :: atomic { /* another site has the cookie sent, and reads no answer */
        !ended;
        select(k : LINE(g) + 1 .. SEEDS);
        k <= SEEDS;
        ask_step = g; ask_secret = 0; ask_next = NEW(START(k), 3);
        ask_to = START(k);
        serve_seed();
        CLEAR;
        k = 0
    }
#endif

#if COPIES > 0
    :: d_step {
        copies < COPIES && (vault == LIVE || vault == SEEDING);
        copies++;
        copy_vault()
    }
    :: atomic { /* sends a secret that he knows, with any next that he can */
        copies > 0 && !ended;
        select(k : START(LINE(g)) .. g);
        KNOWN(commitment[k]) && !LAST(k);
        if
        :: select(a : NEW(0, 0) .. NEW(NUMBERS - 1, 3));
            KNOWN(a)
        :: a = NEW(k + 1, 2)
        fi;
        know[OF(a)] = know[OF(a)] | (1 << DRAWER(a));
        ask_step = k; ask_secret = commitment[k]; ask_next = a;
        serve_usual();
        CLEAR;
        k = 0; a = 0
    }
    :: atomic { /* begins a line: whoever has R may ask */
        copies > 0 && !ended && LINE(g) < SEEDS - 1;
        select(k : LINE(g) + 1 .. SEEDS - 1);
        if
        :: select(a : NEW(0, 0) .. NEW(NUMBERS - 1, 3));
            KNOWN(a)
        :: a = NEW(START(k), 2)
        fi;
        know[OF(a)] = know[OF(a)] | (1 << DRAWER(a));
        ask_step = g; ask_secret = commitment[g]; ask_next = a;
        ask_to = START(k);
        serve_seed();
        CLEAR;
        k = 0; a = 0
    }
    :: d_step { /* ends it himself: he has R */
        copies > 0 && !ended;
        ended = true
    }
#endif

    :: atomic { /* all is calm */
        BEGINS && !sign_out_sent;
        forget(CALM);
        calm_refresh();
        break
    }
    od
}
