#include "server/admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
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
        return admin_misuse("usage: stayd %s%s%s; see stayd %s --help",
                            command->words,
                            command->arguments[0] != '\0' ? " " : "",
                            command->arguments, command->words);
    for (size_t i = 0; i < ADMIN_OPTIONS; i++)
        if (admin->option[i] != NULL && (command->options & 1u << i) == 0)
            return admin_misuse("--%s is not an option of stayd %s; see stayd "
                                "%s --help",
                                admin_extras[i].name, command->words,
                                command->words);
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

void admin_tell(const struct audit *event)
{
    const struct log log = {.level = CONFIG_INFO};

    if (isatty(STDERR_FILENO) == 0)
        audit_tell(&log, event);
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
    result = store_commit(admin->store);
    if (result == STORE_OK && admin->audited)
        admin_tell(&admin->event);
    return result;
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
