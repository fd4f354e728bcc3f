#include "core/form.h"

#include <string.h>

#include "check.h"

struct decode_row {
    const char *name;
    const char *text;
    const char *want; /* NULL: malformed, or it does not fit 8 bytes */
};

static const struct decode_row decode_rows[] = {
    {"nothing",               "",          ""        },
    {"plain",                 "a-b_c",     "a-b_c"   },
    {"a plus is a blank",     "a+b",       "a b"     },
    {"a plus as %2B",         "a%2Bb%2b",  "a+b+"    },
    {"two bytes of UTF-8",    "%C3%A9",    "\xc3\xa9"},
    {"what just fits",        "12345678",  "12345678"},
    {"a byte more",           "123456789", NULL      },
    {"a percent at the end",  "a%",        NULL      },
    {"one digit at the end",  "a%2",       NULL      },
    {"a letter that is none", "a%2G",      NULL      },
    {"a sign",                "a%+1",      NULL      },
};

static void decode(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(decode_rows); i++) {
        const struct decode_row *row = &decode_rows[i];
        char room[9] = "";
        size_t length = 0;
        bool good;

        check_case("decode: %s", row->name);
        good = form_decode(span_of(row->text), room, sizeof room - 1, &length);
        CHECK_EQ(good, row->want != NULL);
        if (!good || row->want == NULL)
            continue;
        room[length] = '\0';
        CHECK_TEXT(room, row->want);
    }
}

struct find_row {
    const char *name;
    const char *form;
    const char *value; /* of "k"; NULL: it is not there */
    const char *rest;
};

static const struct find_row find_rows[] = {
    {"alone",                     "k=v",       "v",     ""   },
    {"the first of two",          "k=v&k=w",   "v",     "k=w"},
    {"behind others",             "a=b&k=v&c", "v",     "c"  },
    {"its name in escapes",       "%6B=v",     "v",     ""   },
    {"no value",                  "k",         "",      ""   },
    {"an empty value",            "k=&a",      "",      "a"  },
    {"a value with equals",       "k=a=b",     "a=b",   ""   },
    {"still encoded",             "k=a%20b",   "a%20b", ""   },
    {"nothing",                   "",          NULL,    ""   },
    {"only as a part of another", "kk=v&ak=v", NULL,    ""   },
    {"only as a value",           "a=k",       NULL,    ""   },
    {"a malformed name is none",  "%zz=1&k=v", "v",     ""   },
};

static void find(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(find_rows); i++) {
        const struct find_row *row = &find_rows[i];
        struct span value = {NULL, 0};
        struct span rest = {NULL, 0};
        bool found;

        check_case("find: %s", row->name);
        found = form_find(span_of(row->form), SPAN("k"), &value, &rest);
        CHECK_EQ(found, row->value != NULL);
        if (row->value == NULL)
            continue;
        CHECK(span_is(value, row->value));
        CHECK(span_is(rest, row->rest));
    }
    CASE("compared without its escapes");
    CHECK(form_value_is(SPAN("refresh%5Ftoken"), SPAN("refresh_token")));
    CHECK(!form_value_is(SPAN("refresh_token%"), SPAN("refresh_token")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(decode),
                                              cmocka_unit_test(find)};

    return check_run("core/form", tests);
}
