/*
 * Cookie mode: a page whose storage knows nobody asks what its cookie stands for,
 * and begins a line of secrets from there (web/package/src/recall.ts), while
 * people sign in and out in other tabs (account.ts).
 *
 * What reseed.pml searches is taken as given: a line that fits what holds begins,
 * a repeated one is answered alike, and two that differ end the session. Here:
 * which session the storage holds at last, beside one cookie for all tabs. Each
 * read-decide-write of the storage is one step, and the lock between tabs is
 * never had. Answers come, late, or are lost; a tab ends between any two steps.
 *
 *   PAGES    tabs that open and ask        SIGNINS  tabs where somebody signs in,
 *   SIGNOUTS sign-outs, each told or not            or tries to
 *
 * At the end, when all is calm, one more page opens. -DBREAK_... and -DWORDED_...
 * as in reseed.pml.
 */
#ifndef PAGES
#define PAGES 2
#endif
#ifndef SIGNINS
#define SIGNINS 1
#endif
#ifndef SIGNOUTS
#define SIGNOUTS 1
#endif

#ifdef WORDED_SIGN_OUT
#define CAREFUL false
#else
#define CAREFUL true
#endif

#define FIRST 1 /* the session of the cookie at the start */
#define SESSIONS (SIGNINS + 2)
#define ROUNDS 4 /* a page's messages; the calm one's are enough for all */

mtype = {ASK, LINE};
mtype = {NOBODY, TOLD, GRANT, OTHER};

/* The server: which sessions live, and the secret that each goes on from. */
bool living[SESSIONS];
byte holds[SESSIONS];
byte secrets = 1; /* drawn so far */
byte sessions = FIRST;

byte cookie = FIRST;

/* The storage, which was cleared. */
byte sign_in;      /* counts */
byte record;       /* the session that is signed in; 0: nobody */
byte secret;       /* its own */
byte from;         /* a line that may not have begun: what it goes on from; 0 */
bool sign_out_due; /* the server does not know of it yet */
bool unsure = true;
byte line_of, line_from, line_to; /* recorded before it is sent */

/* What people did, and no more than they did. */
bool out;            /* somebody signed out, and nobody gave a password since */
byte keeps;          /* sign-ins that were kept */
byte outs;           /* sign-outs */
byte busy;           /* tabs that are not at their end */

/* Takes what it would mean for a session if this record were used. */
inline check_record()
{
    /* One who holds another secret than the server is taken for a thief. */
    assert(record == 0 || !living[record] || cookie != record ||
           holds[record] == secret || (from != 0 && holds[record] == from))
}

inline forget_line()
{
    line_of = 0; line_from = 0; line_to = 0
}

/* One page that asks. `tries` bounds its messages; `may_fail`: it is not calm. */
inline ask_cookie(may_fail)
{
    tries = 0; told_of = 0; told_from = 0;
    d_step {
        was = sign_in;
        keeps_was = keeps;
        asking = unsure && !sign_out_due && record == 0
    }
    do
    :: asking && tries < ROUNDS ->
        d_step { /* prepare() */
            tries++;
            if
            :: sign_in != was || !unsure || (sign_out_due && CAREFUL) ->
                asking = false
            :: else ->
                if
                :: told_of != 0 && line_to == sent_to -> /* nobody was first */
                    secrets++;
                    line_of = told_of;
                    line_from = told_from;
                    line_to = secrets
                :: else
                fi;
                told_of = 0;
                kind = (line_of != 0 -> LINE : ASK);
                sent_of = line_of; sent_from = line_from; sent_to = line_to
            fi
        }
        if
        :: !asking -> break
        :: else
        fi;
        carried = cookie;
        d_step { /* the server */
            if
            :: carried == 0 || !living[carried] -> answer = NOBODY
            :: carried != 0 && living[carried] && kind == LINE &&
               sent_of != carried -> answer = OTHER
            :: carried != 0 && living[carried] && kind == LINE &&
               sent_of == carried && (holds[carried] == sent_from ||
                                      holds[carried] == sent_to) ->
                holds[carried] = sent_to;
                answer = GRANT
            :: else ->
                answer = TOLD
            fi;
            answer_from = (carried == 0 -> 0 : holds[carried])
        }
        if
        :: may_fail -> asking = false /* the answer is lost, or the tab is no more */
        :: true
        fi;
        if
        :: !asking -> break
        :: else
        fi;
        d_step { /* settle() */
            if
            :: sign_in != was || !unsure || (sign_out_due && CAREFUL) ->
                asking = false
            :: else ->
                if
                :: answer == NOBODY && line_to == sent_to ->
                    unsure = false;
                    forget_line();
                    asking = false
                :: answer == GRANT && line_to == sent_to ->
                    assert(keeps == keeps_was); /* no newer sign-in is undone */
                    assert(!out);               /* nor a sign-out */
                    sign_in++;
                    record = line_of;
                    secret = line_to;
                    from = 0;
                    unsure = false;
                    forget_line();
                    check_record();
                    asking = false
                :: answer == GRANT && line_to != sent_to -> asking = false
                :: answer == TOLD && line_to == sent_to ->
                    told_of = carried;
                    told_from = answer_from
                :: (answer == TOLD || answer == NOBODY) && line_to != sent_to
                :: answer == OTHER ->
#ifndef WORDED_OTHER
                    if
#ifndef BREAK_RECALL_FORGET
                    :: line_to != sent_to -> skip /* what another recorded */
#endif
                    :: else -> forget_line()
                    fi
#else
                    skip
#endif
                fi
            fi
        }
    :: else -> break
    od
}

proctype page()
{
    byte was, tries, told_of, told_from, sent_of, sent_from, sent_to;
    byte carried, answer_from, keeps_was;
    mtype kind, answer;
    bool asking;

    ask_cookie(true);
    busy--
}

/* Somebody signs in: a right password, a wrong one, or a tab that ends. */
proctype form()
{
    byte mine, first, outs_was;
    bool was_unsure;

    d_step {
        was_unsure = unsure;
        unsure = true
    }
    if
    :: /* wrong */
        if
        :: d_step { !was_unsure -> unsure = false }
        :: was_unsure
        fi
    :: /* the answer is there, and with it the cookie */
        d_step {
            sessions++;
            secrets++;
            mine = sessions;
            first = secrets;
            outs_was = outs;
            living[mine] = true;
            holds[mine] = first
        }
        d_step { cookie = mine; out = false }
        if
        :: true /* the tab is no more */
        :: d_step { /* keep() */
            sign_in++;
            keeps++;
            sign_out_due = false;
            if
#ifndef BREAK_RECALL_KEEP
            :: record == mine -> skip
            :: record != mine && line_of == mine ->
                secret = line_to;
                from = line_from
#endif
            :: else ->
                secret = first;
                from = 0
            fi;
            record = mine;
            unsure = false;
            out = false;
            forget_line();
            if
            :: outs == outs_was -> check_record()
            :: else -> record = 0 /* signed out meanwhile: it may end again */
            fi
           }
        fi
    fi;
    busy--
}

proctype leave()
{
    byte ended;
    bool did;

    d_step {
        did = record != 0 || (unsure && !sign_out_due);
        if
        :: did ->
            record = 0;
            unsure = false;
            sign_out_due = true;
            out = true;
            outs++;
            forget_line()
        :: else
        fi
    }
    if
    :: did ->
        if
        :: true /* not told */
        :: d_step {
            ended = cookie;
            if
            :: ended != 0 -> living[ended] = false
            :: else
            fi;
            cookie = 0
           }
           d_step {
            if
            :: sign_out_due -> sign_out_due = false
            :: else
            fi
           }
        fi
    :: else
    fi;
    busy--
}

init
{
    byte was, tries, told_of, told_from, sent_of, sent_from, sent_to;
    byte carried, answer_from, keeps_was, i;
    mtype kind, answer;
    bool asking;

    atomic {
        living[FIRST] = true;
        holds[FIRST] = 1;
        busy = PAGES + SIGNINS + SIGNOUTS;
        do
        :: i < PAGES -> run page(); i++
        :: else -> break
        od;
        do
        :: i < PAGES + SIGNINS -> run form(); i++
        :: else -> break
        od;
        do
        :: i < PAGES + SIGNINS + SIGNOUTS -> run leave(); i++
        :: else -> break
        od;
        i = 0
    }
    busy == 0;
    /* All is calm: the cookie's session is found, where it may be asked for. */
    if
    :: unsure && !sign_out_due && record == 0 ->
        ask_cookie(false);
        assert(!unsure);
        assert(record == cookie || cookie == 0 || !living[cookie])
    :: else
    fi;
    assert(!out || record == 0)
}
