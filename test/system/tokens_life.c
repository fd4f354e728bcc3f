/*
 * Good tokens in the wrong place, and after their session: one kind for the
 * other, ended sessions, disabled and deleted users, sessions chosen by somebody
 * else.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "doors.h"
#include "rows.h"
#include "stayd.h"

/* ---- One kind for the other ---- */

#define BEARER "Authorization: Bearer $REFRESH\r\n"
#define GET(family, path, headers)                                             \
    {                                                                          \
        family ": a refresh token for an access token", "GET",                 \
            "/d/" family path, headers, NULL, 401, NULL, NULL, NULL            \
    }
#define REFRESH(family, path, body, status)                                    \
    {                                                                          \
        family ": an access token for a refresh token", "POST",                \
            "/d/" family path, NULL, body, status, NULL, NULL, NULL            \
    }

static const struct row kinds[] = {
    GET("express", "/api/test/user", "x-access-token: $REFRESH\r\n"),
    GET("spring", "/api/test/user", BEARER),
    GET("django", "/api/v1/test/user", BEARER),
    GET("nest", "/test/user", BEARER),
    GET("nest-camel", "/test/user", BEARER),
    GET("sofunction", "/test/user", BEARER),
    GET("symfony", "/api/test/user", BEARER),
    GET("oauth2", "/test/user", BEARER),
    GET("stay", "/api/test/user", BEARER),
    {"/auth/verify: a refresh token for an access token", "GET",  "/auth/verify",
                                        BEARER,                                                                                                                                       NULL, 401, NULL, NULL, NULL},
    {"stay: a session's secret for an access token",      "GET",  "/api/account",
                                        "Authorization: Bearer $A_R\r\n",                                                                                                             NULL, 401, NULL, NULL, NULL},
    REFRESH("express", "/api/auth/refreshtoken",
            "{\"refreshToken\":\"$ACCESS\"}", 403),
    REFRESH("spring", "/api/auth/refreshtoken",
            "{\"refreshToken\":\"$ACCESS\"}", 403),
    REFRESH("django", "/api/v1/auth/jwt/refresh/", "{\"refresh\":\"$ACCESS\"}",
            401),
    REFRESH("nest", "/auth/refreshtoken",
            "{\"access_token\":\"$ACCESS\",\"refresh_token\":\"$ACCESS\"}",
            401),
    REFRESH("nest-camel", "/auth/refreshtoken",
            "{\"accessToken\":\"$ACCESS\",\"refreshToken\":\"$ACCESS\"}", 401),
    REFRESH("sofunction", "/auth/refresh", "{\"token\":\"$ACCESS\"}", 403),
    REFRESH("symfony", "/api/token/refresh", "{\"refresh_token\":\"$ACCESS\"}",
            401),
    REFRESH("stay", "/api/session/refresh",
            "{\"session\":\"$ACCESS\",\"sid\":\"$A_SID\",\"generation\":0,"
            "\"secret\":\"$A_S0\",\"next\":\"$A_N1\"}",
            400),
    {"oauth2: an access token for a refresh token",       "POST",
                                        "/d/oauth2/oauth/token",                                                               "Content-Type: application/x-www-form-urlencoded\r\n",
                                        "grant_type=refresh_token&refresh_token=$ACCESS",                                                                                                   400, NULL, NULL, NULL},
    {"both are good in their places",                     "GET",  "/api/test/user",
                                        "x-access-token: $ACCESS\r\n",                                                                                                                NULL, 200, NULL, NULL, NULL},
    {"the other one too",                                 "POST", "/api/auth/refreshtoken", NULL,
                                        "{\"refreshToken\":\"$REFRESH\"}",                                                                                                                  200, NULL, NULL, NULL},
};

static const struct row begin[] = {
    {"ada signs in",                         "POST", "/api/auth/signin", NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}", 200, NULL, NULL,
     "ACCESS=accessToken REFRESH=refreshToken"                                              },
    {"and once more, as our own clients do", "POST", "/api/session",     NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\",\"sid\":\"$A_SID\","
     "\"next\":\"$A_N0\"}",                              201, NULL, NULL, "OWN=access_token"},
};

/* ---- After the session ---- */

#define MINE "Authorization: Bearer $MINE\r\n"
#define PASSWORD "ink-lathe-1843"

static const struct end_row {
    const char *name;
    struct row acts[2];           /* one without a method: there is none */
    const char *const command[5]; /* of stayd, after them; $USER: his name */
    enum doors_verdict want;
} ends[] = {
  // clang-format off
    {"he signed out",
     {{"signs out", "POST", "/api/auth/signout", NULL,
       "{\"refreshToken\":\"$REFRESH\"}", 200, NULL, NULL, NULL}},
     {NULL}, DOORS_BAD},
    {"he ended it from the list of his sessions",
     {{"ends it", "DELETE", "/api/sessions/$SID", MINE, NULL, 204, NULL, NULL,
       NULL}},
     {NULL}, DOORS_BAD},
    {"he ended all others",
     {{"ends them", "DELETE", "/api/sessions?others=1", MINE, NULL, 204, NULL,
       NULL, NULL}},
     {NULL}, DOORS_BAD},
    {"he signed out everywhere",
     {{"ends all", "DELETE", "/api/sessions", MINE, NULL, 204, NULL, NULL,
       NULL}},
     {NULL}, DOORS_BAD},
    {"he changed his password",
     {{"changes it", "PATCH", "/api/account", MINE,
       "{\"password\":\"tin-orbit-2207\",\"current_password\":\"" PASSWORD
       "\"}", 200, NULL, NULL, NULL}},
     {NULL}, DOORS_BAD},
    {"he deleted his account",
     {{"deletes it", "DELETE", "/api/account", MINE,
       "{\"current_password\":\"" PASSWORD "\"}", 204, NULL, NULL, NULL}},
     {NULL}, DOORS_BAD},
    {"and another took his name",
     {{"deletes it", "DELETE", "/api/account", MINE,
       "{\"current_password\":\"" PASSWORD "\"}", 204, NULL, NULL, NULL},
      {"signs up", "POST", "/api/account", NULL,
       "{\"username\":\"$USER\",\"email\":\"$USER@example.org\","
       "\"password\":\"" PASSWORD "\"}", 201, NULL, NULL, NULL}},
     {NULL}, DOORS_BAD},
    {"two used the same secret of his session",
     {{"one is first", "POST", "/api/session/refresh", NULL,
       "{\"session\":\"$B_R\",\"sid\":\"$B_SID\",\"generation\":0,"
       "\"secret\":\"$B_S0\",\"next\":\"$B_N1\"}", 200, NULL, NULL,
       "ACCESS=access_token"},
      {"the other is caught", "POST", "/api/session/refresh", NULL,
       "{\"session\":\"$B_R\",\"sid\":\"$B_SID\",\"generation\":0,"
       "\"secret\":\"$B_S0\",\"next\":\"$B_N2\"}", 401, NULL, NULL, NULL}},
     {NULL}, DOORS_BAD},
    {"the operator disabled him", {{0}}, {"user", "disable", "$USER"},
     DOORS_DISABLED},
    {"the operator ended his sessions", {{0}},
     {"sessions", "end", "--user", "$USER"}, DOORS_BAD},
  // clang-format on
};

static const struct row arrive[] = {
    {"he signs up",                "POST", "/api/account",     NULL,
     "{\"username\":\"$USER\",\"email\":\"$USER@example.org\","
     "\"password\":\"" PASSWORD "\"}",
     201,                                                           NULL, NULL, NULL               },
    {"he signs in",                "POST", "/api/auth/signin", NULL,
     "{\"username\":\"$USER\",\"password\":\"" PASSWORD "\"}", 200, NULL, NULL,
     "ACCESS=accessToken REFRESH=refreshToken"                                                     },
    {"he signs in elsewhere, too", "POST", "/api/session",     NULL,
     "{\"username\":\"$USER\",\"password\":\"" PASSWORD "\","
     "\"sid\":\"$B_SID\",\"next\":\"$B_N0\"}",                 201, NULL, NULL, "MINE=access_token"},
};

/* `stayd ...` beside the running one. */
static void command(const struct stayd *stayd, const struct rows *rows,
                    const char *const words[])
{
    char database[PROCESS_PATH_SIZE + 32];
    char key_file[PROCESS_PATH_SIZE + 32];
    const char *argv[16] = {stayd_path(), "--database", database, "--key-file",
                            key_file};
    struct process_result result;

    if (words[0] == NULL)
        return;
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db",
                   stayd->folder);
    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", stayd->folder);
    for (size_t i = 0; i < 5 && words[i] != NULL; i++)
        argv[5 + i] =
            words[i][0] == '$' ? rows_value(rows, words[i] + 1) : words[i];
    result = process_run(argv, NULL, NULL);
    if (!CHECK_EQ(result.code, 0))
        check_note("  stayd says: %s", result.err);
    process_result_clear(&result);
}

/* The session of a token, as a proxy is told. */
static void set_sid(struct rows *rows)
{
    char headers[DOORS_TOKEN_SIZE + 64];
    struct wire_request request = {
        .method = "GET", .path = "/auth/verify", .headers = headers};
    struct wire_reply reply;
    char sid[1024];

    (void)snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n",
                   rows_value(rows, "ACCESS"));
    reply = wire_ask(rows->port, &request);
    CHECK(wire_header(&reply, "Stay-Session", 0, sid));
    rows_set(rows, "SID", sid);
    wire_clear(&reply);
}

static void end_one(const struct stayd *stayd, const struct doors *doors,
                    struct rows *rows, size_t number)
{
    const struct end_row *row = &ends[number];
    char user[16];

    (void)snprintf(user, sizeof user, "user%zu", number);
    rows_set(rows, "USER", user);
    rows_set_secrets(rows, "B");
    rows_run(rows, arrive, COUNT(arrive));
    set_sid(rows);
    check_case("his token is good until %s", row->name);
    doors_try(doors, rows_value(rows, "ACCESS"), DOORS_OPEN);
    for (size_t i = 0; i < COUNT(row->acts); i++)
        if (row->acts[i].method != NULL)
            rows_run(rows, &row->acts[i], 1);
    check_case("no door opens since %s", row->name);
    command(stayd, rows, row->command);
    doors_try(doors, rows_value(rows, "ACCESS"), row->want);
}

/* ---- A session chosen by somebody else ---- */

#define SIGN_IN(user, password, sid)                                           \
    "{\"username\":\"" user "\",\"password\":\"" password "\",\"sid\":\"" sid  \
    "\",\"next\":\"$A_N0\"}"

static const struct row fixed[] = {
    {"max has a session",                  "POST", "/api/session",    NULL,
     "{\"username\":\"max\",\"password\":\"quantum-1900\","
     "\"sid\":\"$C_SID\",\"next\":\"$C_N0\"}",                                                                   201,NULL,      NULL,"MAX=access_token"},
    {"ada cannot sign in to it",           "POST", "/api/session",    NULL,
     SIGN_IN("ada",                                                                                              "lovelace","$C_SID"), 409,
     "{\"error\":\"sign_in_again\",<ANY>",NULL, NULL},
    {"nor can who knows max's password, without his secrets",                                "POST",
     "/api/session", NULL, SIGN_IN("max",                                                                                             "quantum-1900","$C_SID"),409,
     "{\"error\":\"sign_in_again\",<ANY>",NULL, NULL},
    {"max goes on", "POST",   "/api/session/refresh",                NULL,
     "{\"session\":\"$C_R\",\"sid\":\"$C_SID\",\"generation\":0,"
     "\"secret\":\"$C_S0\",\"next\":\"$C_N1\"}",                                           200,NULL,NULL,"MAX=access_token"},
    {"and signs out",                                "DELETE",                                  "/api/session",                                 NULL,                                                                      "{\"session\":\"$C_R\"}",
     204,NULL,                                                  NULL,                                                                                                                                          NULL                                                                                                      },
    {"nobody gets the session that has ended",                                "POST",                                  "/api/session",                                               NULL,
     SIGN_IN("ada",                                               "lovelace","$C_SID"),409,
     "{\"error\":\"sign_in_again\",<ANY>",NULL, NULL},
    {"nor does max himself",                           "POST",                              "/api/session",                            NULL,
     SIGN_IN("max",                                                           "quantum-1900","$C_SID"),409,
     "{\"error\":\"sign_in_again\",<ANY>",NULL, NULL},
    {"nor his token from then",                        "GET",                "/api/account",
     "Authorization: Bearer $MAX\r\n",                                                          NULL,                                                                       401,NULL,NULL,NULL   },
    {"the session of a user who is gone is nobody's",                      "POST",             "/api/session",
     NULL,   SIGN_IN("ada","lovelace","$GONE_SID"),409,
     "{\"error\":\"sign_in_again\",<ANY>",NULL, NULL},
    {"a cookie, a path and a body that name a session are not heard",                      "POST",
     "/api/auth/signin?sid=$A_SID&session=$A_R",                                             "Cookie: __Host-stay=$A_R; stay-80=$A_R; sid=$A_SID\r\n",
     "{\"username\":\"max\",\"password\":\"quantum-1900\","
     "\"sid\":\"$A_SID\",\"session\":\"$A_R\","
     "\"refreshToken\":\"$REFRESH\",\"accessToken\":\"$ACCESS\"}",                                                                                                                                  200,                                                                                                                                             NULL,"!Set-Cookie\n","ACCESS=accessToken"          },
};

static void life(void **state)
{
    struct stayd stayd;
    struct doors doors;
    struct rows rows;

    (void)state;
    CASE("stayd starts, and ada signs in");
    if (!stayd_start(&stayd, NULL) || !doors_open(&doors, &stayd))
        return;
    rows_init(&rows, stayd.port);
    rows_set_secrets(&rows, "A");
    rows_set_secrets(&rows, "C");
    rows_run(&rows, begin, COUNT(begin));
    rows_run(&rows, kinds, COUNT(kinds));
    for (size_t i = 0; i < COUNT(ends); i++) {
        end_one(&stayd, &doors, &rows, i);
        if (strcmp(ends[i].name, "he deleted his account") == 0)
            rows_set(&rows, "GONE_SID", rows_value(&rows, "B_SID"));
    }
    rows_run(&rows, fixed, COUNT(fixed));
    CASE("it is a session of its own");
    set_sid(&rows);
    CHECK(strcmp(rows_value(&rows, "SID"), rows_value(&rows, "A_SID")) != 0);
    CASE("ada was not touched by any of this");
    doors_try(&doors, doors.access, DOORS_OPEN);
    doors_try(&doors, rows_value(&rows, "OWN"), DOORS_OPEN);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(life)};

    if (sodium_init() < 0)
        return 1;
    return check_run("system/tokens_life", tests);
}
