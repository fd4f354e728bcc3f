/* The easy wrapper: what the caller sees, and what goes over the wire. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stay.h>

#include "check.h"
#include "client/clock.h"
#include "client/kit.h"

struct lines {
    char text[8192];
    size_t length;
};

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
    struct lines *lines = data;
    size_t length = size * count;

    if (length > sizeof lines->text - 1 - lines->length)
        return 0;
    memcpy(lines->text + lines->length, bytes, length);
    lines->length += length;
    lines->text[lines->length] = '\0';
    return length;
}

static void held_back(void **state)
{
    struct lines lines = {.length = 0};
    struct kit kit;

    (void)state;
    CASE("a 401 that is answered by a replay leaves no trace in the callbacks");
    kit_begin(&kit, true);
    (void)stay_easy_setopt(kit.easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)stay_easy_setopt(kit.easy, CURLOPT_HEADERDATA, &lines);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK_TEXT(kit.body, "data");
    CHECK(strstr(lines.text, "401") == NULL);
    CHECK(strstr(lines.text, "HTTP/1.1 200") == lines.text);
    kit_close(&kit);

    CASE("with CURLOPT_HEADER too, where headers go to the write function");
    kit_begin(&kit, true);
    (void)stay_easy_setopt(kit.easy, CURLOPT_HEADER, 1L);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK(strstr(kit.body, "HTTP/1.1 200") == kit.body);
    CHECK(strstr(kit.body, "\r\n\r\ndata") != NULL);
    kit_close(&kit);

    CASE("a 401 that cannot be helped is delivered whole, headers first");
    kit_begin(&kit, false);
    kit_resource(&kit, kit_always_401);
    lines.length = 0;
    (void)stay_easy_setopt(kit.easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)stay_easy_setopt(kit.easy, CURLOPT_HEADERDATA, &lines);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 401);
    CHECK_TEXT(kit.body, "no way");
    CHECK_TEXT(lines.text,
               "HTTP/1.1 401 Whatever\r\nContent-Type: text/plain\r\n"
               "Content-Length: 6\r\n\r\n");
    CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 2);
    kit_close(&kit);

    CASE("while the server cannot renew: the 401, and try later as its result");
    kit_begin(&kit, true);
    atomic_store(&kit.fake.refuse_status, 503);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 401);
    CHECK(strstr(kit.body, "expired_token") != NULL);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_TRY_LATER);
    kit_close(&kit);

    CASE("FAILONERROR keeps its meaning: a replayed 401 is no error");
    kit_begin(&kit, true);
    (void)stay_easy_setopt(kit.easy, CURLOPT_FAILONERROR, 1L);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK_TEXT(kit.body, "data");
    CHECK_TEXT(kit.curl_error, "");
    kit_resource(&kit, kit_always_401);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_HTTP_RETURNED_ERROR);
    CHECK_TEXT(kit.body, "");
    CHECK(kit.curl_error[0] != '\0');
    kit_close(&kit);
}

/* The first 401 has a body, the replay's has none. */
static void answer_emptier(struct fake_reply *reply,
                           const struct fake_request *r, void *data)
{
    struct kit *kit = data;

    fake_answer(reply, 401, "text/plain",
                fake_stay_admits(&kit->fake, r->head) ? "" : "first");
}

static void emptier(void **state)
{
    struct kit kit;

    (void)state;
    CASE("a replay's empty 401 is delivered, not the body that was held");
    kit_begin(&kit, true);
    kit_resource(&kit, answer_emptier);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 401);
    CHECK_TEXT(kit.body, "");
    CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 2);
    kit_close(&kit);
}

static size_t long_401;

static void answer_long(struct fake_reply *reply, const struct fake_request *r,
                        void *data)
{
    static const char piece[] = "0123456789abcdef";

    (void)r;
    (void)data;
    fake_write(reply, "HTTP/1.1 401 No\r\nContent-Length: %zu\r\n\r\n",
               long_401);
    for (size_t i = 0; i < long_401; i += 16)
        fake_write_bytes(reply, piece, long_401 - i < 16 ? long_401 - i : 16);
}

static void long_answers(void **state)
{
    static const struct {
        const char *name;
        size_t length;
        unsigned sent;
    } rows[] = {
        {"an empty 401 is held back and tried again",          0,      2},
        {"a 401 of 65,536 bytes is held back",                 65536,  2},
        {"of one byte more is let through, at once and whole", 65537,  1},
        {"of 200,000 bytes, likewise",                         200000, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kit kit;

        CASE(rows[i].name);
        long_401 = rows[i].length;
        kit_begin(&kit, false);
        kit_resource(&kit, answer_long);
        CHECK_EQ(kit_perform(&kit, "/long"), CURLE_OK);
        CHECK_EQ(kit.status, 401);
        CHECK_EQ(kit.body_length, rows[i].length);
        CHECK_EQ(fake_count(kit.fake.server, "GET /long"), rows[i].sent);
        for (size_t at = 0; at < kit.body_length; at++)
            if (kit.body[at] != "0123456789abcdef"[at % 16]) {
                CHECK_EQ(at, kit.body_length);
                break;
            }
        kit_close(&kit);
    }
}

/* Opt-outs: each row sets something, and no token must be seen. */
struct opt_out {
    const char *name;
    CURLoption option;
    const char *text; /* NULL: a header list, the next one */
    const char *header;
};
static const struct opt_out opt_outs[] = {
    {"user and password of the caller's own win", CURLOPT_USERPWD,        "u:p", NULL                 },
    {"a user name alone wins",                    CURLOPT_USERNAME,       "u",   NULL                 },
    {"a bearer token of the caller's own wins",   CURLOPT_XOAUTH2_BEARER, "own",
     NULL                                                                                             },
    {"an Authorization header wins",              CURLOPT_HTTPHEADER,     NULL,
     "Authorization: Mine"                                                                            },
    {"whatever its case",                         CURLOPT_HTTPHEADER,     NULL,  "aUTHORIZATION: Mine"},
    {"also one that says: send none",             CURLOPT_HTTPHEADER,     NULL,
     "Authorization:"                                                                                 },
};

static void own_credentials(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof opt_outs / sizeof opt_outs[0]; i++) {
        const struct opt_out *o = &opt_outs[i];
        struct curl_slist *list = NULL;
        struct kit kit;

        CASE(o->name);
        kit_begin(&kit, true);
        if (o->text != NULL) {
            (void)stay_easy_setopt(kit.easy, o->option, o->text);
        } else {
            list = curl_slist_append(NULL, o->header);
            (void)stay_easy_setopt(kit.easy, o->option, list);
        }
        CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
        CHECK_EQ(kit.status, 401);
        CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 1);
        CHECK(!kit_has_token(&kit, "GET /data", 1));
        CHECK_EQ(atomic_load(&kit.fake.granted), 0);

        // Taken back, the token is attached again.
        (void)stay_easy_setopt(kit.easy, o->option, NULL);
        CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
        CHECK_EQ(kit.status, 200);
        CHECK(kit_has_token(&kit, "GET /data", 2));
        curl_slist_free_all(list);
        kit_close(&kit);
    }

    CASE("a header added to a list that is set already counts too");
    {
        struct curl_slist *list = curl_slist_append(NULL, "X-One: 1");
        struct kit kit;

        kit_begin(&kit, false);
        (void)stay_easy_setopt(kit.easy, CURLOPT_HTTPHEADER, list);
        CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
        CHECK(kit_has_token(&kit, "GET /data", 1));
        list = curl_slist_append(list, "Authorization: Mine");
        (void)kit_perform(&kit, "/data");
        CHECK(!kit_has_token(&kit, "GET /data", 2));
        kit_close(&kit);
        curl_slist_free_all(list);
    }
}

static void methods(void **state)
{
    static const struct {
        const char *name;
        CURLoption option;
        long on;
        const char *custom;
        const char *line;
    } rows[] = {
        {"HEAD",    CURLOPT_NOBODY,  1, NULL,      "HEAD /m"   },
        {"GET",     CURLOPT_HTTPGET, 1, NULL,      "GET /m"    },
        {"DELETE",  CURLOPT_HTTPGET, 1, "DELETE",  "DELETE /m" },
        {"OPTIONS", CURLOPT_HTTPGET, 1, "OPTIONS", "OPTIONS /m"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kit kit;

        check_case("%s is sent again after a 401", rows[i].name);
        kit_begin(&kit, true);
        (void)stay_easy_setopt(kit.easy, rows[i].option, rows[i].on);
        if (rows[i].custom != NULL)
            (void)stay_easy_setopt(kit.easy, CURLOPT_CUSTOMREQUEST,
                                   rows[i].custom);
        if (strcmp(rows[i].name, "HEAD") == 0)
            kit_resource(&kit, NULL);
        CHECK_EQ(kit_perform(&kit, "/m"), CURLE_OK);
        CHECK_EQ(kit.status, 200);
        CHECK_EQ(fake_count(kit.fake.server, rows[i].line), 2);
        kit_close(&kit);
    }
}

static int on_debug(CURL *curl, curl_infotype type, char *bytes, size_t size,
                    void *data)
{
    struct lines *lines = data;

    (void)curl;
    (void)type;
    (void)on_header(bytes, 1, size, lines);
    return 0;
}

static void secrets(void **state)
{
    struct lines lines = {.length = 0};
    char *printed = NULL;
    size_t length = 0;
    struct kit kit;
    FILE *file;

    (void)state;
    CASE("the token is masked for the caller's DEBUGFUNCTION");
    kit_begin(&kit, false);
    (void)stay_easy_setopt(kit.easy, CURLOPT_VERBOSE, 1L);
    (void)stay_easy_setopt(kit.easy, CURLOPT_DEBUGFUNCTION, on_debug);
    (void)stay_easy_setopt(kit.easy, CURLOPT_DEBUGDATA, &lines);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK(strstr(lines.text, "Authorization: Bearer *") != NULL);
    CHECK(strstr(lines.text, "access-") == NULL);

    CASE("and in what VERBOSE prints");
    file = open_memstream(&printed, &length);
    (void)stay_easy_setopt(kit.easy, CURLOPT_DEBUGFUNCTION, NULL);
    (void)stay_easy_setopt(kit.easy, CURLOPT_STDERR, file);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    (void)stay_easy_setopt(kit.easy, CURLOPT_STDERR, NULL);
    (void)fclose(file);
    CHECK(strstr(printed, "> GET /data") != NULL);
    CHECK(strstr(printed, "Authorization: Bearer *") != NULL);
    CHECK(strstr(printed, "access-") == NULL);
    free(printed);
    kit_close(&kit);
}

static CURLcode add_header(struct stay_easy *easy, void *data)
{
    return stay_easy_setopt(easy, CURLOPT_HTTPHEADER, data);
}

static CURLcode forbid(struct stay_easy *easy, void *data)
{
    (void)easy;
    (void)data;
    return CURLE_ABORTED_BY_CALLBACK;
}

static CURLcode on_response(struct stay_easy *easy, CURLcode code, void *data)
{
    (void)stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, data);
    return code == CURLE_OK ? CURLE_GOT_NOTHING : code;
}

static void hooks(void **state)
{
    struct curl_slist *list = curl_slist_append(NULL, "X-Hook: 1");
    char value[32];
    long seen = 0;
    struct kit kit;

    (void)state;
    CASE("interceptors: one sets a header, one sees and changes the end");
    kit_begin(&kit, true);
    CHECK_EQ(stay_on_request(kit.stay, add_header, list), STAY_OK);
    CHECK_EQ(stay_on_response(kit.stay, on_response, &seen), STAY_OK);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_GOT_NOTHING);
    CHECK_EQ(seen, 200);
    CHECK(fake_header(fake_head(kit.fake.server, "GET", 2), "X-Hook", value,
                      sizeof value));

    CASE("one that fails keeps the request from being sent");
    CHECK_EQ(stay_on_request(kit.stay, forbid, NULL), STAY_OK);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_ABORTED_BY_CALLBACK);
    CHECK_EQ(fake_count(kit.fake.server, "GET"), 2);
    kit_close(&kit);
    curl_slist_free_all(list);
}

static void copies(void **state)
{
    struct stay_easy *copy;
    struct kit kit;

    (void)state;
    CASE("a duplicate carries the options, and its own token header");
    kit_begin(&kit, true);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    copy = stay_easy_duphandle(kit.easy);
    CHECK(copy != NULL);
    stay_easy_cleanup(kit.easy);
    kit.easy = copy;
    fake_stay_expire(&kit.fake);
    clock_shift(31000);
    kit.body_length = 0;
    CHECK_EQ(stay_easy_perform(copy), CURLE_OK);
    CHECK_TEXT(kit.body, "data");
    CHECK_EQ(atomic_load(&kit.fake.granted), 2);
    kit_close(&kit);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_back),    cmocka_unit_test(emptier),
        cmocka_unit_test(long_answers), cmocka_unit_test(own_credentials),
        cmocka_unit_test(methods),      cmocka_unit_test(secrets),
        cmocka_unit_test(hooks),        cmocka_unit_test(copies),
    };

    return check_run("client/easy", tests);
}
