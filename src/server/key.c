#include "server/key.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "crypto/jwk.h"
#include "store/key.h"

enum { ETAG_BYTES = 15 };

enum key_result key_say_database(char why[KEY_WHY_SIZE],
                                 enum store_result result)
{
    (void)snprintf(why, KEY_WHY_SIZE, "keys in the database: %s",
                   store_result_text(result));
    return KEY_DATABASE;
}

/* ---- Building a ring ---- */

struct building {
    struct key_ring *ring;
    const struct key_seal *seal;
    bool wrong; /* some key did not open */
};

static size_t find_choice(const struct key_choice *list, uint64_t count,
                          const struct key_fact *fact)
{
    size_t i = 0;

    while (i < count &&
           (list[i].id != fact->id || list[i].created_s != fact->created_s))
        i++;
    return i;
}

static bool put_sign(struct key_ring *ring, const struct key_fact *fact,
                     const struct key_secret *secret)
{
    size_t at = find_choice(ring->plan.sign, ring->plan.sign_count, fact);

    if (at == ring->plan.sign_count || ring->sign[at].key != NULL)
        return true;
    ring->sign_count++;
    return jws_key_init(&ring->sign[at], fact->algorithm, secret->bytes,
                        secret->length);
}

static bool put_mac(struct key_ring *ring, const struct key_fact *fact,
                    const struct key_secret *secret)
{
    size_t at = find_choice(ring->plan.mac, ring->plan.mac_count, fact);

    if (at == ring->plan.mac_count || ring->mac[at].id != 0)
        return true;
    ring->mac[at].id = (uint8_t)fact->id;
    memcpy(ring->mac[at].bytes, secret->bytes, KEY_MAC_SIZE);
    ring->mac_count++;
    return secret->length == KEY_MAC_SIZE;
}

static bool take_row(void *context, const struct store_key *row)
{
    struct building *building = context;
    struct key_secret secret = {.length = 0};
    struct key_fact fact;

    if (!key_row_read(row, &fact))
        return true;
    // All must open, in use or not: else the key file is another one's.
    if (!key_row_open(row, building->seal->bytes, &secret))
        building->wrong = true;
    else if (fact.use == KEY_ACCESS)
        building->wrong |= !put_sign(building->ring, &fact, &secret);
    else
        building->wrong |= !put_mac(building->ring, &fact, &secret);
    sodium_memzero(&secret, sizeof secret);
    return !building->wrong;
}

static void write_jwks(struct key_ring *ring)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    struct signature_public numbers;
    struct json_writer w;
    size_t length;

    json_begin(&w, ring->jwks, sizeof ring->jwks, JSON_COMPACT);
    json_open(&w, '{');
    json_key(&w, SPAN("keys"));
    json_open(&w, '[');
    for (size_t i = 0; i < ring->sign_count; i++)
        if (signature_get_public(ring->sign[i].key, &numbers))
            jwk_write(&w, &numbers, span_of(ring->sign[i].kid));
    json_close(&w, ']');
    json_close(&w, '}');
    ring->jwks_length = w.length;
    crypto_hash_sha256(hash, (const uint8_t *)ring->jwks, w.length);
    ring->etag[0] = '"';
    length = base64url_encode(hash, ETAG_BYTES, ring->etag + 1);
    ring->etag[length + 1] = '"';
}

static enum key_result judge(const struct building *building,
                             enum store_result listed, char why[KEY_WHY_SIZE])
{
    const struct key_ring *ring = building->ring;

    if (listed != STORE_OK)
        return key_say_database(why, listed);
    if (building->wrong) {
        (void)snprintf(why, KEY_WHY_SIZE,
                       "keys in the database: one of them is damaged, or "
                       "sealed with another key file");
        return KEY_BAD_FILE;
    }
    // Another process has just removed one: whoever asked plans anew.
    if (ring->sign_count < ring->plan.sign_count ||
        ring->mac_count < ring->plan.mac_count || ring->sign_count == 0 ||
        ring->mac_count == 0)
        return key_say_database(why, STORE_BUSY);
    return KEY_OK;
}

/* Neither swapped nor dumped where the system allows it. Zeroed. */
static struct key_ring *make_ring(void)
{
    struct key_ring *ring = sodium_malloc(sizeof *ring);

    if (ring != NULL)
        memset(ring, 0, sizeof *ring);
    return ring;
}

enum key_result key_ring_read(struct key_ring **out, struct store *store,
                              const struct key_seal *seal,
                              const struct key_plan *plan,
                              char why[KEY_WHY_SIZE])
{
    struct building building = {.ring = make_ring(), .seal = seal};
    enum key_result result;

    *out = NULL;
    if (building.ring == NULL) {
        (void)snprintf(why, KEY_WHY_SIZE, "out of memory");
        return KEY_NO_MEMORY;
    }
    building.ring->plan = *plan;
    atomic_store(&building.ring->holders, 1);
    result = judge(&building, store_key_list(store, take_row, &building), why);
    if (result != KEY_OK) {
        key_ring_drop(building.ring);
        return result;
    }
    write_jwks(building.ring);
    *out = building.ring;
    return KEY_OK;
}

struct key_ring *key_ring_hold(struct key_ring *ring)
{
    (void)atomic_fetch_add(&ring->holders, 1);
    return ring;
}

void key_ring_drop(struct key_ring *ring)
{
    if (ring == NULL || atomic_fetch_sub(&ring->holders, 1) > 1)
        return;
    for (size_t i = 0; i < KEY_SIGN_MAX; i++)
        jws_key_clear(&ring->sign[i]);
    sodium_free(ring); // and wipes it
}

/* ---- Offered refresh tokens ---- */

static void write_mac(const struct key_mac *key,
                      const struct offered_token *token, struct span holder,
                      uint8_t out[crypto_auth_hmacsha256_BYTES])
{
    crypto_auth_hmacsha256_state state;
    uint8_t bytes[OFFERED_SIGNED_SIZE];

    // The token's part has one length, so no holder can be taken for it.
    offered_signed_bytes(token, bytes);
    (void)crypto_auth_hmacsha256_init(&state, key->bytes, sizeof key->bytes);
    (void)crypto_auth_hmacsha256_update(&state, bytes, sizeof bytes);
    (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)holder.text,
                                        holder.length);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void key_mac_set(const struct key_ring *ring, struct offered_token *token,
                 struct span holder)
{
    uint8_t mac[crypto_auth_hmacsha256_BYTES];

    token->key_id = ring->mac[0].id;
    write_mac(&ring->mac[0], token, holder, mac);
    memcpy(token->mac, mac, OFFERED_MAC_SIZE);
}

bool key_mac_fits(const struct key_ring *ring,
                  const struct offered_token *token, struct span holder)
{
    uint8_t mac[crypto_auth_hmacsha256_BYTES];

    for (size_t i = 0; i < ring->mac_count; i++) {
        if (ring->mac[i].id != token->key_id)
            continue;
        write_mac(&ring->mac[i], token, holder, mac);
        return bytes_equal_secret(mac, token->mac, OFFERED_MAC_SIZE);
    }
    return false;
}
