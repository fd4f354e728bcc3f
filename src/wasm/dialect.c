#include "core/dialect.h"
#include "wasm/exports.h"
#include "wasm/parts.h"

int32_t wasm_dialect_load(int32_t session, uint32_t length)
{
    static struct dialect_error error;
    struct session *s = session_at(session);

    out_begin();
    if (length > sizeof s->source) {
        out_add(SPAN("dialect: larger than 48 KiB"));
        return -1;
    }
    __builtin_memcpy(s->source, text, length);
    if (dialect_load(&s->dialect, SPAN("dialect"),
                     (struct span){s->source, length},
                     (struct span){s->memory, sizeof s->memory},
                     &error) == DIALECT_OK)
        return 0;
    out_add(span_of(error.text));
    return -1;
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
