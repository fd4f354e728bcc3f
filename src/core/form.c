#include "core/form.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool form_decode(struct span text, char *out, size_t max, size_t *length)
{
    size_t used = 0;

    while (text.length > 0) {
        size_t taken = 1;
        char c = text.text[0] == '+' ? ' ' : text.text[0];

        if (c == '%') {
            int high = text.length > 2 ? hex_value(text.text[1]) : -1;
            int low = text.length > 2 ? hex_value(text.text[2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            taken = 3;
        }
        if (used == max)
            return false;
        out[used++] = c;
        text = span_tail(text, taken);
    }
    *length = used;
    return true;
}

bool form_find(struct span form, struct span name, struct span *value,
               struct span *rest)
{
    char room[FORM_NAME_MAX];

    while (form.length > 0) {
        size_t end = span_find(form, '&');
        struct span pair = span_head(form, end);
        size_t equals = span_find(pair, '=');
        size_t length;

        form = span_tail(form, end + 1);
        if (!form_decode(span_head(pair, equals), room, sizeof room, &length) ||
            !span_equal((struct span){room, length}, name))
            continue;
        *value = span_tail(pair, equals + 1);
        if (rest != NULL)
            *rest = form;
        return true;
    }
    return false;
}

bool form_value_is(struct span encoded, struct span text)
{
    char room[FORM_NAME_MAX];
    size_t length;

    return form_decode(encoded, room, sizeof room, &length) &&
           span_equal((struct span){room, length}, text);
}
