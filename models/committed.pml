/*
 * Committed rotation (doc/design.md, section 5.1): the row, the vault, two
 * processes on it, the network, a database that loses commits, and a thief.
 *
 * One process whose every step is one thing that can happen anywhere. Sizes:
 *
 *   STEPS   refreshes of the session          CHAIN   commitments in the row,
 *   LOSSES  times the database falls back             older secrets in the
 *   COPIES  times the vault is stolen                 vault and commits that
 *                                                     may be lost (8 in life)
 * -DSIGNOUT lets the person sign out, and in again, at any time.
 *
 * The network keeps every request for ever: each may arrive never, late, twice,
 * in any order. A reply belongs to a process that waits: it may be lost or late.
 * A process may die, or stop waiting, between any two steps.
 *
 * A secret and its hash are one number: NEW(k, d), drawn for step k by d: 0 and
 * 1 the two processes, 2 and 3 the thief. Who does not know a number does not
 * send it.
 *
 * -DBREAK_... each leave one rule out, -DWORDED_... take an earlier wording:
 * test/models demands that the model then fails. What holds, see README.md.
 */
#ifndef STEPS
#define STEPS 3
#endif
#ifndef CHAIN
#define CHAIN 2
#endif
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef COPIES
#define COPIES 0
#endif

#define CALM 2 /* the number of the process that runs when all is calm */
#define CALM_SENDS (2 * CHAIN + 4)
#define NEW(k, d) ((k) * 4 + (d) + 1)
#define MINE(c) (c == CALM -> 0 : c)
#define DRAWER(v) (((v) - 1) % 4)
#define BY_THIEF(k, n) (DRAWER(n) >= 2 || ((n) - 1) / 4 != (k) + 1)
#define KNOWN(v) ((know >> (v)) & 1)

mtype = {IDLE, DRAW, READY, WAIT}; /* what a process is about to do */
mtype = {LIVE, OVER, OUT};         /* the vault */
mtype = {NONE, GRANT, ADVANCE, STALE, BEHIND, REFUSED};

/* The row. The chain is commitment[g], [g-1], ...: CHAIN of them at most. */
byte g;
byte commitment[STEPS + 2];
bool ended;
byte top; /* the furthest g ever */
byte losses;

/* The vault: S_k for each k it holds; secret[vault_i + 1] is next, 0 none. */
mtype vault = LIVE;
byte sid = 1;
byte vault_i;
byte secret[STEPS + 2];

/* A process: what it read, what it sent, what came back. */
typedef client {
    mtype at = IDLE;
    byte i;
    byte step;
    byte shows;
    byte next;
    bool read_by_server; /* by a second loop, which has yet to write */
    mtype reply = NONE;
    byte reply_g;
};
client p[3];

/* Every request ever sent: for each k, one bit per pair of drawers. */
int sent[STEPS + 1];
bool sign_out_sent;

/* The thief: a bit for each number known. */
int know;
byte copies;

/* What only the checks look at. */
bool stolen;     /* a next of the thief's drawing was accepted */
bool by_thief;   /* the last grant was for one */
byte changes;    /* how often by_thief changed */
byte lost;       /* commits, by all losses */
bool granted;    /* to the calm process */

/* Scratch, zero between steps. */
mtype verdict;
byte ask_step, ask_secret, ask_next; /* the request being answered */
bool in_chain;
byte j;

#define ASK(k, s, n) ask_step = k; ask_secret = s; ask_next = n
#define ASK_OF(c) ASK(p[c].step, p[c].shows, p[c].next)
#define CLEAR verdict = NONE; in_chain = false; j = 0; ASK(0, 0, 0)

/* The server moves on to ask_next, and mints. */
inline move()
{
    commitment[ask_step + 1] = ask_next;
    g = ask_step + 1;
    if
    :: g > top -> top = g
    :: else
    fi;
    verdict = GRANT;
    assert(!ended); /* after sign-out or revocation nothing is minted */
#if COPIES > 0
    if
    :: by_thief != BY_THIEF(ask_step, ask_next) -> changes++
    :: else
    fi;
    by_thief = BY_THIEF(ask_step, ask_next);
    assert(by_thief || !stolen || losses > 0);
    stolen = stolen || by_thief;
    assert(changes <= 1 + losses + lost);
#endif
}

inline find_in_chain()
{
    j = 0;
    do
    :: j < CHAIN && j <= g ->
        in_chain = in_chain || commitment[g - j] == ask_next;
        j++
    :: else -> break
    od
}

/* The server'ask_secret decision, in the order of the list. */
inline serve()
{
    find_in_chain();
    if
    :: ended -> verdict = REFUSED
    :: !ended && ask_step == g && commitment[ask_step] == ask_secret && !in_chain -> move()
    :: !ended && ask_step < g && ask_step + CHAIN > g && commitment[ask_step] == ask_secret &&
       commitment[ask_step + 1] == ask_next ->
#ifdef BREAK_REPEAT_MINTS
        verdict = GRANT;
        assert(false) /* minted twice for one step */
#else
        verdict = ADVANCE
#endif
    :: !ended && ask_step + CHAIN <= g -> verdict = STALE
    :: !ended && ask_step > g -> verdict = BEHIND
    :: else ->
#ifdef BREAK_NO_REUSE
        verdict = ADVANCE
#else
        ended = true;
        verdict = REFUSED;
#if COPIES == 0
        assert(false) /* nobody else was there */
#endif
#endif
    fi
}

/* The vault's step is made. */
inline advance_vault(c)
{
    secret[vault_i + 1] = p[c].next;
    vault_i++;
    if
    :: vault_i > CHAIN -> secret[vault_i - CHAIN - 1] = 0
    :: else
    fi
}

inline end_vault()
{
    vault = OVER;
#if COPIES == 0
    assert(false) /* without a thief no session ends but by sign-out */
#endif
}

inline forget(c)
{
    p[c].at = IDLE; p[c].i = 0; p[c].step = 0; p[c].shows = 0; p[c].next = 0;
    p[c].read_by_server = false; p[c].reply = NONE; p[c].reply_g = 0
}

/* Reads the vault: goes on where it was if that has not moved. */
inline begin(c)
{
    if
    :: p[c].at == READY && p[c].i == vault_i
    :: else ->
        p[c].i = vault_i;
        p[c].step = vault_i
    fi;
    p[c].shows = secret[p[c].step];
    p[c].next = secret[p[c].step + 1];
    p[c].at = (p[c].next == 0 -> DRAW : READY)
}

/* Draws next; compare-and-set, and durable before anything is sent. */
inline draw(c)
{
    if
#ifdef BREAK_NOT_DURABLE
    :: true -> p[c].next = NEW(p[c].i + 1, MINE(c)); p[c].at = READY
#else
#ifdef BREAK_NO_COMPARE
    :: vault == LIVE && sid == 1 && vault_i == p[c].i ->
#else
    :: vault == LIVE && sid == 1 && vault_i == p[c].i &&
       secret[vault_i + 1] == 0 ->
#endif
        secret[vault_i + 1] = NEW(vault_i + 1, MINE(c));
        p[c].next = secret[vault_i + 1];
        p[c].at = READY
    :: else -> p[c].at = IDLE /* read again */
#endif
    fi
}

#define UNMOVED(c) (p[c].i == vault_i)
#define AGAIN(c) p[c].at = READY; p[c].reply = NONE; p[c].reply_g = 0

/* What an answer makes of the vault, which is read again. */
inline apply(c)
{
    if
#ifndef BREAK_SIGN_OUT
    :: vault != LIVE -> forget(c)
#endif
#ifndef BREAK_SID
    :: vault == LIVE && sid != 1 -> forget(c)
#endif
    :: else ->
        if
        :: p[c].reply == GRANT || p[c].reply == ADVANCE ->
            if
#ifdef BREAK_LATE_GRANT
            :: true -> secret[p[c].step + 1] = p[c].next;
                vault_i = p[c].step + 1; vault = LIVE
#else
            :: vault_i == p[c].step -> advance_vault(c); vault = LIVE
            :: else
#endif
            fi;
            if
            :: p[c].reply == GRANT && p[c].step == p[c].i ->
                granted = (c == CALM);
                forget(c)
            :: else ->
                p[c].step = (p[c].step < p[c].i -> p[c].step + 1 : p[c].step);
                AGAIN(c)
            fi
        :: p[c].reply == STALE ->
            if
#ifdef WORDED_STALE
            :: UNMOVED(c) ->
#else
            :: UNMOVED(c) && p[c].step == vault_i ->
#endif
                end_vault();
                sign_out_sent = true;
                forget(c)
            :: else ->
                p[c].step = p[c].i;
                AGAIN(c)
            fi
        :: p[c].reply == BEHIND ->
            if
#ifndef WORDED_BEHIND
            :: !UNMOVED(c) -> AGAIN(c)
            :: UNMOVED(c) && p[c].reply_g + CHAIN < vault_i ->
#else
            :: p[c].reply_g + CHAIN < vault_i ->
#endif
                end_vault();
                sign_out_sent = true;
                forget(c)
            :: else ->
                p[c].step = p[c].reply_g;
                AGAIN(c)
            fi
        :: p[c].reply == REFUSED ->
            if
            :: UNMOVED(c) -> end_vault(); forget(c)
            :: else -> AGAIN(c)
            fi
        fi
    fi;
    /* What the person ended stays so, and a new sign-in is not touched. */
    assert(sid == 1 || (vault == LIVE && vault_i == 0));
    assert(!sign_out_sent || sid == 2 || vault != LIVE)
}

inline answer(c)
{
    p[c].reply = verdict;
    p[c].reply_g = (verdict == BEHIND -> g : 0)
}

inline keep_request(c)
{
    sent[p[c].step] = sent[p[c].step] |
        (1 << (DRAWER(p[c].shows) * 4 + DRAWER(p[c].next)))
}

inline copy_vault()
{
    j = 0;
    do
    :: j < STEPS + 2 ->
        know = (secret[j] != 0 -> know | (1 << secret[j]) : know);
        j++
    :: else -> break
    od
}

/* One refresh while nothing is lost and nobody interferes must succeed; or, if
   the thief is ahead, end the session for both. */
inline calm_refresh()
{
    begin(CALM);
    do
    :: p[CALM].at == DRAW -> draw(CALM)
    :: p[CALM].at == READY && sends < CALM_SENDS ->
        begin(CALM);
        if
        :: p[CALM].at == READY ->
            sends++;
            ASK_OF(CALM);
            serve();
            answer(CALM);
            CLEAR;
            apply(CALM)
        :: else
        fi
    :: else -> break
    od;
    assert(sends < CALM_SENDS);
#if COPIES == 0
    assert(granted)
#else
    assert(granted || (vault == OVER && (ended || sign_out_sent)));
    assert(!granted || !stolen || losses > 0)
#endif
}

active proctype world()
{
    byte c;
    byte k;
    byte a;
    byte b;
    byte sends;

    commitment[0] = NEW(0, 0);
    secret[0] = NEW(0, 0);
    do
    /* A process begins, or goes on; each process at each of its steps. */
    :: atomic {
        if
        :: vault == LIVE && sid == 1 && vault_i < STEPS && p[0].at == IDLE
        :: vault == LIVE && sid == 1 && vault_i < STEPS && p[1].at == IDLE &&
           PROCESSES == 2 ->
            c = 1
        fi;
        begin(c);
        c = 0
    }
    :: atomic {
        if
        :: p[0].at == DRAW
        :: p[1].at == DRAW -> c = 1
        fi;
        draw(c);
        c = 0
    }
    :: atomic { /* reads once more (someone may have moved on), then sends */
        if
        :: p[0].at == READY
        :: p[1].at == READY -> c = 1
        fi;
        if
        :: vault == LIVE && sid == 1 && vault_i < STEPS ->
#ifndef BREAK_NOT_DURABLE
            begin(c);
#endif
            if
            :: p[c].at == READY ->
                keep_request(c);
                p[c].at = WAIT
            :: else
            fi
        :: else -> forget(c)
        fi;
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

    /* The server answers a request whose process still waits. */
    :: d_step {
        p[0].at == WAIT && p[0].reply == NONE && !p[0].read_by_server;
        ASK_OF(0);
        serve();
        answer(0);
        CLEAR
    }
    :: d_step {
        p[1].at == WAIT && p[1].reply == NONE && !p[1].read_by_server;
        ASK_OF(1);
        serve();
        answer(1);
        CLEAR
    }
    /* Another loop of it reads the row now, and writes later. */
    :: d_step {
        p[1].at == WAIT && p[1].reply == NONE && !p[1].read_by_server &&
        !ended && p[1].step == g && commitment[g] == p[1].shows;
        p[1].read_by_server = true
    }
    :: d_step {
        p[1].read_by_server;
        p[1].read_by_server = false;
#ifdef BREAK_SERVER_CAS
        ASK_OF(1);
        move();
#else
        ASK_OF(1);
        serve();
#endif
        answer(1);
        CLEAR
    }
    :: atomic { /* a request of any time arrives; its reply finds nobody */
        select(k : 0 .. STEPS - 1);
        sent[k] != 0;
        select(a : 0 .. 1);
        select(b : 0 .. 1);
        (sent[k] >> (a * 4 + b)) & 1;
        ASK(k, NEW(k, a), NEW(k + 1, b));
        serve();
        CLEAR;
        k = 0; a = 0; b = 0
    }
    :: atomic { /* a reply arrives; what it changes is durable in one step */
        if
        :: p[0].reply != NONE
        :: p[1].reply != NONE -> c = 1
        fi;
        apply(c);
        c = 0
    }

#if LOSSES > 0
    :: atomic { /* the database falls back, by CHAIN commits at most */
        losses < LOSSES && g > 0 && !ended;
        select(k : 1 .. CHAIN);
        k <= g && top - (g - k) <= CHAIN;
        losses++;
#if COPIES > 0
        lost = lost + k;
#endif
        do
        :: k > 0 -> commitment[g] = 0; g--; k--
        :: else -> break
        od
    }
#endif

#ifdef SIGNOUT
    :: d_step {
        vault == LIVE && sid == 1;
        vault = OUT;
        sign_out_sent = true
    }
    :: d_step { /* signs in anew: another session, which nothing here touches */
        vault == OUT;
        vault = LIVE;
        sid = 2;
        vault_i = 0;
        j = 0;
        do
        :: j < STEPS + 2 -> secret[j] = 0; j++
        :: else -> break
        od;
        j = 0
    }
#endif
    :: d_step {
        sign_out_sent && !ended;
        ended = true
    }

#if COPIES > 0
    :: d_step {
        copies < COPIES && vault == LIVE;
        copies++;
        copy_vault();
        j = 0
    }
    :: atomic { /* sends a secret that he knows, with any next that he can */
        copies > 0 && !ended;
        select(k : 0 .. STEPS);
        k <= g && KNOWN(commitment[k]);
        if
        :: select(a : NEW(0, 0) .. NEW(STEPS + 1, 3));
            KNOWN(a)
        :: a = NEW(k + 1, 2)
        :: a = NEW(k + 1, 3)
        fi;
        (k < STEPS);
        know = (DRAWER(a) >= 2 -> know | (1 << a) : know);
        ASK(k, commitment[k], a);
        serve();
        CLEAR;
        k = 0; a = 0
    }
    :: d_step { /* ends it himself: he has R */
        copies > 0 && !ended;
        ended = true
    }
#endif

    :: atomic { /* all is calm */
        vault == LIVE && sid == 1 && vault_i < STEPS;
        calm_refresh();
        break
    }
    od
}
