/*
 * What one Ed25519 signature of an access token costs here: CPU time, since
 * other programs may run beside it.
 *
 * usage: bare_sign SECONDS      prints "sign_us N"
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

enum {
    SIGNED_SIZE = 395, /* header and payload of a token, encoded */
    ROUND = 100,
};

static double cpu_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); // cannot fail on Linux
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t key[crypto_sign_SECRETKEYBYTES];
    uint8_t signature[crypto_sign_BYTES];
    uint8_t text[SIGNED_SIZE];
    double start_s, end_s;
    long done = 0;

    if (argc != 2 || sodium_init() < 0 ||
        crypto_sign_keypair(public_key, key) != 0)
        return 2;
    randombytes_buf(text, sizeof text);
    start_s = cpu_s();
    end_s = start_s + strtod(argv[1], NULL);
    do {
        for (int i = 0; i < ROUND; i++) {
            if (crypto_sign_detached(signature, NULL, text, sizeof text, key))
                return 1;
            memcpy(text, signature, sizeof signature);
        }
        done += ROUND;
    } while (cpu_s() < end_s);
    printf("sign_us %.2f\n", (cpu_s() - start_s) * 1e6 / (double)done);
    return 0;
}
