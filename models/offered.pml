/*
 * Offered rotation (doc/design.md, section 5.2): the row, a client that keeps
 * one refresh in flight, the network, a database that loses commits, a thief.
 *
 *   TOKENS  tokens that somebody receives; 0 is the root
 *   MOVES   times that the row moves
 *   LOSSES  times the database falls back, by up to BACK moves
 *   COPIES  times the client's token is stolen
 *
 * The window is the flag `lately`: set by each move of the row, cleared at any
 * time after. What the protocol asks of the network, that a request and its
 * reply take less than the window, is then: when it closes, whatever was sent
 * before the move is gone. Until then each request may arrive never, late, or
 * any number of times; each reply may be lost; the client may die, or stop
 * waiting, at any step, and sends the token that it last saved.
 *
 * -DBREAK_... each leave one rule out, -DWORDED_... take an earlier wording:
 * test/models demands that the model then fails. What holds, see README.md.
 */
#ifndef TOKENS
#define TOKENS 6
#endif
#ifndef MOVES
#define MOVES 4
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef BACK
#define BACK 2
#endif
#ifndef COPIES
#define COPIES 0
#endif

#define NOBODY 255
#define BIT(t) (1 << (t))
#define IN(set, t) (((set) >> (t)) & 1)

mtype = {NONE, CHILD, SAME, SOFT, REFUSED};
mtype = {BOTH, OWNER, THIEF}; /* who holds the current token */

/* Tokens: who is whose child, and n. */
byte parent[TOKENS + 1];
byte number[TOKENS + 1];
byte last; /* the last token handed out */

/* The row; before[k] is it as it was k moves after sign-in. */
byte current;
byte previous = NOBODY;
byte moves;
bool lately;
bool ended;
bool recovered; /* the last move adopted a token that the row did not expect */
byte losses;
typedef old_row {
    byte current;
    byte previous;
    bool recovered;
};
old_row before[MOVES + 1];

/* The client: the token it saved, and the refresh in flight. */
byte token;
bool busy;
bool busy_old; /* sent before the row's last move */
mtype reply = NONE;
byte reply_parent;

/* Requests that may still arrive, and which of them from before the move. */
int sent;
int sent_old;

/* The thief's tokens; those that the owner ever had. */
int know;
int had;
byte copies;
mtype holder = BOTH; /* told apart when the row moves */

/* Scratch. */
mtype verdict;
byte minted_of; /* parent of the token to hand out */

#define CLEAR verdict = NONE; minted_of = 0

inline set_holder()
{
    holder = (!IN(know, current) -> OWNER :
             (!IN(had, current) -> THIEF : BOTH))
}

inline move(t)
{
    previous = parent[t];
    current = t;
    moves++;
    before[moves].current = current;
    before[moves].previous = previous;
    before[moves].recovered = recovered;
    lately = true;
    sent_old = sent;
    busy_old = busy;
#if COPIES > 0
    set_holder();
#endif
    verdict = CHILD
}

inline revoke()
{
#ifdef BREAK_NO_REUSE
    verdict = SOFT;
#else
    ended = true;
    verdict = REFUSED;
#if COPIES == 0
    assert(false) /* nobody else was there */
#endif
#endif
}

/* The decision, in the order of the list; t was handed out, so its mac fits. */
inline serve(t)
{
    if
    :: ended -> verdict = REFUSED
    :: !ended && t == current -> verdict = CHILD
#ifdef BREAK_NO_WINDOW
    :: !ended && parent[t] == current && t != 0 ->
        recovered = false;
        move(t)
#else
    :: !ended && parent[t] == current && t != 0 && lately ->
#ifdef WORDED_SIBLING
        verdict = CHILD
#else
        verdict = SAME
#endif
    :: !ended && parent[t] == current && t != 0 && !lately ->
        recovered = false;
        move(t)
#endif
    :: !ended && parent[t] != current && number[t] > number[current] ->
#ifndef WORDED_RECOVERY
        recovered = true;
#endif
        move(t)
    :: else ->
        if
#ifndef BREAK_NO_SOFT
        :: lately && (t == previous || parent[t] == previous || recovered) ->
            verdict = SOFT
#endif
        :: else -> revoke()
        fi
    fi;
    minted_of = current
}

inline hand_out()
{
    last++;
    parent[last] = minted_of;
    number[last] = number[minted_of] + 1
}

inline forget()
{
    busy = false;
    busy_old = false;
    reply = NONE;
    reply_parent = 0
}

inline close_window()
{
    lately = false;
    sent = sent & ~sent_old;
    sent_old = 0;
    if
    :: busy_old -> forget()
    :: else
    fi
}

/* Nothing is lost and nobody interferes: the owner's token is good; or, if the
   thief's alone is the current one, it ends the session for both. */
inline calm_refresh()
{
    serve(token);
    if
    :: verdict == SOFT -> close_window(); serve(token)
    :: else
    fi;
#if COPIES == 0
    assert(verdict == CHILD || verdict == SAME)
#else
    assert(verdict == CHILD || verdict == SAME || ended);
    assert(holder != THIEF || ended || losses > 0)
#endif
}

#define ROOM (moves < MOVES)

active proctype world()
{
    byte t;

    last = 1;
    number[1] = 1;
    token = 1;
    had = BIT(1);
    do
    :: d_step { /* the client sends the token it has saved */
        !busy;
        busy = true;
        sent = sent | BIT(token);
        sent_old = sent_old & ~BIT(token)
    }
    :: d_step { /* and is answered */
        busy && reply == NONE && ROOM;
        serve(token);
#if COPIES > 0
        assert(verdict == SOFT || verdict == REFUSED || holder != THIEF ||
               losses > 0);
#endif
        reply = verdict;
        reply_parent = (verdict == CHILD -> minted_of : 0);
        CLEAR
    }
    :: atomic { /* a request of before arrives; its reply finds nobody */
        sent != 0 && ROOM;
        select(t : 1 .. TOKENS);
        IN(sent, t);
        serve(t);
        CLEAR;
        t = 0
    }
    :: d_step { /* the reply arrives and is saved */
        reply == CHILD && last < TOKENS;
        minted_of = reply_parent;
        hand_out();
        token = last;
        had = had | BIT(token);
        forget();
        CLEAR
    }
    :: d_step { /* the reply brings nothing new */
        reply == SAME || reply == SOFT || reply == REFUSED;
        forget()
    }
    :: d_step { /* dies, or stops waiting */
        busy;
        forget()
    }
    :: d_step {
        lately;
        close_window()
    }
#ifdef BREAK_SLOW_NETWORK
    :: d_step { /* the window closes over requests of before the move */
        lately;
        lately = false
    }
#endif
#if LOSSES > 0
    :: atomic { /* moved_s falls back too: the window may be open or not */
        losses < LOSSES && moves > 0 && !ended;
        select(t : 1 .. BACK);
        t <= moves;
        losses++;
        do
        :: t > 0 ->
            before[moves].current = 0;
            before[moves].previous = 0;
            before[moves].recovered = false;
            moves--;
            t--
        :: else -> break
        od;
        current = before[moves].current;
        previous = (moves == 0 -> NOBODY : before[moves].previous);
        recovered = before[moves].recovered;
        if
        :: lately = false
        :: moves > 0 -> lately = true
        fi;
        holder = BOTH
    }
#endif
#if COPIES > 0
    :: d_step {
        copies < COPIES;
        copies++;
        know = know | BIT(token);
        holder = BOTH
    }
    :: atomic { /* presents any token that he has, and keeps what he gets */
        know != 0 && ROOM && !ended && last < TOKENS;
        select(t : 1 .. TOKENS);
        IN(know, t);
        serve(t);
        assert(verdict == SOFT || verdict == REFUSED || holder != OWNER ||
               losses > 0);
        if
        :: verdict == CHILD ->
            hand_out();
            know = know | BIT(last)
        :: else
        fi;
        CLEAR;
        t = 0
    }
#endif
    :: atomic {
        ROOM;
        calm_refresh();
        break
    }
    od
}
