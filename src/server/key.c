#include "server/key.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum {
    SEED_SIZE = 32, /* of either kind */
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    SEALED_SIZE = NONCE_SIZE + SEED_SIZE + TAG_SIZE,
    ROUNDS = 4, /* another instance may add its first keys beside us */
};

static const char sign_kind[] = "sign";
static const char mac_kind[] = "mac";

/* What one walk over the stored keys gathers. */
struct walk {
    struct key_ring *ring;
    const uint8_t *seal;
    int64_t retired_before_s; /* such keys are left out */
    bool sealed;              /* some key was there */
    bool wrong;               /* some key did not open */
    uint8_t id_max;
};

/* Binds the sealed bytes to their row, so that rows cannot be exchanged. */
static size_t write_binding(const struct store_key *key, char out[64])
{
    return (size_t)snprintf(out, 64, "stayd key %s %lld", key->kind,
                            (long long)key->id);
}

static void seal_key(struct store_key *key, const uint8_t seed[SEED_SIZE],
                     const uint8_t seal[KEY_FILE_SIZE])
{
    char binding[64];
    size_t length = write_binding(key, binding);

    randombytes_buf(key->blob, NONCE_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        key->blob + NONCE_SIZE, NULL, seed, SEED_SIZE, (const uint8_t *)binding,
        length, NULL, key->blob, seal);
    key->blob_length = SEALED_SIZE;
}

static bool unseal_key(const struct store_key *key,
                       const uint8_t seal[KEY_FILE_SIZE],
                       uint8_t seed[SEED_SIZE])
{
    char binding[64];
    size_t length = write_binding(key, binding);

    return key->blob_length == SEALED_SIZE &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(
               seed, NULL, NULL, key->blob + NONCE_SIZE,
               SEALED_SIZE - NONCE_SIZE, (const uint8_t *)binding, length,
               key->blob, seal) == 0;
}

/* Rows come by id, oldest first: a later one in use goes to the front. */
static void add_sign(struct key_ring *ring, const uint8_t seed[SEED_SIZE],
                     bool in_use)
{
    size_t at = in_use ? 0 : ring->sign_count;

    if (ring->sign_count == KEY_SIGN_MAX)
        return;
    memmove(&ring->sign[at + 1], &ring->sign[at],
            (ring->sign_count - at) * sizeof ring->sign[0]);
    jws_key_init(&ring->sign[at], seed);
    ring->sign_count++;
}

static void add_mac(struct key_ring *ring, const uint8_t seed[SEED_SIZE],
                    bool in_use, uint8_t id)
{
    size_t at = in_use ? 0 : ring->mac_count;

    if (ring->mac_count == KEY_MAC_MAX)
        return;
    memmove(&ring->mac[at + 1], &ring->mac[at],
            (ring->mac_count - at) * sizeof ring->mac[0]);
    ring->mac[at].id = id;
    memcpy(ring->mac[at].bytes, seed, KEY_MAC_SIZE);
    ring->mac_count++;
}

static bool take_row(void *context, const struct store_key *key)
{
    struct walk *walk = context;
    bool in_use = key->retired_s == 0;
    uint8_t seed[SEED_SIZE];

    walk->sealed = true;
    if (key->id > walk->id_max)
        walk->id_max = (uint8_t)key->id;
    if (!in_use && key->retired_s <= walk->retired_before_s)
        return true;
    if (walk->seal == NULL)
        return true;
    if (!unseal_key(key, walk->seal, seed)) {
        walk->wrong = true;
        return true;
    }
    if (strcmp(key->kind, sign_kind) == 0)
        add_sign(walk->ring, seed, in_use);
    else if (strcmp(key->kind, mac_kind) == 0)
        add_mac(walk->ring, seed, in_use, (uint8_t)key->id);
    sodium_memzero(seed, sizeof seed);
    return true;
}

static enum store_result list_keys(const struct key_source *source,
                                   struct key_ring *ring, const uint8_t *seal,
                                   struct walk *walk)
{
    key_ring_clear(ring);
    *walk = (struct walk){
        .ring = ring,
        .seal = seal,
        .retired_before_s =
            source->keep_s > 0 ? source->now_s - source->keep_s : 0};
    return store_key_list(source->store, take_row, walk);
}

static enum store_result add_key(const struct key_source *source,
                                 const char *kind, int64_t id,
                                 const uint8_t seal[KEY_FILE_SIZE])
{
    struct store_key key = {.id = id, .created_s = source->now_s};
    uint8_t seed[SEED_SIZE];
    enum store_result result;

    randombytes_buf(seed, sizeof seed);
    (void)snprintf(key.kind, sizeof key.kind, "%s", kind);
    if (strcmp(kind, sign_kind) == 0) {
        struct jws_key public_part;

        jws_key_init(&public_part, seed);
        (void)snprintf(key.kid, sizeof key.kid, "%s", public_part.kid);
        jws_key_clear(&public_part);
    }
    seal_key(&key, seed, seal);
    sodium_memzero(seed, sizeof seed);
    result = store_key_add(source->store, &key);
    // Another instance was first with this id: the next round reads its key.
    return result == STORE_TAKEN ? STORE_OK : result;
}

static enum store_result add_missing(const struct key_source *source,
                                     const struct walk *walk,
                                     const uint8_t seal[KEY_FILE_SIZE])
{
    enum store_result result = STORE_OK;
    int64_t id = walk->id_max;

    if (walk->ring->sign_count == 0)
        result = add_key(source, sign_kind, ++id, seal);
    if (result == STORE_OK && walk->ring->mac_count == 0)
        result = add_key(source, mac_kind, ++id, seal);
    return result;
}

static enum key_result say_database(char why[KEY_WHY_SIZE],
                                    enum store_result result)
{
    (void)snprintf(why, KEY_WHY_SIZE, "keys in the database: %s",
                   store_result_text(result));
    return KEY_DATABASE;
}

/* A new key file is made only where it can not hide the loss of the old one. */
static enum key_result find_seal(const struct key_source *source,
                                 struct key_ring *ring,
                                 uint8_t seal[KEY_FILE_SIZE],
                                 char why[KEY_WHY_SIZE])
{
    struct walk walk;
    enum store_result listed = list_keys(source, ring, NULL, &walk);
    enum key_file_result found;

    if (listed != STORE_OK)
        return say_database(why, listed);
    found = walk.sealed ? key_file_read(source->path, seal, why)
                        : key_file_make(source->path, seal, why);
    if (found == KEY_FILE_NONE)
        (void)snprintf(why, KEY_WHY_SIZE,
                       "key file %s: is missing, and the keys in the database "
                       "are sealed with it",
                       source->path);
    return found == KEY_FILE_OK ? KEY_OK : KEY_BAD_FILE;
}

static enum key_result fill_ring(const struct key_source *source,
                                 struct key_ring *ring,
                                 const uint8_t seal[KEY_FILE_SIZE],
                                 char why[KEY_WHY_SIZE])
{
    enum store_result result = STORE_OK;
    struct walk walk;

    for (int round = 0; round < ROUNDS && result == STORE_OK; round++) {
        result = list_keys(source, ring, seal, &walk);
        if (result == STORE_OK && walk.wrong) {
            (void)snprintf(why, KEY_WHY_SIZE,
                           "key file %s: is not the one that the keys in the "
                           "database are sealed with",
                           source->path);
            return KEY_BAD_FILE;
        }
        if (ring->sign_count > 0 && ring->mac_count > 0)
            return KEY_OK;
        if (result == STORE_OK)
            result = add_missing(source, &walk, seal);
    }
    return say_database(why, result == STORE_OK ? STORE_BUSY : result);
}

enum key_result key_ring_open(struct key_ring *out,
                              const struct key_source *source,
                              char why[KEY_WHY_SIZE])
{
    uint8_t seal[KEY_FILE_SIZE] = {0};
    enum key_result result = find_seal(source, out, seal, why);

    if (result == KEY_OK)
        result = fill_ring(source, out, seal, why);
    if (result != KEY_OK)
        key_ring_clear(out);
    else
        why[0] = '\0'; // of the file that had to be made first
    sodium_memzero(seal, sizeof seal);
    return result;
}

void key_ring_clear(struct key_ring *ring)
{
    sodium_memzero(ring, sizeof *ring);
}

static void write_mac(const struct key_mac *key,
                      const struct offered_token *token,
                      uint8_t out[crypto_auth_hmacsha256_BYTES])
{
    uint8_t bytes[OFFERED_SIGNED_SIZE];

    offered_signed_bytes(token, bytes);
    (void)crypto_auth_hmacsha256(out, bytes, sizeof bytes, key->bytes);
}

void key_mac_set(const struct key_ring *ring, struct offered_token *token)
{
    uint8_t mac[crypto_auth_hmacsha256_BYTES];

    token->key_id = ring->mac[0].id;
    write_mac(&ring->mac[0], token, mac);
    memcpy(token->mac, mac, OFFERED_MAC_SIZE);
}

bool key_mac_fits(const struct key_ring *ring,
                  const struct offered_token *token)
{
    uint8_t mac[crypto_auth_hmacsha256_BYTES];

    for (size_t i = 0; i < ring->mac_count; i++) {
        if (ring->mac[i].id != token->key_id)
            continue;
        write_mac(&ring->mac[i], token, mac);
        return bytes_equal_secret(mac, token->mac, OFFERED_MAC_SIZE);
    }
    return false;
}

static void put_member(struct json_writer *w, struct span name,
                       struct span value)
{
    json_key(w, name);
    json_put_string(w, value);
}

size_t key_write_jwks(const struct key_ring *ring, char out[KEY_JWKS_MAX])
{
    char x[BASE64URL_LENGTH(JWS_PUBLIC_SIZE)];
    struct json_writer w;

    json_begin(&w, out, KEY_JWKS_MAX, JSON_COMPACT);
    json_open(&w, '{');
    json_key(&w, SPAN("keys"));
    json_open(&w, '[');
    for (size_t i = 0; i < ring->sign_count; i++) {
        (void)base64url_encode(ring->sign[i].public_key, JWS_PUBLIC_SIZE, x);
        json_open(&w, '{');
        put_member(&w, SPAN("kty"), SPAN("OKP"));
        put_member(&w, SPAN("crv"), SPAN("Ed25519"));
        put_member(&w, SPAN("use"), SPAN("sig"));
        put_member(&w, SPAN("alg"), SPAN("EdDSA"));
        put_member(&w, SPAN("kid"), span_of(ring->sign[i].kid));
        put_member(&w, SPAN("x"), (struct span){x, sizeof x});
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_close(&w, '}');
    return w.length;
}
