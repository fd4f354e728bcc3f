/*
 * The bare rate of argon2id: one thread for each core that checks a password
 * again and again, with stayd's costs (server/password.c) and niceness.
 *
 * usage: bare_argon SECONDS
 * Prints "done N rate R".
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

enum {
    MEMORY = 19 * 1024 * 1024,
    PASSES = 2,
    NICENESS = 10,
    THREADS_MAX = 64,
};

static const char password[] = "lovelace";

struct bare {
    char hash[crypto_pwhash_STRBYTES];
    double end_s;
    _Atomic long done;
};

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); // cannot fail on Linux
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *check(void *data)
{
    struct bare *b = data;

    while (now_s() < b->end_s) {
        if (crypto_pwhash_str_verify(b->hash, password, strlen(password)) != 0)
            abort();
        atomic_fetch_add(&b->done, 1);
    }
    return NULL;
}

static int core_count(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return CPU_COUNT(&set) < THREADS_MAX ? CPU_COUNT(&set) : THREADS_MAX;
}

int main(int argc, char **argv)
{
    static struct bare b;
    pthread_t threads[THREADS_MAX];
    int count = core_count();
    double start_s;

    if (argc != 2 || sodium_init() < 0 ||
        crypto_pwhash_str_alg(b.hash, password, strlen(password), PASSES,
                              MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return 2;
    (void)setpriority(PRIO_PROCESS, 0, NICENESS); // nicer may be anybody
    start_s = now_s();
    b.end_s = start_s + strtod(argv[1], NULL);
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, check, &b) != 0)
            abort();
    for (int i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL); // ours, and joined once
    printf("done %ld rate %.2f\n", b.done,
           (double)b.done / (now_s() - start_s));
    return 0;
}
