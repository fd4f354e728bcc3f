/*
 * `stayd user add` on a terminal: what it asks, shows, and leaves behind.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "process.h"
#include "stayd.h"
#include "terminal.h"

struct asked_row {
    const char *name;
    const char *first; /* typed at the first question */
    const char *second;
    int code;
    const char *shown; /* NULL: it dies of SIGINT */
};

static const struct asked_row asked[] = {
    {"a password that is asked for twice", "correct horse\n", "correct horse\n",
     0,                                                                              "user 1 added"    },
    {"one that is typed wrongly",          "correct horse\n", "correct house\n", 1,
     "the two are not the same"                                                                        },
    {"none",                               "\n",              NULL,              2,  "no password came"},
    {"Ctrl-C",                             "\x03",            NULL,              -1, NULL              },
    {"Ctrl-C the second time",             "correct horse\n", "\x03",            -1, NULL              },
};

static void ask_on_terminal(const struct asked_row *row, const char *folder)
{
    char database[PROCESS_PATH_SIZE + 32];
    const char *const argv[] = {stayd_path(), "--database", database, "user",
                                "add",        "bob",        NULL};
    struct terminal t;
    bool signalled;

    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    if (!CHECK(terminal_start(&t, argv)))
        return;
    CHECK(terminal_read(&t, "Password: "));
    CHECK(terminal_type(&t, row->first));
    if (row->second != NULL) {
        CHECK(terminal_read(&t, "The same again: "));
        CHECK(terminal_type(&t, row->second));
    }
    if (row->shown != NULL)
        CHECK(terminal_read(&t, row->shown));
    CHECK_EQ(terminal_end(&t, &signalled), row->code);
    CHECK_EQ(signalled, row->shown == NULL);
    CHECK(t.echoes);
    CHECK(strstr(t.text, "correct") == NULL);
    CHECK(strstr(t.text, "\"audit\"") == NULL);
}

static void on_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++) {
        char folder[PROCESS_PATH_SIZE];

        CASE(asked[i].name);
        if (!CHECK(process_folder(folder)))
            return;
        ask_on_terminal(&asked[i], folder);
        process_folder_remove(folder);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(on_terminal)};

    return check_run("system/admin_terminal", tests);
}
