#include "server/new_password.h"

#include <stddef.h>

static struct new_password *password_of(struct hash *hash)
{
    return (struct new_password *)(void *)((char *)hash -
                                           offsetof(struct new_password, hash));
}

void new_password_add_problem(struct call *call, enum reply_kind kind,
                              enum field field)
{
    struct problems *p = &call->problems;

    if (kind != CASE_OK && p->count < PROBLEMS_MAX)
        p->list[p->count++] = (struct reply_case){kind, field};
}

static void add_problems(struct new_password *password)
{
    const struct plausible_guess *guess = &password->hash.job.guess;
    struct call *call = password->hash.call;
    enum field field = password->hash.field;
    enum reply_kind wrong[4];
    size_t count = plausible_password(fields_text(&call->fields, field),
                                      guess->kind, wrong, COUNT(wrong));

    for (size_t i = 0; i < count; i++)
        new_password_add_problem(call, wrong[i], field);
    if (guess->kind != CASE_OK)
        fields_set_text(&call->fields, FIELD_DETAIL, span_of(guess->reason));
}

static void end_guess(struct hash *hash)
{
    struct new_password *password = password_of(hash);

    add_problems(password);
    password->judged(password);
}

void new_password_judge(struct call *call, struct new_password *password,
                        enum field field)
{
    struct fields *fields = &call->fields;
    struct span text = fields_text(fields, field);
    struct hash *hash = &password->hash;

    hash->call = call;
    hash->field = field;
    if (text.length > 0 && password_fits(text.text, text.length)) {
        // To find out how easily it is guessed takes too long for a loop.
        hash->job.task = PASSWORD_GUESS;
        hash->job.about = plausible_about(fields_text(fields, FIELD_USERNAME),
                                          fields_text(fields, FIELD_EMAIL));
        hash->done = end_guess;
        (void)hash_submit(call, hash); // answers where it cannot
        return;
    }
    hash->job.guess = (struct plausible_guess){CASE_OK, ""};
    if (text.length > 0) // an empty one is told already, as missing
        add_problems(password);
    password->judged(password);
}

static void end_make(struct hash *hash)
{
    struct new_password *password = password_of(hash);

    password->made(password);
}

void new_password_make(struct new_password *password)
{
    password->hash.job.task = PASSWORD_MAKE;
    password->hash.done = end_make;
    (void)hash_submit(password->hash.call, &password->hash); // likewise
}
