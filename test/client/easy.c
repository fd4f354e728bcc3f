/* The easy wrapper: what the caller sees, and what goes over the wire. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stay.h>

#include "check.h"
#include "client/clock.h"
#include "client/fake_stay.h"
#include "client/kit.h"

/* Signed in, and the token old enough that a 401 means something; `spoiled`:
   the server refuses it. */
static void begin(struct kit *kit, bool spoiled)
{
    kit_open(kit, NULL);
    CHECK_EQ(kit_sign_in(kit), STAY_OK);
    clock_shift(31000);
    if (spoiled)
        fake_stay_expire(&kit->fake);
    stay_easy_reset(kit->easy);
}

/* As begin with `spoiled`, but the token seems to live for ten minutes. */
static void begin_long(struct kit *kit)
{
    kit_open(kit, NULL);
    atomic_store(&kit->fake.expires_in, 600);
    CHECK_EQ(kit_sign_in(kit), STAY_OK);
    clock_shift(31000);
    fake_stay_expire(&kit->fake);
}

static void set_resource(struct kit *kit, fake_answer_fn *fn)
{
    fake_locked(kit->fake.server, true);
    kit->fake.resource = fn;
    kit->fake.resource_data = kit;
    fake_locked(kit->fake.server, false);
}

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

static bool has_token(struct kit *kit, const char *start, unsigned n)
{
    const char *head = fake_head(kit->fake.server, start, n);
    char value[256];

    return head != NULL &&
           fake_header(head, "Authorization", value, sizeof value) &&
           strncmp(value, "Bearer access-", 14) == 0;
}

static void held_back(void **state)
{
    struct lines lines = {.length = 0};
    struct kit kit;

    (void)state;
    CASE("a 401 that is answered by a replay leaves no trace in the callbacks");
    begin(&kit, true);
    (void)stay_easy_setopt(kit.easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)stay_easy_setopt(kit.easy, CURLOPT_HEADERDATA, &lines);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK_TEXT(kit.body, "data");
    CHECK(strstr(lines.text, "401") == NULL);
    CHECK(strstr(lines.text, "HTTP/1.1 200") == lines.text);
    kit_close(&kit);

    CASE("with CURLOPT_HEADER too, where headers go to the write function");
    begin(&kit, true);
    (void)stay_easy_setopt(kit.easy, CURLOPT_HEADER, 1L);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK(strstr(kit.body, "HTTP/1.1 200") == kit.body);
    CHECK(strstr(kit.body, "\r\n\r\ndata") != NULL);
    kit_close(&kit);

    CASE("a 401 that cannot be helped is delivered whole, headers first");
    begin(&kit, false);
    set_resource(&kit, kit_always_401);
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
    begin(&kit, true);
    atomic_store(&kit.fake.refuse_status, 503);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 401);
    CHECK(strstr(kit.body, "expired_token") != NULL);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_TRY_LATER);
    kit_close(&kit);

    CASE("FAILONERROR keeps its meaning: a replayed 401 is no error");
    begin(&kit, true);
    (void)stay_easy_setopt(kit.easy, CURLOPT_FAILONERROR, 1L);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
    CHECK_TEXT(kit.body, "data");
    CHECK_TEXT(kit.curl_error, "");
    set_resource(&kit, kit_always_401);
    CHECK_EQ(kit_perform(&kit, "/data"), CURLE_HTTP_RETURNED_ERROR);
    CHECK_TEXT(kit.body, "");
    CHECK(kit.curl_error[0] != '\0');
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
        begin(&kit, false);
        set_resource(&kit, answer_long);
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
        begin(&kit, true);
        if (o->text != NULL) {
            (void)stay_easy_setopt(kit.easy, o->option, o->text);
        } else {
            list = curl_slist_append(NULL, o->header);
            (void)stay_easy_setopt(kit.easy, o->option, list);
        }
        CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
        CHECK_EQ(kit.status, 401);
        CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 1);
        CHECK(!has_token(&kit, "GET /data", 1));
        CHECK_EQ(atomic_load(&kit.fake.granted), 0);

        // Taken back, the token is attached again.
        (void)stay_easy_setopt(kit.easy, o->option, NULL);
        CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
        CHECK_EQ(kit.status, 200);
        CHECK(has_token(&kit, "GET /data", 2));
        curl_slist_free_all(list);
        kit_close(&kit);
    }

    CASE("a header added to a list that is set already counts too");
    {
        struct curl_slist *list = curl_slist_append(NULL, "X-One: 1");
        struct kit kit;

        begin(&kit, false);
        (void)stay_easy_setopt(kit.easy, CURLOPT_HTTPHEADER, list);
        CHECK_EQ(kit_perform(&kit, "/data"), CURLE_OK);
        CHECK(has_token(&kit, "GET /data", 1));
        list = curl_slist_append(list, "Authorization: Mine");
        (void)kit_perform(&kit, "/data");
        CHECK(!has_token(&kit, "GET /data", 2));
        kit_close(&kit);
        curl_slist_free_all(list);
    }
}

/* Bodies. The server answers 200 only to a living token, and records all. */
enum body_way {
    BY_POSTFIELDS,
    BY_COPY,
    BY_MIME,
    BY_READ_SEEK,
    BY_READ,
    BY_FILE,
    BY_PIPE,
    BY_PUT_SEEK,
    BY_PATCH,
};

struct source {
    const char *bytes;
    size_t length;
    size_t at;
};

static size_t on_read(char *out, size_t size, size_t count, void *data)
{
    struct source *source = data;
    size_t room = size * count;
    size_t left = source->length - source->at;
    size_t part = left < room ? left : room;

    memcpy(out, source->bytes + source->at, part);
    source->at += part;
    return part;
}

static int on_seek(void *data, curl_off_t offset, int origin)
{
    struct source *source = data;

    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    source->at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

struct body_row {
    const char *name;
    enum body_way way;
    size_t length;
    bool replayed;
};
static const struct body_row body_rows[] = {
    {"POSTFIELDS is sent twice",             BY_POSTFIELDS, 1000,    true},
    {"1 MB of POSTFIELDS, whole",            BY_POSTFIELDS, 1000000, true},
    {"COPYPOSTFIELDS",                       BY_COPY,       1000,    true},
    {"mime from memory",                     BY_MIME,       20000,   true},
    {"a read function with a seek function", BY_READ_SEEK,  300000,  true},
    {"PUT with a seek function, 1 MB",       BY_PUT_SEEK,   1000000, true},
    {"PATCH of POSTFIELDS",                  BY_PATCH,      500,     true},
    {"a FILE that can be sought",            BY_FILE,       200000,  true},
};

static char *make_body(size_t length)
{
    char *bytes = malloc(length + 1);

    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)('a' + i % 26);
    bytes[length] = '\0';
    return bytes;
}

static void set_read(struct kit *kit, struct source *source, bool put)
{
    (void)stay_easy_setopt(kit->easy, put ? CURLOPT_UPLOAD : CURLOPT_POST, 1L);
    (void)stay_easy_setopt(kit->easy, CURLOPT_READFUNCTION, on_read);
    (void)stay_easy_setopt(kit->easy, CURLOPT_READDATA, source);
    (void)stay_easy_setopt(
        kit->easy, put ? CURLOPT_INFILESIZE_LARGE : CURLOPT_POSTFIELDSIZE_LARGE,
        (curl_off_t)source->length);
}

static FILE *set_file(struct kit *kit, const struct source *source)
{
    FILE *file = tmpfile();

    (void)fputs("skipped", file);
    (void)fwrite(source->bytes, 1, source->length, file);
    (void)fseek(file, 7, SEEK_SET); // the body starts where the FILE stands
    (void)stay_easy_setopt(kit->easy, CURLOPT_UPLOAD, 1L);
    (void)stay_easy_setopt(kit->easy, CURLOPT_READDATA, file);
    (void)stay_easy_setopt(kit->easy, CURLOPT_INFILESIZE_LARGE,
                           (curl_off_t)source->length);
    return file;
}

static void set_body(struct kit *kit, const struct body_row *row,
                     struct source *source, curl_mime **mime, FILE **file)
{
    curl_mimepart *part;

    switch (row->way) {
    case BY_PATCH:
        (void)stay_easy_setopt(kit->easy, CURLOPT_CUSTOMREQUEST, "PATCH");
        // fall through
    case BY_POSTFIELDS:
        (void)stay_easy_setopt(kit->easy, CURLOPT_POSTFIELDS, source->bytes);
        break;
    case BY_COPY:
        (void)stay_easy_setopt(kit->easy, CURLOPT_COPYPOSTFIELDS,
                               source->bytes);
        break;
    case BY_MIME:
        *mime = stay_mime_init(kit->easy);
        part = curl_mime_addpart(*mime);
        (void)curl_mime_name(part, "f");
        (void)curl_mime_data(part, source->bytes, source->length);
        (void)stay_easy_setopt(kit->easy, CURLOPT_MIMEPOST, *mime);
        break;
    case BY_READ_SEEK:
    case BY_PUT_SEEK:
        set_read(kit, source, row->way == BY_PUT_SEEK);
        (void)stay_easy_setopt(kit->easy, CURLOPT_SEEKFUNCTION, on_seek);
        (void)stay_easy_setopt(kit->easy, CURLOPT_SEEKDATA, source);
        break;
    case BY_FILE:
        *file = set_file(kit, source);
        break;
    case BY_READ:
    case BY_PIPE:
        break;
    }
}

static void bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof body_rows / sizeof body_rows[0]; i++) {
        const struct body_row *row = &body_rows[i];
        struct source source = {make_body(row->length), row->length, 0};
        curl_mime *mime = NULL;
        FILE *file = NULL;
        size_t length = 0;
        const char *got;
        struct kit kit;
        unsigned n;

        CASE(row->name);
        begin(&kit, true);
        set_body(&kit, row, &source, &mime, &file);
        CHECK_EQ(kit_perform(&kit, "/upload"), CURLE_OK);
        CHECK_EQ(kit.status, 200);
        CHECK_EQ(atomic_load(&kit.fake.granted), 1);
        n = fake_count(kit.fake.server, "P");
        got = fake_body(kit.fake.server, "P", n, &length);
        if (row->way == BY_MIME)
            CHECK(memmem(got, length, source.bytes, source.length) != NULL);
        else
            CHECK_BYTES(got, length, source.bytes, source.length);
        curl_mime_free(mime);
        kit_close(&kit);
        if (file != NULL)
            (void)fclose(file);
        free((char *)(uintptr_t)source.bytes);
    }
}

static void answer_before_body(struct fake_reply *reply,
                               const struct fake_request *r, void *data)
{
    struct kit *kit = data;

    if (!fake_stay_admits(&kit->fake, r->head))
        fake_stay_answer_401(&kit->fake, reply);
    else if (!r->awaits)
        fake_answer(reply, 200, "text/plain", "data");
}

static void answer_after_body(struct fake_reply *reply,
                              const struct fake_request *r, void *data)
{
    if (!r->awaits)
        answer_before_body(reply, r, data);
}

static void one_shot(void **state)
{
    struct source source = {make_body(5000), 5000, 0};
    const char *got;
    size_t length = 0;
    struct kit kit;

    (void)state;
    CASE("a one-shot body is not spent: the 401 comes before it, by a 100");
    begin_long(&kit);
    set_resource(&kit, answer_before_body);
    set_read(&kit, &source, true);
    CHECK_EQ(kit_perform(&kit, "/upload"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    got = fake_body(kit.fake.server, "PUT", 2, &length);
    CHECK_BYTES(got, length, source.bytes, source.length);
    kit_close(&kit);

    CASE("spent all the same: told so, the 401 whole, the session renewed");
    begin_long(&kit);
    set_resource(&kit, answer_after_body);
    source.at = 0;
    set_read(&kit, &source, true);
    CHECK_EQ(kit_perform(&kit, "/upload"), CURLE_SEND_FAIL_REWIND);
    CHECK_EQ(kit.status, 401);
    CHECK(strstr(kit.body, "expired_token") != NULL);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_NOT_REPLAYED);
    CHECK_EQ(fake_count(kit.fake.server, "PUT"), 1);
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);
    source.at = 0;
    CHECK_EQ(kit_perform(&kit, "/upload"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    kit_close(&kit);

    CASE("near its end the token is renewed before a one-shot body is sent");
    begin(&kit, false);
    clock_shift(27000);
    source.at = 0;
    set_read(&kit, &source, true);
    CHECK_EQ(kit_perform(&kit, "/upload"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);
    CHECK_EQ(fake_count(kit.fake.server, "PUT"), 1);
    CHECK(strstr(kit.events, "refreshed sent answered ") != NULL);
    kit_close(&kit);

    CASE("and when that fails, sent with the token that still lives");
    begin(&kit, false);
    clock_shift(27000);
    atomic_store(&kit.fake.refuse_status, 503);
    source.at = 0;
    set_read(&kit, &source, true);
    CHECK_EQ(kit_perform(&kit, "/upload"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    kit_close(&kit);
    free((char *)(uintptr_t)source.bytes);
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
        begin(&kit, true);
        (void)stay_easy_setopt(kit.easy, rows[i].option, rows[i].on);
        if (rows[i].custom != NULL)
            (void)stay_easy_setopt(kit.easy, CURLOPT_CUSTOMREQUEST,
                                   rows[i].custom);
        if (strcmp(rows[i].name, "HEAD") == 0)
            set_resource(&kit, NULL);
        CHECK_EQ(kit_perform(&kit, "/m"), CURLE_OK);
        CHECK_EQ(kit.status, 200);
        CHECK_EQ(fake_count(kit.fake.server, rows[i].line), 2);
        kit_close(&kit);
    }
}

/* Redirects: `there` is another origin; a target of "" stays on our own. */
struct redirect {
    struct kit *kit;
    struct fake_server *there;
    int status;
    char location[512];
};
static struct redirect hop;

static void answer_there(struct fake_reply *reply, const struct fake_request *r,
                         void *data)
{
    (void)data;
    if (strcmp(r->target, "/back") == 0)
        fake_write(reply,
                   "HTTP/1.1 302 Back\r\nLocation: %s/last\r\n"
                   "Content-Length: 0\r\n\r\n",
                   fake_url(hop.kit->fake.server));
    else
        fake_answer(reply, 200, "text/plain", "there");
}

static void answer_redirect(struct fake_reply *reply,
                            const struct fake_request *r, void *data)
{
    struct kit *kit = data;

    if (strcmp(r->target, "/go") != 0)
        fake_answer(reply, 200, "text/plain", "here");
    else if (!fake_stay_admits(&kit->fake, r->head))
        fake_stay_answer_401(&kit->fake, reply);
    else
        fake_write(reply,
                   "HTTP/1.1 %d Over there\r\nLocation: %s\r\n"
                   "Content-Length: 0\r\n\r\n",
                   hop.status, hop.location);
}

static bool shows_token(struct fake_server *server)
{
    const char *head;

    for (unsigned n = 1; (head = fake_head(server, "", n)) != NULL; n++)
        if (strstr(head, "access-") != NULL)
            return true;
    return false;
}

static void redirects(void **state)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    static const char *const ways[] = {"another port",      "A to B to A",
                                       "a relative path",   "an absolute path",
                                       "another host name", "two slashes"};

    (void)state;
    for (size_t w = 0; w < 6; w++)
        for (size_t i = 0; i < 10; i++) {
            bool unrestricted = i >= 5;
            struct kit kit;
            char last[32] = "GET /last";

            check_case("%d to %s%s", statuses[i % 5], ways[w],
                       unrestricted ? ", UNRESTRICTED_AUTH" : "");
            begin(&kit, i % 2 == 0);
            hop.kit = &kit;
            hop.there = fake_open(answer_there, NULL);
            hop.status = statuses[i % 5];
            if (w == 0 || w == 1)
                (void)snprintf(hop.location, sizeof hop.location, "%s/%s",
                               fake_url(hop.there), w == 1 ? "back" : "last");
            else if (w == 2)
                (void)snprintf(hop.location, sizeof hop.location, "last");
            else if (w == 3)
                (void)snprintf(hop.location, sizeof hop.location, "%s/last",
                               fake_url(kit.fake.server));
            else if (w == 4)
                (void)snprintf(hop.location, sizeof hop.location,
                               "http://localhost:%d/last",
                               fake_port(kit.fake.server));
            else
                (void)snprintf(hop.location, sizeof hop.location,
                               "//localhost:%d/last",
                               fake_port(kit.fake.server));
            set_resource(&kit, answer_redirect);
            (void)stay_easy_setopt(kit.easy, CURLOPT_FOLLOWLOCATION, 1L);
            (void)stay_easy_setopt(kit.easy, CURLOPT_UNRESTRICTED_AUTH,
                                   unrestricted ? 1L : 0L);
            CHECK_EQ(kit_perform(&kit, "/go"), CURLE_OK);
            CHECK_EQ(kit.status, 200);
            CHECK(!shows_token(hop.there));
            if (w >= 1)
                CHECK_EQ(has_token(&kit, last, 1), w == 2 || w == 3);
            // The next request carries it again.
            CHECK_EQ(kit_perform(&kit, "/again"), CURLE_OK);
            CHECK(has_token(&kit, "GET /again", 1));
            fake_close(hop.there);
            kit_close(&kit);
        }
}

static void elsewhere(void **state)
{
    struct fake_server *there = fake_open(answer_there, NULL);
    struct kit kit;
    char url[256];
    CURLU *parsed;

    (void)state;
    CASE("a URL of another origin gets no token, and 401s there no refresh");
    begin(&kit, false);
    hop.kit = &kit;
    (void)kit_get(&kit, "/data");
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, fake_url(there));
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK(!shows_token(there));

    CASE("nor by CURLOPT_PORT, nor as a CURLU");
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, fake_url(kit.fake.server));
    (void)stay_easy_setopt(kit.easy, CURLOPT_PORT, (long)fake_port(there));
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    (void)stay_easy_setopt(kit.easy, CURLOPT_PORT, 0L);
    parsed = curl_url();
    (void)curl_url_set(parsed, CURLUPART_URL, fake_url(there), 0);
    (void)stay_easy_setopt(kit.easy, CURLOPT_CURLU, parsed);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK_EQ(fake_count(there, ""), 3);
    CHECK(!shows_token(there));

    CASE("but a CURLU of our own origin does, also when it is changed later");
    (void)snprintf(url, sizeof url, "%s/curlu", fake_url(kit.fake.server));
    (void)curl_url_set(parsed, CURLUPART_URL, url, 0);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK(has_token(&kit, "GET /curlu", 1));
    curl_url_cleanup(parsed);

    CASE("as does a URL without a scheme, and one in other letters");
    stay_easy_reset(kit.easy);
    (void)snprintf(url, sizeof url, "127.0.0.1:%d/bare",
                   fake_port(kit.fake.server));
    (void)stay_easy_setopt(kit.easy, CURLOPT_DEFAULT_PROTOCOL, "http");
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, url);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK(has_token(&kit, "GET /bare", 1));
    (void)snprintf(url, sizeof url, "HTTP://127.0.0.1:%d/upper",
                   fake_port(kit.fake.server));
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, url);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_OK);
    CHECK(has_token(&kit, "GET /upper", 1));

    CASE("a user name in the URL is the caller's own: no token");
    (void)snprintf(url, sizeof url, "http://me:pw@127.0.0.1:%d/user",
                   fake_port(kit.fake.server));
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, url);
    (void)stay_easy_perform(kit.easy);
    CHECK(!has_token(&kit, "GET /user", 1));
    kit_close(&kit);
    fake_close(there);
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
    begin(&kit, false);
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
    begin(&kit, true);
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
    begin(&kit, true);
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
        cmocka_unit_test(held_back),       cmocka_unit_test(long_answers),
        cmocka_unit_test(own_credentials), cmocka_unit_test(bodies),
        cmocka_unit_test(one_shot),        cmocka_unit_test(methods),
        cmocka_unit_test(redirects),       cmocka_unit_test(elsewhere),
        cmocka_unit_test(secrets),         cmocka_unit_test(hooks),
        cmocka_unit_test(copies),
    };

    return check_run("client/easy", tests);
}
