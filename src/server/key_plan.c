#include "server/key_plan.h"

#include <stdlib.h>
#include <string.h>

const char *key_state_text(enum key_state state)
{
    static const char *const texts[] = {
        [KEY_PUBLISHED] = "published",
        [KEY_IN_USE] = "in use",
        [KEY_RETIRED] = "retired",
        [KEY_OVER] = "over",
    };

    return texts[state];
}

static int compare_age(const void *a, const void *b)
{
    const struct key_fact *one = a;
    const struct key_fact *other = b;

    if (one->created_s != other->created_s)
        return one->created_s < other->created_s ? -1 : 1;
    return one->id < other->id ? -1 : one->id > other->id;
}

/* How long a retired key of this use goes on verifying; 0: without end. */
static int64_t life_of(enum key_use use, const struct key_lives *lives)
{
    return use == KEY_ACCESS ? lives->access_s + KEY_MARGIN_S
                             : lives->refresh_s;
}

static enum key_state judge_retired(struct key_fact *fact,
                                    const struct key_lives *lives)
{
    int64_t life_s = life_of(fact->use, lives);

    fact->until_s = life_s > 0 ? fact->retired_s + life_s : 0;
    return life_s > 0 && fact->until_s <= lives->now_s ? KEY_OVER : KEY_RETIRED;
}

/* The last of them goes on where, by an accident, none is left to sign. */
static void lend_last(struct key_facts *facts, enum key_use use)
{
    for (size_t i = facts->count; i > 0; i--) {
        struct key_fact *fact = &facts->list[i - 1];

        if (fact->use != use)
            continue;
        if (fact->state == KEY_RETIRED)
            fact->state = KEY_IN_USE;
        return;
    }
}

static void judge_use(struct key_facts *facts, enum key_use use,
                      const struct key_lives *lives)
{
    bool found = false;
    int64_t begins_s = 0; // when the next in line signs

    for (size_t i = 0; i < facts->count; i++) {
        struct key_fact *fact = &facts->list[i];

        if (fact->use != use)
            continue;
        fact->until_s = 0;
        fact->since_s = begins_s > fact->created_s ? begins_s : fact->created_s;
        if (fact->retired_s != 0 && fact->retired_s <= lives->now_s) {
            fact->state = judge_retired(fact, lives);
        } else {
            fact->state = found ? KEY_PUBLISHED : KEY_IN_USE;
            if (found && begins_s == 0)
                fact->since_s = 0;
            found = true;
        }
        begins_s = fact->retired_s;
    }
    if (!found)
        lend_last(facts, use);
}

static void choose(const struct key_facts *facts, enum key_use use,
                   struct key_choice *list, size_t max, uint64_t *count)
{
    *count = 0;
    for (size_t i = 0; i < facts->count; i++)
        if (facts->list[i].use == use && facts->list[i].state == KEY_IN_USE)
            list[(*count)++] = (struct key_choice){facts->list[i].id,
                                                   facts->list[i].created_s};
    for (size_t i = facts->count; i > 0 && *count < max; i--) {
        const struct key_fact *fact = &facts->list[i - 1];

        if (fact->use == use &&
            (fact->state == KEY_PUBLISHED || fact->state == KEY_RETIRED))
            list[(*count)++] = (struct key_choice){fact->id, fact->created_s};
    }
}

void key_plan_make(struct key_facts *facts, const struct key_lives *lives,
                   struct key_plan *out)
{
    memset(out, 0, sizeof *out);
    qsort(facts->list, facts->count, sizeof facts->list[0], compare_age);
    judge_use(facts, KEY_ACCESS, lives);
    judge_use(facts, KEY_REFRESH, lives);
    choose(facts, KEY_ACCESS, out->sign, KEY_SIGN_MAX, &out->sign_count);
    choose(facts, KEY_REFRESH, out->mac, KEY_MAC_MAX, &out->mac_count);
}

const struct key_fact *key_plan_find(const struct key_facts *facts,
                                     enum key_use use, enum key_state state)
{
    for (size_t i = facts->count; i > 0; i--)
        if (facts->list[i - 1].use == use && facts->list[i - 1].state == state)
            return &facts->list[i - 1];
    return NULL;
}

const struct key_fact *key_plan_newest(const struct key_facts *facts,
                                       enum key_use use)
{
    const struct key_fact *fact = key_plan_find(facts, use, KEY_PUBLISHED);

    return fact != NULL ? fact : key_plan_find(facts, use, KEY_IN_USE);
}

size_t key_plan_count(const struct key_facts *facts, enum key_use use)
{
    size_t count = 0;

    for (size_t i = 0; i < facts->count; i++)
        count += facts->list[i].use == use && facts->list[i].state != KEY_OVER;
    return count;
}

int64_t key_plan_free_id(const struct key_facts *facts)
{
    bool taken[KEY_FACTS_MAX + 1] = {true};
    int64_t last = 0;

    for (size_t i = 0; i < facts->count; i++) {
        taken[facts->list[i].id] = true;
        if (facts->list[i].id > last)
            last = facts->list[i].id;
    }
    // After the last one while there is room: an id tells the age as well.
    if (last < KEY_FACTS_MAX)
        return last + 1;
    for (int64_t id = 1; id <= KEY_FACTS_MAX; id++)
        if (!taken[id])
            return id;
    return 0;
}
