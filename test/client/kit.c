#include "client/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "client/clock.h"
#include "core/dialect.h"

static const char *const names[] = {
    "signed_in",       "refreshed",      "signed_out", "resting",  "adopted",
    "refresh_started", "refresh_failed", "sent",       "answered", "held_back",
    "waiting",         "replayed",       "failed",
};

const char *kit_event_name(enum stay_event_kind kind)
{
    return names[__builtin_ctz((unsigned)kind)];
}

void kit_on_event(const struct stay_event *event, void *data)
{
    struct kit *kit = data;
    size_t length = strlen(kit->events);

    (void)snprintf(kit->events + length, sizeof kit->events - length, "%s ",
                   kit_event_name(event->kind));
    if (event->reason != STAY_REASON_NONE)
        kit->reason = event->reason;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *data)
{
    struct kit *kit = data;
    size_t length = size * count;

    if (length > sizeof kit->body - 1 - kit->body_length)
        return 0;
    memcpy(kit->body + kit->body_length, bytes, length);
    kit->body_length += length;
    kit->body[kit->body_length] = '\0';
    return length;
}

/* The dialect's own text with another header in it. */
static void write_dialect(struct kit *kit)
{
    static const char from[] = "\"header\": \"Authorization\",\n"
                               "    \"prefix\": \"Bearer\"";
    const struct dialect_source *source = dialect_find(SPAN("stay"));
    const char *at =
        memmem(source->text, source->length, from, sizeof from - 1);
    FILE *file;
    int handle;

    (void)snprintf(kit->dialect, sizeof kit->dialect,
                   "/tmp/stay-dialect-XXXXXX");
    handle = mkstemp(kit->dialect);
    file = handle >= 0 ? fdopen(handle, "w") : NULL;
    if (file == NULL || at == NULL)
        abort(); // the dialect's file is laid out anew: see `from`
    (void)fwrite(source->text, 1, (size_t)(at - source->text), file);
    (void)fputs("\"header\": \"x-access-token\"", file);
    at += sizeof from - 1;
    (void)fwrite(at, 1, source->length - (size_t)(at - source->text), file);
    (void)fclose(file);
}

void kit_open_as(struct kit *kit, bool other_header, const char *vault)
{
    struct stay_config config = {.dialect = "stay",
                                 .vault = vault,
                                 .limit_ms = 30000,
                                 .error = kit->error};

    memset(kit, 0, sizeof *kit);
    if (other_header) {
        write_dialect(kit);
        config.dialect = kit->dialect;
    }
    fake_stay_open(&kit->fake);
    (void)snprintf(kit->url, sizeof kit->url, "%s", fake_url(kit->fake.server));
    config.url = kit->url;
    if (!CHECK_EQ(stay_open(&kit->stay, &config), STAY_OK)) {
        check_note("%s", kit->error);
        abort();
    }
    (void)stay_on_event(kit->stay, STAY_EVENT_ANY, kit_on_event, kit);
    kit->easy = stay_easy_init(kit->stay);
}

void kit_limit(struct kit *kit, int64_t limit_ms)
{
    struct stay_config config = {.url = kit->url, .limit_ms = limit_ms};

    stay_easy_cleanup(kit->easy);
    stay_close(kit->stay);
    CHECK_EQ(stay_open(&kit->stay, &config), STAY_OK);
    (void)stay_on_event(kit->stay, STAY_EVENT_ANY, kit_on_event, kit);
    kit->easy = stay_easy_init(kit->stay);
    CHECK_EQ(kit_sign_in(kit), STAY_OK);
    clock_shift(61000);
    fake_stay_expire(&kit->fake);
}

void kit_open(struct kit *kit, const char *vault)
{
    kit_open_as(kit, false, vault);
}

static void settle(struct kit *kit, bool spoiled)
{
    CHECK_EQ(kit_sign_in(kit), STAY_OK);
    clock_shift(31000);
    if (spoiled)
        fake_stay_expire(&kit->fake);
}

void kit_begin(struct kit *kit, bool spoiled)
{
    kit_open(kit, NULL);
    settle(kit, spoiled);
}

void kit_begin_other_header(struct kit *kit, bool spoiled)
{
    kit_open_as(kit, true, NULL);
    settle(kit, spoiled);
}

void kit_begin_long(struct kit *kit)
{
    kit_open(kit, NULL);
    atomic_store(&kit->fake.expires_in, 600);
    settle(kit, true);
}

void kit_resource(struct kit *kit, fake_answer_fn *fn)
{
    fake_locked(kit->fake.server, true);
    kit->fake.resource = fn;
    kit->fake.resource_data = kit;
    fake_locked(kit->fake.server, false);
}

bool kit_has_token(struct kit *kit, const char *start, unsigned n)
{
    const char *head = fake_head(kit->fake.server, start, n);
    char value[256];

    if (head == NULL)
        return false;
    if (kit->dialect[0] != '\0')
        return fake_header(head, "x-access-token", value, sizeof value) &&
               strncmp(value, "access-", 7) == 0;
    return fake_header(head, "Authorization", value, sizeof value) &&
           strncmp(value, "Bearer access-", 14) == 0;
}

void kit_close(struct kit *kit)
{
    stay_easy_cleanup(kit->easy);
    stay_close(kit->stay);
    fake_stay_close(&kit->fake);
    if (kit->dialect[0] != '\0')
        (void)unlink(kit->dialect);
}

enum stay_result kit_sign_in(struct kit *kit)
{
    return stay_sign_in(kit->stay, FAKE_USER, FAKE_PASSWORD);
}

CURLcode kit_perform(struct kit *kit, const char *path)
{
    char url[1024];
    CURLcode code;

    (void)snprintf(url, sizeof url, "%s%s", fake_url(kit->fake.server), path);
    (void)stay_easy_setopt(kit->easy, CURLOPT_URL, url);
    (void)stay_easy_setopt(kit->easy, CURLOPT_WRITEFUNCTION, on_write);
    (void)stay_easy_setopt(kit->easy, CURLOPT_WRITEDATA, kit);
    (void)stay_easy_setopt(kit->easy, CURLOPT_ERRORBUFFER, kit->curl_error);
    kit->body_length = 0;
    kit->body[0] = '\0';
    kit->curl_error[0] = '\0';
    code = stay_easy_perform(kit->easy);
    kit->status = 0;
    (void)stay_easy_getinfo(kit->easy, CURLINFO_RESPONSE_CODE, &kit->status);
    return code;
}

CURLcode kit_get(struct kit *kit, const char *path)
{
    stay_easy_reset(kit->easy);
    return kit_perform(kit, path);
}

void kit_always_401(struct fake_reply *reply, const struct fake_request *r,
                    void *data)
{
    (void)r;
    (void)data;
    fake_answer(reply, 401, "text/plain", "no way");
}
