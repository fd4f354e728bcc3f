#include "core/engine_host.h"

#include "check.h"

struct engine_tokens host_tokens(const struct host *h)
{
    return (struct engine_tokens){.generation = h->e.generation + 1,
                                  .life_ms = LIFE_MS,
                                  .received_ms = h->now_ms};
}

struct host host_signed_in(void)
{
    static const struct engine_config config = {0};
    struct host h = {.now_ms = START_MS};
    struct engine_tokens t = host_tokens(&h);

    engine_init(&h.e, &config);
    (void)engine_signed_in(&h.e, &t, h.now_ms, 0);
    return h;
}

unsigned host_end(struct host *h, enum engine_outcome outcome)
{
    struct engine_end over = {.number = h->e.refresh,
                              .outcome = outcome,
                              .tokens = host_tokens(h),
                              .now_ms = h->now_ms};

    if (engine_call(&h->e, h->e.refresh, NULL, h->now_ms).todo & ENGINE_CALL)
        h->refreshes++;
    return engine_ended(&h->e, &over).todo;
}

struct engine_request host_wait(struct host *h)
{
    struct engine_request r = {0};

    h->now_ms += LIFE_MS;
    CHECK_EQ(engine_ask(&h->e, &r, h->now_ms).todo, ENGINE_WAIT | ENGINE_START);
    return r;
}
