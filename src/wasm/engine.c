#include "wasm/exports.h"
#include "wasm/parts.h"

static struct session sessions[WASM_SESSIONS_MAX];

static struct request_slot {
    struct engine_request request;
    int32_t session;
    int32_t next; /* free: the next free one, -1 at the end */
} requests[WASM_REQUESTS_MAX];
static int32_t first_free = -1;
static int32_t fresh; /* never used yet, from here on */

struct session *session_at(int32_t session)
{
    return &sessions[session];
}

int32_t wasm_open(double early_ms)
{
    const struct engine_config config = {.early_ms = (int64_t)early_ms};

    for (int32_t i = 0; i < WASM_SESSIONS_MAX; i++) {
        if (sessions[i].taken)
            continue;
        sessions[i].taken = true;
        engine_init(&sessions[i].engine, &config);
        record_clear(&sessions[i].record);
        sessions[i].shared = (struct engine_budget){0};
        return i;
    }
    return -1;
}

void wasm_close(int32_t session)
{
    bytes_wipe(&sessions[session], sizeof sessions[session]);
}

static int64_t number(enum wasm_number which)
{
    return (int64_t)numbers[which];
}

static uint32_t tell(const struct engine *e, struct engine_answer answer)
{
    numbers[WASM_GENERATION] = (double)answer.generation;
    numbers[WASM_DETAIL] = answer.detail;
    numbers[WASM_NUMBER] = (double)e->refresh;
    return answer.todo | (uint32_t)answer.reason << 16;
}

static struct engine_tokens tokens(void)
{
    return (struct engine_tokens){
        .generation = (uint64_t)number(WASM_GENERATION),
        .life_ms = number(WASM_LIFE_MS),
        .received_ms = number(WASM_RECEIVED_MS),
    };
}

int32_t wasm_request_open(int32_t session, int32_t origin, double need_ms)
{
    int32_t at = first_free;

    if (at >= 0)
        first_free = requests[at].next;
    else if (fresh < WASM_REQUESTS_MAX)
        at = fresh++;
    else
        return -1;
    requests[at] = (struct request_slot){
        .request.origin = origin < 0 ? ENGINE_FOREIGN : (uint32_t)origin,
        .request.need_ms = (int64_t)need_ms,
        .session = session,
    };
    return at;
}

void wasm_request_close(int32_t request)
{
    requests[request].next = first_free;
    first_free = request;
}

void wasm_request_reset(int32_t request, double need_ms)
{
    requests[request].request.need_ms = (int64_t)need_ms;
    requests[request].request.session = 0;
}

static struct engine *engine_of(int32_t request)
{
    return &sessions[requests[request].session].engine;
}

uint32_t wasm_ask(int32_t request)
{
    struct engine *e = engine_of(request);

    return tell(e,
                engine_ask(e, &requests[request].request, number(WASM_NOW_MS)));
}

uint32_t wasm_ask_newer(int32_t request)
{
    struct engine *e = engine_of(request);

    return tell(e, engine_ask_newer(e, &requests[request].request,
                                    number(WASM_NOW_MS)));
}

uint32_t wasm_answered(int32_t request, int32_t status)
{
    struct engine *e = engine_of(request);

    return tell(e, engine_answered(e, &requests[request].request,
                                   (enum engine_status)status,
                                   number(WASM_NOW_MS)));
}

uint32_t wasm_refused(int32_t session, int32_t origin)
{
    struct engine *e = &sessions[session].engine;

    return tell(e,
                engine_refused(e, (uint64_t)number(WASM_GENERATION),
                               origin < 0 ? ENGINE_FOREIGN : (uint32_t)origin,
                               number(WASM_NOW_MS)));
}

uint32_t wasm_call(int32_t session)
{
    struct session *s = &sessions[session];

    return tell(&s->engine,
                engine_call(&s->engine, (uint64_t)number(WASM_NUMBER),
                            &s->shared, number(WASM_NOW_MS)));
}

uint32_t wasm_ended(int32_t session, int32_t outcome)
{
    struct engine *e = &sessions[session].engine;
    const struct engine_end end = {
        .number = (uint64_t)number(WASM_NUMBER),
        .outcome = (enum engine_outcome)outcome,
        .detail = (uint32_t)numbers[WASM_DETAIL],
        .tokens = tokens(),
        .retry_after_ms = number(WASM_RETRY_MS),
        .now_ms = number(WASM_NOW_MS),
        .random = (uint32_t)numbers[WASM_RANDOM],
    };

    return tell(e, engine_ended(e, &end));
}

uint32_t wasm_changed(int32_t session)
{
    struct engine *e = &sessions[session].engine;
    const struct engine_tokens t = tokens();

    return tell(e, engine_changed(e, &t, number(WASM_NOW_MS),
                                  (uint32_t)numbers[WASM_RANDOM]));
}

uint32_t wasm_signed_in(int32_t session)
{
    struct engine *e = &sessions[session].engine;
    const struct engine_tokens t = tokens();

    return tell(e, engine_signed_in(e, &t, number(WASM_NOW_MS),
                                    (uint32_t)numbers[WASM_RANDOM]));
}

uint32_t wasm_signed_out(int32_t session)
{
    struct engine *e = &sessions[session].engine;

    return tell(e, engine_signed_out(e));
}

uint32_t wasm_tick(int32_t session)
{
    struct engine *e = &sessions[session].engine;

    return tell(e, engine_tick(e, number(WASM_NOW_MS)));
}

int32_t wasm_state(int32_t session)
{
    return (int32_t)sessions[session].engine.state;
}

int32_t wasm_is_suspect(int32_t session)
{
    return sessions[session].engine.suspect;
}

double wasm_generation(int32_t session)
{
    return (double)sessions[session].engine.generation;
}

double wasm_refresh_from(int32_t session)
{
    return (double)sessions[session].engine.refresh_from;
}

static double or_infinite(int64_t ms)
{
    return ms == INT64_MAX ? __builtin_inf() : (double)ms;
}

double wasm_deadline_ms(int32_t session)
{
    return or_infinite(engine_deadline_ms(&sessions[session].engine));
}

double wasm_left_ms(int32_t session)
{
    return or_infinite(
        engine_left_ms(&sessions[session].engine, number(WASM_NOW_MS)));
}

double wasm_rest_ms(int32_t session)
{
    const struct engine_budget *b = &sessions[session].engine.budget;

    return (double)(engine_budget_next_ms(b) - number(WASM_NOW_MS));
}
