#include "doors.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "wire.h"

enum { TEXT_MAX = 64 * 1024 };

static const struct door {
    const char *name;
    const char *method, *path;
    const char *header; /* before the token; NULL: it goes into the body */
    const char *body;   /* TOKEN stands for it; a form where it has no brace */
    int open;           /* the status of a good one */
    int shut;           /* and of all others */
    const char *said;   /* in the body of a good one; NULL: not looked at */
    const char *expired, *disabled; /* in those of others; NULL: as above */
} doors_list[] = {
  // clang-format off
    {"express", "GET", "/api/test/user", "x-access-token: ", NULL,
     200, 401, "User Content.", NULL, NULL},
    {"stay", "GET", "/d/stay/api/account", "Authorization: Bearer ", NULL,
     200, 401, "\"username\"", "\"expired_token\"", "\"disabled\""},
    {"/auth/verify", "GET", "/auth/verify", "Authorization: Bearer ", NULL,
     204, 401, NULL, NULL, NULL},
    {"django", "POST", "/d/django/api/v1/auth/jwt/verify/", NULL,
     "{\"token\":\"TOKEN\"}", 200, 401, NULL, NULL, NULL},
    {"oauth2", "POST", "/d/oauth2/oauth/introspect", NULL, "token=TOKEN",
     200, 200, "{\"active\": true", "{\"active\": false}",
     "{\"active\": false}"},
  // clang-format on
};

/* The longest head that is read; a longer one has a status of its own. */
static const size_t head_room = 7 * 1024;

static void put(char **to, const char *text, size_t length)
{
    memcpy(*to, text, length);
    *to += length;
    **to = '\0';
}

/* As its place wants it: escaped for JSON, or for a form. */
static void put_token(char **to, const char *token, bool json)
{
    char escaped[8];

    for (; *token != '\0'; token++) {
        int length = 1;

        escaped[0] = *token;
        if (json && (*token == '"' || *token == '\\'))
            length = snprintf(escaped, sizeof escaped, "\\%c", *token);
        else if (!json && strchr("+&%= \"{},", *token) != NULL)
            length = snprintf(escaped, sizeof escaped, "%%%02x",
                              (unsigned)(unsigned char)*token);
        put(to, escaped, (size_t)length);
    }
}

static void write_body(const struct door *door, const char *token, char *out)
{
    const char *at = strstr(door->body, "TOKEN");

    put(&out, door->body, (size_t)(at - door->body));
    put_token(&out, token, door->body[0] == '{');
    put(&out, at + 5, strlen(at + 5));
}

static struct wire_reply ask(const struct doors *doors, const struct door *door,
                             const char *token)
{
    static char headers[TEXT_MAX];
    static char body[TEXT_MAX];
    struct wire_request request = {
        .method = door->method, .path = door->path, .headers = headers};

    headers[0] = '\0';
    if (door->header != NULL) {
        (void)snprintf(headers, sizeof headers, "%s%s\r\n", door->header,
                       token);
        return wire_ask(doors->port, &request);
    }
    if (door->body[0] != '{')
        (void)snprintf(headers, sizeof headers,
                       "Authorization: Bearer %s\r\nContent-Type: "
                       "application/x-www-form-urlencoded\r\n",
                       doors->admin);
    write_body(door, token, body);
    request.body = body;
    return wire_ask(doors->port, &request);
}

static const char *words_of(const struct door *door, enum doors_verdict want)
{
    switch (want) {
    case DOORS_OPEN:
    case DOORS_NO_ADMIN:
        return door->said;
    case DOORS_EXPIRED:
        return door->expired;
    case DOORS_DISABLED:
        return door->disabled;
    case DOORS_BAD:
        break;
    }
    return door->shut == 200 ? door->expired : NULL;
}

static void try_door(const struct doors *doors, const struct door *door,
                     const char *token, enum doors_verdict want)
{
    struct wire_reply reply = ask(doors, door, token);
    const char *words = words_of(door, want);
    int status =
        want == DOORS_OPEN || want == DOORS_NO_ADMIN ? door->open : door->shut;

    if (door->header != NULL && strlen(token) > head_room)
        status = 431;
    else if (words != NULL && !CHECK(strstr(reply.body, words) != NULL))
        check_note("  at the door of %s: %s", door->name, reply.body);
    if (!CHECK_EQ(reply.status, status))
        check_note("  at the door of %s", door->name);
    wire_clear(&reply);
}

/* What its claims say of roles is not what counts. */
static void try_admin(const struct doors *doors, const char *token)
{
    // What is open to ada's true roles is shut at these.
    static const struct door board = {
        .name = "administrators",
        .method = "GET",
        .path = "/api/test/admin",
        .header = "x-access-token: ",
        .open = 403,
    };
    static const struct door verify = {
        .name = "/auth/verify?role=admin",
        .method = "GET",
        .path = "/auth/verify?role=admin",
        .header = "Authorization: Bearer ",
        .open = 403,
    };

    try_door(doors, &board, token, DOORS_OPEN);
    try_door(doors, &verify, token, DOORS_OPEN);
}

void doors_try(const struct doors *doors, const char *token,
               enum doors_verdict want)
{
    for (size_t i = 0; i < COUNT(doors_list); i++)
        try_door(doors, &doors_list[i], token, want);
    if (want == DOORS_NO_ADMIN)
        try_admin(doors, token);
}

static bool sign_in(int port, const char *body, char out[DOORS_TOKEN_SIZE])
{
    struct wire_request request = {
        .method = "POST", .path = "/api/auth/signin", .body = body};
    struct wire_reply reply = wire_ask(port, &request);
    bool good =
        CHECK_EQ(reply.status, 200) &&
        CHECK(wire_member(&reply, "accessToken", out, DOORS_TOKEN_SIZE));

    wire_clear(&reply);
    return good;
}

static bool read_sid(struct doors *doors)
{
    const struct door *verify = &doors_list[2];
    struct wire_reply reply = ask(doors, verify, doors->access);
    char value[1024];
    bool good = CHECK(wire_header(&reply, "Stay-Session", 0, value)) &&
                CHECK(strlen(value) < sizeof doors->sid);

    if (good)
        memcpy(doors->sid, value, strlen(value) + 1);
    wire_clear(&reply);
    return good;
}

bool doors_open(struct doors *doors, const struct stayd *stayd)
{
    doors->port = stayd->port;
    return sign_in(doors->port,
                   "{\"username\":\"ada\",\"password\":\"lovelace\"}",
                   doors->access) &&
           sign_in(doors->port,
                   "{\"username\":\"root\",\"password\":\"toor-toor\"}",
                   doors->admin) &&
           read_sid(doors);
}
