/*
 * `stayd migrate` and `stayd backup`.
 */
#include <stdio.h>

#include "server/admin.h"

int admin_migrate(struct admin *admin)
{
    struct store_config config = config_store(admin->config, STORE_WRITE);
    enum store_result result;
    struct store_why why;
    int64_t version = 0;

    // Opening it to write is what migrates, one process at a time.
    if (store_open(&admin->store, &config, &why) != STORE_OK)
        return admin_fail("%s", why.text);
    result = store_version(admin->store, &version);
    if (result != STORE_OK)
        return admin_store_failed(admin, result);
    (void)printf("the database is at version %lld\n", (long long)version);
    return ADMIN_DONE;
}

int admin_backup(struct admin *admin)
{
    struct store_why why;

    if (store_backup(admin->store, admin->words[0], &why) != STORE_OK)
        return admin_fail("%s", why.text);
    (void)printf("backed up to %s; the key file is not in it: keep a copy of "
                 "that elsewhere\n",
                 admin->words[0]);
    return ADMIN_DONE;
}
