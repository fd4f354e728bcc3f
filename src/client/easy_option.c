// Also what libcurl would rather not see used any more must pass through.
#define CURL_DISABLE_DEPRECATION

#include "client/easy.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "client/session.h"

/* One argument of setopt, in the type that libcurl reads it with. */
struct value {
    long number;
    void *pointer;
    void (*function)(void);
    curl_off_t offset;
};

/* What to do with an option that Stay must know. */
typedef void note_fn(struct stay_easy *easy, CURLoption option,
                     const struct value *value);

struct rule {
    CURLoption option;
    note_fn *note;
    bool ours; /* libcurl has a callback of ours there: not passed on */
};

static CURLcode pass_on(CURL *curl, CURLoption option,
                        const struct value *value)
{
    if (option < CURLOPTTYPE_OBJECTPOINT)
        return curl_easy_setopt(curl, option, value->number);
    if (option < CURLOPTTYPE_FUNCTIONPOINT)
        return curl_easy_setopt(curl, option, value->pointer);
    if (option < CURLOPTTYPE_OFF_T)
        return curl_easy_setopt(curl, option, value->function);
    if (option < CURLOPTTYPE_BLOB)
        return curl_easy_setopt(curl, option, value->offset);
    return curl_easy_setopt(curl, option, value->pointer);
}

static void set_pointer(struct stay_easy *easy, CURLoption option,
                        void *pointer)
{
    // These options exist in every libcurl that Stay is built for.
    (void)curl_easy_setopt(easy->curl, option, pointer);
}

/* Headers are looked at only where they must be: it costs, line by line. */
static void watch_headers(struct stay_easy *easy)
{
    const struct easy_noted *noted = &easy->noted;
    bool wanted =
        noted->follow || noted->header != NULL || noted->header_data != NULL;

    if (wanted == easy->sees_headers)
        return;
    easy->sees_headers = wanted;
    (void)curl_easy_setopt(easy->curl, CURLOPT_HEADERFUNCTION,
                           wanted ? easy_on_header : NULL);
    set_pointer(easy, CURLOPT_HEADERDATA, wanted ? easy : NULL);
}

static bool keep_text(char **copy, const char *text)
{
    free(*copy);
    *copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *copy != NULL;
}

static void note_url(struct stay_easy *easy, CURLoption option,
                     const struct value *value)
{
    size_t size = value->pointer != NULL ? strlen(value->pointer) + 1 : 0;
    char *room = easy->url;

    (void)option;
    if (size > easy->url_size)
        room = realloc(easy->url, size);
    if (size == 0 || room == NULL) {
        free(easy->url);
        easy->url = NULL; // without it no token is attached: safe
        easy->url_size = 0;
    } else {
        easy->url = room;
        easy->url_size = size > easy->url_size ? size : easy->url_size;
        memcpy(easy->url, value->pointer, size);
    }
    easy_locate(easy);
}

static void note_target(struct stay_easy *easy, CURLoption option,
                        const struct value *value)
{
    if (option == CURLOPT_CURLU)
        easy->noted.parsed = value->pointer;
    else if (option == CURLOPT_PORT)
        easy->noted.port = value->number;
    else if (!keep_text(&easy->protocol, value->pointer))
        easy->noted.port = -1; // out of memory: belongs to no origin
    easy_locate(easy);
}

static void note_headers(struct stay_easy *easy, CURLoption option,
                         const struct value *value)
{
    struct easy_noted *noted = &easy->noted;

    if (option == CURLOPT_HTTPHEADER)
        noted->headers = value->pointer;
    else if (option == CURLOPT_PROXYHEADER)
        noted->proxy_headers = value->pointer;
    else
        noted->header_option = value->number;
    // They are set anew, with our list if it is needed, by the next perform.
    if (easy->installed)
        (void)easy_detach(easy);
}

static void note_write(struct stay_easy *easy, CURLoption option,
                       const struct value *value)
{
    if (option == CURLOPT_WRITEFUNCTION)
        easy->noted.write = (curl_write_callback)value->function;
    else
        easy->noted.write_data = value->pointer;
}

static void note_header_call(struct stay_easy *easy, CURLoption option,
                             const struct value *value)
{
    if (option == CURLOPT_HEADERFUNCTION)
        easy->noted.header = (curl_write_callback)value->function;
    else
        easy->noted.header_data = value->pointer;
    watch_headers(easy);
}

/* libcurl treats its default, fread, in its own ways: so that stays in place. */
static void note_read(struct stay_easy *easy, CURLoption option,
                      const struct value *value)
{
    struct easy_noted *noted = &easy->noted;

    if (option == CURLOPT_READFUNCTION)
        noted->read = (curl_read_callback)value->function;
    else
        noted->read_data = value->pointer;
    if (option == CURLOPT_READFUNCTION)
        (void)curl_easy_setopt(easy->curl, CURLOPT_READFUNCTION,
                               noted->read != NULL ? easy_on_read : NULL);
    set_pointer(easy, CURLOPT_READDATA,
                noted->read != NULL ? easy : noted->read_data);
}

static void note_seek(struct stay_easy *easy, CURLoption option,
                      const struct value *value)
{
    if (option == CURLOPT_SEEKFUNCTION)
        easy->noted.seek = (curl_seek_callback)value->function;
    else
        easy->noted.seek_data = value->pointer;
}

static void note_debug(struct stay_easy *easy, CURLoption option,
                       const struct value *value)
{
    if (option == CURLOPT_DEBUGFUNCTION)
        easy->noted.debug = (curl_debug_callback)value->function;
    else if (option == CURLOPT_DEBUGDATA)
        easy->noted.debug_data = value->pointer;
    else
        easy->noted.stderr_file = value->pointer;
}

static void note_method(struct stay_easy *easy, CURLoption option,
                        const struct value *value)
{
    struct easy_noted *noted = &easy->noted;
    bool on = value->number != 0;

    if (option == CURLOPT_HTTPGET)
        noted->method = on ? EASY_GET : noted->method;
    else if (option == CURLOPT_POST)
        noted->method = on ? EASY_POST : EASY_GET;
    else if (option == CURLOPT_UPLOAD || option == CURLOPT_PUT)
        noted->method = on ? EASY_PUT : EASY_GET;
    else if (on)
        noted->method = EASY_HEAD; // CURLOPT_NOBODY
    else if (noted->method == EASY_HEAD)
        noted->method = EASY_GET;
}

static void note_custom(struct stay_easy *easy, CURLoption option,
                        const struct value *value)
{
    const char *name = value->pointer;

    (void)option;
    easy->noted.custom =
        name != NULL && strcmp(name, "GET") != 0 && strcmp(name, "HEAD") != 0;
}

static void note_body(struct stay_easy *easy, CURLoption option,
                      const struct value *value)
{
    bool mime = option == CURLOPT_MIMEPOST || option == CURLOPT_HTTPPOST;

    easy->noted.method = mime ? EASY_MIME : EASY_POST;
    if (!mime)
        easy->noted.memory = value->pointer != NULL;
}

static void note_follow(struct stay_easy *easy, CURLoption option,
                        const struct value *value)
{
    (void)option;
    easy->noted.follow = value->number != 0;
    watch_headers(easy);
}

static void note_error(struct stay_easy *easy, CURLoption option,
                       const struct value *value)
{
    (void)option;
    easy->noted.error = value->pointer;
}

static void note_credentials(struct stay_easy *easy, CURLoption option,
                             const struct value *value)
{
    static const struct {
        CURLoption option;
        enum easy_credential bit;
    } bits[] = {
        {CURLOPT_USERPWD,        EASY_USERPWD },
        {CURLOPT_USERNAME,       EASY_USERNAME},
        {CURLOPT_PASSWORD,       EASY_PASSWORD},
        {CURLOPT_XOAUTH2_BEARER, EASY_BEARER  },
        {CURLOPT_AWS_SIGV4,      EASY_SIGV4   },
        {CURLOPT_NETRC,          EASY_NETRC   },
    };
    bool set = value->pointer != NULL || value->number != CURL_NETRC_IGNORED;

    for (size_t i = 0; i < COUNT(bits); i++) {
        if (bits[i].option != option)
            continue;
        if (set)
            easy->noted.credentials |= bits[i].bit;
        else
            easy->noted.credentials &= ~(unsigned)bits[i].bit;
    }
}

/* Everything else is passed on, unread. The most used come first. */
static const struct rule rules[] = {
    {CURLOPT_URL,              note_url,         false},
    {CURLOPT_HTTPHEADER,       note_headers,     false},
    {CURLOPT_WRITEFUNCTION,    note_write,       true },
    {CURLOPT_WRITEDATA,        note_write,       true },
    {CURLOPT_HEADERFUNCTION,   note_header_call, true },
    {CURLOPT_HEADERDATA,       note_header_call, true },
    {CURLOPT_READFUNCTION,     note_read,        true },
    {CURLOPT_READDATA,         note_read,        true },
    {CURLOPT_SEEKFUNCTION,     note_seek,        false},
    {CURLOPT_SEEKDATA,         note_seek,        false},
    {CURLOPT_DEBUGFUNCTION,    note_debug,       true },
    {CURLOPT_DEBUGDATA,        note_debug,       true },
    {CURLOPT_STDERR,           note_debug,       false},
    {CURLOPT_ERRORBUFFER,      note_error,       false},
    {CURLOPT_FOLLOWLOCATION,   note_follow,      false},
    {CURLOPT_CURLU,            note_target,      false},
    {CURLOPT_PORT,             note_target,      false},
    {CURLOPT_DEFAULT_PROTOCOL, note_target,      false},
    {CURLOPT_PROXYHEADER,      note_headers,     false},
    {CURLOPT_HEADEROPT,        note_headers,     false},
    {CURLOPT_HTTPGET,          note_method,      false},
    {CURLOPT_POST,             note_method,      false},
    {CURLOPT_UPLOAD,           note_method,      false},
    {CURLOPT_PUT,              note_method,      false},
    {CURLOPT_NOBODY,           note_method,      false},
    {CURLOPT_CUSTOMREQUEST,    note_custom,      false},
    {CURLOPT_POSTFIELDS,       note_body,        false},
    {CURLOPT_COPYPOSTFIELDS,   note_body,        false},
    {CURLOPT_MIMEPOST,         note_body,        false},
    {CURLOPT_HTTPPOST,         note_body,        false},
    {CURLOPT_USERPWD,          note_credentials, false},
    {CURLOPT_USERNAME,         note_credentials, false},
    {CURLOPT_PASSWORD,         note_credentials, false},
    {CURLOPT_XOAUTH2_BEARER,   note_credentials, false},
    {CURLOPT_NETRC,            note_credentials, false},
    {CURLOPT_AWS_SIGV4,        note_credentials, false},
};

static const struct rule *find_rule(CURLoption option)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].option == option)
            return &rules[i];
    return NULL;
}

CURLcode stay_easy_setopt(struct stay_easy *easy, CURLoption option, ...)
{
    struct value value = {0};
    const struct rule *rule = find_rule(option);
    CURLcode code = CURLE_OK;
    va_list list;

    va_start(list, option);
    if (option < CURLOPTTYPE_OBJECTPOINT)
        value.number = va_arg(list, long);
    else if (option < CURLOPTTYPE_FUNCTIONPOINT || option >= CURLOPTTYPE_BLOB)
        value.pointer = va_arg(list, void *);
    else if (option < CURLOPTTYPE_OFF_T)
        value.function = va_arg(list, void (*)(void));
    else
        value.offset = va_arg(list, curl_off_t);
    va_end(list);

    if (rule == NULL || !rule->ours)
        code = pass_on(easy->curl, option, &value);
    if (rule != NULL && code == CURLE_OK)
        rule->note(easy, option, &value);
    return code;
}

CURLcode easy_install(struct stay_easy *easy)
{
    CURLcode code;

    code = curl_easy_setopt(easy->curl, CURLOPT_WRITEFUNCTION, easy_on_write);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy->curl, CURLOPT_WRITEDATA, easy);
    if (code == CURLE_OK)
        code =
            curl_easy_setopt(easy->curl, CURLOPT_DEBUGFUNCTION, easy_on_debug);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy->curl, CURLOPT_DEBUGDATA, easy);
    easy->sees_headers = false;
    watch_headers(easy);
    if (easy->noted.read != NULL)
        set_pointer(easy, CURLOPT_READDATA, easy);
    return code;
}

void easy_locate(struct stay_easy *easy)
{
    const struct origin_hint hint = {
        .parsed = easy->noted.parsed,
        .default_protocol = easy->protocol,
        .port = easy->noted.port,
    };

    easy->origin = ORIGIN_NONE;
    if (hint.port >= 0)
        easy->origin =
            origin_find(session_origins(easy->stay), easy->url, &hint);
}
