/*
 * The tutorials' boards: pages for everybody, users, moderators, admins. Who
 * may see which, call_authorize has asked; the text is the dialect's.
 */
#include "server/resource.h"

void board_show(struct call *call)
{
    call_reply(call, CASE_OK, FIELD_NONE);
}
