/*
 * Counts the calls of fsync and fdatasync of the program it is loaded into, and
 * can make the disk slow. Not part of any program: LD_PRELOAD.
 *
 * BENCH_SYNCS     a file; its first 8 bytes are the count, in this machine's
 *                 order, at any moment
 * BENCH_SYNC_MS   each call takes so long besides
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int sync_call(int fd);

/* Written once, before main; a replaced function has nowhere else to look. */
static struct {
    sync_call *fsync, *fdatasync;
    _Atomic int64_t *count;
    long wait_ms;
} real;

static _Atomic int64_t *map_count(const char *path)
{
    int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    void *at = MAP_FAILED;

    if (fd < 0)
        return NULL;
    if (ftruncate(fd, sizeof(int64_t)) == 0)
        at = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                  0);
    (void)close(fd); // the mapping stays
    return at != MAP_FAILED ? at : NULL;
}

__attribute__((constructor)) static void find_real(void)
{
    const char *wait_ms = getenv("BENCH_SYNC_MS");

    // The way that POSIX shows for a function's address from dlsym.
    *(void **)&real.fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&real.fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real.count = map_count(getenv("BENCH_SYNCS"));
    real.wait_ms = wait_ms != NULL ? strtol(wait_ms, NULL, 10) : 0;
}

static int count_and_sync(sync_call *call, int fd)
{
    struct timespec wait = {real.wait_ms / 1000, real.wait_ms % 1000 * 1000000};

    if (real.count != NULL)
        atomic_fetch_add(real.count, 1);
    if (real.wait_ms > 0)
        (void)nanosleep(&wait, NULL); // a signal makes this one shorter
    return call(fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    return count_and_sync(real.fsync, fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    return count_and_sync(real.fdatasync, fd);
}
