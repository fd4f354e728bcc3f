/* Bodies: sent twice where they can be, else not begun, else told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stay.h>

#include "check.h"
#include "client/clock.h"
#include "client/kit.h"

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
        kit_begin(&kit, true);
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
    kit_begin_long(&kit);
    kit_resource(&kit, answer_before_body);
    set_read(&kit, &source, true);
    CHECK_EQ(kit_perform(&kit, "/upload"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    got = fake_body(kit.fake.server, "PUT", 2, &length);
    CHECK_BYTES(got, length, source.bytes, source.length);
    kit_close(&kit);

    CASE("spent all the same: told so, the 401 whole, the session renewed");
    kit_begin_long(&kit);
    kit_resource(&kit, answer_after_body);
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
    kit_begin(&kit, false);
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
    kit_begin(&kit, false);
    clock_shift(27000);
    atomic_store(&kit.fake.refuse_status, 503);
    source.at = 0;
    set_read(&kit, &source, true);
    CHECK_EQ(kit_perform(&kit, "/upload"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    kit_close(&kit);
    free((char *)(uintptr_t)source.bytes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(one_shot),
    };

    return check_run("client/easy_body", tests);
}
