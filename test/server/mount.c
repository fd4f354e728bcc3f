#include "server/mount.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

struct route_row {
    const char *name;
    const char *wish; /* NULL: none */
    const char *method;
    const char *path;
    const char *dialect;
    enum route_result result;
    const char *message; /* "" when the path is nobody's */
    const char *rest;    /* the path from the mount on */
};

// clang-format off
static const struct route_row route_rows[] = {
    {"a board goes to the first that has it", NULL, "GET", "/api/test/user",
     "express", ROUTE_FOUND, "board_user", "/api/test/user"},
    {"or to the one that the token tells", "stay", "GET", "/api/test/user",
     "stay", ROUTE_FOUND, "board_user", "/api/test/user"},
    {"unless that one has it not", "nest", "GET", "/api/test/user", "express",
     ROUTE_FOUND, "board_user", "/api/test/user"},
    {"a path that one alone has", NULL, "POST", "/api/session/refresh", "stay",
     ROUTE_FOUND, "refresh", "/api/session/refresh"},
    {"a longer prefix", NULL, "POST", "/api/v1/auth/jwt/create/", "django",
     ROUTE_FOUND, "sign_in", "/api/v1/auth/jwt/create/"},
    {"no prefix", NULL, "POST", "/auth/login", "nest", ROUTE_FOUND, "sign_in",
     "/auth/login"},
    {"a folder of one's own", NULL, "GET", "/d/symfony/api/test/user",
     "symfony", ROUTE_FOUND, "board_user", "/api/test/user"},
    {"which no token can change", "stay", "GET", "/d/symfony/api/test/user",
     "symfony", ROUTE_FOUND, "board_user", "/api/test/user"},
    {"a folder of nobody", NULL, "GET", "/d/klingon/api/test/user", "nest",
     ROUTE_NO_PATH, "", "/d/klingon/api/test/user"},
    {"a folder alone", NULL, "GET", "/d/stay", "stay", ROUTE_NO_PATH, "", "/"},
    {"another method", NULL, "PUT", "/api/session/refresh", "stay",
     ROUTE_NO_METHOD, "refresh", "/api/session/refresh"},
    {"HEAD is as GET", NULL, "HEAD", "/api/test/all", "express", ROUTE_FOUND,
     "board_all", "/api/test/all"},
    {"a slash more", NULL, "GET", "/api/test/all/", "express", ROUTE_FOUND,
     "board_all", "/api/test/all/"},
    {"nobody's path, below the longest prefix", NULL, "GET", "/api/v1/nope",
     "django", ROUTE_NO_PATH, "", "/api/v1/nope"},
    {"nobody's path, below the first prefix", NULL, "GET", "/api/nope",
     "express", ROUTE_NO_PATH, "", "/api/nope"},
    {"nobody's path, below none", NULL, "GET", "/nope", "nest", ROUTE_NO_PATH,
     "", "/nope"},
    {"a name that begins as a prefix does", NULL, "GET", "/apiary", "nest",
     ROUTE_NO_PATH, "", "/apiary"},
    {"nobody's path, with a token", "symfony", "GET", "/nope", "symfony",
     ROUTE_NO_PATH, "", "/nope"},
};
// clang-format on

static void check_route(const struct mounts *mounts,
                        const struct route_row *row)
{
    struct request_seen seen = {.method = span_of(row->method),
                                .path = span_of(row->path)};
    const struct mount *wish =
        row->wish == NULL ? NULL : mount_find(mounts, span_of(row->wish));
    struct mount_route got = mount_route(mounts, wish, &seen);

    CHECK(row->wish == NULL || wish != NULL);
    CHECK(span_is(got.mount->dialect.name, row->dialect));
    CHECK_EQ(got.result, row->result);
    CHECK(span_is(got.path, row->rest));
    if (row->result != ROUTE_NO_PATH)
        CHECK_TEXT(message_name(got.message), row->message);
}

static void routes(void **state)
{
    const struct config_list none = {.count = 0};
    struct mounts mounts;
    char why[MOUNT_WHY_SIZE];

    (void)state;
    CASE("all server dialects are placed, in the order of their files");
    CHECK_EQ(mount_open(&mounts, &none, why), MOUNT_OK);
    CHECK_EQ(mounts.placed_count, mounts.count);
    CHECK_EQ(mounts.count, 9);
    CHECK(span_is(mounts.placed[0]->dialect.name, "express"));
    CHECK(span_is(mounts.placed[1]->dialect.name, "stay"));
    for (size_t i = 0; i < COUNT(route_rows); i++) {
        CASE(route_rows[i].name);
        check_route(&mounts, &route_rows[i]);
    }
    mount_close(&mounts);
}

static void order(void **state)
{
    const struct config_list wanted = {
        .value = {"stay", "express"},
          .count = 2
    };
    const struct request_seen board = {.method = SPAN("GET"),
                                       .path = SPAN("/api/test/user")};
    const struct request_seen nest = {.method = SPAN("POST"),
                                      .path = SPAN("/auth/login")};
    const struct request_seen folder = {.method = SPAN("POST"),
                                        .path = SPAN("/d/nest/auth/login")};
    struct mounts mounts;
    char why[MOUNT_WHY_SIZE];

    (void)state;
    CASE("the operator's order decides");
    CHECK_EQ(mount_open(&mounts, &wanted, why), MOUNT_OK);
    CHECK(span_is(mount_route(&mounts, NULL, &board).mount->dialect.name,
                  "stay"));
    CASE("who is not named has no paths of its own");
    CHECK_EQ(mount_route(&mounts, NULL, &nest).result, ROUTE_NO_PATH);
    CASE("but its folder");
    CHECK_EQ(mount_route(&mounts, NULL, &folder).result, ROUTE_FOUND);
    CASE("and a token that names it does not bring it back");
    CHECK(mount_find(&mounts, SPAN("nest")) != NULL);
    CHECK(mount_find_placed(&mounts, SPAN("nest")) == NULL);
    CHECK(mount_find_placed(&mounts, SPAN("express")) ==
          mount_find(&mounts, SPAN("express")));
    mount_close(&mounts);
}

static void own_headers(void **state)
{
    const struct config_list none = {.count = 0};
    const struct header_line own[] = {
        {SPAN("Accept"),         SPAN("*/*")},
        {SPAN("X-Access-Token"), SPAN("t")  },
    };
    const struct header_line common[] = {
        {SPAN("Authorization"), SPAN("Bearer t")},
    };
    struct mounts mounts;
    const struct mount *found;
    char why[MOUNT_WHY_SIZE];

    (void)state;
    CHECK_EQ(mount_open(&mounts, &none, why), MOUNT_OK);
    CASE("a header of its own names the family, in any letters");
    found = mount_of_header(&mounts, own, COUNT(own));
    CHECK(found != NULL && span_is(found->dialect.name, "express"));
    CASE("one that others send too names none");
    CHECK(mount_of_header(&mounts, common, COUNT(common)) == NULL);
    CASE("a preflight names it among others");
    found = mount_of_names(&mounts, SPAN("content-type, x-access-token"));
    CHECK(found != NULL && span_is(found->dialect.name, "express"));
    CASE("a longer name is another");
    CHECK(mount_of_names(&mounts, SPAN("x-access-token-2")) == NULL);
    CHECK(mount_of_names(&mounts, SPAN("")) == NULL);
    mount_close(&mounts);
}

static void claims(void **state)
{
    static const struct {
        const char *dialect;
        bool user;
    } rows[] = {
        {"stay",       false},
        {"express",    false},
        {"django",     false},
        {"nest",       true },
        {"symfony",    true },
        {"spring",     true },
        {"nest-camel", true }
    };
    const struct config_list none = {.count = 0};
    struct mounts mounts;
    char why[MOUNT_WHY_SIZE];

    (void)state;
    CHECK_EQ(mount_open(&mounts, &none, why), MOUNT_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct mount *mount =
            mount_find(&mounts, span_of(rows[i].dialect));

        check_case("do the claims of %s tell the user's name: %d",
                   rows[i].dialect, rows[i].user);
        CHECK(mount != NULL && mount->user_in_claims == rows[i].user);
    }
    // RFC 7519, section 4.1.2: a text, which a number's blank is not.
    CASE("where the standard is followed, sub is left to the server");
    CHECK(!dialect_claims(&mount_find(&mounts, SPAN("stay"))->dialect,
                          SPAN("sub")));
    CHECK(!dialect_claims(&mount_find(&mounts, SPAN("oauth2"))->dialect,
                          SPAN("sub")));
    mount_close(&mounts);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes),
        cmocka_unit_test(order),
        cmocka_unit_test(own_headers),
        cmocka_unit_test(claims),
    };

    return check_run("server/mount", tests);
}
