#include "store/faulty_disk.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATHS_MAX = 64, UNDO_MAX = 65536, SECTOR = 512 };

/* One write that was not synced: what stood there before. */
struct undo {
    int path;
    int64_t offset;
    int64_t old_size; /* of the file, before the write */
    int length;
    uint8_t *old; /* ours; as much of it as lay within old_size */
};

static struct {
    sqlite3_vfs *real;
    enum disk_fault fault;
    int n, count;
    unsigned seed;
    char paths[PATHS_MAX][512];
    int path_count;
    struct undo undo[UNDO_MAX];
    int undo_count;
} disk;

struct disk_file {
    sqlite3_file file; /* first: SQLite's view */
    int path;          /* index into disk.paths; -1: a nameless file */
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct disk_file *)file)->real;
}

/* Counts one operation; SQLITE_OK when it may go on. */
static int pass(bool write)
{
    disk.count++;
    if (disk.fault == DISK_GOOD || disk.n == 0 || disk.count < disk.n)
        return SQLITE_OK;
    if (disk.fault == DISK_FULL_ONCE)
        return disk.count == disk.n && write ? SQLITE_FULL : SQLITE_OK;
    if (disk.fault == DISK_ERROR_ONCE && disk.count > disk.n)
        return SQLITE_OK;
    return write ? SQLITE_IOERR_WRITE : SQLITE_IOERR_FSYNC;
}

static int path_index(const char *name)
{
    if (name == NULL)
        return -1;
    for (int i = 0; i < disk.path_count; i++)
        if (strcmp(disk.paths[i], name) == 0)
            return i;
    if (disk.path_count == PATHS_MAX)
        abort();
    (void)snprintf(disk.paths[disk.path_count], sizeof disk.paths[0], "%s",
                   name);
    return disk.path_count++;
}

static void remember(struct disk_file *f, int length, int64_t offset)
{
    struct undo *u = &disk.undo[disk.undo_count];
    sqlite3_int64 size = 0;
    int kept;

    if (disk.fault != DISK_CUT || f->path < 0)
        return;
    if (disk.undo_count == UNDO_MAX ||
        f->real->pMethods->xFileSize(f->real, &size) != SQLITE_OK)
        abort();
    kept = size > offset + length ? length
           : size > offset        ? (int)(size - offset)
                                  : 0;
    *u = (struct undo){.path = f->path, .offset = offset, .old_size = size};
    u->length = kept;
    u->old = malloc((size_t)length + 1);
    if (u->old == NULL ||
        (kept > 0 &&
         f->real->pMethods->xRead(f->real, u->old, kept, offset) != SQLITE_OK))
        abort();
    disk.undo_count++;
}

/* What was written to this file before is safe now. */
static void forget(int path)
{
    int kept = 0;

    for (int i = 0; i < disk.undo_count; i++) {
        if (disk.undo[i].path == path)
            free(disk.undo[i].old);
        else
            disk.undo[kept++] = disk.undo[i];
    }
    disk.undo_count = kept;
}

static int do_close(sqlite3_file *file)
{
    struct disk_file *f = (struct disk_file *)file;
    int code = f->real->pMethods->xClose(f->real);

    return code;
}

static int do_read(sqlite3_file *file, void *out, int size,
                   sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, size, offset);
}

static int do_write(sqlite3_file *file, const void *bytes, int size,
                    sqlite3_int64 offset)
{
    struct disk_file *f = (struct disk_file *)file;
    int code = pass(true);

    if (code != SQLITE_OK)
        return code;
    remember(f, size, offset);
    return f->real->pMethods->xWrite(f->real, bytes, size, offset);
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = pass(true);

    if (code != SQLITE_OK)
        return code;
    forget(((struct disk_file *)file)->path); // taken as written through
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int do_sync(sqlite3_file *file, int flags)
{
    int code = pass(false);

    (void)flags; // the kernel outlives this test: there is nothing to flush
    if (code == SQLITE_OK)
        forget(((struct disk_file *)file)->path);
    return code;
}

static int do_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int do_lock(sqlite3_file *file, int kind)
{
    return real_of(file)->pMethods->xLock(real_of(file), kind);
}

static int do_unlock(sqlite3_file *file, int kind)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), kind);
}

static int do_check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int do_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation,
                                                 argument);
}

static int do_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

static int do_traits(sqlite3_file *file)
{
    (void)file;
    return 0; // promises nothing
}

static int do_shm_map(sqlite3_file *file, int page, int size, int extend,
                      void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend,
                                            out);
}

static int do_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count,
                                             flags);
}

static void do_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int do_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_lock,
    .xFileControl = do_control,
    .xSectorSize = do_sector,
    .xDeviceCharacteristics = do_traits,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                   int flags, int *out_flags)
{
    struct disk_file *f = (struct disk_file *)file;
    int code;

    (void)vfs;
    f->path = path_index(name);
    f->real = (sqlite3_file *)(f + 1);
    code = disk.real->xOpen(disk.real, name, f->real, flags, out_flags);
    f->file.pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

void disk_install(void)
{
    static sqlite3_vfs vfs;

    disk.real = sqlite3_vfs_find(NULL);
    vfs = *disk.real; // what is not a file's goes to the real one
    vfs.zName = "faulty";
    vfs.szOsFile += (int)sizeof(struct disk_file);
    vfs.xOpen = do_open;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}

void disk_break(enum disk_fault fault, int n, unsigned seed)
{
    disk.fault = fault;
    disk.n = n;
    disk.seed = seed;
    disk.count = 0;
}

int disk_count(void)
{
    return disk.count;
}

static void undo_write(const struct undo *u)
{
    int fd = open(disk.paths[u->path], O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return; // the file itself is gone
    if (pwrite(fd, u->old, (size_t)u->length, u->offset) != u->length ||
        (u->offset + u->length == u->old_size &&
         ftruncate(fd, u->old_size) != 0))
        abort();
    (void)close(fd);
}

void disk_restore(void)
{
    for (int i = disk.undo_count - 1; i >= 0; i--) {
        disk.seed = disk.seed * 1103515245U + 12345U;
        if (disk.fault == DISK_CUT && (disk.seed >> 16 & 1) != 0)
            undo_write(&disk.undo[i]);
        free(disk.undo[i].old);
    }
    disk.undo_count = 0;
    disk.path_count = 0;
    disk.fault = DISK_GOOD;
    disk.n = 0;
}
