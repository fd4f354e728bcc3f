#include "core/offered.h"

enum {
    SID_AT = 1,
    N_AT = SID_AT + OFFERED_ID_SIZE,
    SELF_AT = N_AT + 8,
    PARENT_AT = SELF_AT + OFFERED_ID_SIZE,
};

static int64_t read_number(const uint8_t *bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < 8; i++)
        value = (value << 8) | bytes[i];
    return value > INT64_MAX ? -1 : (int64_t)value;
}

static void write_number(uint8_t *bytes, int64_t number)
{
    uint64_t value = (uint64_t)number;

    for (size_t i = 8; i-- > 0; value >>= 8)
        bytes[i] = (uint8_t)value;
}

bool offered_parse(struct span text, struct offered_token *out)
{
    struct span prefix = SPAN(OFFERED_PREFIX);
    uint8_t bytes[OFFERED_SIZE];
    size_t size;

    if (text.length != OFFERED_TEXT_LENGTH || !span_starts(text, prefix))
        return false;
    if (!base64url_decode(span_tail(text, prefix.length), bytes, sizeof bytes,
                          &size))
        return false;
    if (size != OFFERED_SIZE || read_number(bytes + N_AT) < 1)
        return false;
    out->key_id = bytes[0];
    out->n = read_number(bytes + N_AT);
    __builtin_memcpy(out->sid, bytes + SID_AT, OFFERED_ID_SIZE);
    __builtin_memcpy(out->self, bytes + SELF_AT, OFFERED_ID_SIZE);
    __builtin_memcpy(out->parent, bytes + PARENT_AT, OFFERED_ID_SIZE);
    __builtin_memcpy(out->mac, bytes + OFFERED_SIGNED_SIZE, OFFERED_MAC_SIZE);
    bytes_wipe(bytes, sizeof bytes);
    return true;
}

void offered_format(const struct offered_token *token,
                    char out[OFFERED_TEXT_LENGTH])
{
    struct span prefix = SPAN(OFFERED_PREFIX);
    uint8_t bytes[OFFERED_SIZE];

    offered_signed_bytes(token, bytes);
    __builtin_memcpy(bytes + OFFERED_SIGNED_SIZE, token->mac, OFFERED_MAC_SIZE);
    __builtin_memcpy(out, prefix.text, prefix.length);
    (void)base64url_encode(bytes, sizeof bytes, out + prefix.length);
    bytes_wipe(bytes, sizeof bytes);
}

void offered_signed_bytes(const struct offered_token *token,
                          uint8_t out[OFFERED_SIGNED_SIZE])
{
    out[0] = token->key_id;
    __builtin_memcpy(out + SID_AT, token->sid, OFFERED_ID_SIZE);
    write_number(out + N_AT, token->n);
    __builtin_memcpy(out + SELF_AT, token->self, OFFERED_ID_SIZE);
    __builtin_memcpy(out + PARENT_AT, token->parent, OFFERED_ID_SIZE);
}

struct offered_token offered_child(uint8_t key_id,
                                   const uint8_t sid[OFFERED_ID_SIZE],
                                   const uint8_t parent[OFFERED_ID_SIZE],
                                   int64_t parent_n,
                                   const uint8_t self[OFFERED_ID_SIZE])
{
    struct offered_token child = {.key_id = key_id, .n = parent_n + 1};

    __builtin_memcpy(child.sid, sid, OFFERED_ID_SIZE);
    __builtin_memcpy(child.self, self, OFFERED_ID_SIZE);
    __builtin_memcpy(child.parent, parent, OFFERED_ID_SIZE);
    return child;
}

struct offered_token offered_answer(const struct offered_token *shown,
                                    uint8_t key_id,
                                    const uint8_t parent[OFFERED_ID_SIZE],
                                    int64_t parent_n,
                                    const uint8_t self[OFFERED_ID_SIZE])
{
    struct offered_token same = *shown;

    if (!bytes_equal_secret(shown->parent, parent, OFFERED_ID_SIZE))
        return offered_child(key_id, shown->sid, parent, parent_n, self);
    same.key_id = key_id;
    return same;
}
