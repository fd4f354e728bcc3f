/*
 * What people may call themselves and their things. Text is UTF-8 already, but
 * for what plausible_copy takes.
 */
#ifndef SERVER_PLAUSIBLE_H
#define SERVER_PLAUSIBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "core/dialect.h"

enum {
    PLAUSIBLE_NAME_MAX = 150,   /* bytes */
    PLAUSIBLE_EMAIL_MAX = 254,  /* RFC 5321 */
    PLAUSIBLE_PASSWORD_MIN = 8, /* characters */
    PLAUSIBLE_TITLE_MAX = 512,  /* bytes */
    PLAUSIBLE_GUESS_BITS = 20,  /* a password worth less is too common: about
                                   a million guesses (NIST SP 800-63B, 5.1.1.2
                                   wants the common ones refused) */
    /* Of a password, looked at for that: what the look costs grows steeply with
       their number, 7 ms here and 350 at twice as many. */
    PLAUSIBLE_GUESS_BYTES = 32,
};

/* Each gives CASE_OK or why not. Characters that do not show, or that turn the
   text around, are CASE_INVALID in names and addresses; so is what is no UTF-8. */
enum reply_kind plausible_name(struct span text);
enum reply_kind plausible_email(struct span text);
enum reply_kind plausible_title(struct span text);

/* How early a guesser would come to a password. */
struct plausible_guess {
    enum reply_kind kind; /* CASE_OK, CASE_TOO_COMMON or CASE_TOO_LIKE */
    const char *reason;   /* a sentence for people; constant; "" for CASE_OK */
};

enum { PLAUSIBLE_ABOUT_MAX = 2, PLAUSIBLE_ABOUT_SIZE = 64 };

/* What a guesser knows of the user, name and address: parts of a password that
   are worth nothing. Cut where it is longer. Zeroed: nothing. */
struct plausible_about {
    char word[PLAUSIBLE_ABOUT_MAX][PLAUSIBLE_ABOUT_SIZE];
};

struct plausible_about plausible_about(struct span name, struct span email);

/* Takes milliseconds: never on a loop. */
struct plausible_guess plausible_guess(struct span password,
                                       const struct plausible_about *about);
/* The same, knowing nothing of the user. */
bool plausible_is_common(struct span password);

/*
 * All that is wrong with a new password, at most `max`; how many. `guess` is
 * what plausible_guess said of it. Digits alone are wrong only where they are
 * guessed early, too: there are no rules of composition.
 */
size_t plausible_password(struct span text, enum reply_kind guess,
                          enum reply_kind *out, size_t max);

/*
 * Does each character stand for itself where it is shown? Not so controls, what
 * turns the direction of the text, and what is no character or no UTF-8.
 */
bool plausible_shown(struct span text);

/*
 * Copies into out[size] with a NUL behind it. Cut at a whole character where it
 * is longer; a control character becomes a question mark, and so does a byte
 * that is no UTF-8: out is.
 */
void plausible_copy(struct span text, char *out, size_t size);

#endif
