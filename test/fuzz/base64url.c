/* What is decoded must be encoded to the same text, and any bytes come back. */
#include "base/base64url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *take_memory(size_t size)
{
    void *memory = malloc(size ? size : 1);

    if (memory == NULL)
        abort();
    return memory;
}

static void check_text(struct span text)
{
    char *again = take_memory(text.length);
    uint8_t *bytes = take_memory(text.length);
    size_t size;

    if (base64url_decode(text, bytes, text.length, &size))
        if (base64url_encode(bytes, size, again) != text.length ||
            memcmp(again, text.text, text.length) != 0)
            abort();
    free(bytes);
    free(again);
}

static void check_bytes(const uint8_t *data, size_t size)
{
    char *text = take_memory(BASE64URL_LENGTH(size));
    size_t length = base64url_encode(data, size, text);
    uint8_t *again = take_memory(size);
    size_t got;

    if (!base64url_decode((struct span){text, length}, again, size, &got) ||
        got != size || memcmp(again, data, size) != 0)
        abort();
    free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_text((struct span){(const char *)data, size});
    check_bytes(data, size);
    return 0;
}
