#include "server/config_value.h"

#include <string.h>

#include "base/bytes.h"
#include "server/client.h"
#include "server/listen.h"
#include "store/store.h"

enum { CLAIM_MAX = 256 };

bool config_value_listen(const char *text, struct config *out)
{
    struct listen_address address;
    char problem[LISTEN_TEXT];

    (void)out; // the text itself is kept by the caller
    return listen_parse(text, &address, problem) == LISTEN_OK;
}

bool config_value_database(const char *text, struct config *out)
{
    struct store_why why;

    (void)out;
    return store_url_check(text, &why) == STORE_OK;
}

/* An origin is scheme, host and perhaps port: no path, not even a slash. */
static bool is_origin(struct span text)
{
    struct span rest;

    if (span_starts(text, SPAN("https://")))
        rest = span_tail(text, 8);
    else if (span_starts(text, SPAN("http://")))
        rest = span_tail(text, 7);
    else
        return false;
    for (size_t i = 0; i < rest.length; i++)
        if (rest.text[i] <= ' ' || strchr("/?#@\\\x7f", rest.text[i]) != NULL)
            return false;
    return rest.length > 0;
}

bool config_value_origin(const char *text, struct config *out)
{
    (void)out;
    return is_origin(span_of(text));
}

bool config_value_url(const char *text, struct config *out)
{
    struct span url = span_of(text);

    (void)out;
    if (url.length > 0 && url.text[url.length - 1] == '/')
        url.length--;
    return is_origin(url);
}

bool config_value_claim(const char *text, struct config *out)
{
    struct span rest = span_of(text);

    (void)out;
    for (size_t i = 0; i < rest.length; i++)
        if ((unsigned char)rest.text[i] < ' ' || rest.text[i] == 0x7f)
            return false;
    return rest.length > 0 && rest.length <= CLAIM_MAX;
}

bool config_value_roles(const char *text, struct config *out)
{
    static const char *const words[] = {"user", "moderator", "admin"};
    struct span rest = span_of(text);
    unsigned roles = 0;

    while (rest.length > 0) {
        size_t end = span_find(rest, ',');
        struct span word = span_head(rest, end);
        size_t i = 0;

        while (i < COUNT(words) && !span_is(word, words[i]))
            i++;
        if (i == COUNT(words))
            return false;
        roles |= 1u << i;
        rest = span_tail(rest, end + 1);
    }
    out->signup_roles = roles;
    return roles != 0;
}

bool config_value_level(const char *text, struct config *out)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};

    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            out->log_level = (enum config_level)i;
            return true;
        }
    }
    return false;
}

bool config_value_algorithm(const char *text, struct config *out)
{
    out->algorithm = jws_algorithm_of(span_of(text));
    return out->algorithm != JWS_NO_ALGORITHM;
}

bool config_value_switch(const char *text, bool *out)
{
    static const char *const on[] = {"1", "true", "yes", "on"};
    static const char *const off[] = {"0", "false", "no", "off"};

    for (size_t i = 0; i < COUNT(on); i++) {
        if (strcmp(text, on[i]) == 0 || strcmp(text, off[i]) == 0) {
            *out = strcmp(text, on[i]) == 0;
            return true;
        }
    }
    return false;
}

/* Whether it can be run is seen when it is to be. */
bool config_value_program(const char *text, struct config *out)
{
    (void)out; // the text itself is kept by the caller
    return text[0] == '/' && text[1] != '\0';
}

bool config_value_proxy(const char *text, struct config *out)
{
    struct client_trust trust = {.count = 0};

    (void)out;
    return client_trust_add(&trust, text);
}

bool config_value_throttle(const char *text, struct config *out)
{
    return config_value_switch(text, &out->throttle);
}

bool config_value_no_throttle(const char *text, struct config *out)
{
    bool off = false;

    if (!config_value_switch(text, &off))
        return false;
    out->throttle = !off;
    return true;
}

bool config_value_hide(const char *text, struct config *out)
{
    return config_value_switch(text, &out->hide_users);
}

bool config_value_show(const char *text, struct config *out)
{
    bool shown = false;

    if (!config_value_switch(text, &shown))
        return false;
    out->hide_users = !shown;
    return true;
}

bool config_value_forget(const char *text, struct config *out)
{
    bool forget = false;

    if (!config_value_switch(text, &forget))
        return false;
    out->reseed = !forget;
    return true;
}

bool config_value_open(const char *text, struct config *out)
{
    bool open = false;

    if (!config_value_switch(text, &open))
        return false;
    out->sandbox = !open;
    return true;
}

bool config_duration(const char *text, int64_t min_s, int64_t max_s,
                     int64_t *out_s)
{
    static const char units[] = "smhd";
    static const int64_t seconds[] = {1, 60, 3600, 24 * 3600};
    struct span digits = span_of(text);
    int64_t factor = 1;
    int64_t value;
    size_t unit = sizeof units;

    if (digits.length > 0)
        unit = span_find(SPAN(units), digits.text[digits.length - 1]);
    if (unit < COUNT(seconds)) {
        factor = seconds[unit];
        digits.length--;
    }
    if (!span_to_int(digits, &value) || value > max_s / factor)
        return false;
    value *= factor;
    if (value < min_s || value > max_s)
        return false;
    *out_s = value;
    return true;
}

const char *config_value_variable(char *const environment[], const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
        if (strncmp(environment[i], name, length) == 0 &&
            environment[i][length] == '=')
            return environment[i] + length + 1;
    return NULL;
}
