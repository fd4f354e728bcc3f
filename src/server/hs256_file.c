#include "server/hs256_file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zxcvbn.h>

enum { PIECE = 32 }; /* libzxcvbn's time grows steeply with the length */

/* ---- Is it weak? ---- */

static bool is_known(struct span secret)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    size_t low = 0;
    size_t high = hs256_known_count;
    uint32_t wanted;

    crypto_hash_sha256(hash, (const uint8_t *)secret.text, secret.length);
    wanted = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
             (uint32_t)hash[2] << 8 | hash[3];
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (hs256_known[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < hs256_known_count && hs256_known[low] == wanted;
}

/* Shannon's measure of its bytes, as if each were drawn by itself. */
static double count_bits(struct span secret)
{
    double length = (double)secret.length;
    size_t seen[256] = {0};
    double bits = 0;

    for (size_t i = 0; i < secret.length; i++)
        seen[(uint8_t)secret.text[i]]++;
    for (size_t i = 0; i < COUNT(seen); i++)
        if (seen[i] > 0)
            bits -= (double)seen[i] * log2((double)seen[i] / length);
    return bits;
}

static bool is_text(struct span secret)
{
    for (size_t i = 0; i < secret.length; i++)
        if (secret.text[i] < ' ' || secret.text[i] > '~')
            return false;
    return true;
}

/* Words, names, dates, rows of keys: what people write. */
static double guess_bits(struct span secret)
{
    char piece[PIECE + 1];
    double bits = 0;

    secret = span_head(secret, HS256_GUESSED_MAX);
    while (secret.length > 0) {
        struct span head = span_head(secret, PIECE);

        memcpy(piece, head.text, head.length);
        piece[head.length] = '\0';
        bits += ZxcvbnMatch(piece, NULL, NULL);
        secret = span_tail(secret, PIECE);
    }
    sodium_memzero(piece, sizeof piece);
    return bits;
}

const char *hs256_weakness(struct span secret)
{
    if (secret.length < SIGNATURE_HS256_MIN)
        return "is under 32 bytes";
    if (is_known(secret))
        return "is known: it stands in public examples";
    if (count_bits(secret) < HS256_BITS_MIN)
        return "has too few different characters";
    if (is_text(secret) && guess_bits(secret) < HS256_BITS_MIN)
        return "is easy to guess: words, repeats or rows of keys";
    return NULL;
}

/* ---- The file ---- */

static bool say(char why[KEY_WHY_SIZE], const char *path, const char *text)
{
    (void)snprintf(why, KEY_WHY_SIZE, "HS256 secret file %s: %s", path, text);
    return false;
}

static bool check_rights(int fd, const char *path, char why[KEY_WHY_SIZE])
{
    struct stat is;

    if (fstat(fd, &is) != 0)
        return say(why, path, strerror(errno));
    if (!S_ISREG(is.st_mode))
        return say(why, path, "is not a regular file");
    if (is.st_uid != geteuid() && is.st_uid != 0)
        return say(why, path, "belongs to another user");
    if ((is.st_mode & 077) != 0)
        return say(why, path,
                   "others may read or write it; allowed is mode 0600");
    return true;
}

/* One byte more than may be is asked for, so that a longer file shows. */
static bool read_secret(int fd, struct key_secret *out)
{
    ssize_t length = read(fd, out->bytes, SIGNATURE_HS256_MAX + 3);

    if (length < 0)
        return false;
    out->length = (size_t)length;
    if (out->length > 0 && out->bytes[out->length - 1] == '\n')
        out->length--;
    if (out->length > 0 && out->bytes[out->length - 1] == '\r')
        out->length--;
    return true;
}

static bool judge(const struct key_secret *secret, const char *path,
                  char why[KEY_WHY_SIZE])
{
    const char *weakness = hs256_weakness(
        (struct span){(const char *)secret->bytes, secret->length});
    char text[160];

    if (secret->length > SIGNATURE_HS256_MAX)
        return say(why, path, "is over 512 bytes");
    if (weakness == NULL)
        return true;
    (void)snprintf(text, sizeof text,
                   "the secret %s; make one by: openssl rand -base64 48",
                   weakness);
    return say(why, path, text);
}

bool hs256_file_read(const char *path, struct key_secret *out,
                     char why[KEY_WHY_SIZE])
{
    // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool good;

    if (fd < 0)
        return say(why, path, strerror(errno));
    good = check_rights(fd, path, why);
    if (good && !read_secret(fd, out))
        good = say(why, path, strerror(errno));
    (void)close(fd);
    if (good)
        good = judge(out, path, why);
    if (!good)
        sodium_memzero(out, sizeof *out);
    return good;
}
