/*
 * Dates written; apart from reading, for a browser never writes one.
 */
#include "core/date.h"

enum { DAY_S = 86400 };

struct date {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;
};

static void date_of(int64_t days, struct date *d)
{
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    d->day = doy - (153 * mp + 2) / 5 + 1;
    d->month = mp < 10 ? mp + 3 : mp - 9;
    d->year = yoe + era * 400 + (d->month <= 2 ? 1 : 0);
}

static void put_digits(char *out, size_t count, int64_t value)
{
    while (count-- > 0) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

void date_put_iso(int64_t ms, char out[DATE_ISO_LENGTH])
{
    static const char shape[] = "0000-00-00T00:00:00.000+00:00";
    int64_t second = ms / 1000 % DAY_S;
    struct date d;

    if (ms < 0)
        ms = second = 0;
    date_of(ms / 1000 / DAY_S, &d);
    __builtin_memcpy(out, shape, DATE_ISO_LENGTH);
    put_digits(out, 4, d.year);
    put_digits(out + 5, 2, d.month);
    put_digits(out + 8, 2, d.day);
    put_digits(out + 11, 2, second / 3600);
    put_digits(out + 14, 2, second / 60 % 60);
    put_digits(out + 17, 2, second % 60);
    put_digits(out + 20, 3, ms % 1000);
}
