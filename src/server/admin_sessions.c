/*
 * `stayd sessions ...`
 */
#include <stdio.h>
#include <string.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "server/admin.h"

enum {
    PAGE = 64,             /* accounts whose sessions are listed in one go */
    SESSIONS_MAX = 100000, /* listed of one account */
    SID_TEXT = 32,
};

struct listing {
    struct admin *admin;
    const char *name; /* of the account at hand */
    int64_t last;
    size_t count;
    struct {
        int64_t id;
        char name[STORE_NAME_SIZE];
    } users[PAGE];
};

static bool list_session(void *context, const struct store_session *session)
{
    struct listing *listing = context;
    const struct config *config = listing->admin->config;
    const struct store_lifetime lifetime = {.now_s = listing->admin->now_s,
                                            .idle_s = config->refresh_idle_s,
                                            .max_s = config->refresh_max_s};
    char sid[SID_TEXT] = "";
    // clang-format off
    const struct admin_cell cells[] = {
        {.name = "sid", .text = sid, .width = 24},
        {.name = "user", .text = listing->name, .width = 16},
        {.name = "dialect", .text = session->dialect, .width = 11},
        {.name = "label", .text = session->label, .width = 16},
        {.name = "address", .text = session->address, .width = 16},
        {.name = "agent", .text = session->agent, .width = 24},
        {.name = "created_s", .number = session->created_s, .is_time = true, .width = 22},
        {.name = "used_s", .number = session->used_s, .is_time = true},
    };
    // clang-format on

    // Past its life, but nobody has come yet to be told so.
    if (store_session_expired(session, &lifetime))
        return true;
    (void)base64url_encode(session->sid, STORE_SID_SIZE, sid);
    admin_list_row(listing->admin, cells, COUNT(cells));
    return true;
}

static enum store_result list_user(struct listing *listing, int64_t id,
                                   const char *name)
{
    listing->name = name;
    return store_session_list(listing->admin->store, id, SESSIONS_MAX,
                              list_session, listing);
}

static bool note_user(void *context, const struct store_user *user)
{
    struct listing *listing = context;

    listing->users[listing->count].id = user->id;
    memcpy(listing->users[listing->count].name, user->name, STORE_NAME_SIZE);
    listing->count++;
    listing->last = user->id;
    return true;
}

static enum store_result list_all(struct listing *listing)
{
    enum store_result result;

    do {
        listing->count = 0;
        result = store_user_list(listing->admin->store, listing->last, PAGE,
                                 note_user, listing);
        for (size_t i = 0; result == STORE_OK && i < listing->count; i++)
            result = list_user(listing, listing->users[i].id,
                               listing->users[i].name);
    } while (result == STORE_OK && listing->count == PAGE);
    return result;
}

int admin_sessions_list(struct admin *admin)
{
    struct listing listing = {.admin = admin};
    enum store_result result;
    struct store_user user;
    int code;

    if (admin->word_count == 0) {
        result = list_all(&listing);
    } else {
        code = admin_find_user(admin, admin->words[0], &user);
        if (code != ADMIN_DONE)
            return code;
        result = list_user(&listing, user.id, user.name);
    }
    if (result != STORE_OK)
        return admin_store_failed(admin, result);
    return admin_list_end(admin);
}

struct ending {
    struct store_end_all which;
    int64_t count;
};

static enum store_result end_all(struct admin *admin, void *context)
{
    struct ending *ending = context;

    enum store_result result =
        store_sessions_end(admin->store, &ending->which, &ending->count);

    admin->event.detail = ending->count;
    return result;
}

static int end_of_user(struct admin *admin)
{
    struct store_user user;
    struct ending ending = {
        .which = {.reason = STORE_ENDED_REVOKED, .now_s = admin->now_s}
    };
    int code = admin_find_user(admin, admin->option[ADMIN_USER], &user);
    enum store_result result;

    if (code != ADMIN_DONE)
        return code;
    ending.which.user_id = user.id;
    (void)admin_audit(admin, AUDIT_SESSIONS_END, user.id);
    result = admin_change(admin, end_all, &ending);
    // Without a living session there is nothing to end.
    if (result != STORE_OK && result != STORE_NONE)
        return admin_store_failed(admin, result);
    (void)printf("%lld ended\n", (long long)ending.count);
    return ADMIN_DONE;
}

static enum store_result end_one(struct admin *admin, void *context)
{
    struct store_session session;
    enum store_result result =
        store_session_find(admin->store, context, &session);

    if (result != STORE_OK)
        return result;
    admin->event.user_id = session.user_id; // the audit tells whose it was
    return store_session_end(admin->store, context, STORE_ENDED_REVOKED,
                             admin->now_s);
}

static int end_by_sid(struct admin *admin, const char *text)
{
    uint8_t sid[STORE_SID_SIZE];
    enum store_result result;
    size_t size = 0;

    if (!base64url_decode(span_of(text), sid, sizeof sid, &size) ||
        size != sizeof sid)
        return admin_misuse("'%.64s' is no session; `stayd sessions list` "
                            "tells them",
                            text);
    audit_set_sid(admin_audit(admin, AUDIT_SESSION_END, 0), sid);
    result = admin_change(admin, end_one, sid);
    if (result == STORE_NONE)
        return admin_fail("there is no living session '%.64s'", text);
    return result == STORE_OK ? ADMIN_DONE : admin_store_failed(admin, result);
}

int admin_sessions_end(struct admin *admin)
{
    bool of_user = admin->option[ADMIN_USER] != NULL;

    if (of_user == (admin->word_count == 1))
        return admin_misuse("usage: stayd sessions end SID, or stayd sessions "
                            "end --user NAME");
    return of_user ? end_of_user(admin) : end_by_sid(admin, admin->words[0]);
}
