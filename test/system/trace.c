/*
 * What a running server decided, replayed: a run with kills, lost replies and a
 * thief is traced (--trace), and each of its decisions must be the one that the
 * rules of design.md, section 5, give for what came before. The rules are worded
 * here anew, on names instead of bytes; core/rotation.c is not asked.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "check.h"
#include "holder.h"
#include "stayd.h"
#include "wire.h"

enum {
    NAME_SIZE = 9, /* 8 characters of base64url */
    CHAIN = 8,
    SESSIONS = 64,
    SOFT_S = 1,
    ROUNDS = 12,
    PASS_REST_MS = 95000, /* more than the pause after a failed refresh */
};

/* ---- The rules ---- */

/* What is known of a session from the lines so far. */
struct known {
    char sid[NAME_SIZE];
    bool ended;
    bool unsure; /* a start came since: one decision may be untold */
    int64_t g;   /* committed: the generation; offered: current's number */
    char chain[CHAIN][NAME_SIZE]; /* newest first; offered: current, previous */
    size_t length;
    bool moved;
    int64_t moved_s;
    int64_t moved_from_s; /* as moved_s; earlier where that move is untold */
};

struct replay {
    struct known known[SESSIONS];
    size_t count;
    int64_t told_s; /* the last decision before the last start */
    int64_t last_s;
    unsigned lines;
    unsigned starts;
    unsigned untold;
    unsigned advances;
    unsigned revokes;
    unsigned moves;
};

/* One line, as the trace has it. */
struct line {
    const char *sid;
    int64_t at_s;
    int64_t number;    /* i, or n */
    const char *shown; /* committed: the hash of S_i; offered: self */
    const char *other; /* committed: next; offered: parent */
    const char *verdict;
};

static void put(struct known *k, const char *name)
{
    memmove(k->chain[1], k->chain[0], (CHAIN - 1) * NAME_SIZE);
    (void)snprintf(k->chain[0], NAME_SIZE, "%s", name);
    k->length += k->length < CHAIN;
}

static bool in_chain(const struct known *k, const char *name)
{
    for (size_t i = 0; i < k->length; i++)
        if (strcmp(k->chain[i], name) == 0)
            return true;
    return false;
}

/* Section 5.1; what moves is moved. */
static const char *judge_committed(struct known *k, const struct line *l)
{
    int64_t back = k->g - l->number;

    if (k->ended)
        return "reuse";
    if (back < 0)
        return "behind";
    if (back >= CHAIN)
        return "stale";
    if (back == 0 && strcmp(l->shown, k->chain[0]) == 0 &&
        !in_chain(k, l->other)) {
        put(k, l->other);
        k->g++;
        return "move";
    }
    if (back > 0 && (size_t)back < k->length &&
        strcmp(l->shown, k->chain[back]) == 0 &&
        strcmp(l->other, k->chain[back - 1]) == 0)
        return "advance";
    k->ended = true;
    return "revoke";
}

/* Section 5.2, without a database that has lost anything. */
static const char *judge_offered(struct known *k, const struct line *l)
{
    bool soft = k->moved && l->at_s - k->moved_s < SOFT_S;

    if (k->ended)
        return "reuse";
    if (strcmp(l->shown, k->chain[0]) == 0)
        return "keep";
    if (strcmp(l->other, k->chain[0]) == 0) {
        if (soft)
            return "keep";
        put(k, l->shown);
        k->g = l->number;
        k->moved = true;
        k->moved_s = k->moved_from_s = l->at_s;
        return "move";
    }
    if (k->length > 1 && soft &&
        (strcmp(l->shown, k->chain[1]) == 0 ||
         strcmp(l->other, k->chain[1]) == 0))
        return "soft";
    k->ended = true;
    return "revoke";
}

static bool same_verdict(const char *told, const char *want)
{
    // A touch is a keep that also writes when it was.
    if (strcmp(told, "touch") == 0)
        told = "keep";
    return strcmp(told, want) == 0;
}

static struct known *find(struct replay *r, const struct line *l,
                          bool committed)
{
    struct known *k;

    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->known[i].sid, l->sid) == 0)
            return &r->known[i];
    if (r->count == SESSIONS)
        return NULL;
    // Its sign-in is not in the trace; its first line tells what came of it.
    k = &r->known[r->count++];
    (void)snprintf(k->sid, sizeof k->sid, "%s", l->sid);
    put(k, committed ? l->shown : l->other);
    return k;
}

static void judge(struct replay *r, const struct line *l, bool committed)
{
    const char *(*rule)(struct known *, const struct line *) =
        committed ? judge_committed : judge_offered;
    struct known *k = find(r, l, committed);
    const char *want;
    struct known before;

    if (!CHECK(k != NULL))
        return;
    before = *k;
    want = rule(k, l);
    // The crash fell between the commit and its line: the same came again, and
    // only what is so explained is.
    if (!same_verdict(l->verdict, want) && before.unsure) {
        r->untold++;
        k->moved_from_s = r->told_s;
        want = rule(k, l);
    }
    // Nobody told when that was: perhaps long enough ago.
    if (!same_verdict(l->verdict, want) &&
        before.moved_from_s < before.moved_s) {
        *k = before;
        k->moved_s = before.moved_from_s;
        want = rule(k, l);
    }
    r->last_s = l->at_s;
    k->unsure = false;
    if (!same_verdict(l->verdict, want))
        check_note("line %u, session %s", r->lines, l->sid);
    CHECK_TEXT(strcmp(l->verdict, "touch") == 0 ? "keep" : l->verdict, want);
    r->advances += strcmp(want, "advance") == 0;
    r->revokes += strcmp(want, "revoke") == 0;
    r->moves += strcmp(want, "move") == 0;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

static void replay_line(struct replay *r, const char *text, size_t length)
{
    json_t *object = json_loadb(text, length, 0, NULL);
    const char *event = text_of(object, "event");
    bool committed = strcmp(event, "committed") == 0;
    struct line line = {
        .sid = text_of(object, "sid"),
        .at_s = json_integer_value(json_object_get(object, "at_s")),
        .number =
            json_integer_value(json_object_get(object, committed ? "i" : "n")),
        .shown = text_of(object, committed ? "shown" : "self"),
        .other = text_of(object, committed ? "next" : "parent"),
        .verdict = text_of(object, "verdict"),
    };

    r->lines++;
    CHECK(object != NULL);
    if (strcmp(event, "start") == 0) {
        r->starts++;
        r->told_s = r->last_s;
        for (size_t i = 0; i < r->count; i++)
            r->known[i].unsure = true;
    } else {
        judge(r, &line, committed);
    }
    json_decref(object);
}

static void replay(struct replay *r, const char *path)
{
    char *text = process_read_file(path, NULL);

    if (!CHECK(text != NULL))
        return;
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, "\n");

        replay_line(r, at, length);
        at += length + (at[length] == '\n');
    }
    free(text);
}

/* ---- The run ---- */

static void drop_replies(const struct stayd *stayd)
{
    const struct wire_request ask = {.method = "POST",
                                     .path = "/demo/faults",
                                     .body = "{\"drop_replies\":1}"};
    struct wire_reply reply = wire_ask(stayd->port, &ask);

    CHECK_EQ(reply.status, 204);
    wire_clear(&reply);
}

/* The server dies at `point` of this refresh, and comes back. */
static bool die_and_return(struct stayd *stayd, const char *const options[],
                           struct holder *h, const char *point)
{
    (void)stayd_stop(stayd, SIGKILL);
    (void)setenv("STAY_POINT", point, 1);
    if (!CHECK(stayd_restart(stayd, options)))
        return false;
    (void)unsetenv("STAY_POINT");
    holder_let_expire();
    (void)holder_get(h, HOLDER_PAGE);
    (void)stayd_stop(stayd, SIGKILL);
    if (!CHECK(stayd_restart(stayd, options)))
        return false;
    holder_pass(PASS_REST_MS);
    return true;
}

static void wait_soft(void)
{
    int64_t end_ms = process_now_ms() + SOFT_S * 1000 + 100;

    while (process_now_ms() < end_ms)
        process_pause();
}

static void suffer(struct stayd *stayd, const char *const options[],
                   struct holder *h)
{
    static const char *const points[] = {"after_commit", "before_commit",
                                         "before_reply"};

    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 4 == 1)
            drop_replies(stayd);
        if (i % 4 == 3 && !die_and_return(stayd, options, h, points[i / 4 % 3]))
            return;
        holder_let_expire();
        CHECK_EQ(holder_until_good(h), 200);
    }
    CHECK_EQ(h->signed_out, 0);
}

/* A copy of the vault in another's hands, until both are out. */
static void steal(const struct stayd *stayd, const struct family *family,
                  struct holder *owner)
{
    struct holder thief;
    char path[sizeof thief.vault];
    size_t size = 0;
    char *vault = process_read_file(owner->vault, &size);

    (void)snprintf(path, sizeof path, "%s/vault/thief.json", stayd->folder);
    if (!CHECK(vault != NULL && process_write_file(path, vault, size)) ||
        !holder_open(&thief, stayd->port, family->dialect, stayd->folder,
                     "thief")) {
        free(vault);
        return;
    }
    free(vault);
    for (int i = 0; i < 8 && owner->signed_out + thief.signed_out < 2; i++) {
        wait_soft();
        holder_let_expire();
        (void)holder_get(i % 2 == 0 ? owner : &thief, HOLDER_PAGE);
    }
    CHECK_EQ(owner->signed_out, 1);
    CHECK_EQ(thief.signed_out, 1);
    holder_close(&thief);
}

static void run(const struct family *family)
{
    char path[96];
    const char *const options[] = {
        "--access-ttl", "60s", "--refresh-soft", "1s", "--trace", path, NULL};
    struct stayd stayd = {0};
    struct replay r = {0};
    struct holder h;

    check_case("%s: a run with kills, lost replies and a thief",
               family->dialect);
    if (!CHECK(process_folder(stayd.folder)))
        return;
    (void)snprintf(path, sizeof path, "%s/trace.json", stayd.folder);
    if (stayd_restart(&stayd, options) &&
        holder_open(&h, stayd.port, family->dialect, stayd.folder, "owner")) {
        if (holder_sign_in(&h)) {
            suffer(&stayd, options, &h);
            steal(&stayd, family, &h);
        }
        holder_close(&h);
    }
    (void)stayd_stop(&stayd, SIGTERM);
    check_case("%s: each decision is the one the rules give", family->dialect);
    replay(&r, path);
    check_note("%s: %u lines, %u starts, %u moves, %u advances, %u untold, %u "
               "revoked",
               family->dialect, r.lines, r.starts, r.moves, r.advances,
               r.untold, r.revokes);
    CHECK(r.moves > 0);
    CHECK(!family->committed || (r.advances > 0 && r.untold > 0));
    CHECK_EQ(r.revokes, 1);
    CHECK_EQ(r.starts, 1 + 2 * (ROUNDS / 4));
    stayd_clear(&stayd);
}

static void runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < families_count; i++)
        run(&families[i]);
}

/* ---- What the replay must see ---- */

struct lie_row {
    const char *name;
    const char *verdict; /* of the last of three lines */
    const char *i;
    const char *shown;
    const char *next;
    bool true_to_rules;
};

/* Two moves, A to B to C, and then: */
static const struct lie_row lies[] = {
    {"the third move",                      "move",    "2", "C", "D", true },
    {"a repeat is an advance",              "advance", "1", "B", "C", true },
    {"a repeat that is granted",            "move",    "1", "B", "C", false},
    {"a step again, another next, granted", "move",    "1", "B", "D", false},
    {"the same, taken for a repeat",        "advance", "1", "B", "D", false},
    {"the same, which ends it",             "revoke",  "1", "B", "D", true },
    {"a wrong secret, granted",             "move",    "2", "X", "D", false},
    {"a next that was there, granted",      "move",    "2", "C", "A", false},
    {"a healthy session that is ended",     "revoke",  "2", "C", "D", false},
    {"behind, though nothing was lost",     "behind",  "2", "C", "D", false},
};

/* The replay's own verdict, without a CHECK. */
static bool agrees(const struct lie_row *row)
{
    struct known k = {.length = 0};
    struct line line = {
        .shown = row->shown, .other = row->next, .number = row->i[0] - '0'};

    put(&k, "A");
    (void)judge_committed(&k, &(struct line){.shown = "A", .other = "B"});
    (void)judge_committed(
        &k, &(struct line){.number = 1, .shown = "B", .other = "C"});
    return same_verdict(row->verdict, judge_committed(&k, &line));
}

static void liars(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        CASE(lies[i].name);
        CHECK_EQ(agrees(&lies[i]), lies[i].true_to_rules);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(liars),
        cmocka_unit_test(runs),
    };

    return check_run("system/trace", tests);
}
