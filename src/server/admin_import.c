/*
 * `stayd user import`: server/import.h does it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server/admin.h"
#include "server/import.h"

static void tell_bad(void *context, size_t line, const char *why)
{
    const char *path = context;

    (void)fprintf(stderr, "stayd: %s:%zu: %s\n", path, line, why);
}

int admin_user_import(struct admin *admin)
{
    const char *path = admin->words[0];
    struct import_config config = {
        .store = admin->store,
        .file = fopen(path, "re"),
        .now_s = admin->now_s,
        .bad = tell_bad,
        .context = (char *)(uintptr_t)path,
    };
    struct import_report report;
    enum import_result result;

    if (config.file == NULL)
        return admin_fail("%s: %s", path, strerror(errno));
    result = import_users(&config, &report);
    (void)fclose(config.file); // only read from
    switch (result) {
    case IMPORT_OK:
        admin_tell(&report.event);
        (void)printf("%zu users added\n", report.users);
        return ADMIN_DONE;
    case IMPORT_BAD_LINES:
        return admin_fail("%s: %zu bad lines, nobody was added", path,
                          report.bad);
    case IMPORT_FAILED:
        break;
    }
    return admin_fail("%s: %s; nobody was added", path, report.why);
}
