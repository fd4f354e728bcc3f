#include "wasm/pack.h"

void pack_put(struct pack *pack, const void *bytes, size_t size)
{
    if (size > PACK_SIZE - pack->length) {
        pack->failed = true;
        return;
    }
    __builtin_memcpy(pack->bytes + pack->length, bytes, size);
    pack->length += size;
}

void pack_put_int(struct pack *pack, int64_t value)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    pack_put(pack, bytes, sizeof bytes);
}

struct span pack_text(const struct pack *pack, char *out)
{
    return (struct span){out, base64url_encode(pack->bytes, pack->length, out)};
}

bool pack_open(struct pack *pack, struct span text)
{
    *pack = (struct pack){0};
    return base64url_decode(text, pack->bytes, PACK_SIZE, &pack->length);
}

void pack_take(struct pack *pack, void *bytes, size_t size)
{
    if (size > pack->length - pack->at) {
        pack->failed = true;
        __builtin_memset(bytes, 0, size);
        return;
    }
    __builtin_memcpy(bytes, pack->bytes + pack->at, size);
    pack->at += size;
}

int64_t pack_take_int(struct pack *pack)
{
    uint8_t bytes[8];
    uint64_t value = 0;

    pack_take(pack, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

bool pack_close(struct pack *pack)
{
    return !pack->failed && pack->at == pack->length;
}
