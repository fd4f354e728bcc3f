#include "server/asker.h"

#include <sodium.h>
#include <string.h>

#include "core/form.h"

enum { BASIC_MAX = 3 * (APP_ID_SIZE + APP_SECRET_MAX) }; /* all as %XX */

/* What was shown; wiped after use. */
struct shown {
    char basic[BASIC_MAX]; /* decoded: id, colon, secret */
    struct span id;
    struct span secret;
    bool by_basic;
};

/* The word behind "Basic "; false: another scheme, or none. */
static bool find_basic(const struct call *call, struct span *word)
{
    static const struct span scheme = {"Basic ", 6};
    struct span value = call_header(call, "Authorization");

    if (!span_equal_nocase(span_head(value, scheme.length), scheme))
        return false;
    *word = span_tail(value, scheme.length);
    return true;
}

/* False: malformed. */
static bool split_basic(struct span word, struct shown *shown)
{
    size_t length = 0;
    struct span all;
    size_t colon;

    if (sodium_base642bin((uint8_t *)shown->basic, sizeof shown->basic,
                          word.text, word.length, NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    all = (struct span){shown->basic, length};
    colon = span_find(all, ':');
    shown->id = span_head(all, colon);
    shown->secret = span_tail(all, colon + 1);
    return colon < length;
}

/*
 * Is it this text, or this text form-encoded? The standard wants the latter, and
 * many clients send the former.
 */
static bool fits(const struct app *app, const struct shown *shown)
{
    char plain[APP_SECRET_MAX];
    size_t length = 0;
    bool fit = app_secret_fits(app, shown->secret);

    if (!fit && shown->by_basic &&
        form_decode(shown->secret, plain, sizeof plain, &length))
        fit = app_secret_fits(app, (struct span){plain, length});
    sodium_memzero(plain, sizeof plain);
    return fit;
}

/* The id, decoded where it came by Basic; false: it is too long, or empty. */
static bool note_id(struct call *call, const struct shown *shown)
{
    size_t length = shown->id.length;

    if (length > 0 && length < APP_ID_SIZE)
        memcpy(call->asker.id, shown->id.text, length);
    if (shown->by_basic &&
        !form_decode(shown->id, call->asker.id, APP_ID_SIZE - 1, &length))
        length = 0;
    if (length >= APP_ID_SIZE)
        length = 0;
    call->asker.id[length] = '\0';
    return length > 0;
}

static enum reply_kind judge(struct call *call, const struct shown *shown)
{
    const struct apps *apps = &call->server->apps;
    const struct app *app;

    bool named = note_id(call, shown);

    if (!apps->registered)
        return CASE_OK;
    if (!named)
        return CASE_BAD_CLIENT;
    app = app_find(apps, span_of(call->asker.id));
    if (app == NULL || !fits(app, shown))
        return CASE_BAD_CLIENT;
    call->asker.registered = true;
    call->asker.proven = !app->is_public;
    return CASE_OK;
}

static enum reply_kind read_shown(struct call *call, struct shown *shown)
{
    struct span word;
    bool in_body = fields_text(&call->fields, FIELD_CLIENT_SECRET).length > 0;

    shown->id = fields_text(&call->fields, FIELD_CLIENT_ID);
    shown->secret = fields_text(&call->fields, FIELD_CLIENT_SECRET);
    shown->by_basic = find_basic(call, &word);
    if (!shown->by_basic)
        return CASE_OK;
    // RFC 6749, section 2.3: not more than one method in each request.
    if (in_body)
        return CASE_BAD_REQUEST;
    return split_basic(word, shown) ? CASE_OK : CASE_BAD_CLIENT;
}

/* It could not be read, and so does not show who asks: that is said first. */
static bool is_unread(const struct call *call)
{
    return call->problems.count > 0 &&
           call->problems.list[0].field == FIELD_NONE;
}

static bool check_shown(struct call *call)
{
    struct shown shown = {.by_basic = false};
    enum reply_kind kind = read_shown(call, &shown);

    if (kind == CASE_OK && (shown.by_basic || shown.id.length > 0))
        kind = judge(call, &shown);
    else if (kind == CASE_OK && call->server->apps.registered &&
             call->message != MESSAGE_INTROSPECT && !is_unread(call))
        kind = CASE_BAD_CLIENT;
    sodium_memzero(&shown, sizeof shown);
    if (kind != CASE_OK)
        call_reply(call, kind, FIELD_NONE);
    return kind == CASE_OK;
}

bool asker_check(struct call *call)
{
    return !dialect_takes(&call->mount->dialect, call->message,
                          FIELD_CLIENT_ID) ||
           check_shown(call);
}
