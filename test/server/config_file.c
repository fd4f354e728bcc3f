/*
 * The file of --config: what it may say, and which mistake is told how.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "server/config.h"

static char path[] = "/tmp/stay-config-XXXXXX";

static bool write_file(const char *text, size_t length, mode_t mode)
{
    FILE *file = fopen(path, "w");
    bool good = file != NULL && fwrite(text, 1, length, file) == length;

    if (file != NULL && fclose(file) != 0)
        good = false;
    return good && chmod(path, mode) == 0;
}

static enum config_result read_path(const char *name, char *const env[],
                                    const char *option, struct config *out,
                                    char why[CONFIG_WHY_SIZE])
{
    char *argv[] = {
        (char *)(uintptr_t) "stayd", (char *)(uintptr_t) "--config",
        (char *)(uintptr_t)name,     (char *)(uintptr_t) "--access-ttl",
        (char *)(uintptr_t)option,   NULL};

    return config_read(
        &(struct config_input){option == NULL ? 3 : 5, argv, env}, out, why);
}

/* In a message, $P is the path. */
static void check_why(const char *why, const char *want)
{
    char text[CONFIG_WHY_SIZE];
    size_t used = 0;

    while (*want != '\0' && used + 1 < sizeof text) {
        if (want[0] == '$' && want[1] == 'P') {
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s", path);
            want += 2;
        } else {
            text[used++] = *want++;
        }
    }
    text[used < sizeof text ? used : sizeof text - 1] = '\0';
    CHECK_TEXT(why, text);
}

struct row {
    const char *name;
    const char *text;
    const char *why; /* "": it is taken */
};

// clang-format off
static const struct row rows[] = {
    {"an empty file", "", ""},
    {"comments and empty lines", "# one\n\n; two\n   # three\n", ""},
    {"a value", "access-ttl = 10s\n", ""},
    {"without blanks, and without a last new line", "access-ttl=10s", ""},
    {"with blanks on both sides", "  access-ttl \t=   10s   \n", ""},
    {"a comment behind a value", "access-ttl = 10s ; short\n", ""},
    {"lines as Windows ends them", "access-ttl = 10s\r\n", ""},
    {"a switch", "demo = yes\n", ""},
    {"a key that there is not", "\naccess-tttl = 10s\n",
     "$P:2: 'access-tttl' is not an option; did you mean 'access-ttl'?"},
    {"a key with its dashes", "--access-ttl = 10s\n",
     "$P:1: '--access-ttl' is not an option; did you mean 'access-ttl'?"},
    {"a value without its sign", "listen 127.0.0.1:80\n",
     "$P:1: 'listen 127.0.0.1' is not an option; want `name = value`"},
    {"no key at all", "= 10s\n",
     "$P:1: '' is not an option; see --help"},
    {"a key that is like none", "frobnicate = 1\n",
     "$P:1: 'frobnicate' is not an option; see --help"},
    {"a bad value", "# a\n# b\naccess-ttl = soon\n",
     "$P:3: access-ttl: 'soon' is not allowed; use 1s to 1d"},
    {"each of several mistakes is told", "demo\n[x]\naccess-ttl = soon\n",
     "$P:1: want `name = value`\n"
     "$P:2: a section in brackets is not wanted here\n"
     "$P:3: access-ttl: 'soon' is not allowed; use 1s to 1d"},
    {"and also the other way round", "access-ttl = soon\ndemo\n",
     "$P:1: access-ttl: 'soon' is not allowed; use 1s to 1d\n"
     "$P:2: want `name = value`"},
    {"sixteen are told of, the last as more",
     "a\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\n",
     "$P:1: want `name = value`\n$P:2: want `name = value`\n"
     "$P:3: want `name = value`\n$P:4: want `name = value`\n"
     "$P:5: want `name = value`\n$P:6: want `name = value`\n"
     "$P:7: want `name = value`\n$P:8: want `name = value`\n"
     "$P:9: want `name = value`\n$P:10: want `name = value`\n"
     "$P:11: want `name = value`\n$P:12: want `name = value`\n"
     "$P:13: want `name = value`\n$P:14: want `name = value`\n"
     "$P:15: want `name = value`\nand more"},
    {"an indented line is a line of its own", "origin = https://a\n  demo = 5\n",
     "$P:2: demo: '5' is not allowed; use 1, 0, true, false, yes, no, on or "
     "off"},
    {"a section", "[server]\ndemo = yes\n",
     "$P:1: a section in brackets is not wanted here"},
    {"an option that stands twice", "threads = 2\n\nthreads = 3\n",
     "$P:3: threads: has a value from line 1"},
    {"origins may stand as often as they like",
     "origin = https://a\norigin = https://b\n", ""},
    {"another file", "config = other\n",
     "$P:1: a file does not name another one"},
};
// clang-format on

static void lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char why[CONFIG_WHY_SIZE];
        struct config config;

        CASE(rows[i].name);
        CHECK(write_file(rows[i].text, strlen(rows[i].text), 0600));
        CHECK_EQ(read_path(path, NULL, NULL, &config, why),
                 rows[i].why[0] == '\0' ? CONFIG_OK : CONFIG_BAD);
        check_why(why, rows[i].why);
        if (strstr(rows[i].text, "10s") != NULL && rows[i].why[0] == '\0')
            CHECK_EQ(config.access_ttl_s, 10);
        config_clear(&config);
    }
}

static void order(void **state)
{
    static const char text[] = "access-ttl = 10s\n"
                               "origin = https://file.example\n"
                               "origin = https://file2.example\n"
                               "threads = 2\n";
    char threads[] = "STAYD_THREADS=3";
    char origin[] = "STAYD_ORIGIN=https://env.example";
    char *const env[] = {threads, origin, NULL};
    char why[CONFIG_WHY_SIZE];
    struct config config;

    (void)state;
    CASE("the file is read");
    CHECK(write_file(text, strlen(text), 0600));
    CHECK_EQ(read_path(path, NULL, NULL, &config, why), CONFIG_OK);
    CHECK_EQ(config.origins.count, 2);
    CHECK_EQ(config.threads, 2);
    CHECK_EQ(config_from(&config, "threads"), CONFIG_FROM_FILE);
    CHECK_EQ(config_from(&config, "listen"), CONFIG_FROM_DEFAULT);
    config_clear(&config);
    CASE("the environment beats it, and the command line both");
    CHECK_EQ(read_path(path, env, "20s", &config, why), CONFIG_OK);
    CHECK_EQ(config.threads, 3);
    CHECK_EQ(config.access_ttl_s, 20);
    CHECK_EQ(config_from(&config, "threads"), CONFIG_FROM_ENVIRONMENT);
    CHECK_EQ(config_from(&config, "access-ttl"), CONFIG_FROM_OPTION);
    CASE("a list of the environment replaces the file's");
    CHECK_EQ(config.origins.count, 1);
    CHECK_TEXT(config.origins.value[0], "https://env.example");
    config_clear(&config);
    CASE("a mistake that does not count is told all the same");
    CHECK(write_file("access-ttl = x\n", 15, 0600));
    CHECK_EQ(read_path(path, NULL, "20s", &config, why), CONFIG_BAD);
}

static void sizes(void **state)
{
    char line[CONFIG_LINE_MAX + 64];
    char why[CONFIG_WHY_SIZE];
    struct config config;

    (void)state;
    CASE("a path as long as a value may be is taken whole");
    (void)snprintf(line, sizeof line, "key-file = %0*d\n", CONFIG_TEXT_MAX - 1,
                   1);
    CHECK(write_file(line, strlen(line), 0600));
    CHECK_EQ(read_path(path, NULL, NULL, &config, why), CONFIG_OK);
    CHECK_EQ(strlen(config.key_file), CONFIG_TEXT_MAX - 1);
    config_clear(&config);
    CASE("a longer one is refused, not cut");
    (void)snprintf(line, sizeof line, "key-file = %0*d\n", CONFIG_TEXT_MAX, 1);
    CHECK(write_file(line, strlen(line), 0600));
    CHECK_EQ(read_path(path, NULL, NULL, &config, why), CONFIG_BAD);
    check_why(why, "$P:1: key-file: has 1024 bytes; allowed are 1023");
    CASE("the longest line is read, with what stands behind its value");
    (void)snprintf(line, sizeof line, "threads = 2 ;%0*d\n",
                   CONFIG_LINE_MAX - 13, 1);
    CHECK(write_file(line, strlen(line), 0600));
    CHECK_EQ(read_path(path, NULL, NULL, &config, why), CONFIG_OK);
    CHECK_EQ(config.threads, 2);
    config_clear(&config);
    CASE("a longer one is refused, and the next one is read");
    (void)snprintf(line, sizeof line, "threads = 2 ;%0*d\nfrob = 1\n",
                   CONFIG_LINE_MAX - 12, 1);
    CHECK(write_file(line, strlen(line), 0600));
    CHECK_EQ(read_path(path, NULL, NULL, &config, why), CONFIG_BAD);
    check_why(why, "$P:1: the line is too long; allowed are 2046 bytes\n"
                   "$P:2: 'frob' is not an option; see --help");
    CASE("a NUL is no text");
    CHECK(write_file("threads = 2\0\n", 13, 0600));
    CHECK_EQ(read_path(path, NULL, NULL, &config, why), CONFIG_BAD);
    check_why(why, "config file $P: has a NUL in it");
    CASE("a file that there is not");
    CHECK_EQ(read_path("/nowhere/conf", NULL, NULL, &config, why), CONFIG_BAD);
    CHECK_TEXT(why, "config file /nowhere/conf: No such file or directory");
    CASE("a folder is no file");
    CHECK_EQ(read_path("/tmp", NULL, NULL, &config, why), CONFIG_BAD);
    CHECK_TEXT(why, "config file /tmp: is not a regular file of at most 256 "
                    "KiB");
}

static void differences(void **state)
{
    char why[CONFIG_WHY_SIZE];
    struct config a;
    struct config b;
    char text[64];

    (void)state;
    CASE("what only a start takes is named");
    CHECK(write_file("threads = 2\n", 12, 0600));
    CHECK_EQ(read_path(path, NULL, NULL, &a, why), CONFIG_OK);
    CHECK(write_file("threads = 3\norigin = http://a\nissuer = x\n", 41, 0600));
    CHECK_EQ(read_path(path, NULL, NULL, &b, why), CONFIG_OK);
    config_different(&a, &b, text, sizeof text);
    CHECK_TEXT(text, "issuer threads");
    CASE("and nothing where nothing differs");
    config_different(&a, &a, text, sizeof text);
    CHECK_TEXT(text, "");
    config_clear(&a);
    config_clear(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(order),
        cmocka_unit_test(sizes),
        cmocka_unit_test(differences),
    };
    int fd = mkstemp(path);
    int code;

    if (fd < 0)
        return 1;
    (void)close(fd);
    code = check_run("server/config_file", tests);
    (void)unlink(path);
    return code;
}
