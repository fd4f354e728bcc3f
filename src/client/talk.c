#include "client/talk.h"

#include "client/clock.h"

enum { SENDS_MAX = 2 }; /* of a message whose answer was lost */

bool talk_begin(struct talk *talk, struct stay *stay, int64_t until_ms)
{
    *talk = (struct talk){
        .stay = stay,
        .curl = curl_easy_init(),
        .exchange = exchange_new(),
        .entry = entry_new(),
    };
    if (talk->curl != NULL && talk->exchange != NULL && talk->entry != NULL) {
        talk->exchange->until_ms = until_ms;
        return true;
    }
    (void)state_fail(stay, STAY_NO_MEMORY, "out of memory");
    return false;
}

void talk_end(struct talk *talk)
{
    if (talk->curl != NULL)
        curl_easy_cleanup(talk->curl);
    exchange_free(talk->exchange);
    entry_free(talk->entry);
}

void talk_send(struct talk *talk, enum message message, const char *line)
{
    struct answer answer;

    for (int i = 0; i < SENDS_MAX; i++) {
        talk->transport =
            exchange_send(talk->exchange, talk->stay, talk->curl, line);
        if (talk->transport != TRANSPORT_LOST ||
            clock_now_ms() >= talk->exchange->until_ms)
            break;
    }
    if (talk->transport != TRANSPORT_ANSWERED)
        return;
    answer = exchange_answer(talk->exchange);
    talk->meaning = reply_match(&talk->stay->dialect, message, &answer,
                                &talk->exchange->fields);
}

/* The server's words for people, fit for a terminal. */
static enum stay_result refused(struct talk *talk)
{
    struct span said = fields_text(&talk->exchange->fields, FIELD_MESSAGE);
    char text[STAY_ERROR_SIZE];
    size_t length = 0;

    for (; length < said.length && length < sizeof text - 1; length++) {
        unsigned char c = (unsigned char)said.text[length];

        text[length] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    text[length] = '\0';
    return state_fail(talk->stay, STAY_REFUSED, "%s",
                      length > 0 ? text : "refused by the server");
}

bool talk_is_passing(const struct talk *talk)
{
    long status = talk->exchange->status;

    return talk->meaning.verdict == VERDICT_LATER || status >= 500 ||
           status == 408 || status == 425 || status == 429;
}

enum stay_result talk_failed(struct talk *talk)
{
    struct exchange *exchange = talk->exchange;
    const char *why = exchange->error[0] != '\0'
                          ? exchange->error
                          : curl_easy_strerror(exchange->code);

    if (talk->transport != TRANSPORT_ANSWERED)
        return state_fail(talk->stay, STAY_TRY_LATER, "%s", why);
    switch (talk->meaning.verdict) {
    case VERDICT_DENIED:
    case VERDICT_REFUSED:
    case VERDICT_PROTOCOL:
    case VERDICT_RENEW:
        return refused(talk);
    case VERDICT_CONFIG:
        (void)refused(talk);
        return STAY_BAD_CONFIG;
    case VERDICT_NONE:
    case VERDICT_GRANTED:
    case VERDICT_LATER:
        break;
    }
    if (talk_is_passing(talk))
        return state_fail(talk->stay, STAY_TRY_LATER,
                          "the server is not available (status %ld)",
                          exchange->status);
    return state_fail(talk->stay, STAY_BAD_REPLY,
                      "status %ld, in words that are not the dialect's; is "
                      "the URL or the dialect right?",
                      exchange->status);
}

enum stay_result talk_unspoken(struct talk *talk, const char *what)
{
    return state_fail(talk->stay, STAY_BAD_CONFIG,
                      "%s: the dialect '%s' has no such message, or needs more",
                      what, talk->stay->dialect_name);
}
