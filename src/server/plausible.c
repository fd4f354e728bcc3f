#include "server/plausible.h"

#include <string.h>

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

static enum reply_kind judge(struct span text, size_t max)
{
    if (is_blank(text))
        return CASE_BLANK;
    if (text.length > max)
        return CASE_TOO_LONG;
    return has_control(text) ? CASE_INVALID : CASE_OK;
}

enum reply_kind plausible_name(struct span text)
{
    return judge(text, PLAUSIBLE_NAME_MAX);
}

enum reply_kind plausible_title(struct span text)
{
    return judge(text, PLAUSIBLE_TITLE_MAX);
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
        span_find(text, ' ') != text.length)
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

/* Its head decides: what follows costs time and, behind a guessable head, seldom
   helps. */
bool plausible_is_common(struct span text)
{
    char head[PLAUSIBLE_GUESS_BYTES + 1];
    double bits;

    text = span_head(text, PLAUSIBLE_GUESS_BYTES);
    if (text.length == 0)
        return false;
    memcpy(head, text.text, text.length);
    head[text.length] = '\0';
    bits = ZxcvbnMatch(head, NULL, NULL);
    bytes_wipe(head, sizeof head);
    return bits < PLAUSIBLE_GUESS_BITS;
}

size_t plausible_password(struct span text, bool common, enum reply_kind *out,
                          size_t max)
{
    const bool wrong[] = {
        count_characters(text) < PLAUSIBLE_PASSWORD_MIN,
        !password_fits(text.text, text.length),
        common,
        is_all_digits(text),
    };
    static const enum reply_kind kinds[] = {CASE_TOO_SHORT, CASE_TOO_LONG,
                                            CASE_TOO_COMMON, CASE_ALL_DIGITS};
    size_t count = 0;

    for (size_t i = 0; i < COUNT(wrong) && count < max; i++)
        if (wrong[i])
            out[count++] = kinds[i];
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
