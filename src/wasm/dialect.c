#include "core/dialect.h"
#include "wasm/exports.h"
#include "wasm/parts.h"

void *wasm_dialect_image(int32_t session)
{
    return &session_at(session)->dialect;
}

uint32_t wasm_dialect_facts(int32_t session)
{
    const struct dialect *d = &session_at(session)->dialect;
    uint32_t facts = 0;

    out_begin();
    out_add(d->name);
    out_add(d->prefix);
    out_add(d->send.header);
    if (d->rotation == DIALECT_ROTATION_COMMITTED)
        facts |= WASM_IS_COMMITTED;
    if (dialect_has(d, MESSAGE_REFRESH_COOKIE))
        facts |= WASM_HAS_COOKIE_MODE;
    if (d->repeat_safe)
        facts |= WASM_IS_REPEAT_SAFE;
    if (dialect_has(d, MESSAGE_SIGN_OUT))
        facts |= WASM_HAS_SIGN_OUT;
    if (dialect_need(d, MESSAGE_SIGN_OUT) != NEED_NOTHING)
        facts |= WASM_SIGN_OUT_SHOWS_TOKEN;
    if (dialect_has(d, MESSAGE_ME))
        facts |= WASM_HAS_ME;
    return facts;
}
