#include "client/vault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool vault_init(struct vault *vault, const struct vault_driver *driver)
{
    vault->driver = driver;
    if (pthread_mutex_init(&vault->save, NULL) != 0)
        return false;
    if (pthread_mutex_init(&vault->lock, NULL) == 0)
        return true;
    (void)pthread_mutex_destroy(&vault->save);
    return false;
}

void vault_clear(struct vault *vault)
{
    (void)pthread_mutex_destroy(&vault->save);
    (void)pthread_mutex_destroy(&vault->lock);
}

enum vault_result vault_fail(struct vault *vault, enum vault_result result,
                             const char *format, ...)
{
    va_list list;

    (void)pthread_mutex_lock(&vault->lock);
    va_start(list, format);
    (void)vsnprintf(vault->error, sizeof vault->error, format, list);
    va_end(list);
    (void)pthread_mutex_unlock(&vault->lock);
    return result;
}

void vault_error(struct vault *vault, char out[STAY_ERROR_SIZE])
{
    (void)pthread_mutex_lock(&vault->lock);
    memcpy(out, vault->error, STAY_ERROR_SIZE);
    (void)pthread_mutex_unlock(&vault->lock);
}

enum vault_result vault_read(struct vault *vault, struct entry *out)
{
    enum vault_result result;

    (void)pthread_mutex_lock(&vault->save);
    result = vault->driver->read(vault, out);
    (void)pthread_mutex_unlock(&vault->save);
    return result;
}

enum vault_result vault_lock(struct vault *vault, struct entry *out)
{
    enum vault_result result;

    (void)pthread_mutex_lock(&vault->save);
    result = vault->driver->lock(vault);
    if (result == VAULT_OK) {
        result = vault->driver->read(vault, out);
        if (result == VAULT_OK)
            return VAULT_OK;
        vault->driver->unlock(vault);
    }
    (void)pthread_mutex_unlock(&vault->save);
    return result;
}

enum vault_result vault_save(struct vault *vault, const struct entry *entry)
{
    return vault->driver->save(vault, entry);
}

void vault_unlock(struct vault *vault)
{
    vault->driver->unlock(vault);
    (void)pthread_mutex_unlock(&vault->save);
}

bool vault_moved(struct vault *vault)
{
    return vault->driver->moved(vault);
}

enum vault_result vault_claim(struct vault *vault, int64_t limit_ms)
{
    return vault->driver->claim(vault, limit_ms);
}

void vault_release(struct vault *vault)
{
    vault->driver->release(vault);
}

void vault_close(struct vault *vault)
{
    if (vault != NULL)
        vault->driver->close(vault);
}
