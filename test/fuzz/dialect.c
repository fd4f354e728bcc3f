/*
 * Any bytes as a dialect's file: it is refused with an error, or what it says
 * can be said, and no header of it is more than one line.
 */
#include <stdlib.h>
#include <string.h>

#include "core/dialect.h"
#include "core/reply.h"
#include "core/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BUFFER_SIZE = 64 * 1024 };

static void must(bool held)
{
    if (!held)
        abort();
}

/* Every field, with what nobody should pass on as it is. */
static void fill(struct fields *fields)
{
    static const char bad[] = "a\r\nB: c<\">\0\xC3";

    fields_init(fields, NULL, 0);
    for (unsigned i = 1; i < FIELD_COUNT; i++)
        if (field_type((enum field)i) == FIELD_TYPE_INT)
            fields_set_int(fields, (enum field)i, -7);
        else if (field_type((enum field)i) == FIELD_TYPE_BOOL)
            fields_set_bool(fields, (enum field)i, true);
        else if (field_type((enum field)i) == FIELD_TYPE_TEXT)
            fields_set_text(fields, (enum field)i,
                            (struct span){bad, sizeof bad - 1});
}

static void must_be_line(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        must((uint8_t)text.text[i] >= ' ');
}

static void say(const struct dialect *d, enum message message,
                enum reply_kind kind, const struct fields *fields)
{
    static char buffer[BUFFER_SIZE];
    const struct reply_case what = {kind, FIELD_NONE};
    const struct reply_ask ask = {message, &what, 1, fields};
    struct reply reply;

    if (reply_build(d, &ask, (struct span){buffer, sizeof buffer}, &reply) !=
        REPLY_OK)
        return;
    must(reply.status >= 200 && reply.status <= 599);
    for (size_t i = 0; i < reply.headers_count; i++) {
        must_be_line(reply.headers[i].name);
        must_be_line(reply.headers[i].value);
    }
}

static void ask_for(const struct dialect *d, enum message message,
                    const struct fields *fields)
{
    static char buffer[BUFFER_SIZE];
    struct request request;

    (void)request_build(d, message, fields,
                        (struct span){buffer, sizeof buffer}, &request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // A copy of just this length: reading beyond it is seen.
    char *text = malloc(size + (size == 0));
    void *memory = malloc(DIALECT_MEMORY);
    struct dialect dialect;
    struct dialect_error error = {.text = ""};
    struct fields fields;

    must(text != NULL && memory != NULL);
    if (size > 0)
        memcpy(text, data, size);
    fill(&fields);
    if (dialect_load(&dialect, SPAN("f"), (struct span){text, size},
                     (struct span){memory, DIALECT_MEMORY},
                     &error) == DIALECT_OK) {
        for (unsigned m = 0; m < MESSAGE_COUNT; m++) {
            ask_for(&dialect, (enum message)m, &fields);
            for (unsigned k = 0; k < CASE_COUNT; k++)
                say(&dialect, (enum message)m, (enum reply_kind)k, &fields);
        }
    } else {
        must(error.text[0] != '\0');
    }
    free(memory);
    free(text);
    return 0;
}
