#include "wasm/exports.h"
#include "wasm/parts.h"

char text[WASM_TEXT_SIZE];
char room[ROOM_SIZE];
double numbers[WASM_NUMBER_COUNT];

static uint32_t out[2 * WASM_OUT_MAX];
static size_t out_count;

char *wasm_text(void)
{
    return text;
}

uint32_t *wasm_out(void)
{
    return out;
}

double *wasm_number(void)
{
    return numbers;
}

void wasm_wipe(void)
{
    bytes_wipe(text, WASM_TEXT_SIZE);
    bytes_wipe(room, ROOM_SIZE);
}

void out_begin(void)
{
    out_count = 0;
}

void out_add(struct span span)
{
    if (out_count == WASM_OUT_MAX)
        return;
    out[2 * out_count] = (uint32_t)(uintptr_t)span.text;
    out[2 * out_count + 1] = (uint32_t)span.length;
    out_count++;
}
