#include "server/plausible.h"

#include <string.h>

#include <utf8proc.h>
#include <zxcvbn.h>

#include "base/utf8.h"
#include "server/password.h"

enum { EMAIL_LOCAL_MAX = 64 }; /* RFC 5321, section 4.5.3.1.1 */

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (is_control(text.text[i]))
            return true;
    return false;
}

static bool is_blank(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.text[i] != ' ')
            return false;
    return true;
}

/* Does it stand for itself where it is shown? */
static bool is_shown(utf8proc_int32_t c)
{
    switch ((int)utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CN: // not assigned
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO: // private use
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    default:
        break;
    }
    // Turners of direction, and the byte order mark (UAX #9, section 2).
    return !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069) &&
           c != 0xfeff;
}

bool plausible_shown(struct span text)
{
    while (text.length > 0) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)text.text,
                             (utf8proc_ssize_t)text.length, &c);

        if (n <= 0 || !is_shown(c))
            return false;
        text = span_tail(text, (size_t)n);
    }
    return true;
}

static bool is_utf8(struct span text)
{
    while (text.length > 0) {
        size_t n = utf8_length(text);

        if (n == 0)
            return false;
        text = span_tail(text, n);
    }
    return true;
}

static enum reply_kind judge(struct span text, size_t max)
{
    if (is_blank(text))
        return CASE_BLANK;
    return text.length > max ? CASE_TOO_LONG : CASE_OK;
}

enum reply_kind plausible_name(struct span text)
{
    enum reply_kind kind = judge(text, PLAUSIBLE_NAME_MAX);

    return kind == CASE_OK && !plausible_shown(text) ? CASE_INVALID : kind;
}

enum reply_kind plausible_title(struct span text)
{
    enum reply_kind kind = judge(text, PLAUSIBLE_TITLE_MAX);

    return kind == CASE_OK && (has_control(text) || !is_utf8(text))
               ? CASE_INVALID
               : kind;
}

/* One @ with something on both sides and no blank: whether mail arrives there
   only mail can tell. */
enum reply_kind plausible_email(struct span text)
{
    enum reply_kind kind = judge(text, PLAUSIBLE_EMAIL_MAX);
    size_t at = span_find(text, '@');
    struct span domain = span_tail(text, at + 1);

    if (kind != CASE_OK)
        return kind;
    if (at == 0 || at > EMAIL_LOCAL_MAX || domain.length == 0 ||
        span_find(domain, '@') != domain.length ||
        span_find(text, ' ') != text.length || !plausible_shown(text))
        return CASE_INVALID;
    return CASE_OK;
}

static size_t count_characters(struct span text)
{
    size_t count = 0;

    while (text.length > 0) {
        size_t n = utf8_length(text);

        text = span_tail(text, n > 0 ? n : 1);
        count++;
    }
    return count;
}

static bool is_all_digits(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.text[i] < '0' || text.text[i] > '9')
            return false;
    return text.length > 0;
}

/* ---- Guessing ---- */

/* By what a password was guessed, as libzxcvbn numbers it. */
static const char *const reasons[] = {
    [NON_MATCH] = "guessers try such ones first.",
    [BRUTE_MATCH] = "it is too short for what it is made of.",
    [DICTIONARY_MATCH] = "it is made of words or names that are often used.",
    [DICT_LEET_MATCH] = ("it is made of words that are often used, and putting "
                         "other signs for letters hardly helps."),
    [USER_MATCH] = "it holds the user name or the e-mail address.",
    [USER_LEET_MATCH] = "it holds the user name or the e-mail address.",
    [REPEATS_MATCH] = "it repeats the same characters.",
    [SEQUENCE_MATCH] = "it is a sequence like abcd or 6543.",
    [SPATIAL_MATCH] = "its keys lie side by side on the keyboard.",
    [DATE_MATCH] = "it holds a date.",
    [YEAR_MATCH] = "it holds a year.",
    [LONG_PWD_MATCH] = "guessers try such ones first.",
};

/* The part that makes up most of the password tells why. */
static unsigned find_type(const ZxcMatch_t *parts)
{
    unsigned type = NON_MATCH;
    int longest = 0;

    for (; parts != NULL; parts = parts->Next) {
        if (parts->Length <= longest)
            continue;
        longest = parts->Length;
        type = (unsigned)parts->Type & ~(unsigned)MULTIPLE_MATCH;
    }
    return type < COUNT(reasons) ? type : NON_MATCH;
}

struct plausible_about plausible_about(struct span name, struct span email)
{
    struct plausible_about about = {.word = {""}};

    plausible_copy(name, about.word[0], sizeof about.word[0]);
    plausible_copy(span_head(email, span_find(email, '@')), about.word[1],
                   sizeof about.word[1]);
    return about;
}

/* Its head decides: what follows costs time and, behind a guessable head, seldom
   helps. */
static double count_bits(struct span text, const struct plausible_about *about,
                         unsigned *type)
{
    char head[PLAUSIBLE_GUESS_BYTES + 1];
    const char *words[PLAUSIBLE_ABOUT_MAX + 1] = {NULL};
    ZxcMatch_t *parts = NULL;
    size_t count = 0;
    double bits;

    for (size_t i = 0; i < PLAUSIBLE_ABOUT_MAX; i++)
        if (about->word[i][0] != '\0')
            words[count++] = about->word[i];
    memcpy(head, text.text, text.length);
    head[text.length] = '\0';
    bits = ZxcvbnMatch(head, words, &parts);
    *type = find_type(parts);
    ZxcvbnFreeInfo(parts);
    bytes_wipe(head, sizeof head);
    return bits;
}

struct plausible_guess plausible_guess(struct span text,
                                       const struct plausible_about *about)
{
    unsigned type;

    text = span_head(text, PLAUSIBLE_GUESS_BYTES);
    if (text.length == 0 ||
        count_bits(text, about, &type) >= PLAUSIBLE_GUESS_BITS)
        return (struct plausible_guess){CASE_OK, ""};
    return (struct plausible_guess){
        type == USER_MATCH || type == USER_LEET_MATCH ? CASE_TOO_LIKE
                                                      : CASE_TOO_COMMON,
        reasons[type]};
}

bool plausible_is_common(struct span text)
{
    const struct plausible_about nothing = {{{'\0'}}};

    return plausible_guess(text, &nothing).kind != CASE_OK;
}

size_t plausible_password(struct span text, enum reply_kind guess,
                          enum reply_kind *out, size_t max)
{
    const struct {
        bool wrong;
        enum reply_kind kind;
    } rows[] = {
        {!is_utf8(text),                                  CASE_INVALID  },
        {count_characters(text) < PLAUSIBLE_PASSWORD_MIN, CASE_TOO_SHORT},
        {!password_fits(text.text,                        text.length),   CASE_TOO_LONG},
        {guess != CASE_OK,                                               guess                                             },
        {guess != CASE_OK && is_all_digits(text),                                               CASE_ALL_DIGITS},
    };
    size_t count = 0;

    for (size_t i = 0; i < COUNT(rows) && count < max; i++)
        if (rows[i].wrong)
            out[count++] = rows[i].kind;
    return count;
}

void plausible_copy(struct span text, char *out, size_t size)
{
    size_t length = 0;

    while (text.length > 0) {
        size_t n = utf8_length(text);
        bool shown = n > 0 && !is_control(text.text[0]);

        if (n == 0)
            n = 1;
        if (length + n >= size)
            break;
        for (size_t i = 0; i < n; i++)
            out[length++] = shown ? text.text[i] : '?';
        text = span_tail(text, n);
    }
    out[length] = '\0';
}
