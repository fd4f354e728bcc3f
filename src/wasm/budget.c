#include "wasm/exports.h"
#include "wasm/pack.h"
#include "wasm/parts.h"

enum { BUDGET_VERSION = 1 };

void wasm_budget_write(int32_t session)
{
    const struct engine_budget *b = &session_at(session)->engine.budget;
    struct pack pack = {0};

    pack_put_int(&pack, BUDGET_VERSION);
    pack_put_int(&pack, b->whole_ms);
    pack_put_int(&pack, b->rest_from_ms);
    pack_put_int(&pack, b->rest_until_ms);
    pack_put_int(&pack, b->odd_ms);
    pack_put_int(&pack, b->odd_count);
    pack_put_int(&pack, b->odd);
    pack_put_int(&pack, b->failure_count);
    pack_put_int(&pack, b->reason);
    pack_put_int(&pack, b->detail);
    out_begin();
    out_add(pack_text(&pack, room));
}

void wasm_budget_read(int32_t session, uint32_t length)
{
    struct engine_budget b = {0};
    struct pack pack;
    bool good = pack_open(&pack, (struct span){text, length}) &&
                pack_take_int(&pack) == BUDGET_VERSION;

    b.whole_ms = pack_take_int(&pack);
    b.rest_from_ms = pack_take_int(&pack);
    b.rest_until_ms = pack_take_int(&pack);
    b.odd_ms = pack_take_int(&pack);
    b.odd_count = (uint32_t)pack_take_int(&pack);
    b.odd = (uint32_t)pack_take_int(&pack);
    b.failure_count = (uint32_t)pack_take_int(&pack);
    b.reason = (uint32_t)pack_take_int(&pack);
    b.detail = (uint32_t)pack_take_int(&pack);
    session_at(session)->shared =
        good && pack_close(&pack) ? b : (struct engine_budget){0};
}

void wasm_budget_wake(int32_t session)
{
    struct engine_budget *b = &session_at(session)->engine.budget;

    b->rest_until_ms = b->rest_from_ms;
}
