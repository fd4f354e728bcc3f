#include "client/easy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does Stay put its token on this request? The caller's own word goes first. */
static bool carries_token(struct stay_easy *easy)
{
    // A CURLU may have been changed since it was set.
    if (easy->noted.parsed != NULL)
        easy_locate(easy);
    return easy->origin != ORIGIN_NONE && easy->noted.credentials == 0 &&
           !easy_headers_decide(easy);
}

static CURLcode transfer(struct stay_easy *easy)
{
    CURLcode code;

    easy->flow = FLOW_UNSEEN;
    easy->passes_headers = false;
    easy->see_other = false;
    easy->overflown = false;
    easy->status = 0;
    code = curl_easy_perform(easy->curl);
    if (easy->status == 0)
        (void)curl_easy_getinfo(easy->curl, CURLINFO_RESPONSE_CODE,
                                &easy->status); // 0 when there was no answer
    // An answer that called nobody takes the place of what was held before it.
    if (easy->status != 0 && easy->flow == FLOW_UNSEEN)
        hold_empty(&easy->hold);
    return code;
}

static bool is_refused(const struct stay_easy *easy)
{
    return easy->attached && easy->status == 401;
}

/* The held-back body in one piece, for reading. */
struct gathered {
    char *text;
    size_t length;
};

static bool gather(enum hold_kind kind, char *piece, size_t length, void *data)
{
    struct gathered *all = data;

    if (kind == HOLD_BODY) {
        memcpy(all->text + all->length, piece, length);
        all->length += length;
    }
    return true;
}

static enum stay_result ask_about_401(struct stay_easy *easy,
                                      struct ticket *ticket)
{
    struct gathered body = {.text = malloc(easy->hold.count + 1)};
    struct session_401 seen = {.curl = easy->curl};
    bool taken = easy_body_is_taken(easy);
    enum stay_result result;

    if (body.text != NULL) // without it the words go unread: safe
        (void)hold_deliver(&easy->hold, gather, &body);
    seen.body = (struct span){body.text, body.length};
    seen.replayable = !taken && !easy->overflown && easy_body_rewind(easy);
    result = session_unauthorised(easy->stay, ticket, &seen, &easy->line);
    free(body.text);
    // Done is done: sent again, it would be done twice.
    return taken && result == STAY_NOT_REPLAYED ? STAY_REFUSED : result;
}

/* The 401 is the caller's after all; `result` says why. */
static CURLcode deliver(struct stay_easy *easy, enum stay_result result,
                        CURLcode code)
{
    easy->result = result == STAY_REFUSED ? STAY_OK : result;
    if (!easy_release(easy))
        return CURLE_WRITE_ERROR;
    if (result == STAY_NOT_REPLAYED && !easy->overflown)
        return CURLE_SEND_FAIL_REWIND;
    return code;
}

static CURLcode answer_401(struct stay_easy *easy, struct ticket *ticket,
                           CURLcode code)
{
    bool one_shot = easy_body_is_one_shot(easy);

    while (is_refused(easy) && code != CURLE_ABORTED_BY_CALLBACK) {
        enum stay_result result;

        session_tell(easy->stay, ticket, STAY_EVENT_HELD_BACK, 401);
        result = ask_about_401(easy, ticket);
        if (result != STAY_OK)
            return deliver(easy, result, code);
        // The engine lets a request out twice at most: so this ends.
        session_tell(easy->stay, ticket, STAY_EVENT_REPLAYED, 0);
        code = easy_attach(easy, one_shot);
        if (code == CURLE_OK)
            code = transfer(easy);
        if (code == CURLE_SEND_FAIL_REWIND && easy->flow == FLOW_UNSEEN)
            return deliver(easy, STAY_NOT_REPLAYED, code);
    }
    return code;
}

static CURLcode code_of(const struct ticket *ticket, enum stay_result result)
{
    if (result == STAY_NO_MEMORY)
        return CURLE_OUT_OF_MEMORY;
    if (result != STAY_TRY_LATER)
        return CURLE_LOGIN_DENIED;
    if (ticket->reason == STAY_REASON_NO_ANSWER ||
        ticket->reason == STAY_REASON_BUSY)
        return CURLE_OPERATION_TIMEDOUT;
    return CURLE_COULDNT_CONNECT;
}

/* Nothing was sent. */
static CURLcode refuse(struct stay_easy *easy, struct ticket *ticket,
                       enum stay_result result)
{
    const char *reason = stay_reason_text(ticket->reason);

    easy->result = result;
    if (easy->noted.error != NULL)
        (void)snprintf(easy->noted.error, CURL_ERROR_SIZE, "%s%s%s",
                       stay_result_text(result),
                       ticket->reason != STAY_REASON_NONE ? ": " : "",
                       ticket->reason != STAY_REASON_NONE ? reason : "");
    session_tell(easy->stay, ticket, STAY_EVENT_FAILED, 0);
    return code_of(ticket, result);
}

static CURLcode perform_signed(struct stay_easy *easy, struct ticket *ticket)
{
    enum stay_result result;
    bool one_shot;
    CURLcode code;

    easy_body_mark(easy);
    one_shot = easy_body_is_one_shot(easy);
    result = session_ask(easy->stay, ticket, one_shot, &easy->line);
    if (result != STAY_OK)
        return refuse(easy, ticket, result);
    session_tell(easy->stay, ticket, STAY_EVENT_SENT, 0);
    code = easy_attach(easy, one_shot);
    if (code == CURLE_OK)
        code = transfer(easy);
    if (is_refused(easy))
        return answer_401(easy, ticket, code);
    if (easy->status != 0 && ticket->suspect)
        session_answered(easy->stay, ticket);
    return code;
}

static CURLcode perform_plain(struct stay_easy *easy, struct ticket *ticket)
{
    CURLcode code = easy_detach(easy);

    session_tell(easy->stay, ticket, STAY_EVENT_SENT, 0);
    return code == CURLE_OK ? transfer(easy) : code;
}

static CURLcode perform(struct stay_easy *easy)
{
    struct ticket ticket = {0};
    CURLcode code;

    if (easy->hold.used != 0)
        hold_empty(&easy->hold); // a replay before this had no answer
    session_number(easy->stay, easy->origin, &ticket);
    easy->result = STAY_OK;
    if (carries_token(easy)) {
        ticket.ask.origin = (uint32_t)easy->origin;
        code = perform_signed(easy, &ticket);
    } else {
        code = perform_plain(easy, &ticket);
    }
    if (easy->result == STAY_OK && code != CURLE_OK)
        easy->result = STAY_CURL;
    if (easy->status != 0)
        session_tell(easy->stay, &ticket, STAY_EVENT_ANSWERED, easy->status);
    else if (easy->result == STAY_CURL)
        session_tell(easy->stay, &ticket, STAY_EVENT_FAILED, 0);
    if (ticket.behind)
        session_finish(easy->stay, &ticket);
    return code;
}

CURLcode stay_easy_perform(struct stay_easy *easy)
{
    CURLcode code = session_run_request(easy->stay, easy);

    easy->status = 0;
    easy->result = STAY_CURL;
    if (code == CURLE_OK)
        code = perform(easy);
    return session_run_response(easy->stay, easy, code);
}
