#include "client/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

bool entry_is_live(const struct entry *entry)
{
    return entry->sign_in > 0 && entry->ended == STAY_REASON_NONE;
}

void entry_wipe(struct entry *entry)
{
    bytes_wipe(entry, sizeof *entry);
}

struct entry *entry_new(void)
{
    return calloc(1, sizeof(struct entry));
}

void entry_free(struct entry *entry)
{
    if (entry != NULL)
        entry_wipe(entry);
    free(entry);
}

void entry_set_name(char out[STAY_NAME_SIZE], struct span name)
{
    size_t used = 0;

    memset(out, 0, STAY_NAME_SIZE);
    while (name.length > 0) {
        size_t length = utf8_length(name);
        size_t taken = length > 0 ? length : 1;

        if (taken > STAY_NAME_SIZE - 1 - used)
            break;
        memcpy(out + used, length > 0 ? name.text : "?", taken);
        used += taken;
        name = span_tail(name, taken);
    }
}

static enum record_reason record_reason_of(enum stay_reason reason)
{
    switch ((int)reason) {
    case STAY_REASON_SIGNED_OUT:
        return RECORD_SIGNED_OUT;
    case STAY_REASON_REVOKED:
        return RECORD_REVOKED;
    case STAY_REASON_EXPIRED:
        return RECORD_EXPIRED;
    case STAY_REASON_DISABLED:
        return RECORD_DISABLED;
    case STAY_REASON_REUSE:
        return RECORD_REUSE;
    case STAY_REASON_SERVER_LOST:
        return RECORD_LOST;
    default:
        return RECORD_UNKNOWN;
    }
}

void entry_end(struct entry *entry, enum stay_reason reason, bool tell)
{
    entry->ended = reason;
    // False only means that a refresh ended the record just before.
    (void)record_end(&entry->record, record_reason_of(reason), tell);
    entry->sign_out_due = entry->committed ? entry->record.sign_out_due : tell;
    // To sign out, some families want to see one token or both.
    if (!entry->sign_out_due) {
        bytes_wipe(entry->access, sizeof entry->access);
        bytes_wipe(entry->refresh, sizeof entry->refresh);
    }
}
