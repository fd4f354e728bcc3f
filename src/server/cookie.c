#include "server/cookie.h"

#include <stdio.h>
#include <string.h>

#include "base/base64url.h"
#include "server/cors.h"

/* The longest name, and a port. */
enum { NAME_MAX_SIZE = 64 };

static bool is_https_url(const char *url)
{
    return url != NULL && span_starts(span_of(url), SPAN("https://"));
}

/* The host and port that a URL names. */
static struct span authority_of(const char *url)
{
    struct span rest = span_tail(span_of(url), sizeof "https://" - 1);

    return span_head(rest, span_find(rest, '/'));
}

/* A proxy that is trusted says so, or it is the address we are known by. */
static bool is_https(const struct call *call)
{
    const struct http_request *request = exchange_request(call->x);
    const char *url = call->server->config->url;

    if (client_trusts(&call->server->trust, &request->peer) &&
        span_equal_nocase(call_header(call, "X-Forwarded-Proto"),
                          SPAN("https")))
        return true;
    return is_https_url(url) &&
           span_equal_nocase(call_header(call, "Host"), authority_of(url));
}

/* The name in front of the port; an IPv6 address keeps its brackets. */
static struct span host_name(struct span host)
{
    if (host.length > 0 && host.text[0] == '[')
        return span_head(host, span_find(host, ']') + 1);
    return span_head(host, span_find(host, ':'));
}

static struct span host_port(struct span host)
{
    struct span port = span_tail(host, host_name(host).length + 1);

    return port.length > 0 ? port : SPAN("80");
}

/* Names that a browser takes for this very machine. */
static bool is_loopback(struct span host)
{
    struct span name = host_name(host);

    return span_equal_nocase(name, SPAN("localhost")) ||
           span_is(name, "[::1]") || span_is(name, "127.0.0.1");
}

/* The cookie's name, in `out`; empty where cookie mode is refused. */
static struct span name_of(const struct call *call, char out[NAME_MAX_SIZE])
{
    const struct cookie_names *names = &call->mount->dialect.cookie;
    struct span host = call_header(call, "Host");
    struct span port = host_port(host);
    int length;

    if (is_https(call))
        return names->secure;
    if (!is_loopback(host))
        return (struct span){NULL, 0};
    length =
        snprintf(out, NAME_MAX_SIZE, "%.*s%.*s", (int)names->loopback.length,
                 names->loopback.text, (int)port.length, port.text);
    return length < NAME_MAX_SIZE ? (struct span){out, (size_t)length}
                                  : (struct span){NULL, 0};
}

bool cookie_is_asked(const struct call *call)
{
    const struct cookie_names *names = &call->mount->dialect.cookie;

    return names->mode_header.length > 0 &&
           span_equal(header_find(call->seen.headers, call->seen.headers_count,
                                  names->mode_header),
                      names->mode_value);
}

enum message cookie_message(const struct dialect *dialect, enum message message)
{
    enum message twin = MESSAGE_NONE;

    if (message == MESSAGE_SIGN_IN)
        twin = MESSAGE_SIGN_IN_COOKIE;
    else if (message == MESSAGE_REFRESH)
        twin = MESSAGE_REFRESH_COOKIE;
    else if (message == MESSAGE_SIGN_OUT)
        twin = MESSAGE_SIGN_OUT_COOKIE;
    return dialect_has(dialect, twin) ? twin : MESSAGE_NONE;
}

/* The page comes from this very server. */
static bool is_own_origin(const struct call *call, struct span origin)
{
    struct span scheme = is_https(call) ? SPAN("https://") : SPAN("http://");

    return span_starts(origin, scheme) &&
           span_equal_nocase(span_tail(origin, scheme.length),
                             call_header(call, "Host"));
}

enum reply_kind cookie_admit(const struct call *call)
{
    struct span origin = call_header(call, "Origin");
    char room[NAME_MAX_SIZE];

    if (name_of(call, room).length == 0)
        return CASE_INSECURE;
    if (is_own_origin(call, origin) || cors_allows(call->worker->live, origin))
        return CASE_OK;
    return CASE_BAD_ORIGIN;
}

bool cookie_take(struct call *call)
{
    char room[NAME_MAX_SIZE];
    struct span name = name_of(call, room);
    struct span value;

    if (!http_request_cookie(exchange_request(call->x), name, &value))
        return false;
    fields_set_text(&call->fields, FIELD_SESSION, value);
    return true;
}

void cookie_give(struct call *call, const uint8_t *secret)
{
    char value[BASE64URL_LENGTH(COOKIE_SECRET_SIZE)];
    char room[NAME_MAX_SIZE];
    struct span name = name_of(call, room);
    size_t length = base64url_encode(secret, COOKIE_SECRET_SIZE, value);

    (void)snprintf(
        call->cookie, sizeof call->cookie,
        "%.*s=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
        (int)name.length, name.text, (int)length, value,
        (long long)call->server->limits.max_s,
        is_https(call) ? "; Secure" : ""); // fits: see call.h
    bytes_wipe(value, sizeof value);
}
