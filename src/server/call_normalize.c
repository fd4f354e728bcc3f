#include "server/call.h"
#include "server/nfc.h"

/* What a person types, and what is compared byte by byte. */
static const enum field typed[] = {
    FIELD_USERNAME,       FIELD_EMAIL,        FIELD_PASSWORD,
    FIELD_PASSWORD_AGAIN, FIELD_NEW_PASSWORD, FIELD_CURRENT_PASSWORD,
    FIELD_SEARCH,
};

/* What is no UTF-8, or longer than any limit, stays as it is: whoever judges it
   refuses it. */
static bool normalize(struct call *call, enum field field)
{
    struct span text = fields_text(&call->fields, field);
    size_t size = text.length * NFC_GROWTH;
    enum nfc_result result;
    size_t length = 0;
    char *room;

    if (text.length > PASSWORD_SIZE_MAX || nfc_is_plain(text))
        return true;
    room = call_reserve(call, size);
    if (room == NULL)
        return false;
    result = nfc_write(text, room, size, &length);
    if (result == NFC_OK)
        fields_set_text(&call->fields, field, (struct span){room, length});
    if (result != NFC_NO_MEMORY)
        return true;
    call_reply_failed(call);
    return false;
}

bool call_normalize(struct call *call)
{
    for (size_t i = 0; i < COUNT(typed); i++)
        if (fields_has(&call->fields, typed[i]) && !normalize(call, typed[i]))
            return false;
    return true;
}
