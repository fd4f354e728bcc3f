#include "wasm/loader.h"

#include "core/dialect.h"

// Aligned, so that the two differ by their distance and nothing else.
static struct place_of_dialect {
    _Alignas(8) struct dialect dialect;
    char memory[DIALECT_MEMORY];
} places[2];
static char texts[2][WASM_TEXT_SIZE];

char *wasm_loader_text(int32_t place)
{
    return texts[place];
}

const char *wasm_loader_compile(int32_t place, uint32_t length)
{
    static struct dialect_error error;
    struct dialect *d = &places[place].dialect;

    __builtin_memset(places[place].memory, 0, DIALECT_MEMORY);
    if (dialect_load(d, SPAN("dialect"), (struct span){texts[place], length},
                     (struct span){places[place].memory, DIALECT_MEMORY},
                     &error) != DIALECT_OK)
        return error.text;
    // A client writes no reply, and these may be texts of this module.
    d->json_type = SPAN("");
    d->text_type = SPAN("");
    d->json_type.text = NULL;
    d->text_type.text = NULL;
    return NULL;
}

void *wasm_loader_dialect(int32_t place)
{
    return &places[place];
}

uint32_t wasm_loader_dialect_size(void)
{
    return sizeof(struct dialect);
}

int32_t wasm_loader_verdict(uint32_t length)
{
    struct reply_case found;

    if (!reply_case_find((struct span){texts[0], length}, &found))
        return -1;
    return (int32_t)reply_kind_verdict(found.kind);
}
