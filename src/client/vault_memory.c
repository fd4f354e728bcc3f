#include "client/vault.h"

#include <stdlib.h>

/*
 * The common save lock is all it needs, and no refresh lock: the engine sees to
 * it that one process refreshes once.
 */
struct memory_vault {
    struct vault vault;
    struct entry *entry;
};

static struct entry *entry_of(struct vault *vault)
{
    return ((struct memory_vault *)vault)->entry;
}

static enum vault_result memory_read(struct vault *vault, struct entry *out)
{
    *out = *entry_of(vault);
    return VAULT_OK;
}

static enum vault_result memory_lock(struct vault *vault)
{
    (void)vault;
    return VAULT_OK;
}

static enum vault_result memory_save(struct vault *vault,
                                     const struct entry *entry)
{
    *entry_of(vault) = *entry;
    return VAULT_OK;
}

static void memory_unlock(struct vault *vault)
{
    (void)vault;
}

static bool memory_moved(struct vault *vault)
{
    (void)vault; // nobody else can reach it
    return false;
}

static enum vault_result memory_claim(struct vault *vault, int64_t limit_ms)
{
    (void)vault;
    (void)limit_ms;
    return VAULT_OK;
}

static void memory_release(struct vault *vault)
{
    (void)vault;
}

static void memory_close(struct vault *vault)
{
    entry_free(entry_of(vault));
    vault_clear(vault);
    free(vault);
}

static const struct vault_driver memory_driver = {
    .read = memory_read,
    .lock = memory_lock,
    .save = memory_save,
    .unlock = memory_unlock,
    .moved = memory_moved,
    .claim = memory_claim,
    .release = memory_release,
    .close = memory_close,
};

struct vault *vault_memory_open(void)
{
    struct memory_vault *memory = calloc(1, sizeof *memory);

    if (memory == NULL)
        return NULL;
    memory->entry = entry_new();
    if (memory->entry != NULL && vault_init(&memory->vault, &memory_driver))
        return &memory->vault;
    entry_free(memory->entry);
    free(memory);
    return NULL;
}
