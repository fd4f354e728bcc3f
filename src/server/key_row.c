#include "server/key_row.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    BINDING_SIZE = 64,
};

/* The words stand in the database. */
static const struct kind {
    const char *word;
    enum key_use use;
    enum jws_algorithm algorithm;
} kinds[] = {
    {"mac",        KEY_REFRESH, JWS_NO_ALGORITHM},
    {"sign",       KEY_ACCESS,  JWS_EDDSA       },
    {"sign-es256", KEY_ACCESS,  JWS_ES256       },
    {"sign-rs256", KEY_ACCESS,  JWS_RS256       },
    {"sign-hs256", KEY_ACCESS,  JWS_HS256       },
};

static const struct kind *find_kind(const char *word)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(kinds[i].word, word) == 0)
            return &kinds[i];
    return NULL;
}

bool key_row_read(const struct store_key *row, struct key_fact *out)
{
    const struct kind *kind = find_kind(row->kind);

    if (kind == NULL || row->id < 1 || row->id > KEY_FACTS_MAX)
        return false;
    *out = (struct key_fact){.id = row->id,
                             .use = kind->use,
                             .algorithm = kind->algorithm,
                             .created_s = row->created_s,
                             .retired_s = row->retired_s};
    memcpy(out->kid, row->kid, sizeof out->kid);
    return true;
}

static size_t write_binding(const struct store_key *row, char out[BINDING_SIZE])
{
    return (size_t)snprintf(out, BINDING_SIZE, "stayd key %s %lld", row->kind,
                            (long long)row->id);
}

static const char *word_of(const struct key_fact *fact)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].use == fact->use && kinds[i].algorithm == fact->algorithm)
            return kinds[i].word;
    return "";
}

void key_row_write(const struct key_fact *fact, const struct key_secret *secret,
                   const uint8_t seal[KEY_FILE_SIZE], struct store_key *out)
{
    char binding[BINDING_SIZE];
    size_t length;

    memset(out, 0, sizeof *out);
    out->id = fact->id;
    out->created_s = fact->created_s;
    out->retired_s = fact->retired_s;
    (void)snprintf(out->kind, sizeof out->kind, "%s", word_of(fact));
    memcpy(out->kid, fact->kid, sizeof out->kid);
    length = write_binding(out, binding);
    randombytes_buf(out->blob, NONCE_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        out->blob + NONCE_SIZE, NULL, secret->bytes, secret->length,
        (const uint8_t *)binding, length, NULL, out->blob, seal);
    out->blob_length = NONCE_SIZE + secret->length + TAG_SIZE;
}

bool key_row_open(const struct store_key *row,
                  const uint8_t seal[KEY_FILE_SIZE], struct key_secret *out)
{
    char binding[BINDING_SIZE];
    size_t length = write_binding(row, binding);

    if (row->blob_length < NONCE_SIZE + TAG_SIZE ||
        row->blob_length > NONCE_SIZE + sizeof out->bytes + TAG_SIZE)
        return false;
    out->length = row->blob_length - NONCE_SIZE - TAG_SIZE;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               out->bytes, NULL, NULL, row->blob + NONCE_SIZE,
               row->blob_length - NONCE_SIZE, (const uint8_t *)binding, length,
               row->blob, seal) == 0;
}

static bool take_row(void *context, const struct store_key *row)
{
    struct key_facts *facts = context;

    if (key_row_read(row, &facts->list[facts->count]))
        facts->count++;
    return facts->count < KEY_FACTS_MAX;
}

enum store_result key_row_list(struct store *store, struct key_facts *out)
{
    out->count = 0;
    return store_key_list(store, take_row, out);
}
