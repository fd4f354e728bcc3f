#include "client/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "client/clock.h"

struct exchange *exchange_new(void)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);

    if (exchange != NULL)
        fields_init(&exchange->fields, exchange->field_bytes,
                    sizeof exchange->field_bytes);
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    if (exchange != NULL)
        bytes_wipe(exchange, sizeof *exchange);
    free(exchange);
}

bool exchange_build(struct exchange *exchange, const struct stay *stay,
                    enum message message, const struct fields *fields)
{
    return request_build(
               &stay->dialect, message, fields,
               (struct span){exchange->request, sizeof exchange->request},
               &exchange->built) == REQUEST_OK;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct exchange *exchange = data;
    size_t length = size * count;

    if (length > EXCHANGE_BODY_MAX - exchange->body_length)
        return 0;
    memcpy(exchange->body + exchange->body_length, bytes, length);
    exchange->body_length += length;
    return length;
}

static struct span trim(struct span text)
{
    while (text.length > 0 && (text.text[0] == ' ' || text.text[0] == '\t'))
        text = span_tail(text, 1);
    while (text.length > 0 && strchr(" \t\r\n", text.text[text.length - 1]))
        text.length--;
    return text;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
    struct exchange *exchange = data;
    size_t length = size * count;
    char *kept = exchange->head + exchange->head_length;
    struct span line = {kept, length};
    size_t colon = span_find((struct span){bytes, length}, ':');

    // Each answer starts anew: a 100, or a proxy's, may come before.
    if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        exchange->headers_count = 0;
        exchange->head_length = 0;
        return length;
    }
    if (colon == length || exchange->headers_count == EXCHANGE_HEADERS_MAX ||
        length > EXCHANGE_HEAD_MAX - exchange->head_length)
        return length;
    memcpy(kept, bytes, length);
    exchange->head_length += length;
    exchange->headers[exchange->headers_count++] = (struct header_line){
        .name = span_head(line, colon),
        .value = trim(span_tail(line, colon + 1)),
    };
    return length;
}

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

static bool add_header(struct curl_slist **list, const struct header_line *line)
{
    size_t size = line->name.length + line->value.length + 3;
    char *text = malloc(size);
    bool good = text != NULL;

    if (good) {
        (void)snprintf(text, size, "%.*s: %.*s", (int)line->name.length,
                       line->name.text, (int)line->value.length,
                       line->value.text); // fits: see size
        good = add_line(list, text);
        bytes_wipe(text, size);
    }
    free(text);
    return good;
}

static void free_list(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at != NULL; at = at->next)
        bytes_wipe(at->data, strlen(at->data));
    curl_slist_free_all(list);
}

static bool make_list(const struct exchange *exchange, const char *line,
                      struct curl_slist **out)
{
    // "Expect:" keeps libcurl from waiting for a 100 Continue.
    bool good =
        add_line(out, "Accept: application/json") && add_line(out, "Expect:");

    for (size_t i = 0; good && i < exchange->built.headers_count; i++)
        good = add_header(out, &exchange->built.headers[i]);
    if (good && exchange->built.body.length == 0)
        good = add_line(out, "Content-Type:");
    if (good && line != NULL)
        good = add_line(out, line);
    return good;
}

static void set_target(const struct exchange *exchange, const struct stay *stay,
                       CURL *curl)
{
    const struct request *built = &exchange->built;
    char url[STAY_URL_SIZE * 2];
    char method[16];
    size_t length;

    length = request_join(span_of(stay->url), built->target,
                          (struct span){url, sizeof url - 1});
    url[length] = '\0';
    (void)snprintf(method, sizeof method, "%.*s", (int)built->method.length,
                   built->method.text);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    if (built->body.length > 0 || strcmp(method, "POST") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
                               (long)built->body.length);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                               built->body.length > 0 ? built->body.text : "");
    }
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    bytes_wipe(url, sizeof url); // a dialect may put a token in the query
}

/* At least 1: to libcurl, 0 is for ever. */
static long time_left_ms(const struct exchange *exchange,
                         const struct stay *stay)
{
    int64_t left_ms = stay->limit_ms;

    if (exchange->until_ms != 0)
        left_ms = exchange->until_ms - clock_now_ms();
    if (left_ms > stay->limit_ms)
        left_ms = stay->limit_ms;
    return left_ms > 0 ? (long)left_ms : 1;
}

/*
 * No redirect is followed: a refresh token goes where it was meant to go. And
 * no connection is used twice: libcurl would send again, unseen, where a kept
 * one turns out dead, and a refresh is minutes after the one before it.
 */
static void set_manners(const struct stay *stay, CURL *curl, long limit_ms)
{
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, limit_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, limit_ms);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, stay->user_agent);
    (void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    if (stay->on_curl != NULL)
        stay->on_curl(curl, stay->on_curl_data);
}

static void set_calls(struct exchange *exchange, CURL *curl)
{
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->error);
    (void)curl_easy_setopt(curl, CURLOPT_VERBOSE, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
}

static void forget_answer(struct exchange *exchange)
{
    fields_wipe(&exchange->fields);
    exchange->body_length = 0;
    exchange->head_length = 0;
    exchange->headers_count = 0;
    exchange->status = 0;
    exchange->error[0] = '\0';
}

/* What became of the transfer: were bytes of the request on their way? */
static enum transport judge(struct exchange *exchange, CURL *curl)
{
    long sent = 0;

    if (exchange->code == CURLE_OK) {
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE,
                                &exchange->status);
        return TRANSPORT_ANSWERED;
    }
    (void)curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0 ? TRANSPORT_LOST : TRANSPORT_NOT_SENT;
}

enum transport exchange_send(struct exchange *exchange, struct stay *stay,
                             CURL *curl, const char *line)
{
    struct curl_slist *list = NULL;
    enum transport result;

    forget_answer(exchange);
    curl_easy_reset(curl);
    set_target(exchange, stay, curl);
    set_manners(stay, curl, time_left_ms(exchange, stay));
    set_calls(exchange, curl);
    exchange->code = CURLE_OUT_OF_MEMORY;
    result = TRANSPORT_NOT_SENT;
    if (make_list(exchange, line, &list) &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list) == CURLE_OK) {
        exchange->code = curl_easy_perform(curl);
        result = judge(exchange, curl);
    }
    // Nothing of this exchange may be reached by the next.
    curl_easy_reset(curl);
    free_list(list);
    return result;
}

struct answer exchange_answer(const struct exchange *exchange)
{
    return (struct answer){
        .status = (int)exchange->status,
        .headers = exchange->headers,
        .headers_count = exchange->headers_count,
        .body = {exchange->body, exchange->body_length},
    };
}

enum stay_reason exchange_reason(const struct exchange *exchange)
{
    switch ((int)exchange->code) {
    case CURLE_OK:
        return STAY_REASON_NOT_THE_SERVER;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        return STAY_REASON_TLS;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PROXY:
        return STAY_REASON_NO_CONNECTION;
    default:
        return STAY_REASON_NO_ANSWER;
    }
}
