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

#include "reseed_server.pml"
#include "reseed_client.pml"

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
