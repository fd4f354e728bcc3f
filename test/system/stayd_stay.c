/*
 * The dialect of Stay's own clients, on the wire: design.md, section 6.
 */
#include <signal.h>
#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

#define ERROR(word) "{\"error\":\"" word "\",\"message\":\"<ANY>\"}"
#define FIELDS(fields)                                                         \
    "{\"error\":\"invalid\",\"message\":\"<ANY>\",\"fields\":{" fields "}}"
#define SIGN_IN(user, password, sid, next)                                     \
    "{\"username\":\"" user "\",\"password\":\"" password "\",\"sid\":\"" sid  \
    "\",\"next\":\"" next "\",\"label\":\"laptop\"}"
#define REFRESH(generation, secret, next)                                      \
    "{\"session\":\"$A_R\",\"sid\":\"$A_SID\",\"generation\":" generation      \
    ",\"secret\":\"" secret "\",\"next\":\"" next "\"}"
#define GRANTED(generation)                                                    \
    "{\"access_token\":\"<JWT>\",\"token_type\":\"Bearer\",\"expires_in\":60," \
    "\"generation\":" generation "}"
#define STEP_BACK(word, generation)                                            \
    "{\"error\":\"" word "\",\"message\":\"<ANY>\",\"generation\":" generation \
    "}"
#define NO_STORE "Cache-Control: no-store\nContent-Type: application/json\n"
#define TOKEN "Authorization: Bearer $ACCESS\r\n"
#define REFRESHING "/api/session/refresh"

// clang-format off
static const struct row accounts[] = {
    {"sign up: the account is told", "POST", "/api/account", NULL,
     "{\"username\":\"zoe\",\"email\":\"zoe@example.org\",\"password\":\"correct horse\"}",
     201, "{\"id\":<INT>,\"username\":\"zoe\",\"email\":\"zoe@example.org\",\"roles\":[\"user\"]}", NULL, NULL},
    {"sign up: the name is taken", "POST", "/api/account", NULL,
     "{\"username\":\"zoe\",\"email\":\"z@example.org\",\"password\":\"correct horse\"}",
     409, "{\"error\":\"taken\",\"message\":\"<ANY>\",\"fields\":{\"username\":[\"<ANY>\"]}}", NULL, NULL},
    {"sign up: the address is taken, in other letters", "POST", "/api/account", NULL,
     "{\"username\":\"zoe2\",\"email\":\"ZOE@example.org\",\"password\":\"correct horse\"}",
     409, "{\"error\":\"taken\",\"message\":\"<ANY>\",\"fields\":{\"email\":[\"<ANY>\"]}}", NULL, NULL},
    {"sign up: all that is missing is told at once", "POST", "/api/account", NULL, "{}",
     400, FIELDS("\"username\":[\"<ANY>\"],\"email\":[\"<ANY>\"],\"password\":[\"<ANY>\"]"), NULL, NULL},
    {"sign up: seven characters are too short", "POST", "/api/account", NULL,
     "{\"username\":\"yan\",\"email\":\"y@example.org\",\"password\":\"1234abc\"}",
     400, FIELDS("\"password\":[\"This is too short.\"]"), NULL, NULL},
    {"sign up: a name with a NUL", "POST", "/api/account", NULL,
     "{\"username\":\"y\\u0000n\",\"email\":\"y@example.org\",\"password\":\"correct horse\"}",
     400, FIELDS("\"username\":[\"This cannot be a user name.\"]"), NULL, NULL},
    {"sign up: what is no address", "POST", "/api/account", NULL,
     "{\"username\":\"yan\",\"email\":\"y\",\"password\":\"correct horse\"}",
     400, FIELDS("\"email\":[\"This is not an e-mail address.\"]"), NULL, NULL},
    {"sign up: a name that is a number", "POST", "/api/account", NULL,
     "{\"username\":7,\"email\":\"y@example.org\",\"password\":\"correct horse\"}",
     400, FIELDS("\"username\":[\"This is not of the right type.\"]"), NULL, NULL},
    {"sign up: broken JSON", "POST", "/api/account", NULL, "{\"username\":", 400, ERROR("bad_json"), NULL, NULL},
    {"sign up: a form", "POST", "/api/account", "Content-Type: application/x-www-form-urlencoded\r\n",
     "username=a", 415, ERROR("wrong_content_type"), NULL, NULL},
};

static const struct row sign_ins[] = {
    {"sign in: a wrong password", "POST", "/api/session", NULL, SIGN_IN("ada", "wrong-one", "$A_SID", "$A_N0"),
     401, ERROR("bad_credentials"), NO_STORE, NULL},
    {"sign in: nobody of that name, in the same words", "POST", "/api/session", NULL,
     SIGN_IN("nobody", "lovelace", "$A_SID", "$A_N0"), 401, ERROR("bad_credentials"), NO_STORE, NULL},
    {"sign in: no name at all", "POST", "/api/session", NULL,
     "{\"password\":\"lovelace\",\"sid\":\"$A_SID\",\"next\":\"$A_N0\"}", 400,
     FIELDS("\"username\":[\"<ANY>\"]"), NULL, NULL},
    {"sign in: a sid that is too short", "POST", "/api/session", NULL, SIGN_IN("ada", "lovelace", "AAAA", "$A_N0"),
     400, FIELDS("\"sid\":[\"<ANY>\"]"), NULL, NULL},
    {"sign in: a hash that is too long", "POST", "/api/session", NULL, SIGN_IN("ada", "lovelace", "$A_SID", "$A_N0A"),
     400, FIELDS("\"next\":[\"<ANY>\"]"), NULL, NULL},
    {"sign in: the session begins", "POST", "/api/session", NULL, SIGN_IN("ada", "lovelace", "$A_SID", "$A_N0"), 201,
     "{\"access_token\":\"<JWT>\",\"token_type\":\"Bearer\",\"expires_in\":60,"
     "\"session\":{\"id\":\"$A_SID\",\"label\":\"laptop\"},"
     "\"user\":{\"id\":1,\"username\":\"ada\",\"email\":\"ada@example.org\",\"roles\":[\"user\"]}}",
     NO_STORE, "ACCESS=access_token"},
    {"sign in: the same once more is the same session", "POST", "/api/session", NULL,
     SIGN_IN("ada", "lovelace", "$A_SID", "$A_N0"), 201, NULL, NULL, NULL},
    {"sign in: the same sid with other secrets", "POST", "/api/session", NULL,
     SIGN_IN("ada", "lovelace", "$A_SID", "$A_N1"), 409, ERROR("sign_in_again"), NULL, NULL},
    {"sign in: the same sid for another user", "POST", "/api/session", NULL,
     SIGN_IN("max", "quantum-1900", "$A_SID", "$A_N0"), 409, ERROR("sign_in_again"), NULL, NULL},
    {"sign in: by e-mail address", "POST", "/api/session", NULL,
     "{\"email\":\"ADA@example.org\",\"password\":\"lovelace\",\"sid\":\"$B_SID\",\"next\":\"$B_N0\"}", 201, NULL, NULL,
     NULL},
    {"sign in: cookie mode is refused plainly", "POST", "/api/session", "Stay-Mode: cookie\r\n",
     "{\"username\":\"ada\",\"password\":\"lovelace\",\"next\":\"$B_N1\"}", 400, ERROR("bad_request"), NULL, NULL},
};

static const struct row resources[] = {
    {"board for all", "GET", "/api/test/all", NULL, NULL, 200, NULL, NULL, NULL},
    {"board for users, in our words because the token tells so", "GET", "/api/test/user", TOKEN, NULL, 200,
     "{\"message\":\"User content.\"}", NULL, NULL},
    {"the same by HEAD, without a body", "HEAD", "/api/test/user", TOKEN, NULL, 200, "", NULL, NULL},
    {"the scheme in small letters", "GET", "/api/test/user", "Authorization: bearer $ACCESS\r\n", NULL, 200, NULL,
     NULL, NULL},
    {"board of moderators: wrong role", "GET", "/api/test/mod", TOKEN, NULL, 403, ERROR("wrong_role"),
     "WWW-Authenticate: Bearer <ANY>insufficient_scope<ANY>\n", NULL},
    {"who am I", "GET", "/api/account", TOKEN, NULL, 200,
     "{\"id\":1,\"username\":\"ada\",\"email\":\"ada@example.org\",\"roles\":[\"user\"]}", NULL, NULL},
    {"no token", "GET", "/d/stay/api/test/user", NULL, NULL, 401, ERROR("no_token"),
     "WWW-Authenticate: Bearer realm=\"stay\"\n", NULL},
    {"a token of rubbish", "GET", "/d/stay/api/test/user", "Authorization: Bearer rubbish\r\n", NULL, 401,
     ERROR("bad_token"), "WWW-Authenticate: Bearer <ANY>invalid_token<ANY>\n", NULL},
    {"a token with its last letter off", "GET", "/d/stay/api/test/user", "Authorization: Bearer $ACCESSx\r\n", NULL,
     401, ERROR("bad_token"), NULL, NULL},
    {"no todos at first", "GET", "/api/todos", TOKEN, NULL, 200, "[]", NULL, NULL},
    {"a todo", "POST", "/api/todos", TOKEN, "{\"title\":\"buy \\\"milk\\\"\"}", 201,
     "{\"id\":<INT>,\"title\":\"buy \\\"milk\\\"\",\"done\":false}", NULL, "TODO=id"},
    {"a todo without a title", "POST", "/api/todos", TOKEN, "{}", 400, FIELDS("\"title\":[\"<ANY>\"]"), NULL, NULL},
    {"a todo is done", "PATCH", "/api/todos/$TODO", TOKEN, "{\"done\":true}", 200,
     "{\"id\":$TODO,\"title\":\"buy \\\"milk\\\"\",\"done\":true}", NULL, NULL},
    {"a list of todos", "GET", "/api/todos", TOKEN, NULL, 200,
     "[{\"id\":$TODO,\"title\":\"buy \\\"milk\\\"\",\"done\":true}]", NULL, NULL},
    {"a todo that there is not", "PATCH", "/api/todos/999999", TOKEN, "{\"done\":true}", 404, ERROR("not_found"), NULL,
     NULL},
    {"a todo of no number", "DELETE", "/api/todos/x", TOKEN, NULL, 404, NULL, NULL, NULL},
    {"a todo is removed", "DELETE", "/api/todos/$TODO", TOKEN, NULL, 204, "", NULL, NULL},
    {"and gone", "DELETE", "/api/todos/$TODO", TOKEN, NULL, 404, ERROR("not_found"), NULL, NULL},
};

static const struct row refreshes[] = {
    {"refresh: generation 1", "POST", REFRESHING, NULL, REFRESH("0", "$A_S0", "$A_N1"), 200, GRANTED("1"), NO_STORE,
     "ACCESS=access_token"},
    {"refresh: an exact repeat mints nothing", "POST", REFRESHING, NULL, REFRESH("0", "$A_S0", "$A_N1"), 409,
     STEP_BACK("advance", "1"), NULL, NULL},
    {"refresh: generation 2", "POST", REFRESHING, NULL, REFRESH("1", "$A_S1", "$A_N2"), 200, GRANTED("2"), NULL, NULL},
    {"refresh: the first one once more still says advance", "POST", REFRESHING, NULL,
     REFRESH("0", "$A_S0", "$A_N1"), 409, STEP_BACK("advance", "2"), NULL, NULL},
    {"refresh: a generation that the server has not", "POST", REFRESHING, NULL, REFRESH("7", "$A_S7", "$A_N8"), 409,
     STEP_BACK("behind", "2"), NULL, NULL},
    {"refresh: no generation", "POST", REFRESHING, NULL,
     "{\"session\":\"$A_R\",\"sid\":\"$A_SID\",\"secret\":\"$A_S2\",\"next\":\"$A_N3\"}", 400, NULL, NULL, NULL},
    {"refresh: a generation as text", "POST", REFRESHING, NULL, REFRESH("\"2\"", "$A_S2", "$A_N3"), 400, NULL, NULL,
     NULL},
    {"refresh: a negative generation", "POST", REFRESHING, NULL, REFRESH("-1", "$A_S2", "$A_N3"), 400,
     ERROR("bad_request"), NULL, NULL},
    {"refresh: a generation with a fraction", "POST", REFRESHING, NULL, REFRESH("2.0", "$A_S2", "$A_N3"), 400, NULL,
     NULL, NULL},
    {"refresh: a generation beyond all numbers", "POST", REFRESHING, NULL,
     REFRESH("99999999999999999999", "$A_S2", "$A_N3"), 400, NULL, NULL, NULL},
    {"refresh: a secret that is too short", "POST", REFRESHING, NULL, REFRESH("2", "AAAA", "$A_N3"), 400,
     ERROR("bad_request"), NULL, NULL},
    {"refresh: a secret with padding", "POST", REFRESHING, NULL, REFRESH("2", "$A_S2=", "$A_N3"), 400,
     ERROR("bad_request"), NULL, NULL},
    {"refresh: the sid of another session", "POST", REFRESHING, NULL,
     "{\"session\":\"$A_R\",\"sid\":\"$B_SID\",\"generation\":2,\"secret\":\"$A_S2\",\"next\":\"$A_N3\"}", 400,
     ERROR("bad_request"), NULL, NULL},
    {"refresh: a session that there is not", "POST", REFRESHING, NULL,
     "{\"session\":\"$C_R\",\"sid\":\"$C_SID\",\"generation\":0,\"secret\":\"$C_S0\",\"next\":\"$C_N1\"}", 401,
     ERROR("unknown"), NULL, NULL},
    {"refresh: after all that, generation 3", "POST", REFRESHING, NULL, REFRESH("2", "$A_S2", "$A_N3"), 200,
     GRANTED("3"), NULL, NULL},
    {"refresh: generation 4", "POST", REFRESHING, NULL, REFRESH("3", "$A_S3", "$A_N4"), 200, GRANTED("4"), NULL, NULL},
    {"refresh: generation 5", "POST", REFRESHING, NULL, REFRESH("4", "$A_S4", "$A_N5"), 200, GRANTED("5"), NULL, NULL},
    {"refresh: generation 6", "POST", REFRESHING, NULL, REFRESH("5", "$A_S5", "$A_N6"), 200, GRANTED("6"), NULL, NULL},
    {"refresh: generation 7", "POST", REFRESHING, NULL, REFRESH("6", "$A_S6", "$A_N7"), 200, GRANTED("7"), NULL, NULL},
    {"refresh: 7 steps back is still in the chain", "POST", REFRESHING, NULL, REFRESH("0", "$A_S0", "$A_N1"), 409,
     STEP_BACK("advance", "7"), NULL, NULL},
    {"refresh: generation 8", "POST", REFRESHING, NULL, REFRESH("7", "$A_S7", "$A_N8"), 200, GRANTED("8"), NULL,
     "ACCESS=access_token"},
    {"refresh: 8 steps back is stale", "POST", REFRESHING, NULL, REFRESH("0", "$A_S0", "$A_N1"), 409,
     STEP_BACK("stale", "8"), NULL, NULL},
    {"board: the session lives", "GET", "/d/stay/api/test/user", TOKEN, NULL, 200, NULL, NULL, NULL},
    {"refresh: another successor of a spent secret ends it", "POST", REFRESHING, NULL,
     REFRESH("7", "$A_S7", "$A_N9"), 401, ERROR("reuse"), NULL, NULL},
    {"board: its access token is refused at once", "GET", "/d/stay/api/test/user", TOKEN, NULL, 401,
     ERROR("bad_token"), NULL, NULL},
    {"refresh: the right secret comes too late", "POST", REFRESHING, NULL, REFRESH("8", "$A_S8", "$A_N9"), 401,
     ERROR("reuse"), NULL, NULL},
};

static const struct row sign_outs[] = {
    {"sign in once more", "POST", "/api/session", NULL, SIGN_IN("ada", "lovelace", "$D_SID", "$D_N0"), 201, NULL, NULL,
     "ACCESS=access_token"},
    {"sign out: a secret that is none", "DELETE", "/api/session", NULL, "{\"session\":\"AAAA\"}", 400, NULL, NULL,
     NULL},
    {"sign out: no secret", "DELETE", "/api/session", NULL, "{}", 400, NULL, NULL, NULL},
    {"sign out", "DELETE", "/api/session", NULL, "{\"session\":\"$D_R\"}", 204, "", NULL, NULL},
    {"sign out: again is no error", "DELETE", "/api/session", NULL, "{\"session\":\"$D_R\"}", 204, "", NULL, NULL},
    {"sign out: nor is what never was", "DELETE", "/api/session", NULL, "{\"session\":\"$C_R\"}", 204, "", NULL, NULL},
    {"refresh: signed out", "POST", REFRESHING, NULL,
     "{\"session\":\"$D_R\",\"sid\":\"$D_SID\",\"generation\":0,\"secret\":\"$D_S0\",\"next\":\"$D_N1\"}", 401,
     ERROR("revoked"), NULL, NULL},
    {"board: signed out", "GET", "/d/stay/api/test/user", TOKEN, NULL, 401, ERROR("bad_token"), NULL, NULL},
};

static const struct row paths[] = {
    {"a path that there is not", "GET", "/d/stay/api/nope", NULL, NULL, 404, ERROR("unknown_path"), NULL, NULL},
    {"a method that the path does not take", "PUT", "/api/session/refresh", NULL, "{}", 405,
     ERROR("method_not_allowed"), "Allow: POST\n", NULL},
    {"a preflight from this machine", "OPTIONS", "/api/session/refresh",
     "Origin: http://localhost:5173\r\nAccess-Control-Request-Method: POST\r\n", NULL, 204, "",
     "Access-Control-Allow-Origin: http://localhost:5173\nAccess-Control-Allow-Methods: <ANY>POST<ANY>\n"
     "Access-Control-Allow-Headers: <ANY>Content-Type<ANY>\nVary: Origin<ANY>\n", NULL},
    {"a preflight from elsewhere", "OPTIONS", "/api/session/refresh",
     "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n", NULL, 204, "",
     "!Access-Control-Allow-Origin\n", NULL},
    {"an error can be read by the page", "POST", REFRESHING, "Origin: http://127.0.0.1:8081\r\n", "{}", 400, NULL,
     "Access-Control-Allow-Origin: http://127.0.0.1:8081\n", NULL},
    {"the public keys", "GET", "/.well-known/jwks.json", NULL, NULL, 200,
     "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\"<TOKEN>\",\"x\":\"<TOKEN>\"}]}",
     "Content-Type: application/json\n", NULL},
    {"the public keys take no POST", "POST", "/.well-known/jwks.json", NULL, "{}", 405, NULL, NULL, NULL},
};
// clang-format on

struct count_row {
    const char *outcome;
    int want;
};

/* What the rows above have caused, and nothing else. */
static const struct count_row counts[] = {
    {"granted",       8},
    {"advance",       3},
    {"stale",         1},
    {"behind",        1},
    {"bad_request",   9},
    {"other_session", 0},
    {"unknown",       1},
    {"reuse",         2},
    {"revoked",       1},
    {"expired",       0},
    {"soft",          0},
    {"disabled",      0},
    {"unavailable",   0},
    {"fault",         0},
};

static void count_outcomes(const struct stayd *stayd)
{
    for (size_t i = 0; i < COUNT(counts); i++) {
        char series[128];

        check_case("counted: %s %d", counts[i].outcome, counts[i].want);
        (void)snprintf(series, sizeof series,
                       "stay_refreshes_total{dialect=\"stay\",outcome=\"%s\"}",
                       counts[i].outcome);
        CHECK_EQ(stayd_metric(stayd, series), counts[i].want);
    }
}

static void all(void **state)
{
    static const char *const options[] = {"--access-ttl", "60s", NULL};
    static const char *const holders[] = {"A", "B", "C", "D"};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    for (size_t i = 0; i < COUNT(holders); i++)
        rows_set_secrets(&rows, holders[i]);
    rows_run(&rows, accounts, COUNT(accounts));
    rows_run(&rows, sign_ins, COUNT(sign_ins));
    rows_run(&rows, resources, COUNT(resources));
    rows_run(&rows, refreshes, COUNT(refreshes));
    rows_run(&rows, sign_outs, COUNT(sign_outs));
    rows_run(&rows, paths, COUNT(paths));
    count_outcomes(&stayd);
    CASE("stayd stops at once when told to, and well");
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    if (sodium_init() < 0)
        return 1;
    return check_run("system/stayd_stay", tests);
}
