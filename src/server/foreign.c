#include "server/foreign.h"

#include <crypt.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "base/assert.h"

enum {
    BCRYPT_LENGTH = 60,      /* of a whole hash */
    BCRYPT_KIND_LENGTH = 7,  /* "$2b$12$" */
    BCRYPT_SALT_LENGTH = 22, /* behind that */
    SALT_MAX = 64,           /* 12 or 22 characters are usual */
    DIGEST_SIZE = 32,        /* SHA-256 */
    DIGEST_TEXT = 44,        /* that in base64, with its padding */
    PASSWORD_MAX = 1024,     /* bytes; PASSWORD_SIZE_MAX */
};

static const char pbkdf2[] = "pbkdf2_sha256$";
static const char argon2[] = "$argon2id$";

/* ---- What it is ---- */

static bool is_bcrypt_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
}

static bool read_bcrypt(struct span hash, struct foreign_kind *out)
{
    const char *t = hash.text;
    int64_t cost;

    if (hash.length != BCRYPT_LENGTH || t[0] != '$' || t[1] != '2' ||
        (t[2] != 'a' && t[2] != 'b' && t[2] != 'y') || t[3] != '$' ||
        t[6] != '$' || t[4] < '0' || t[4] > '9' || t[5] < '0' || t[5] > '9')
        return false;
    cost = (t[4] - '0') * 10 + (t[5] - '0');
    if (cost < FOREIGN_BCRYPT_MIN || cost > FOREIGN_BCRYPT_MAX)
        return false;
    for (size_t i = BCRYPT_KIND_LENGTH; i < hash.length; i++)
        if (!is_bcrypt_char(t[i]))
            return false;
    // The letter tells of old mistakes, and not of what it costs.
    (void)snprintf(out->text, sizeof out->text, "$2b$%.2s$", t + 4);
    return true;
}

/* The parts of such a hash, all within its text. */
struct pbkdf2_hash {
    struct span head; /* "pbkdf2_sha256$600000$" */
    int64_t rounds;
    struct span salt;
    struct span digest; /* base64 */
};

static bool split_pbkdf2(struct span hash, struct pbkdf2_hash *out)
{
    struct span rest;
    size_t end;

    if (!span_starts(hash, span_of(pbkdf2)))
        return false;
    rest = span_tail(hash, sizeof pbkdf2 - 1);
    end = span_find(rest, '$');
    if (!span_to_int(span_head(rest, end), &out->rounds) || out->rounds < 1 ||
        out->rounds > FOREIGN_ROUNDS_MAX || rest.text[0] < '1')
        return false;
    out->head = span_head(hash, sizeof pbkdf2 - 1 + end + 1);
    rest = span_tail(rest, end + 1);
    end = span_find(rest, '$');
    out->salt = span_head(rest, end);
    out->digest = span_tail(rest, end + 1);
    return out->salt.length > 0 && out->salt.length <= SALT_MAX &&
           out->digest.length == DIGEST_TEXT;
}

static bool decode_digest(struct span text, uint8_t out[DIGEST_SIZE])
{
    uint8_t room[DIGEST_TEXT];
    int length;

    length = EVP_DecodeBlock(room, (const unsigned char *)text.text,
                             (int)text.length);
    // It does not count the padding off.
    if (length != DIGEST_SIZE + 1 || text.text[DIGEST_TEXT - 1] != '=' ||
        text.text[DIGEST_TEXT - 2] == '=')
        return false;
    memcpy(out, room, DIGEST_SIZE);
    return true;
}

static bool read_pbkdf2(struct span hash, struct foreign_kind *out)
{
    struct pbkdf2_hash parts;
    uint8_t digest[DIGEST_SIZE];

    if (!split_pbkdf2(hash, &parts) || !decode_digest(parts.digest, digest) ||
        parts.head.length >= sizeof out->text)
        return false;
    memcpy(out->text, parts.head.text, parts.head.length);
    out->text[parts.head.length] = '\0';
    return true;
}

/* Takes "NAME=NUMBER" and the character behind it off `rest`. */
static bool take_number(struct span *rest, const char *name, char end,
                        int64_t max)
{
    size_t length = span_find(*rest, end);
    struct span one = span_head(*rest, length);
    struct span digits = span_tail(one, strlen(name));
    int64_t number;

    if (!span_starts(one, span_of(name)) || !span_to_int(digits, &number) ||
        number < 1 || number > max || digits.text[0] < '1')
        return false;
    *rest = span_tail(*rest, length + 1);
    return true;
}

/* libsodium judges the rest of it, and not the costs. */
static bool read_argon2(struct span hash, struct foreign_kind *out)
{
    struct span rest = span_tail(hash, sizeof argon2 - 1);
    size_t head;

    if (!span_starts(hash, span_of(argon2)) ||
        !span_starts(rest, SPAN("v=19$")))
        return false;
    rest = span_tail(rest, 5);
    if (!take_number(&rest, "m=", ',', FOREIGN_MEMORY_MAX) ||
        !take_number(&rest, "t=", ',', FOREIGN_PASSES_MAX) ||
        !take_number(&rest, "p=", '$', FOREIGN_LANES_MAX) ||
        crypto_pwhash_str_needs_rehash(hash.text, 1, 8192) < 0)
        return false;
    head = hash.length - rest.length;
    if (head >= sizeof out->text)
        return false;
    memcpy(out->text, hash.text, head);
    out->text[head] = '\0';
    return true;
}

bool foreign_read(const char *hash, struct foreign_kind *out)
{
    struct span text = span_of(hash);

    return text.length < FOREIGN_HASH_SIZE &&
           (read_bcrypt(text, out) || read_pbkdf2(text, out) ||
            read_argon2(text, out));
}

/* ---- Whether a password fits ---- */

/* `setting` is a hash, or what stands before its digest. */
static enum foreign_result check_bcrypt(const char *setting,
                                        struct span password)
{
    struct crypt_data *data = calloc(1, sizeof *data);
    char text[PASSWORD_MAX + 1];
    enum foreign_result result = FOREIGN_WRONG;
    const char *made;

    if (data == NULL)
        return FOREIGN_FAILED;
    memcpy(text, password.text, password.length);
    text[password.length] = '\0';
    made = crypt_rn(text, setting, data, (int)sizeof *data);
    // One with a NUL in it was never hashed whole by whoever made these.
    if (made != NULL && strlen(made) == BCRYPT_LENGTH &&
        strlen(setting) == BCRYPT_LENGTH &&
        memchr(text, '\0', password.length) == NULL &&
        CRYPTO_memcmp(made, setting, BCRYPT_LENGTH) == 0)
        result = FOREIGN_RIGHT;
    bytes_wipe(text, sizeof text);
    bytes_wipe(data, sizeof *data);
    free(data);
    return result;
}

static bool derive(struct span password, struct span salt, int64_t rounds,
                   uint8_t out[DIGEST_SIZE])
{
    return PKCS5_PBKDF2_HMAC(password.text, (int)password.length,
                             (const unsigned char *)salt.text, (int)salt.length,
                             (int)rounds, EVP_sha256(), DIGEST_SIZE, out) == 1;
}

static enum foreign_result check_pbkdf2(struct span hash, struct span password)
{
    struct pbkdf2_hash parts;
    uint8_t want[DIGEST_SIZE], got[DIGEST_SIZE];
    enum foreign_result result = FOREIGN_WRONG;

    if (!split_pbkdf2(hash, &parts) || !decode_digest(parts.digest, want))
        return FOREIGN_WRONG;
    if (!derive(password, parts.salt, parts.rounds, got))
        return FOREIGN_FAILED;
    // To HMAC a short key and the same with NULs behind it are one (RFC 2104).
    if (CRYPTO_memcmp(got, want, sizeof got) == 0 &&
        memchr(password.text, '\0', password.length) == NULL)
        result = FOREIGN_RIGHT;
    bytes_wipe(got, sizeof got);
    return result;
}

static enum foreign_result check_argon2(const char *hash, struct span password)
{
    errno = 0;
    if (crypto_pwhash_str_verify(hash, password.text, password.length) == 0)
        return FOREIGN_RIGHT;
    return errno == ENOMEM ? FOREIGN_FAILED : FOREIGN_WRONG;
}

static bool is_argon2(const char *hash)
{
    return span_starts(span_of(hash), span_of(argon2));
}

enum foreign_result foreign_check(const char *hash, struct span password)
{
    assert(password.length <= PASSWORD_MAX);
    if (is_argon2(hash))
        return check_argon2(hash, password);
    if (hash[0] == '$')
        return check_bcrypt(hash, password);
    return check_pbkdf2(span_of(hash), password);
}

/* A salt of 16 bytes and a digest of 32, which is nobody's. */
static void spend_argon2(const struct foreign_kind *kind, struct span password)
{
    char hash[crypto_pwhash_STRBYTES] = "";

    (void)snprintf(hash, sizeof hash, "%s%.22s$%.43s", kind->text,
                   "AAAAAAAAAAAAAAAAAAAAAA",
                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    (void)check_argon2(hash, password);
}

void foreign_spend(const struct foreign_kind *kind, struct span password)
{
    char setting[FOREIGN_KIND_SIZE + BCRYPT_SALT_LENGTH];
    struct span rest = span_of(kind->text);
    uint8_t digest[DIGEST_SIZE];
    int64_t rounds;

    if (is_argon2(kind->text)) {
        spend_argon2(kind, password);
        return;
    }
    if (kind->text[0] == '$') {
        (void)snprintf(setting, sizeof setting, "%s%.*s", kind->text,
                       BCRYPT_SALT_LENGTH, "......................");
        (void)check_bcrypt(setting, password);
        return;
    }
    rest = span_tail(rest, sizeof pbkdf2 - 1);
    if (span_to_int(span_head(rest, span_find(rest, '$')), &rounds))
        (void)derive(password, SPAN("......................"), rounds, digest);
}

/* ---- The kinds in a database ---- */

bool foreign_add(struct foreign_kinds *kinds, const struct foreign_kind *kind)
{
    for (size_t i = 0; i < kinds->count; i++)
        if (strcmp(kinds->list[i].text, kind->text) == 0)
            return true;
    if (kinds->count == FOREIGN_KINDS_MAX)
        return false;
    kinds->list[kinds->count++] = *kind;
    return true;
}

size_t foreign_write(const struct foreign_kinds *kinds, char *out, size_t size)
{
    size_t length = 0;

    assert(size >= FOREIGN_KINDS_MAX * FOREIGN_KIND_SIZE);
    for (size_t i = 0; i < kinds->count; i++)
        length += (size_t)snprintf(out + length, size - length, "%s\n",
                                   kinds->list[i].text);
    return length;
}

void foreign_parse(struct span text, struct foreign_kinds *out)
{
    out->count = 0;
    while (text.length > 0 && out->count < FOREIGN_KINDS_MAX) {
        size_t end = span_find(text, '\n');

        if (end > 0 && end < FOREIGN_KIND_SIZE) {
            struct foreign_kind *kind = &out->list[out->count++];

            memcpy(kind->text, text.text, end);
            kind->text[end] = '\0';
        }
        text = span_tail(text, end + 1);
    }
}
