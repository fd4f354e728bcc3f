/*
 * Every option of libcurl through stay_easy_setopt: what arrives at libcurl is
 * what was set, but for the ones that Stay keeps; and what goes over the wire is
 * the same, but for our header.
 */
#define CURL_DISABLE_DEPRECATION

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stay.h>

#include "check.h"
#include "client/clock.h"
#include "client/fake_stay.h"
#include "client/kit.h"

/* What the interposed curl_easy_setopt saw since it began to record. */
enum { SEEN_MAX = 8 };
struct seen {
    CURLoption option;
    long number;
    void *pointer;
    curl_off_t offset;
};
static struct seen seen[SEEN_MAX];
static unsigned seen_count;
static bool records;

static CURLcode note(struct seen what)
{
    if (seen_count < SEEN_MAX)
        seen[seen_count] = what;
    seen_count++;
    return CURLE_OK;
}

typedef CURLcode setopt_fn(CURL *curl, CURLoption option, ...);

#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    static setopt_fn *real;
    CURLcode code;
    va_list list;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_setopt");
    va_start(list, option);
    if (option < CURLOPTTYPE_OBJECTPOINT) {
        long number = va_arg(list, long);

        code = records ? note((struct seen){option, number, NULL, 0})
                       : real(curl, option, number);
    } else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) {
        curl_off_t offset = va_arg(list, curl_off_t);

        code = records ? note((struct seen){option, 0, NULL, offset})
                       : real(curl, option, offset);
    } else {
        void *pointer = va_arg(list, void *);

        code = records ? note((struct seen){option, 0, pointer, 0})
                       : real(curl, option, pointer);
    }
    va_end(list);
    return code;
}

/* Callbacks that libcurl has ours for. */
static bool is_kept(CURLoption option)
{
    static const CURLoption kept[] = {
        CURLOPT_WRITEFUNCTION, CURLOPT_WRITEDATA,    CURLOPT_HEADERFUNCTION,
        CURLOPT_HEADERDATA,    CURLOPT_READFUNCTION, CURLOPT_DEBUGFUNCTION,
        CURLOPT_DEBUGDATA,
    };

    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (kept[i] == option)
            return true;
    return false;
}

static bool is_large(CURLoption option)
{
    return option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB;
}

/* Sets a value that no default has; says whether it arrived as it was. */
static bool arrives(struct stay_easy *easy, CURLoption option)
{
    static char bytes[] = "http://127.0.0.1/";
    const curl_off_t large = (curl_off_t)0x1234567890ab;
    // CURLOPT_CURLU is read at once: a text is no handle.
    CURLU *url = option == CURLOPT_CURLU ? curl_url() : NULL;
    void *pointer = url != NULL ? (void *)url : bytes;
    struct seen want = {.option = option};
    bool found = false;

    seen_count = 0;
    records = true;
    if (option < CURLOPTTYPE_OBJECTPOINT)
        (void)stay_easy_setopt(easy, option, want.number = 0x12345678L);
    else if (is_large(option))
        (void)stay_easy_setopt(easy, option, want.offset = large);
    else
        (void)stay_easy_setopt(easy, option, want.pointer = pointer);
    records = false;
    for (unsigned i = 0; i < seen_count && i < SEEN_MAX; i++)
        found |=
            seen[i].option == want.option && seen[i].number == want.number &&
            seen[i].pointer == want.pointer && seen[i].offset == want.offset;
    stay_easy_cleanup(easy);
    curl_url_cleanup(url);
    return found;
}

static struct stay *open_alone(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:9"};
    struct stay *stay = NULL;

    (void)stay_open(&stay, &config);
    return stay;
}

static void pass_through(void **state)
{
    struct stay *stay = open_alone();
    const struct curl_easyoption *option = NULL;
    unsigned passed = 0;
    unsigned kept = 0;

    (void)state;
    while ((option = curl_easy_option_next(option)) != NULL) {
        struct stay_easy *easy;

        if ((option->flags & CURLOT_FLAG_ALIAS) != 0)
            continue;
        easy = stay_easy_init(stay);
        if (is_kept(option->id)) {
            check_case("%s is kept: what libcurl gets is ours", option->name);
            CHECK(!arrives(easy, option->id));
            kept++;
            continue;
        }
        check_case("%s arrives unchanged", option->name);
        CHECK(arrives(easy, option->id));
        // FOLLOWLOCATION also sets our header callback and its data.
        CHECK_EQ(seen_count, option->id == CURLOPT_FOLLOWLOCATION ? 3 : 1);
        passed++;
    }
    check_note("%u options arrive unchanged, %u are kept", passed, kept);
    CASE("all but seven of libcurl's options arrive unchanged");
    CHECK_EQ(kept, 7);
    CHECK(passed > 250);
    stay_close(stay);
}

/* One row of the wire test: an option, and a value for it. */
struct wire {
    CURLoption option;
    const char *text; /* of a text option */
    long number;      /* of a long */
};

static struct curl_slist *lists;

static const struct wire wires[] = {
    {CURLOPT_USERAGENT,                "agent/1",                                   0                       },
    {CURLOPT_REFERER,                  "http://a/",                                 0                       },
    {CURLOPT_COOKIE,                   "a=b; c=d",                                  0                       },
    {CURLOPT_RANGE,                    "0-9",                                       0                       },
    {CURLOPT_CUSTOMREQUEST,            "PURGE",                                     0                       },
    {CURLOPT_CUSTOMREQUEST,            "PATCH",                                     0                       },
    {CURLOPT_CUSTOMREQUEST,            "DELETE",                                    0                       },
    {CURLOPT_ACCEPT_ENCODING,          "identity",                                  0                       },
    {CURLOPT_ACCEPT_ENCODING,          "",                                          0                       },
    {CURLOPT_REQUEST_TARGET,           "/other",                                    0                       },
    {CURLOPT_REQUEST_TARGET,           "*",                                         0                       },
    {CURLOPT_PATH_AS_IS,               NULL,                                        1                       },
    {CURLOPT_NOBODY,                   NULL,                                        1                       },
    {CURLOPT_HTTPGET,                  NULL,                                        1                       },
    {CURLOPT_POSTFIELDS,               "a=1",                                       0                       },
    {CURLOPT_COPYPOSTFIELDS,           "a=2&b=3",                                   0                       },
    {CURLOPT_POSTFIELDS,               "",                                          0                       },
    {CURLOPT_HTTP_VERSION,             NULL,                                        CURL_HTTP_VERSION_1_0   },
    {CURLOPT_HTTP_VERSION,             NULL,                                        CURL_HTTP_VERSION_1_1   },
    {CURLOPT_HTTP_VERSION,             NULL,                                        CURL_HTTP_VERSION_2_0   },
    {CURLOPT_TRANSFER_ENCODING,        NULL,                                        1                       },
    {CURLOPT_TIMECONDITION,            NULL,                                        CURL_TIMECOND_IFMODSINCE},
    {CURLOPT_TIMEVALUE,                NULL,                                        1000000                 },
    {CURLOPT_AUTOREFERER,              NULL,                                        1                       },
    {CURLOPT_RESUME_FROM,              NULL,                                        5                       },
    {CURLOPT_FORBID_REUSE,             NULL,                                        1                       },
    {CURLOPT_FRESH_CONNECT,            NULL,                                        1                       },
    {CURLOPT_COOKIEFILE,               "",                                          0                       },
    {CURLOPT_COOKIELIST,               "Set-Cookie: k=v; domain=127.0.0.1; path=/", 0                       },
    {CURLOPT_FAILONERROR,              NULL,                                        1                       },
    {CURLOPT_FOLLOWLOCATION,           NULL,                                        1                       },
    {CURLOPT_HEADER,                   NULL,                                        1                       },
    {CURLOPT_HTTP_CONTENT_DECODING,    NULL,                                        0                       },
    {CURLOPT_HTTP_TRANSFER_DECODING,   NULL,                                        0                       },
    {CURLOPT_IGNORE_CONTENT_LENGTH,    NULL,                                        1                       },
    {CURLOPT_MAXREDIRS,                NULL,                                        3                       },
    {CURLOPT_POSTREDIR,                NULL,                                        CURL_REDIR_POST_ALL     },
    {CURLOPT_TCP_NODELAY,              NULL,                                        0                       },
    {CURLOPT_TCP_KEEPALIVE,            NULL,                                        1                       },
    {CURLOPT_BUFFERSIZE,               NULL,                                        1024                    },
    {CURLOPT_UPLOAD_BUFFERSIZE,        NULL,                                        16384                   },
    {CURLOPT_NOSIGNAL,                 NULL,                                        1                       },
    {CURLOPT_IPRESOLVE,                NULL,                                        CURL_IPRESOLVE_V4       },
    {CURLOPT_INTERFACE,                "127.0.0.1",                                 0                       },
    {CURLOPT_LOCALPORTRANGE,           NULL,                                        100                     },
    {CURLOPT_CONNECTTIMEOUT,           NULL,                                        10                      },
    {CURLOPT_TIMEOUT,                  NULL,                                        20                      },
    {CURLOPT_LOW_SPEED_TIME,           NULL,                                        30                      },
    {CURLOPT_DNS_CACHE_TIMEOUT,        NULL,                                        5                       },
    {CURLOPT_EXPECT_100_TIMEOUT_MS,    NULL,                                        10                      },
    {CURLOPT_HTTP09_ALLOWED,           NULL,                                        1                       },
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, NULL,                                        1                       },
    {CURLOPT_KEEP_SENDING_ON_ERROR,    NULL,                                        1                       },
    {CURLOPT_DISALLOW_USERNAME_IN_URL, NULL,                                        1                       },
    {CURLOPT_UNRESTRICTED_AUTH,        NULL,                                        1                       },
    {CURLOPT_HTTPAUTH,                 NULL,                                        CURLAUTH_BASIC          },
    {CURLOPT_USERPWD,                  "u:p",                                       0                       },
    {CURLOPT_USERNAME,                 "name",                                      0                       },
    {CURLOPT_XOAUTH2_BEARER,           "bearer",                                    0                       },
    {CURLOPT_AWS_SIGV4,                "aws:amz",                                   0                       },
    {CURLOPT_PROXYUSERPWD,             "x:y",                                       0                       },
    {CURLOPT_DEFAULT_PROTOCOL,         "http",                                      0                       },
    {CURLOPT_PROTOCOLS_STR,            "http,https",                                0                       },
    {CURLOPT_REDIR_PROTOCOLS_STR,      "http",                                      0                       },
    {CURLOPT_HEADEROPT,                NULL,                                        CURLHEADER_UNIFIED      },
    {CURLOPT_HTTPHEADER,               "list",                                      0                       },
    {CURLOPT_PROXYHEADER,              "list",                                      0                       },
    {CURLOPT_CRLF,                     NULL,                                        1                       },
    {CURLOPT_STREAM_WEIGHT,            NULL,                                        100                     },
};

static bool is_text(CURLoption option)
{
    return option > CURLOPTTYPE_OBJECTPOINT &&
           option < CURLOPTTYPE_FUNCTIONPOINT;
}

static bool is_list(const struct wire *w)
{
    return w->option == CURLOPT_HTTPHEADER || w->option == CURLOPT_PROXYHEADER;
}

static size_t swallow(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    (void)data;
    return size * count;
}

static void answer_all(struct fake_reply *reply, const struct fake_request *r,
                       void *data)
{
    (void)r;
    (void)data;
    fake_answer(reply, 200, "text/plain", "0123456789");
    reply->close = true; // IGNORE_CONTENT_LENGTH reads until then
}

static CURLcode bare(const struct wire *w, const char *url)
{
    CURL *curl = curl_easy_init();
    CURLcode code;

    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    if (is_list(w))
        (void)curl_easy_setopt(curl, w->option, lists);
    else if (is_text(w->option))
        (void)curl_easy_setopt(curl, w->option, w->text);
    else
        (void)curl_easy_setopt(curl, w->option, w->number);
    code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

static CURLcode with_stay(struct stay *stay, const struct wire *w,
                          const char *url)
{
    struct stay_easy *easy = stay_easy_init(stay);
    CURLcode code;

    (void)stay_easy_setopt(easy, CURLOPT_URL, url);
    (void)stay_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    if (is_list(w))
        (void)stay_easy_setopt(easy, w->option, lists);
    else if (is_text(w->option))
        (void)stay_easy_setopt(easy, w->option, w->text);
    else
        (void)stay_easy_setopt(easy, w->option, w->number);
    code = stay_easy_perform(easy);
    stay_easy_cleanup(easy);
    return code;
}

/* Takes our header out of a head; false when it is not in it. */
static bool take_out(char *head)
{
    char *line = strstr(head, "\r\nAuthorization: Bearer access-");
    char *end = line != NULL ? strstr(line + 2, "\r\n") : NULL;

    if (end == NULL)
        return false;
    memmove(line, end, strlen(end) + 1);
    return true;
}

static bool has_credentials(const struct wire *w)
{
    return w->option == CURLOPT_USERPWD || w->option == CURLOPT_USERNAME ||
           w->option == CURLOPT_XOAUTH2_BEARER ||
           w->option == CURLOPT_AWS_SIGV4;
}

/* A signature holds the time, and there may be a second between two. */
static void blur_signature(char *head)
{
    static const char *const from[] = {"Signature=", "X-Amz-Date: "};

    for (size_t i = 0; i < 2; i++) {
        char *at = strstr(head, from[i]);

        for (at = at != NULL ? at + strlen(from[i]) : NULL;
             at != NULL && *at != '\r'; at++)
            *at = '*';
    }
}

static void wire(void **state)
{
    struct kit kit;
    unsigned same = 0;

    (void)state;
    lists = curl_slist_append(NULL, "X-Mine: 1");
    lists = curl_slist_append(lists, "Accept: text/mine");
    lists = curl_slist_append(lists, "X-Empty;");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    fake_locked(kit.fake.server, true);
    kit.fake.resource = answer_all;
    fake_locked(kit.fake.server, false);
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        const struct wire *w = &wires[i];
        const struct curl_easyoption *o = curl_easy_option_by_id(w->option);
        char url[128], *plain, *ours;
        size_t plain_size = 0, ours_size = 0;
        const char *plain_body, *our_body;
        unsigned n = fake_count(kit.fake.server, "");
        CURLcode code;
        bool token;

        check_case("%s on the wire: the same bytes but for our header",
                   o->name);
        (void)snprintf(url, sizeof url, "%s/a/../w?%zu",
                       fake_url(kit.fake.server), i);
        code = bare(w, url);
        CHECK_EQ(with_stay(kit.stay, w, url), code);
        if (!CHECK_EQ(fake_count(kit.fake.server, ""), n + 2))
            continue;
        plain = strdup(fake_head(kit.fake.server, "", n + 1));
        ours = strdup(fake_head(kit.fake.server, "", n + 2));
        plain_body = fake_body(kit.fake.server, "", n + 1, &plain_size);
        our_body = fake_body(kit.fake.server, "", n + 2, &ours_size);
        token = take_out(ours);
        CHECK_EQ(token, !has_credentials(w));
        blur_signature(plain);
        blur_signature(ours);
        same += CHECK_TEXT(ours, plain) &&
                CHECK_BYTES(our_body, ours_size, plain_body, plain_size);
        free(plain);
        free(ours);
    }
    check_note("%u of %zu rows gave the same bytes on the wire", same,
               sizeof wires / sizeof wires[0]);
    curl_slist_free_all(lists);
    kit_close(&kit);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pass_through),
        cmocka_unit_test(wire),
    };

    return check_run("client/setopt", tests);
}
