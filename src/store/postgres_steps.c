#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "store/postgres_store.h"

/*
 * Refreshes that arrive together are one statement: for the server it is half
 * the work of as many statements. It is a transaction of its own, so that each
 * transaction takes its rows in one order throughout, by sid, and no two wait
 * for each other's. If that happened all the same, or if anything else in it
 * failed, each step is asked again apart, as its own statement.
 */

/* Of pg_type. */
enum {
    TYPE_BYTES = 17,
    TYPE_INT8 = 20,
};

/* Where SESSION_STEP has them among its values. */
enum {
    VALUE_NOW = 0,
    VALUE_NEXT,
    VALUE_SID,
    VALUE_MAX,
    VALUE_IDLE,
    VALUE_GENERATION,
    VALUE_SHOWN,
    VALUE_LINK,
    VALUE_COUNT,
};

/* The values of SESSION_STEPS: an array of each. */
#define FIELD(name)                                                            \
    offsetof(struct postgres_step, name),                                      \
        sizeof(((struct postgres_step *)NULL)->name)
static const struct array_column {
    size_t offset;
    size_t size;
    uint32_t type;
} columns[] = {
    {FIELD(sid),        TYPE_BYTES},
    {FIELD(generation), TYPE_INT8 },
    {FIELD(shown),      TYPE_BYTES},
    {FIELD(next),       TYPE_BYTES},
    {FIELD(now),        TYPE_INT8 },
    {FIELD(max),        TYPE_INT8 },
    {FIELD(idle),       TYPE_INT8 },
};

_Static_assert(COUNT(columns) == POSTGRES_STEP_ARRAYS, "room for each");

/* ---- What waits ---- */

static void write_number(uint8_t out[8], int64_t number)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

static struct postgres_step read_values(const struct postgres_values *v)
{
    struct postgres_step step;

    assert(v->count == VALUE_COUNT && v->lengths[VALUE_SID] == STORE_SID_SIZE &&
           v->lengths[VALUE_SHOWN] == STORE_HASH_SIZE &&
           v->lengths[VALUE_NEXT] == STORE_HASH_SIZE);
    memcpy(step.sid, v->text[VALUE_SID], sizeof step.sid);
    memcpy(step.shown, v->text[VALUE_SHOWN], sizeof step.shown);
    memcpy(step.next, v->text[VALUE_NEXT], sizeof step.next);
    write_number(step.generation, v->whole[VALUE_GENERATION]);
    write_number(step.now, v->whole[VALUE_NOW]);
    write_number(step.max, v->whole[VALUE_MAX]);
    write_number(step.idle, v->whole[VALUE_IDLE]);
    return step;
}

bool postgres_steps_add(struct postgres_store *s)
{
    struct postgres_step step = read_values(&s->values);
    size_t count = s->step_count;

    // Of two steps of one session a statement would do either.
    if (count > 0 &&
        memcmp(s->steps[count - 1].sid, step.sid, sizeof step.sid) >= 0)
        return false;
    assert(count < STORE_TALKS_MAX);
    s->steps[count] = step;
    s->stepping[count] = s->talk;
    s->step_count++;
    return true;
}

/* ---- One, or many ---- */

static struct store_value_ref number_of(const uint8_t bytes[8])
{
    return (struct store_value_ref){
        .type = STORE_INT,
        .number = postgres_read_number((const char *)bytes, 8)};
}

static struct store_value_ref bytes_of(const uint8_t *bytes, size_t length)
{
    return (struct store_value_ref){
        .type = STORE_BLOB, .bytes = bytes, .length = length};
}

static int send_one(struct postgres_store *s)
{
    const struct postgres_step *step = &s->steps[0];
    const struct store_value_ref values[VALUE_COUNT] = {
        [VALUE_NOW] = number_of(step->now),
        [VALUE_NEXT] = bytes_of(step->next, STORE_HASH_SIZE),
        [VALUE_SID] = bytes_of(step->sid, STORE_SID_SIZE),
        [VALUE_MAX] = number_of(step->max),
        [VALUE_IDLE] = number_of(step->idle),
        [VALUE_GENERATION] = number_of(step->generation),
        [VALUE_SHOWN] = bytes_of(step->shown, STORE_HASH_SIZE),
        [VALUE_LINK] = bytes_of(step->next, STORE_LINK_SIZE),
    };

    postgres_values_set(&s->values, SESSION_STEP, values, VALUE_COUNT);
    return postgres_send(s, SESSION_STEP);
}

static char *put_number(char *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(uint8_t)(number >> (24 - 8 * i));
    return to + 4;
}

/* As array_recv of PostgreSQL reads it; behind its end. */
static char *put_array(char *to, const struct postgres_store *s,
                       const struct array_column *column)
{
    to = put_number(to, 1); // dimension
    to = put_number(to, 0); // no element is NULL
    to = put_number(to, column->type);
    to = put_number(to, (uint32_t)s->step_count);
    to = put_number(to, 1); // the first one's index
    for (size_t i = 0; i < s->step_count; i++) {
        to = put_number(to, (uint32_t)column->size);
        memcpy(to, (const char *)&s->steps[i] + column->offset, column->size);
        to += column->size;
    }
    return to;
}

static int send_many(struct postgres_store *s)
{
    struct postgres_values *v = &s->values;
    char *to = s->arrays;

    v->count = 0;
    for (size_t i = 0; i < COUNT(columns); i++) {
        char *end = put_array(to, s, &columns[i]);

        v->text[i] = to;
        v->lengths[i] = (int)(end - to);
        v->formats[i] = true;
        v->is_int[i] = false;
        v->count++;
        to = end;
    }
    assert(to <= s->arrays + sizeof s->arrays);
    return postgres_send(s, SESSION_STEPS);
}

bool postgres_steps_send(struct postgres_store *s)
{
    bool many = s->step_count > 1;

    if (s->step_count == 0)
        return true;
    if (!postgres_end_transaction(s))
        return false;
    if (PQenterPipelineMode(s->conn) == 0 ||
        (many ? send_many(s) : send_one(s)) == 0) {
        postgres_lose(s, PQerrorMessage(s->conn));
        return false;
    }
    for (size_t i = 0; i < s->step_count; i++)
        s->asked[s->asked_count++] = (struct postgres_asked){
            .talk = s->stepping[i], .shared = many, .follows = i > 0};
    s->step_count = 0;
    return true;
}

/* ---- The answer ---- */

/* They come in the order in which they were asked for, and are asked for so. */
void postgres_steps_find(struct postgres_store *s)
{
    const char *sid = s->values.text[VALUE_SID];
    int count = PQntuples(s->result);

    for (int i = 0; i < count; i++) {
        int at = (s->found_row + i) % count;

        if (memcmp(PQgetvalue(s->result, at, 0), sid, STORE_SID_SIZE) != 0)
            continue;
        s->found_row = at + 1;
        s->row = at - 1;
        s->row_end = at + 1;
        return;
    }
    s->row_end = 0;
}
