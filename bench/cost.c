#include "cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 64, STAT_SIZE = 1024 };

static void fail(const char *path)
{
    (void)fprintf(stderr, "cost: cannot read %s\n", path);
    exit(1);
}

static void read_file(const char *path, void *out, size_t size)
{
    FILE *file = fopen(path, "re");

    if (file == NULL || fread(out, 1, size, file) == 0)
        fail(path);
    (void)fclose(file); // it was only read
}

/* utime and stime are fields 14 and 15; the second, a name, may hold blanks. */
static double cpu_s(int pid)
{
    char path[PATH_SIZE];
    char text[STAT_SIZE] = {0};
    const char *at;
    unsigned long user = 0, system = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    read_file(path, text, sizeof text - 1);
    at = strrchr(text, ')');
    if (at == NULL ||
        sscanf(at + 1, " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu",
               &user, &system) != 2)
        fail(path);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_of_all_s(const char *pids)
{
    double sum_s = 0;
    char *end;

    for (;; pids = end + 1) {
        sum_s += cpu_s((int)strtol(pids, &end, 10));
        if (*end != ',')
            return sum_s;
    }
}

struct cost cost_read(const struct cost_of *of)
{
    struct cost cost = {0};

    if (of->pids != NULL)
        cost.cpu_s = cpu_of_all_s(of->pids);
    if (of->syncs != NULL)
        read_file(of->syncs, &cost.syncs, sizeof cost.syncs);
    return cost;
}
