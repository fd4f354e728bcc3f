/*
 * Wycheproof's JWS, JWK, JWT and JWE. Every text is judged: what is invalid, or
 * valid but of no kind that we admit, must be refused; the rest be accepted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "vectors.h"

enum { TOKEN_MAX = 32 * 1024 };

/* Why what the file says of a text is not what we say. */
enum scope {
    OURS = 0,
    ALGORITHM,  /* valid: RS384, PS256, ES512, HS384 ...; we have four */
    LETTERS,    /* valid, though base64url has no '?' (RFC 4648, section 3.3) */
    ENCRYPTION, /* valid: a JWE */
    TWICE,      /* invalid, though letter by letter one that is valid */
    SCOPES,
};

struct tally {
    unsigned cases, valid, accepted;
    unsigned refused[VECTORS_VERDICTS];
    unsigned outside[SCOPES];
};

static const struct file_row {
    const char *name;
    struct tally want;
} files[] = {
  // clang-format off
    {"json_web_signature_test",
     {.cases = 401, .valid = 46, .accepted = 20, .refused = {0, 45, 89, 247},
      .outside = {0, 26, 2, 0, 2}}},
    {"json_web_key_test",
     {.cases = 26, .valid = 5, .accepted = 3, .refused = {0, 0, 22, 1},
      .outside = {0, 2, 0, 0, 0}}},
    {"json_web_crypto_test",
     {.cases = 83, .valid = 6, .accepted = 4, .refused = {0, 62, 6, 11},
      .outside = {0, 0, 0, 2, 0}}},
    {"json_web_encryption_test",
     {.cases = 139, .valid = 65, .accepted = 0, .refused = {0, 139, 0, 0},
      .outside = {0, 0, 0, 65, 0}}},
  // clang-format on
};

static bool is_exact(struct span part)
{
    static char bytes[TOKEN_MAX];
    size_t length;

    return base64url_decode(part, bytes, sizeof bytes, &length);
}

/* Of a text that is valid. */
static enum scope scope_of(struct span token, bool encrypted)
{
    struct jws_header header;
    struct jws_parts parts;

    if (encrypted)
        return ENCRYPTION;
    if (!jws_split(token, &parts))
        return OURS;
    if (!is_exact(parts.header) || !is_exact(parts.payload))
        return LETTERS;
    if (jws_read_header(parts.header, &header) &&
        header.algorithm == JWS_NO_ALGORITHM)
        return ALGORITHM;
    return OURS;
}

/* A string as it is; anything else, as its JSON. */
static bool read_token(const struct vectors *v, size_t test, bool *encrypted,
                       char *out, struct span *token)
{
    size_t at = vectors_member(v, test, "jws");
    size_t length = 0;

    *encrypted = at == JSON_NONE;
    if (at == JSON_NONE)
        at = vectors_member(v, test, "jwe");
    *token = json_raw(&v->json, at);
    if (json_type_at(&v->json, at) != JSON_STRING)
        return at != JSON_NONE;
    *token = (struct span){out, 0};
    if (!json_string(&v->json, at, out, TOKEN_MAX, &length))
        return false;
    token->length = length;
    return true;
}

static bool is_valid(const struct vectors *v, size_t test)
{
    return json_string_is(&v->json, vectors_member(v, test, "result"),
                          SPAN("valid"));
}

/* Two "bad paddings" have lost theirs, and are the valid text once more. */
static bool has_valid_twin(const struct vectors *v, size_t list,
                           struct span token)
{
    for (size_t i = list + 1; i < v->json.token[list].next;
         i = v->json.token[i].next)
        if (is_valid(v, i) &&
            json_string_is(&v->json, vectors_member(v, i, "jws"), token))
            return true;
    return false;
}

static void judge(const struct vectors *v, const struct jwk_set *set,
                  size_t list, size_t test, struct tally *tally)
{
    static char text[TOKEN_MAX];
    const bool valid = is_valid(v, test);
    struct span token;
    char *payload;
    size_t length;
    bool encrypted;
    enum scope scope = OURS;
    enum vectors_verdict verdict;

    if (!CHECK(read_token(v, test, &encrypted, text, &token)))
        return;
    if (valid)
        scope = scope_of(token, encrypted);
    else if (has_valid_twin(v, list, token))
        scope = TWICE;
    verdict = vectors_judge(set, token, &payload, &length);
    free(payload);
    CHECK_EQ(verdict == VECTORS_ACCEPTED, valid == (scope == OURS));
    tally->cases++;
    tally->valid += valid;
    tally->outside[scope] += scope != OURS;
    if (verdict == VECTORS_ACCEPTED)
        tally->accepted++;
    else
        tally->refused[verdict]++;
}

static void name_case(const struct vectors *v, const struct file_row *row,
                      size_t test)
{
    struct span id = json_raw(&v->json, vectors_member(v, test, "tcId"));
    char comment[128];

    (void)vectors_text(v, test, "comment", comment, sizeof comment);
    check_case("%s %.*s: %s", row->name, (int)id.length, id.text, comment);
}

static void judge_group(const struct vectors *v, const struct file_row *row,
                        size_t group, struct tally *tally)
{
    size_t keys = vectors_member(v, group, "public");
    size_t list = vectors_member(v, group, "tests");
    struct jwk_set set;

    if (keys == JSON_NONE)
        keys = vectors_member(v, group, "private");
    // A set that is refused as a whole has no keys.
    (void)vectors_keys(v, keys, &set);
    for (size_t i = list + 1; i < v->json.token[list].next;
         i = v->json.token[i].next) {
        name_case(v, row, i);
        judge(v, &set, list, i, tally);
    }
    jwk_set_clear(&set);
}

static void check_tally(const struct file_row *row, const struct tally *got)
{
    const struct tally *want = &row->want;

    check_note("%s: %u cases, %u valid; accepted %u; refused %u by form, %u "
               "without a key for them, %u by their signature",
               row->name, got->cases, got->valid, got->accepted,
               got->refused[VECTORS_FORM], got->refused[VECTORS_KEY],
               got->refused[VECTORS_FORGED]);
    check_note("  valid, but not for us: %u of another algorithm, %u with "
               "letters outside base64url, %u encrypted; invalid, but the same "
               "as a valid one: %u",
               got->outside[ALGORITHM], got->outside[LETTERS],
               got->outside[ENCRYPTION], got->outside[TWICE]);
    check_case("the numbers of %s", row->name);
    CHECK_EQ(got->cases, want->cases);
    CHECK_EQ(got->valid, want->valid);
    CHECK_EQ(got->accepted, want->accepted);
    for (int i = 0; i < VECTORS_VERDICTS; i++)
        CHECK_EQ(got->refused[i], want->refused[i]);
    for (int i = 0; i < SCOPES; i++)
        CHECK_EQ(got->outside[i], want->outside[i]);
}

static void each_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        struct tally tally = {.cases = 0};
        struct vectors v;
        char path[128];
        size_t list;

        check_case("%s is there", files[i].name);
        (void)snprintf(path, sizeof path, "wycheproof/%s.json", files[i].name);
        if (!vectors_open(&v, path)) {
            check_skip_vectors("the 649 cases of Wycheproof are absent");
            return;
        }
        list = vectors_member(&v, 0, "testGroups");
        for (size_t group = list + 1; group < v.json.token[list].next;
             group = v.json.token[group].next)
            judge_group(&v, &files[i], group, &tally);
        vectors_close(&v);
        check_tally(&files[i], &tally);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(each_file)};

    if (!signature_init())
        return 1;
    return check_run("crypto/wycheproof", tests);
}
