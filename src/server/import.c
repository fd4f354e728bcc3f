#include "server/import.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "server/foreign.h"
#include "server/nfc.h"
#include "server/password.h"
#include "server/plausible.h"

enum { TOKENS_MAX = 64 };

struct import {
    const struct import_config *config;
    struct import_report *report;
    struct foreign_kinds kinds; /* of this file and of those before it */
    bool adds;                  /* the second reading */
    enum import_result result;
    size_t line;
    char text[IMPORT_LINE_MAX + 2]; /* its new line and a NUL behind it */
};

/* One line, taken apart. */
struct line {
    struct json json;
    struct json_token tokens[TOKENS_MAX];
    struct store_user user;
};

static void tell_bad(struct import *in, const char *why)
{
    if (in->report->bad++ < IMPORT_BAD_MAX)
        in->config->bad(in->config->context, in->line, why);
}

static void fail(struct import *in, const char *why)
{
    (void)snprintf(in->report->why, sizeof in->report->why, "%s", why);
    in->result = IMPORT_FAILED;
}

/* ---- What a line says; each gives NULL or what is wrong ---- */

/* A text in the form that it is kept in; empty where there is none. */
static bool read_text(const struct line *line, const char *name, char *out,
                      size_t size)
{
    size_t at = json_member(&line->json, 0, name);
    char room[IMPORT_LINE_MAX];
    size_t length;

    if (at == JSON_NONE)
        return true;
    return json_string(&line->json, at, room, sizeof room, &length) &&
           nfc_copy((struct span){room, length}, out, size);
}

static const char *read_name(struct line *line)
{
    struct store_user *user = &line->user;

    if (!read_text(line, "username", user->name, sizeof user->name) ||
        plausible_name(span_of(user->name)) != CASE_OK)
        return "username: missing, too long, or not a name";
    return NULL;
}

static const char *read_email(struct line *line)
{
    struct store_user *user = &line->user;

    if (!read_text(line, "email", user->email, sizeof user->email) ||
        (user->email[0] != '\0' &&
         plausible_email(span_of(user->email)) != CASE_OK))
        return "email: not an e-mail address";
    return NULL;
}

static const char *read_hash(struct line *line)
{
    struct store_user *user = &line->user;
    struct foreign_kind kind;

    if (read_text(line, "password_hash", user->password,
                  sizeof user->password) &&
        foreign_read(user->password, &kind))
        return NULL;
    return "password_hash: missing, or none of $2a$, $2b$ and $2y$ (cost 4 to "
           "14), pbkdf2_sha256$ (1 to 5000000 rounds) and $argon2id$v=19$ (up "
           "to m=131072,t=10,p=16)";
}

static const char *read_flag(const struct line *line, const char *name,
                             bool *out)
{
    size_t at = json_member(&line->json, 0, name);
    int type = json_type_at(&line->json, at);

    if (at != JSON_NONE && type != JSON_TRUE && type != JSON_FALSE)
        return "disabled and verified: not true or false";
    *out = type == JSON_TRUE;
    return NULL;
}

/* In our order, whatever the list's. */
static const char *read_roles(struct line *line)
{
    const struct json *json = &line->json;
    size_t at = json_member(json, 0, "roles");
    unsigned seen = at == JSON_NONE ? 1 : 0;
    struct store_user *user = &line->user;
    size_t known = 0, length = 0;

    if (at != JSON_NONE && json_type_at(json, at) != JSON_ARRAY)
        return "roles: not a list";
    for (unsigned r = 0; at != JSON_NONE && r < ROLE_COUNT; r++)
        for (size_t i = at + 1; i < json->token[at].next; i++)
            if (json_string_is(json, i, span_of(dialect_role(r)))) {
                seen |= 1u << r;
                known++;
            }
    if (seen == 0 || (at != JSON_NONE && known != json->token[at].count))
        return "roles: of user, moderator and admin, one at least";
    for (unsigned r = 0; r < ROLE_COUNT; r++)
        if ((seen & 1u << r) != 0)
            length += (size_t)snprintf(user->roles + length,
                                       sizeof user->roles - length, "%s%s",
                                       length > 0 ? " " : "", dialect_role(r));
    return NULL;
}

/* A member that we do not know may have been meant for something. */
static const char *find_unknown(const struct json *json)
{
    static const char *const known[] = {"username", "email",    "password_hash",
                                        "roles",    "disabled", "verified"};

    for (size_t i = 1; i < json->token[0].next; i = json->token[i + 1].next) {
        bool found = false;

        for (size_t k = 0; k < COUNT(known); k++)
            found |= json_string_is(json, i, span_of(known[k]));
        if (!found)
            return "has a member besides username, password_hash, email, "
                   "roles, disabled and verified";
    }
    return NULL;
}

static const char *read_line(struct line *line, const char *text, size_t length,
                             int64_t now_s)
{
    const char *why;

    if (json_parse(&line->json, text, length, line->tokens, TOKENS_MAX) !=
            JSON_OK ||
        json_type_at(&line->json, 0) != JSON_OBJECT)
        return "not a JSON object";
    memset(&line->user, 0, sizeof line->user);
    line->user.created_s = now_s;
    why = find_unknown(&line->json);
    if (why == NULL)
        why = read_name(line);
    if (why == NULL)
        why = read_email(line);
    if (why == NULL)
        why = read_hash(line);
    if (why == NULL)
        why = read_roles(line);
    if (why == NULL)
        why = read_flag(line, "disabled", &line->user.disabled);
    if (why == NULL)
        why = read_flag(line, "verified", &line->user.verified);
    return why;
}

/* ---- What is done with it ---- */

static const char *add_user(struct import *in, const struct store_user *user)
{
    int64_t id;
    enum store_result result = store_user_add(in->config->store, user, &id);

    switch ((int)result) {
    case STORE_OK:
        in->report->users++;
        return NULL;
    case STORE_TAKEN_NAME:
        return "username: taken, here or by a line before";
    case STORE_TAKEN_EMAIL:
        return "email: taken, here or by a line before";
    default:
        fail(in, store_result_text(result));
        return NULL;
    }
}

static void take_line(struct import *in, struct line *line, size_t length)
{
    const struct password_config ours = {.threads = 0}; // as the server's
    const char *why = read_line(line, in->text, length, in->config->now_s);
    struct foreign_kind kind;

    if (why == NULL && !password_is_usual(&ours, line->user.password) &&
        foreign_read(line->user.password, &kind) &&
        !foreign_add(&in->kinds, &kind))
        why = "password_hash: of a ninth kind or cost; import those apart";
    if (why == NULL && in->adds)
        why = add_user(in, &line->user);
    if (why != NULL)
        tell_bad(in, why);
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

/* The rest of a line that is too long; false at the file's end. */
static bool skip_line(FILE *file)
{
    int c;

    do
        c = getc(file);
    while (c != EOF && c != '\n');
    return c != EOF;
}

/* Reads the file from its start. Blank lines are none. */
static void read_file(struct import *in, struct line *line)
{
    FILE *file = in->config->file;

    in->line = 0;
    if (fseek(file, 0, SEEK_SET) != 0) {
        fail(in, "the file cannot be read twice: give a plain file");
        return;
    }
    while (in->result == IMPORT_OK &&
           fgets(in->text, sizeof in->text, file) != NULL) {
        size_t length = strlen(in->text);
        bool whole = length > 0 && in->text[length - 1] == '\n';

        in->line++;
        length -= whole;
        if (!whole && length > IMPORT_LINE_MAX) {
            tell_bad(in, "too long");
            if (!skip_line(file))
                break;
        } else if (!is_blank(in->text, length)) {
            take_line(in, line, length);
        }
    }
    if (ferror(file) && in->result == IMPORT_OK)
        fail(in, strerror(errno));
}

/* What a wrong password costs from now on, whoever's it is. */
static enum store_result keep_kinds(struct import *in)
{
    struct store_value value;

    if (in->kinds.count == 0)
        return STORE_OK;
    value.length =
        foreign_write(&in->kinds, (char *)value.bytes, sizeof value.bytes);
    return store_setting_put(in->config->store, FOREIGN_SETTING, &value);
}

static enum store_result load_kinds(struct import *in)
{
    struct store_value value;
    enum store_result result =
        store_setting_get(in->config->store, FOREIGN_SETTING, &value);

    if (result == STORE_OK)
        foreign_parse((struct span){(const char *)value.bytes, value.length},
                      &in->kinds);
    return result == STORE_NONE ? STORE_OK : result;
}

static enum store_result finish(struct import *in)
{
    struct audit *event = &in->report->event;
    enum store_result result = keep_kinds(in);

    audit_begin_operator(event, AUDIT_USER_IMPORT);
    event->detail = (int64_t)in->report->users;
    if (result == STORE_OK)
        result = audit_store(in->config->store, event);
    if (result == STORE_OK)
        result = store_commit(in->config->store);
    return result;
}

static void add_all(struct import *in, struct line *line)
{
    struct store *store = in->config->store;
    enum store_result result = store_begin(store);

    in->adds = true;
    if (result == STORE_OK)
        result = load_kinds(in);
    if (result == STORE_OK)
        read_file(in, line);
    if (result == STORE_OK && in->result == IMPORT_OK && in->report->bad == 0)
        result = finish(in);
    store_rollback(store); // of what is committed nothing is left to undo
    if (result != STORE_OK)
        fail(in, store_result_text(result));
}

enum import_result import_users(const struct import_config *config,
                                struct import_report *out)
{
    struct import *in = calloc(1, sizeof *in);
    struct line *line = calloc(1, sizeof *line);
    enum import_result result = IMPORT_FAILED;

    memset(out, 0, sizeof *out);
    (void)snprintf(out->why, sizeof out->why, "out of memory");
    if (in == NULL || line == NULL)
        goto done;
    in->config = config;
    in->report = out;
    out->why[0] = '\0';
    // Once to find what is wrong with it, without a lock on the database.
    read_file(in, line);
    if (in->result == IMPORT_OK && out->bad == 0)
        add_all(in, line);
    result = in->result;
    if (result == IMPORT_OK && out->bad > 0)
        result = IMPORT_BAD_LINES;
    if (result != IMPORT_OK)
        out->users = 0; // all of them were taken back
done:
    free(line);
    free(in);
    return result;
}
