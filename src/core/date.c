#include "core/date.h"

enum { DAY_S = 86400, MONTH_NAME = 3 };

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct date {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;
    int64_t second; /* of the day */
};

/* Days since 1970 in the Gregorian calendar; the year begins in March. */
static int64_t days_of(const struct date *d)
{
    int64_t year = d->month <= 2 ? d->year - 1 : d->year;
    int64_t month = d->month <= 2 ? d->month + 9 : d->month - 3;
    int64_t century = year / 100;

    return year * 365 + year / 4 - century + century / 4 +
           (month * 153 + 2) / 5 + d->day - 1 - 719468;
}

/* Two or four digits at `at`, or a blank and one digit; -1 otherwise. */
static int64_t digits_at(struct span text, size_t at, size_t count)
{
    int64_t value = 0;

    if (at + count > text.length)
        return -1;
    for (size_t i = at; i < at + count; i++) {
        char c = text.text[i];

        if (c == ' ' && i == at)
            continue;
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

static int64_t month_at(struct span text, size_t at)
{
    struct span name = span_head(span_tail(text, at), MONTH_NAME);

    for (size_t i = 0; i < 12; i++)
        if (span_equal(name,
                       (struct span){months + i * MONTH_NAME, MONTH_NAME}))
            return (int64_t)i + 1;
    return -1;
}

/* "17:33:24"; a leap second counts as the one before. */
static int64_t second_at(struct span text, size_t at)
{
    int64_t hour = digits_at(text, at, 2);
    int64_t minute = digits_at(text, at + 3, 2);
    int64_t second = digits_at(text, at + 6, 2);

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60 || text.text[at + 2] != ':' || text.text[at + 5] != ':')
        return -1;
    return hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
}

static bool seconds_of(const struct date *d, int64_t *seconds)
{
    if (d->year < 1970 || d->month < 1 || d->day < 1 || d->day > 31 ||
        d->second < 0)
        return false;
    *seconds = days_of(d) * DAY_S + d->second;
    return true;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_fixdate(struct span t, int64_t *seconds)
{
    struct date d;

    if (t.length != 29 || !span_equal(span_tail(t, 25), SPAN(" GMT")))
        return false;
    d = (struct date){digits_at(t, 12, 4), month_at(t, 8), digits_at(t, 5, 2),
                      second_at(t, 17)};
    return seconds_of(&d, seconds);
}

/* Sunday, 06-Nov-94 08:49:37 GMT, from the comma on */
static bool read_rfc850(struct span t, int64_t *seconds)
{
    struct date d;

    if (t.length != 24 || !span_equal(span_tail(t, 20), SPAN(" GMT")))
        return false;
    d = (struct date){digits_at(t, 9, 2), month_at(t, 5), digits_at(t, 2, 2),
                      second_at(t, 12)};
    d.year += d.year < 70 ? 2000 : 1900;
    return seconds_of(&d, seconds);
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(struct span t, int64_t *seconds)
{
    struct date d;

    if (t.length != 24)
        return false;
    d = (struct date){digits_at(t, 20, 4), month_at(t, 4), digits_at(t, 8, 2),
                      second_at(t, 11)};
    return seconds_of(&d, seconds);
}

bool date_from_http(struct span text, int64_t *seconds)
{
    size_t comma = span_find(text, ',');

    if (comma == 3)
        return read_fixdate(text, seconds);
    if (comma < text.length)
        return read_rfc850(span_tail(text, comma), seconds);
    return read_asctime(text, seconds);
}
