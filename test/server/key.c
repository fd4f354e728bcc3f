#include "server/key_open.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "server/key_admin.h"
#include "store/key.h"

/* A folder with a database in it. */
struct place {
    char folder[64];
    char path[96]; /* of the key file */
    struct store *store;
    enum jws_algorithm algorithm; /* asked for at a start */
    int64_t now_s;
};

static void open_place(struct place *p)
{
    char url[128];
    struct store_config config = {.url = url, .mode = STORE_WRITE};
    struct store_why why;

    (void)snprintf(p->folder, sizeof p->folder, "/tmp/stay-key-XXXXXX");
    CHECK(mkdtemp(p->folder) != NULL);
    (void)snprintf(p->path, sizeof p->path, "%s/stay.key", p->folder);
    (void)snprintf(url, sizeof url, "sqlite:%s/stay.db", p->folder);
    CHECK_EQ(store_open(&p->store, &config, &why), STORE_OK);
    p->algorithm = JWS_NO_ALGORITHM;
    p->now_s = 1000;
}

static void close_place(struct place *p)
{
    static const char *const names[] = {"stay.key", "stay.db", "stay.db-wal",
                                        "stay.db-shm", "link"};
    char path[128];

    store_close(p->store);
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
        (void)unlink(path);
    }
    CHECK_EQ(rmdir(p->folder), 0); // nothing else was left behind
}

/* *ring is let go of first. */
static enum key_result open_ring(struct place *p, struct key_ring **ring,
                                 char why[KEY_WHY_SIZE])
{
    struct key_source source = {
        .store = p->store,
        .path = p->path,
        .lives = {.now_s = p->now_s, .access_s = 300},
        .algorithm = p->algorithm
    };
    struct key_seal seal;

    why[0] = '\0';
    key_ring_drop(*ring);
    return key_open(ring, &seal, &source, why);
}

static void write_key_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    CHECK(f != NULL);
    (void)fputs(text, f);
    (void)fclose(f);
    CHECK_EQ(chmod(path, mode), 0);
}

#ifdef STAY_NO_SANDBOX
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* Does the kernel's list of our memory have all `flags`, " lo dd", for the part
   that `at` is in? */
static bool has_flags(const void *at, const char *const flags[], size_t count)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    bool inside = false, all = false;
    char line[512];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)at >= from && (uintptr_t)at < to;
        if (!inside || strncmp(line, "VmFlags:", 8) != 0)
            continue;
        all = true;
        for (size_t i = 0; i < count; i++)
            all = all && strstr(line, flags[i]) != NULL;
    }
    if (file != NULL)
        (void)fclose(file);
    return all;
}

static void memory(void **state)
{
    static const char *const flags[] = {" dd", " lo"};
    void *page = sodium_malloc(1);
    struct place p;
    struct key_ring *ring = NULL;
    char why[KEY_WHY_SIZE];
    size_t count;

    (void)state;
    CASE(
        "keys are in memory that no dump takes, and no swap where that may be");
    open_place(&p);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    // A sanitizer locks nothing, and says that it did.
    count = !IS_SANITIZED && sodium_mlock(page, 1) == 0 ? 2 : 1;
    CHECK(has_flags(ring->mac[0].bytes, flags, count));
    CHECK(has_flags(ring->sign[0].key, flags, count));
    CASE("other memory is not");
    CHECK(!has_flags(&p, flags, 1));
    key_ring_drop(ring);
    sodium_free(page);
    close_place(&p);
}

static void first_start(void **state)
{
    struct place p;
    struct key_ring *ring = NULL;
    struct key_ring *again = NULL;
    struct stat is;
    char why[KEY_WHY_SIZE];

    (void)state;
    open_place(&p);
    CASE("the first start makes the file and one key of each kind");
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    CHECK_TEXT(why, "");
    CHECK_EQ(ring->sign_count, 1);
    CHECK_EQ(ring->mac_count, 1);
    CHECK(ring->mac[0].id > 0);
    CASE("the file is its owner's alone");
    CHECK_EQ(stat(p.path, &is), 0);
    CHECK_EQ(is.st_mode & 0777, 0600);
    CASE("the second start has the same keys");
    CHECK_EQ(open_ring(&p, &again, why), KEY_OK);
    CHECK_TEXT(ring->sign[0].kid, again->sign[0].kid);
    CHECK_EQ(memcmp(ring->mac, again->mac, sizeof ring->mac), 0);
    CHECK_EQ(memcmp(&ring->plan, &again->plan, sizeof ring->plan), 0);
    key_ring_drop(ring);
    key_ring_drop(again);
    close_place(&p);
}

static const struct start_row {
    const char *name;
    enum jws_algorithm asked;
    int64_t now_s;
    enum jws_algorithm signs;
    size_t verify; /* keys in all */
} starts[] = {
  // clang-format off
    {"the first key is EdDSA unless said", JWS_NO_ALGORITHM, 1000, JWS_EDDSA, 1},
    {"another kind is published, and does not sign yet", JWS_ES256, 2000, JWS_EDDSA, 2},
    {"at the next start it is not made again", JWS_ES256, 2001, JWS_EDDSA, 2},
    {"nor where nothing is said", JWS_NO_ALGORITHM, 2002, JWS_EDDSA, 2},
    {"a second before its time it does not sign", JWS_ES256, 2000 + KEY_LEAD_S - 1, JWS_EDDSA, 2},
    {"then it signs", JWS_ES256, 2000 + KEY_LEAD_S, JWS_ES256, 2},
    {"where nothing is said it goes on", JWS_NO_ALGORITHM, 3000, JWS_ES256, 1},
    {"a shared one is not published, but known to all first", JWS_HS256, 4000, JWS_ES256, 2},
    {"ten seconds will do", JWS_NO_ALGORITHM, 4000 + KEY_SPREAD_S, JWS_HS256, 2},
    {"back again it is published first", JWS_EDDSA, 5000, JWS_HS256, 2},
    {"and signs after that", JWS_NO_ALGORITHM, 5000 + KEY_LEAD_S, JWS_EDDSA, 2},
  // clang-format on
};

static void another_algorithm(void **state)
{
    struct place p;
    struct key_ring *ring = NULL;
    char why[KEY_WHY_SIZE];

    (void)state;
    open_place(&p);
    for (size_t i = 0; i < COUNT(starts); i++) {
        CASE(starts[i].name);
        p.algorithm = starts[i].asked;
        p.now_s = starts[i].now_s;
        CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
        CHECK_EQ(signature_algorithm(ring->sign[0].key), starts[i].signs);
        CHECK_EQ(ring->sign_count, starts[i].verify);
    }
    key_ring_drop(ring);
    close_place(&p);
}

static size_t count_rows(struct place *p)
{
    static struct key_facts facts;

    CHECK_EQ(key_row_list(p->store, &facts), STORE_OK);
    return facts.count;
}

static enum store_result rotate(struct place *p, const struct key_seal *seal,
                                bool prunes)
{
    // As a command that was not told of --access-ttl would think.
    const struct key_lives lives = {.now_s = p->now_s, .access_s = 1};
    const struct key_rotation rotation = {.use = KEY_ACCESS, .prunes = prunes};
    struct key_rotated done;

    return key_rotate(p->store, seal, &lives, &rotation, &done);
}

static void pruning(void **state)
{
    struct place p;
    struct key_ring *ring = NULL;
    struct key_seal seal;
    struct key_source source;
    char why[KEY_WHY_SIZE];

    (void)state;
    open_place(&p);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    source = (struct key_source){.store = p.store, .path = p.path};
    CHECK_EQ(key_open_seal(&source, &seal, why), KEY_OK);
    CASE("a rotation by hand removes no key that it takes for over");
    CHECK_EQ(rotate(&p, &seal, false), STORE_OK);
    p.now_s += 1 + KEY_MARGIN_S;
    CHECK_EQ(rotate(&p, &seal, false), STORE_OK);
    CHECK_EQ(count_rows(&p), 4);
    CASE("its tokens are verified by whoever knows their life");
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    CHECK_EQ(ring->sign_count, 3);
    CASE("a start removes what is over, and not before");
    p.now_s = 1000 + 300 + KEY_MARGIN_S - 1;
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    CHECK_EQ(count_rows(&p), 4);
    p.now_s++;
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    CHECK_EQ(count_rows(&p), 3);
    CASE("so does a stayd that rotates by age");
    p.now_s += 100000;
    CHECK_EQ(rotate(&p, &seal, true), STORE_OK);
    CHECK_EQ(count_rows(&p), 3);
    key_ring_drop(ring);
    close_place(&p);
}

struct file_row {
    const char *name;
    const char *text; /* NULL: the file is removed */
    mode_t mode;
    const char *why; /* behind "key file PATH: " */
};

static const struct file_row file_rows[] = {
    {"the file is gone",               NULL,                                                         0,
     "is missing, and the keys in the database are sealed with it: bring it "
     "back, or say by --key-file where it is"                                                                                                 },
    {"another file of the right form",
     "stay-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",                                     0600,
     "is not the one that the keys in the database are sealed with"                                                                           },
    {"the group may read it",
     "stay-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",                                     0640,
     "others may read or write it; allowed is mode 0600"                                                                                      },
    {"everybody may write it",
     "stay-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",                                     0602,
     "others may read or write it; allowed is mode 0600"                                                                                      },
    {"an empty file",                  "",                                                           0600, "is not a key file of this program"},
    {"a key that is too short",        "stay-key-1 AAAA\n",                                          0600,
     "is not a key file of this program"                                                                                                      },
    {"a key that is too long",
     "stay-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",                                    0600,
     "is not a key file of this program"                                                                                                      },
    {"a mark of a later version",
     "stay-key-2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",                                     0600,
     "is not a key file of this program"                                                                                                      },
    {"two lines",                      "stay-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n",
     0600,                                                                                                 "is not a key file of this program"},
};

static void wrong_files(void **state)
{
    struct place p;
    struct key_ring *ring = NULL;
    char why[KEY_WHY_SIZE];
    char want[KEY_WHY_SIZE];

    (void)state;
    open_place(&p);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    for (size_t i = 0; i < COUNT(file_rows); i++) {
        const struct file_row *row = &file_rows[i];

        CASE(row->name);
        if (row->text == NULL)
            CHECK_EQ(unlink(p.path), 0);
        else
            write_key_file(p.path, row->text, row->mode);
        CHECK_EQ(open_ring(&p, &ring, why), KEY_BAD_FILE);
        (void)snprintf(want, sizeof want, "key file %s: %s", p.path, row->why);
        CHECK_TEXT(why, want);
        CHECK(sodium_is_zero((const uint8_t *)&ring, sizeof ring));
    }
    close_place(&p);
}

static void folders(void **state)
{
    struct place p;
    struct key_ring *ring = NULL;
    char why[KEY_WHY_SIZE];

    (void)state;
    open_place(&p);
    CASE("a folder that does not exist is told, and no keys are made");
    (void)snprintf(p.path, sizeof p.path, "%s/none/stay.key", p.folder);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_BAD_FILE);
    CHECK(strstr(why, "No such file or directory") != NULL);
    CASE("a folder is not a key file");
    (void)snprintf(p.path, sizeof p.path, "%s", p.folder);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_BAD_FILE);
    CHECK(strstr(why, "is not a regular file") != NULL);
    close_place(&p);
}

static void macs(void **state)
{
    struct place p;
    struct key_ring *ring = NULL;
    struct offered_token token = {.n = 1};
    char why[KEY_WHY_SIZE];

    (void)state;
    open_place(&p);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    CASE("what was made is ours");
    key_mac_set(ring, &token, SPAN(""));
    CHECK_EQ(token.key_id, ring->mac[0].id);
    CHECK(key_mac_fits(ring, &token, SPAN("")));
    CASE("for a holder it is not, for it was for all");
    CHECK(!key_mac_fits(ring, &token, SPAN("shop")));
    CASE("what was made for a holder is that one's alone");
    key_mac_set(ring, &token, SPAN("shop"));
    CHECK(key_mac_fits(ring, &token, SPAN("shop")));
    CHECK(!key_mac_fits(ring, &token, SPAN("shop2")));
    CHECK(!key_mac_fits(ring, &token, SPAN("")));
    key_mac_set(ring, &token, SPAN(""));
    CASE("with another number it is not");
    token.n = 2;
    CHECK(!key_mac_fits(ring, &token, SPAN("")));
    token.n = 1;
    CASE("with one bit of the mac turned it is not");
    token.mac[OFFERED_MAC_SIZE - 1] ^= 1;
    CHECK(!key_mac_fits(ring, &token, SPAN("")));
    token.mac[OFFERED_MAC_SIZE - 1] ^= 1;
    CASE("under a key that there is not it is not");
    token.key_id ^= 0x80;
    CHECK(!key_mac_fits(ring, &token, SPAN("")));
    key_ring_drop(ring);
    close_place(&p);
}

static void publishing(void **state)
{
    struct place p;
    struct key_ring *ring = NULL;
    char why[KEY_WHY_SIZE];
    const char *text;

    (void)state;
    open_place(&p);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    CASE("the public key is published, and nothing secret");
    text = ring->jwks;
    CHECK(strstr(text, ring->sign[0].kid) != NULL);
    CHECK(strstr(text, "\"crv\":\"Ed25519\"") != NULL);
    CHECK(strstr(text, "\"d\"") == NULL);
    key_ring_drop(ring);
    close_place(&p);
}

static bool move_blob(void *context, const struct store_key *key)
{
    struct store_key *copy = context;

    if (copy->id == 0)
        *copy = *key;
    return true;
}

static void binding(void **state)
{
    struct place p;
    struct key_ring *ring = NULL;
    struct store_key first = {.id = 0};
    char why[KEY_WHY_SIZE];

    (void)state;
    open_place(&p);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_OK);
    CASE("a sealed key moved to another row does not open");
    CHECK_EQ(store_key_list(p.store, move_blob, &first), STORE_OK);
    first.id = 200;
    CHECK_EQ(store_key_add(p.store, &first), STORE_OK);
    CHECK_EQ(open_ring(&p, &ring, why), KEY_BAD_FILE);
    close_place(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory),
        cmocka_unit_test(first_start),
        cmocka_unit_test(another_algorithm),
        cmocka_unit_test(pruning),
        cmocka_unit_test(wrong_files),
        cmocka_unit_test(folders),
        cmocka_unit_test(macs),
        cmocka_unit_test(publishing),
        cmocka_unit_test(binding),
    };

    if (!signature_init())
        return 1;
    return check_run("server/key", tests);
}
