#include "forge.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base64url.h"
#include "check.h"
#include "crypto/evp.h"
#include "crypto/jwk.h"
#include "server/key_open.h"

enum { SECRET_BYTES = 2048, LIFE_S = 300 };

/* ---- Keys ---- */

static bool read_ring(struct forge *forge, const struct stayd *stayd,
                      enum jws_algorithm algorithm)
{
    char url[PROCESS_PATH_SIZE + 32];
    char path[PROCESS_PATH_SIZE + 32];
    char why[KEY_WHY_SIZE] = "";
    struct store_config config = {.url = url, .mode = STORE_WRITE};
    struct key_source source = {
        .path = path,
        .algorithm = algorithm,
        .lives = {.now_s = time(NULL), .access_s = LIFE_S}
    };
    struct key_seal seal;
    struct store_why store_why;
    bool good;

    (void)snprintf(url, sizeof url, "sqlite:%s/stay.db", stayd->folder);
    (void)snprintf(path, sizeof path, "%s/stay.key", stayd->folder);
    good = CHECK_EQ(store_open(&source.store, &config, &store_why), STORE_OK) &&
           CHECK_EQ(key_open(&forge->ring, &seal, &source, why), KEY_OK);
    store_close(source.store);
    return good;
}

static bool make_attacker(struct forge *forge, enum jws_algorithm algorithm)
{
    uint8_t secret[SIGNATURE_SECRET_MAX];
    struct signature_public numbers;
    struct json_writer w;

    if (!CHECK(jws_key_init(&forge->attacker, algorithm, secret,
                            signature_make_secret(algorithm, secret))))
        return false;
    json_begin(&w, forge->attacker_key, sizeof forge->attacker_key - 1,
               JSON_COMPACT);
    if (signature_get_public(forge->attacker.key, &numbers))
        jwk_write(&w, &numbers, span_of(forge->attacker.kid));
    forge->attacker_key[w.length] = '\0';
    return CHECK(!w.overflow);
}

static bool listen_somewhere(struct forge *forge)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    forge->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!CHECK(forge->listener >= 0) ||
        !CHECK(bind(forge->listener, (struct sockaddr *)&address,
                    sizeof address) == 0) ||
        !CHECK(listen(forge->listener, 8) == 0) ||
        !CHECK(getsockname(forge->listener, (struct sockaddr *)&address,
                           &size) == 0))
        return false;
    (void)snprintf(forge->url, sizeof forge->url, "http://127.0.0.1:%d/keys",
                   ntohs(address.sin_port));
    return true;
}

bool forge_open(struct forge *forge, const struct stayd *stayd,
                enum jws_algorithm algorithm, const char *sid)
{
    *forge = (struct forge){.listener = -1};
    (void)snprintf(forge->issuer, sizeof forge->issuer, "%s", stayd->url);
    (void)snprintf(forge->sid, sizeof forge->sid, "%s", sid);
    if (read_ring(forge, stayd, algorithm) && make_attacker(forge, algorithm) &&
        listen_somewhere(forge))
        return true;
    forge_close(forge);
    return false;
}

void forge_close(struct forge *forge)
{
    key_ring_drop(forge->ring);
    jws_key_clear(&forge->attacker);
    if (forge->listener >= 0)
        (void)close(forge->listener);
    *forge = (struct forge){.listener = -1};
}

bool forge_visited(const struct forge *forge)
{
    struct pollfd waiting = {.fd = forge->listener, .events = POLLIN};

    return poll(&waiting, 1, 0) != 0;
}

/* ---- Texts ---- */

struct text {
    char *out;
    size_t size, length;
};

static void put(struct text *to, const char *bytes, size_t length)
{
    assert_true(to->length + length < to->size);
    memcpy(to->out + to->length, bytes, length);
    to->length += length;
    to->out[to->length] = '\0';
}

static void put_text(struct text *to, const char *text)
{
    put(to, text, strlen(text));
}

static void put_time(struct text *to, const char **at)
{
    char digits[32];
    char *end;
    long offset = strtol(*at, &end, 10);

    (void)snprintf(digits, sizeof digits, "%lld",
                   (long long)time(NULL) + offset);
    put_text(to, digits);
    *at = end;
}

static void put_deep(struct text *to, const char **at)
{
    char *end;
    unsigned long depth = strtoul(*at, &end, 10);

    for (unsigned long i = 0; i < depth; i++)
        put(to, "[", 1);
    for (unsigned long i = 0; i < depth; i++)
        put(to, "]", 1);
    *at = end;
}

static void put_jti(struct text *to)
{
    char jti[40];

    (void)snprintf(jti, sizeof jti, "%016llx%016llx",
                   (unsigned long long)time(NULL) * 1000000, 7ull);
    put_text(to, jti);
}

/* NULL: it stands for itself, or for more than a text. */
static const char *value_of(const struct forge *forge, struct span word)
{
    const struct jws_key *key = &forge->ring->sign[0];
    const struct {
        const char *word, *value;
    } words[] = {
        {"ISS",   forge->issuer                                         },
        {"SID",   forge->sid                                            },
        {"KID",   key->kid                                              },
        {"ALG",   jws_algorithm_name(signature_algorithm(key->key)).text},
        {"OTHER", forge->attacker.kid                                   },
        {"JWK",   forge->attacker_key                                   },
        {"URL",   forge->url                                            },
    };

    for (size_t i = 0; i < COUNT(words); i++)
        if (span_is(word, words[i].word))
            return words[i].value;
    return NULL;
}

/* Words are made of capitals, and end where those end. */
static void put_words(const struct forge *forge, struct text *to,
                      const char *from)
{
    while (*from != '\0') {
        const struct span word = {from,
                                  strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")};
        const char *value = value_of(forge, word);

        from += word.length;
        if (value != NULL)
            put_text(to, value);
        else if (span_is(word, "NOW"))
            put_time(to, &from);
        else if (span_is(word, "DEEP"))
            put_deep(to, &from);
        else if (span_is(word, "JTI"))
            put_jti(to);
        else if (word.length > 0)
            put(to, word.text, word.length);
        else
            put(to, from++, 1);
    }
}

struct member {
    const char *name, *value;
};

static const struct member header[] = {
    {"alg", "\"ALG\""   },
    {"typ", "\"at+jwt\""},
    {"kid", "\"KID\""   },
};

static const struct member claims[] = {
    {"iss",     "\"ISS\""    },
    {"sub",     "\"1\""      },
    {"aud",     "\"ISS\""    },
    {"exp",     "NOW+60"     },
    {"iat",     "NOW-1"      },
    {"jti",     "\"JTI\""    },
    {"sid",     "\"SID\""    },
    {"roles",   "[\"user\"]" },
    {"dialect", "\"express\""},
};

/* One more member makes it as long as it is to be. */
static void fill_up(struct text *to, size_t size)
{
    static const char name[] = ",\"fill\":\"";

    if (size == 0)
        return;
    put_text(to, name);
    while (to->length + 2 < size)
        put(to, "a", 1);
    put(to, "\"", 1);
    assert_true(to->length + 1 == size);
}

struct change {
    const char *drop, *add;
    size_t size;
};

static size_t put_object(const struct forge *forge, const struct member *list,
                         size_t count, struct change change, char *out)
{
    static char json[FORGE_TEXT_MAX];
    struct text to = {.out = json, .size = sizeof json};
    bool follows = false;

    put_text(&to, "{");
    for (size_t i = 0; i < count; i++) {
        if (change.drop != NULL && strcmp(list[i].name, change.drop) == 0)
            continue;
        put_text(&to, follows ? ",\"" : "\"");
        put_text(&to, list[i].name);
        put_text(&to, "\":");
        put_words(forge, &to, list[i].value);
        follows = true;
    }
    if (change.add != NULL) {
        put_text(&to, ",");
        put_words(forge, &to, change.add);
    }
    fill_up(&to, change.size);
    put_text(&to, "}");
    return base64url_encode(json, to.length, out);
}

/* ---- Signatures ---- */

static size_t sign(const struct forge *forge, enum forge_signer signer,
                   struct span text, struct span secret,
                   uint8_t out[SIGNATURE_MAX])
{
    const struct signature_key *key = signer == FORGE_ATTACKER
                                          ? forge->attacker.key
                                          : forge->ring->sign[0].key;
    crypto_auth_hmacsha256_state state;

    memset(out, 0, SIGNATURE_MAX);
    if (signer == FORGE_NOBODY)
        return 0;
    if (signer == FORGE_MAC) {
        (void)crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret.text,
                                          secret.length);
        (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)text.text,
                                            text.length);
        (void)crypto_auth_hmacsha256_final(&state, out);
        return crypto_auth_hmacsha256_BYTES;
    }
    if (signer != FORGE_ZEROS)
        CHECK(signature_sign(key, text, out));
    return signature_size(key);
}

void forge_write(const struct forge *forge, const struct forge_row *row,
                 struct span secret, char out[FORGE_TEXT_MAX])
{
    const struct change top = {row->header_drop, row->header_add,
                               row->header_size};
    const struct change rest = {row->claims_drop, row->claims_add,
                                row->claims_size};
    uint8_t signature[SIGNATURE_MAX];
    size_t length = put_object(forge, header, COUNT(header), top, out);
    size_t size;

    out[length++] = '.';
    length += put_object(forge, claims, COUNT(claims), rest, out + length);
    size =
        sign(forge, row->signer, (struct span){out, length}, secret, signature);
    out[length++] = '.';
    length += base64url_encode(signature, size, out + length);
    out[length] = '\0';
}

/* ---- What a thief of nothing knows ---- */

static EVP_PKEY *open_pair(const struct signature_public *numbers,
                           struct evp_pair *pair)
{
    if (numbers->algorithm == JWS_EDDSA)
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                           numbers->number[0].bytes, 32);
    if (numbers->algorithm == JWS_ES256)
        CHECK(evp_open_ec(pair, numbers));
    else
        CHECK(evp_open_rsa(pair, numbers));
    return pair->pair != NULL && EVP_PKEY_up_ref(pair->pair) == 1 ? pair->pair
                                                                  : NULL;
}

static size_t write_pem(EVP_PKEY *key, char out[FORGE_SECRET_MAX])
{
    BIO *memory = BIO_new(BIO_s_mem());
    int length = 0;

    if (CHECK(PEM_write_bio_PUBKEY(memory, key) == 1))
        length = BIO_read(memory, out, FORGE_SECRET_MAX);
    BIO_free(memory);
    return length > 0 ? (size_t)length : 0;
}

static size_t write_der(EVP_PKEY *key, char out[FORGE_SECRET_MAX])
{
    uint8_t *at = (uint8_t *)out;
    int length = i2d_PUBKEY(key, NULL);

    if (!CHECK(length > 0 && length < FORGE_SECRET_MAX))
        return 0;
    return (size_t)i2d_PUBKEY(key, &at);
}

static size_t copy(struct span from, char out[FORGE_SECRET_MAX])
{
    memcpy(out, from.text, from.length);
    return from.length;
}

bool forge_public(const struct forge *forge, size_t form, const char **name,
                  char out[FORGE_SECRET_MAX], size_t *length)
{
    static const char *const names[] = {
        "in PEM",
        "in PEM without the last new line",
        "in DER",
        "as its first number",
        "as the JWKS has it",
        "by its name",
        "by no bytes at all",
    };
    const struct jws_key *used = &forge->ring->sign[0];
    struct signature_public numbers;
    struct evp_pair pair = {.pair = NULL};
    EVP_PKEY *key;

    if (form >= COUNT(names))
        return false;
    *name = names[form];
    *length = 0;
    CHECK(signature_get_public(used->key, &numbers));
    key = open_pair(&numbers, &pair);
    if (CHECK(key != NULL) && form < 2)
        *length = write_pem(key, out) - form;
    else if (form == 2)
        *length = write_der(key, out);
    else if (form == 3)
        *length = copy((struct span){(const char *)numbers.number[0].bytes,
                                     numbers.number[0].length},
                       out);
    else if (form == 4)
        *length = copy(
            (struct span){forge->ring->jwks, forge->ring->jwks_length}, out);
    else if (form == 5)
        *length = copy(span_of(used->kid), out);
    EVP_PKEY_free(key);
    evp_close(&pair);
    return true;
}
