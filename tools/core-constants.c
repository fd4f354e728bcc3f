/*
 * usage: core-constants > constants.ts
 *
 * The core's numbers for the script: what a JavaScript program writes for
 * MESSAGE_REFRESH. Made by the C compiler, so they cannot differ.
 */
#include <ctype.h>
#include <stdio.h>

#include <stay.h>

#include "core/dialect.h"
#include "core/engine.h"
#include "core/outcome.h"
#include "core/record.h"
#include "wasm/exports.h"

struct constant {
    const char *name;
    int value;
};

/* clang-format off */
#define C(prefix, name) {#name, prefix ## name}
static const struct constant todo[] = {
    C(ENGINE_, SEND), C(ENGINE_, START), C(ENGINE_, WAIT),
    C(ENGINE_, FAIL_LATER), C(ENGINE_, FAIL_SIGN_IN), C(ENGINE_, DELIVER),
    C(ENGINE_, RETRY), C(ENGINE_, CALL), C(ENGINE_, STOP), C(ENGINE_, WAKE),
};
static const struct constant states[] = {
    C(ENGINE_, SIGNED_OUT), C(ENGINE_, FRESH), C(ENGINE_, REFRESHING),
    C(ENGINE_, RESTING), C(ENGINE_, ENDED),
};
static const struct constant statuses[] = {
    {"OTHER", ENGINE_NOT_401}, {"UNKNOWN", ENGINE_401},
    {"TOKEN", ENGINE_401_TOKEN},
};
static const struct constant ends[] = {
    C(ENGINE_, GRANTED), C(ENGINE_, ADOPTED), C(ENGINE_, AGAIN),
    C(ENGINE_, REFUSED), C(ENGINE_, PASSING), C(ENGINE_, NOT_SENT),
    C(ENGINE_, UNKNOWN), C(ENGINE_, UNRECOGNISED), C(ENGINE_, MISCONFIGURED),
};
static const struct constant causes[] = {
    C(ENGINE_, BY_SIGN_OUT), C(ENGINE_, BY_REFUSAL), C(ENGINE_, BY_SERVER),
    C(ENGINE_, BY_NETWORK), C(ENGINE_, BY_LOST_REPLY), C(ENGINE_, BY_BAD_REPLY),
    C(ENGINE_, BY_CONFIG), C(ENGINE_, BY_BUDGET),
};
static const struct constant outcomes[] = {
    C(OUTCOME_, GRANTED), C(OUTCOME_, REFUSED), C(OUTCOME_, ADVANCE),
    C(OUTCOME_, STALE), C(OUTCOME_, BEHIND), C(OUTCOME_, OTHER_SESSION),
    C(OUTCOME_, RESEED),
    C(OUTCOME_, UNRECOGNISED), C(OUTCOME_, PASSING), C(OUTCOME_, NOT_SENT),
    C(OUTCOME_, UNKNOWN), C(OUTCOME_, CONFIG),
};
static const struct constant steps[] = {
    C(RECORD_, SAVE), C(RECORD_, SEND), C(RECORD_, USE), C(RECORD_, MOVED),
    C(RECORD_, AGAIN), C(RECORD_, PAUSE), C(RECORD_, OVER),
    C(RECORD_, SIGN_OUT),
};
static const struct constant records[] = {
    C(RECORD_, EMPTY), C(RECORD_, LIVE), C(RECORD_, ENDED),
    C(RECORD_, SEEDING),
};
static const struct constant kinds[] = {
    C(RECORD_, STEP), C(RECORD_, ASK), C(RECORD_, LINE),
};
static const struct constant verdicts[] = {
    C(VERDICT_, NONE), C(VERDICT_, GRANTED), C(VERDICT_, REFUSED),
    C(VERDICT_, PROTOCOL), C(VERDICT_, CONFIG), C(VERDICT_, RENEW),
    C(VERDICT_, DENIED), C(VERDICT_, LATER),
};
static const struct constant reasons[] = {
    C(STAY_REASON_, NONE), C(STAY_REASON_, SIGNED_OUT),
    C(STAY_REASON_, UNKNOWN), C(STAY_REASON_, REVOKED),
    C(STAY_REASON_, EXPIRED), C(STAY_REASON_, DISABLED),
    C(STAY_REASON_, REUSE), C(STAY_REASON_, SERVER_LOST),
    C(STAY_REASON_, REPLY_LOST), C(STAY_REASON_, REFUSED),
    C(STAY_REASON_, UNAVAILABLE), C(STAY_REASON_, NOT_THE_SERVER),
    C(STAY_REASON_, NO_CONNECTION), C(STAY_REASON_, NO_ANSWER),
    C(STAY_REASON_, UNRECOGNISED), C(STAY_REASON_, BUDGET),
    C(STAY_REASON_, BUSY), C(STAY_REASON_, VAULT), C(STAY_REASON_, CONFIG),
};
static const struct constant facts[] = {
    C(WASM_, IS_COMMITTED), C(WASM_, HAS_COOKIE_MODE),
    C(WASM_, IS_REPEAT_SAFE), C(WASM_, HAS_SIGN_OUT),
    C(WASM_, SIGN_OUT_SHOWS_TOKEN), C(WASM_, HAS_ME),
};
static const struct constant number[] = {
    C(WASM_, NOW_MS), C(WASM_, RANDOM), C(WASM_, GENERATION),
    C(WASM_, LIFE_MS), C(WASM_, RECEIVED_MS), C(WASM_, RETRY_MS),
    C(WASM_, DETAIL), C(WASM_, NUMBER), C(WASM_, WALL_MS), C(WASM_, TO),
};
static const struct constant limits[] = {
    C(WASM_, TEXT_SIZE), C(WASM_, IMAGE_SIZE), C(WASM_, NUMBER_COUNT), {"SENDS", ENGINE_SENDS_MAX},
    {"EARLY_MS", ENGINE_EARLY_MS},
};
/* clang-format on */

#define LIST(list) list, COUNT(list)

static void print_list(const char *name, const struct constant *list,
                       size_t count)
{
    printf("\nexport const enum %s {\n", name);
    for (size_t i = 0; i < count; i++)
        printf("  %s = %d,\n", list[i].name, list[i].value);
    printf("}\n");
}

static void print_upper(const char *name, int value)
{
    printf("  ");
    for (; *name != '\0'; name++)
        (void)putchar(*name == '.' ? '_' : toupper((unsigned char)*name));
    printf(" = %d,\n", value);
}

int main(void)
{
    printf("// Made by tools/core-constants.c; do not edit.\n");
    print_list("Todo", LIST(todo));
    print_list("State", LIST(states));
    print_list("Status", LIST(statuses));
    print_list("End", LIST(ends));
    print_list("Cause", LIST(causes));
    print_list("Outcome", LIST(outcomes));
    print_list("Step", LIST(steps));
    print_list("RecordState", LIST(records));
    print_list("RecordKind", LIST(kinds));
    print_list("Verdict", LIST(verdicts));
    print_list("Why", LIST(reasons));
    print_list("Fact", LIST(facts));
    print_list("Num", LIST(number));
    print_list("Limit", LIST(limits));
    printf("\nexport const enum Message {\n");
    for (int i = 0; i < MESSAGE_COUNT; i++)
        print_upper(message_name((enum message)i), i);
    printf("}\n\nexport const enum Field {\n");
    for (int i = 1; i < FIELD_COUNT; i++)
        print_upper(field_name((enum field)i), i);
    printf("}\n\nexport const enum Case {\n");
    for (int i = 0; i < CASE_COUNT; i++)
        print_upper(reply_kind_name((enum reply_kind)i), i);
    printf("}\n");
    return 0;
}
