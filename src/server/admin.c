#include "server/admin.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "server/admin_table.h"

static void complain(const char *format, va_list words)
    __attribute__((format(printf, 1, 0)));

static void complain(const char *format, va_list words)
{
    (void)fputs("stayd: ", stderr);
    (void)vfprintf(stderr, format, words);
    (void)fputc('\n', stderr);
}

int admin_fail(const char *format, ...)
{
    va_list words;

    va_start(words, format);
    complain(format, words);
    va_end(words);
    return ADMIN_FAILED;
}

int admin_misuse(const char *format, ...)
{
    va_list words;

    va_start(words, format);
    complain(format, words);
    va_end(words);
    return ADMIN_USAGE;
}

int admin_store_failed(const struct admin *admin, enum store_result result)
{
    const char *text = store_result_text(result);

    if (admin->store == NULL || !store_failed(result))
        return admin_fail("%s", text);
    return admin_fail("%s: %s", text, store_message(admin->store));
}

/* ---- A command's run ---- */

static int check_use(const struct admin_command *command,
                     const struct admin *admin)
{
    if (admin->word_count < command->least || admin->word_count > command->most)
        return admin_misuse("usage: stayd %s %s; see --help", command->words,
                            command->arguments);
    for (size_t i = 0; i < ADMIN_OPTIONS; i++)
        if (admin->option[i] != NULL && (command->options & 1u << i) == 0)
            return admin_misuse("stayd %s: --%s is not an option of it; see "
                                "--help",
                                command->words, admin_extras[i].name);
    return ADMIN_DONE;
}

int admin_run(const struct admin_command *command, struct admin *admin)
{
    struct store_config config = config_store(
        admin->config,
        command->database == ADMIN_WRITE ? STORE_WRITE : STORE_READ);
    struct store_why why;
    int code = check_use(command, admin);

    if (code != ADMIN_DONE)
        return code;
    if (command->database != ADMIN_CLOSED &&
        store_open(&admin->store, &config, &why) != STORE_OK)
        return admin_fail("%s", why.text);
    code = command->run(admin);
    store_close(admin->store);
    admin->store = NULL;
    return code;
}

struct audit *admin_audit(struct admin *admin, enum audit_kind kind,
                          int64_t user_id)
{
    audit_begin_operator(&admin->event, kind);
    admin->event.user_id = user_id;
    admin->audited = true;
    return &admin->event;
}

enum store_result admin_change(struct admin *admin,
                               enum store_result (*change)(struct admin *admin,
                                                           void *context),
                               void *context)
{
    enum store_result result = store_begin(admin->store);

    if (result != STORE_OK)
        return result;
    result = change(admin, context);
    if (result == STORE_OK && admin->audited)
        result = audit_store(admin->store, &admin->event);
    if (result != STORE_OK) {
        store_rollback(admin->store);
        return result;
    }
    return store_commit(admin->store);
}

int admin_find_user(struct admin *admin, const char *name,
                    struct store_user *out)
{
    enum store_result result = store_user_by_name(admin->store, name, out);

    if (result == STORE_NONE && strchr(name, '@') != NULL)
        result = store_user_by_email(admin->store, name, out);
    if (result == STORE_OK)
        return ADMIN_DONE;
    if (result == STORE_NONE)
        return admin_fail("there is no account '%.160s'", name);
    return admin_store_failed(admin, result);
}

/* ---- Passwords ---- */

/* One line without its new line; byte by byte, so that what follows it stays
   for whoever reads next. */
static int read_line(char out[ADMIN_SECRET_SIZE], size_t *length)
{
    size_t used = 0;
    ssize_t got;

    for (;;) {
        got = read(STDIN_FILENO, out + used, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || out[used] == '\n')
            break;
        if (++used == ADMIN_SECRET_SIZE - 1)
            return admin_misuse("the password is too long: at most %d bytes",
                                ADMIN_SECRET_SIZE - 2);
    }
    if (used > 0 && out[used - 1] == '\r')
        used--;
    out[used] = '\0';
    *length = used;
    if (got < 0 || used == 0)
        return admin_misuse("no password came on standard input");
    return ADMIN_DONE;
}

/* On a terminal that does not show what is typed. */
static int ask(const char *question, char out[ADMIN_SECRET_SIZE],
               size_t *length)
{
    struct termios shown;
    struct termios hidden;
    int code;

    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return admin_misuse("standard input is no terminal to ask for a "
                            "password on; use --password-stdin");
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    (void)fputs(question, stderr);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0)
        return admin_fail("the terminal shows what is typed: %s",
                          strerror(errno));
    code = read_line(out, length);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown); // as it was
    (void)fputc('\n', stderr);
    return code;
}

int admin_read_password(struct admin *admin, char out[ADMIN_SECRET_SIZE],
                        size_t *length)
{
    char again[ADMIN_SECRET_SIZE];
    size_t again_length = 0;
    int code;

    if (admin->option[ADMIN_PASSWORD_STDIN] != NULL)
        return read_line(out, length);
    code = ask("Password: ", out, length);
    if (code == ADMIN_DONE)
        code = ask("The same again: ", again, &again_length);
    if (code == ADMIN_DONE &&
        (again_length != *length || sodium_memcmp(out, again, *length) != 0))
        code = admin_fail("the two are not the same");
    sodium_memzero(again, sizeof again);
    return code;
}
