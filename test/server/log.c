/*
 * What the log writes: read back from a pipe in the place of standard error, and
 * by another JSON parser than ours.
 */
#include "server/log.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "server/audit.h"

static char line[2 * LOG_LINE_MAX];
static int ends[2] = {-1, -1};
static int saved = -1;

static void listen_in(void)
{
    (void)fflush(stderr);
    saved = dup(STDERR_FILENO);
    if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
        abort();
}

/* One line, as one JSON object; NULL when there was none. */
static json_t *heard(void)
{
    ssize_t length;

    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    (void)close(ends[1]);
    length = read(ends[0], line, sizeof line - 1);
    (void)close(ends[0]);
    line[length > 0 ? length : 0] = '\0';
    if (length <= 0)
        return NULL;
    CHECK_EQ(line[length - 1], '\n');
    CHECK_EQ(strcspn(line, "\n"), length - 1);
    CHECK(length <= LOG_LINE_MAX);
    return json_loads(line, JSON_REJECT_DUPLICATES, NULL);
}

static const char *text_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "(none)";
}

static const struct log everything = {.level = CONFIG_DEBUG};

static void members(void **state)
{
    json_t *seen;

    (void)state;
    CASE("a line is one object with time, level and event first");
    listen_in();
    log_event(&everything, CONFIG_WARN, "full", "free=%d path=\"%s\"", -5,
              "/var/lib/x y");
    seen = heard();
    CHECK(strncmp(line, "{\"time\":\"20", 11) == 0);
    CHECK(strstr(line, "Z\",\"level\":\"warn\",\"event\":\"full\",\"free\":-5,"
                       "\"path\":\"/var/lib/x y\"}\n") != NULL);
    CHECK(seen != NULL);
    json_decref(seen);

    CASE("a number in quotes is text, and so is a word without them");
    listen_in();
    log_event(&everything, CONFIG_INFO, "x", "a=%d b=\"%d\" c=%s d=007", 1, 2,
              "word");
    seen = heard();
    CHECK_EQ(json_integer_value(json_object_get(seen, "a")), 1);
    CHECK_TEXT(text_of(seen, "b"), "2");
    CHECK_TEXT(text_of(seen, "c"), "word");
    CHECK_TEXT(text_of(seen, "d"), "007");
    json_decref(seen);
}

static const struct {
    const char *name;
    const char *value;
} hostile[] = {
    {"quotes",                   "a\" event=\"b\",\"c\":1"},
    {"a backslash at the end",   "path\\"                 },
    {"a new line",               "one\ntwo"               },
    {"an escape sequence",       "\x1b[2Jgone"            },
    {"a member that is none",    "x y=1 z=\"2\""          },
    {"bytes that are not UTF-8", "\xff\xfe"               },
    {"nothing",                  ""                       },
};

static void values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        json_t *seen;

        check_case("a value stays one value: %s", hostile[i].name);
        listen_in();
        log_event(&everything, CONFIG_WARN, "e", "v=\"%s\" n=%d",
                  hostile[i].value, 7);
        seen = heard();
        CHECK(seen != NULL);
        CHECK_EQ(json_object_size(seen), 5);
        CHECK_EQ(json_integer_value(json_object_get(seen, "n")), 7);
        if (hostile[i].value[0] != '\xff')
            CHECK_TEXT(text_of(seen, "v"), hostile[i].value);
        json_decref(seen);
    }
}

static void marks_in_values(void **state)
{
    json_t *seen;

    (void)state;
    CASE("a value that holds our own marks makes no members");
    listen_in();
    log_event(&everything, CONFIG_WARN, "e", "v=\"%s\"", "a\x1flevel=x");
    seen = heard();
    CHECK(seen != NULL);
    CHECK_TEXT(text_of(seen, "level"), "warn");
    CHECK(json_object_get(seen, "text") != NULL);
    json_decref(seen);
}

static void long_values(void **state)
{
    static char big[4 * LOG_LINE_MAX];
    json_t *seen;

    (void)state;
    memset(big, 1, sizeof big - 1);
    CASE("what is too long is cut, and the line still whole");
    listen_in();
    log_event(&everything, CONFIG_WARN, "e", "v=\"%s\" n=%d", big, 7);
    seen = heard();
    CHECK(seen != NULL);
    CHECK_TEXT(text_of(seen, "event"), "e");
    json_decref(seen);
}

static void levels(void **state)
{
    const struct log quiet = {.level = CONFIG_ERROR};
    struct audit event;

    (void)state;
    CASE("what is less urgent than asked for is left out");
    listen_in();
    log_event(&quiet, CONFIG_WARN, "e", "n=%d", 1);
    log_event(&quiet, CONFIG_ERROR, "f", "n=%d", 1);
    json_decref(heard());
    CHECK(strstr(line, "\"event\":\"f\"") != NULL);
    CASE("but not the audit");
    listen_in();
    audit_begin_operator(&event, AUDIT_USER_DISABLE);
    event.user_id = 7;
    audit_tell(&quiet, &event);
    json_decref(heard());
    CHECK(strstr(line,
                 "\"level\":\"audit\",\"event\":\"user_disable\","
                 "\"outcome\":\"ok\",\"user\":7,\"by\":\"operator\"}") != NULL);
}

static void audits(void **state)
{
    struct audit event;
    json_t *seen;

    (void)state;
    for (int kind = 0; kind < AUDIT_KINDS; kind++) {
        for (int outcome = 0; outcome < AUDIT_OUTCOMES; outcome++) {
            check_case("every kind %d and outcome %d has its words", kind,
                       outcome);
            listen_in();
            audit_begin_operator(&event, (enum audit_kind)kind);
            event.outcome = (enum audit_outcome)outcome;
            event.detail = AUDIT_ROLE_USER | AUDIT_ROLE_ADMIN;
            audit_set_sid(&event, (const uint8_t *)"0123456789abcdef");
            audit_tell(&everything, &event);
            seen = heard();
            CHECK(seen != NULL);
            CHECK(text_of(seen, "event")[0] != '(');
            CHECK(text_of(seen, "outcome")[0] != '(');
            CHECK_TEXT(text_of(seen, "sid"), "MDEyMzQ1Njc4OWFiY2RlZg");
            if (kind == AUDIT_ROLES_CHANGE)
                CHECK(strstr(line, "\"roles\":[\"user\",\"admin\"]") != NULL);
            json_decref(seen);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),     cmocka_unit_test(values),
        cmocka_unit_test(levels),      cmocka_unit_test(marks_in_values),
        cmocka_unit_test(long_values), cmocka_unit_test(audits),
    };

    return check_run("server/log", tests);
}
