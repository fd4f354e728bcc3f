/*
 * The browser of reseed.pml: what a tab sends, and what each answer makes of the
 * vault.
 */
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
