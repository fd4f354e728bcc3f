#include "client/clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef STAY_POINTS
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_llong offset_ms;
static pthread_once_t offset_once = PTHREAD_ONCE_INIT;

static void read_offset(void)
{
    const char *text = getenv("STAY_CLOCK_OFFSET_MS");

    if (text != NULL)
        atomic_fetch_add(&offset_ms, strtoll(text, NULL, 10));
}

static int64_t shifted_ms(void)
{
    (void)pthread_once(&offset_once, read_offset);
    return atomic_load(&offset_ms);
}

void clock_shift(int64_t ms)
{
    (void)pthread_once(&offset_once, read_offset);
    atomic_fetch_add(&offset_ms, ms);
}
#else
#define shifted_ms() ((int64_t)0)
#endif

static int64_t read_ms(clockid_t which)
{
    struct timespec now = {0};

    // These clocks exist on every kernel that libc supports.
    (void)clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + shifted_ms();
}

int64_t clock_now_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_s(void)
{
    return read_ms(CLOCK_REALTIME) / 1000;
}

void clock_boot(char out[CLOCK_BOOT_SIZE])
{
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = -1;

    if (file >= 0) {
        length = read(file, out, CLOCK_BOOT_SIZE - 1);
        (void)close(file); // only read from
    }
    memset(out + (length > 0 ? length : 0), 0,
           CLOCK_BOOT_SIZE - (size_t)(length > 0 ? length : 0));
}
