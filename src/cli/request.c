#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const char usage[] =
    "usage: stay get|post|put|patch|delete PATH [options]\n\n"
    "  -d, --data TEXT  send TEXT; @FILE: what is in FILE; @-: standard input\n"
    "      --type TYPE  its media type; application/json unless said\n"
    "  -i, --include    print status and headers before the body\n"
    "      --wait N     give up when nothing comes for N seconds (60)\n\n"
    "PATH is joined to the URL of the session; a whole URL is taken as it is,\n"
    "and gets the token only if it is on the session's own server.\n";

enum {
    DATA_MAX = 16 * 1024 * 1024,
    TYPE_MAX = 200, /* bytes of a media type */
    WAIT_S = 60,    /* a server that is silent so long is not there */
    WAIT_S_MAX = 24 * 60 * 60,
};

struct request {
    char method[8];
    const char *path;
    const char *type;
    const char *data; /* as given */
    char *body;       /* owned; NULL: none */
    size_t body_size;
    long wait_s; /* without a byte, until it is given up */
    bool include;
    bool line_is_open; /* the last byte that was printed ends no line */
};

/* Commands are few and at most six letters; their methods, in capitals. */
static void set_method(struct request *r, const char *command)
{
    // In brackets toupper is the function; the macro is four blocks deep.
    for (size_t i = 0; i < sizeof r->method - 1 && command[i] != '\0'; i++)
        r->method[i] = (char)(toupper)((unsigned char)command[i]);
}

static bool take_option(struct request *r, int c)
{
    switch (c) {
    case 'd':
        r->data = optarg;
        return true;
    case 't':
        r->type = optarg;
        return true;
    case 'i':
        r->include = true;
        return true;
    case 'w':
        return cli_number("--wait", optarg, 1, WAIT_S_MAX, &r->wait_s);
    default:
        return false;
    }
}

/* It becomes a header's line. */
static bool is_type(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return length > 0 && length <= TYPE_MAX;
}

/* Sets the path to go on; without one, the exit code is what to end with. */
static int read_options(const struct cli *cli, struct request *r)
{
    static const struct option names[] = {
        {"data",    required_argument, NULL, 'd'},
        {"type",    required_argument, NULL, 't'},
        {"include", no_argument,       NULL, 'i'},
        {"wait",    required_argument, NULL, 'w'},
        {"help",    no_argument,       NULL, 'h'},
        {NULL,      0,                 NULL, 0  },
    };
    int c;

    while ((c = getopt_long(cli->count, cli->arguments, ":d:i", names, NULL)) !=
           -1) {
        if (c == 'h')
            return (void)fputs(usage, stdout), EXIT_DONE;
        if (c == '?' || c == ':')
            return cli_bad_option(cli, cli->arguments, c);
        if (!take_option(r, c))
            return EXIT_USAGE;
    }
    if (!is_type(r->type))
        return cli_say(EXIT_USAGE,
                       "--type takes a media type, such as text/plain, of at "
                       "most %d visible ASCII characters",
                       TYPE_MAX);
    if (cli->count - optind != 1)
        return cli_say(EXIT_USAGE, "%s takes one PATH; see stay %s --help",
                       cli->arguments[0], cli->arguments[0]);
    r->path = cli->arguments[optind];
    set_method(r, cli->arguments[0]);
    return EXIT_DONE;
}

/* NULL, or why it cannot be read. */
static const char *read_stream(FILE *file, struct request *r)
{
    r->body = malloc(DATA_MAX + 1);
    if (r->body == NULL)
        return strerror(ENOMEM);
    r->body_size = fread(r->body, 1, DATA_MAX + 1, file);
    if (ferror(file))
        return strerror(errno);
    return r->body_size > DATA_MAX ? "over 16 MiB" : NULL;
}

/* False after a line that says why the data cannot be read. */
static bool read_body(struct request *r)
{
    FILE *file;
    const char *fault;

    if (r->data == NULL)
        return true;
    if (r->data[0] != '@') {
        r->body = strdup(r->data);
        r->body_size = strlen(r->data);
        return r->body != NULL;
    }
    file = strcmp(r->data, "@-") == 0 ? stdin : fopen(r->data + 1, "rb");
    fault = file != NULL ? read_stream(file, r) : strerror(errno);
    if (file != NULL && file != stdin)
        (void)fclose(file);
    if (fault != NULL)
        (void)cli_say(EXIT_FAILED, "cannot read %s: %s",
                      file == stdin ? "standard input" : r->data + 1, fault);
    return fault == NULL;
}

/* The base URL and the path, with one '/' between. NULL: no memory. */
static char *join_url(const char *base, const char *path)
{
    size_t length = strlen(base);
    size_t size = length + strlen(path) + 2;
    char *url;

    if (strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0)
        return strdup(path);
    while (length > 0 && base[length - 1] == '/')
        length--;
    while (*path == '/')
        path++;
    url = malloc(size);
    if (url != NULL)
        (void)snprintf(url, size, "%.*s/%s", (int)length, base, path);
    return url;
}

static size_t print_bytes(char *bytes, size_t size, size_t count, void *data)
{
    struct request *r = data;

    if (size * count > 0)
        r->line_is_open = bytes[size * count - 1] != '\n';
    return fwrite(bytes, 1, size * count, stdout);
}

/* What a person reads next, a prompt or our line, stands on its own. */
static void end_line(const struct request *r)
{
    if (r->line_is_open && isatty(STDOUT_FILENO) == 1)
        (void)putchar('\n');
    (void)fflush(stdout);
}

static void set_options(struct stay_easy *easy, struct request *r,
                        const char *url, struct curl_slist *headers)
{
    (void)stay_easy_setopt(easy, CURLOPT_URL, url);
    (void)stay_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)stay_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (r->body != NULL) {
        (void)stay_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)r->body_size);
        (void)stay_easy_setopt(easy, CURLOPT_POSTFIELDS, r->body);
    } else if (strcmp(r->method, "POST") == 0) {
        (void)stay_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    }
    if (strcmp(r->method, "GET") != 0 || r->body != NULL)
        (void)stay_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
    (void)stay_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    (void)stay_easy_setopt(easy, CURLOPT_HEADER, r->include ? 1L : 0L);
    (void)stay_easy_setopt(easy, CURLOPT_WRITEFUNCTION, print_bytes);
    (void)stay_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    (void)stay_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, r->wait_s);
    (void)stay_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L); // bytes a second
    (void)stay_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, r->wait_s);
}

/* Later it would be no better. */
static bool is_our_fault(CURLcode code)
{
    return code == CURLE_URL_MALFORMAT || code == CURLE_OUT_OF_MEMORY ||
           code == CURLE_UNSUPPORTED_PROTOCOL;
}

static int judge(const struct cli *cli, struct stay *stay,
                 struct stay_easy *easy, const struct request *r, CURLcode code)
{
    enum stay_result result = stay_easy_result(easy);
    long status = 0;

    if (result == STAY_CURL && code == CURLE_WRITE_ERROR)
        return cli_say(EXIT_FAILED, "cannot write to standard output");
    if (result == STAY_CURL && code == CURLE_OPERATION_TIMEDOUT)
        return cli_say(EXIT_LATER,
                       "%.200s: nothing came for %ld s; --wait N waits longer",
                       r->path, r->wait_s);
    if (result == STAY_CURL)
        return cli_say(is_our_fault(code) ? EXIT_FAILED : EXIT_LATER,
                       "%.200s: %s", r->path, curl_easy_strerror(code));
    if (result != STAY_OK)
        return cli_fail(cli, stay, result);
    (void)stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 400)
        return cli_say(EXIT_ANSWER, "%.200s answered %ld", r->path, status);
    return EXIT_DONE;
}

static int send_request(const struct cli *cli, struct stay *stay,
                        struct request *r)
{
    struct stay_status status;
    struct stay_easy *easy = NULL;
    struct curl_slist *headers = NULL;
    char type[sizeof "Content-Type: " + TYPE_MAX];
    char *url = NULL;
    int code = EXIT_FAILED;

    if (stay_status(stay, &status) != STAY_OK)
        return cli_fail(cli, stay, STAY_BAD_VAULT);
    url = join_url(status.url, r->path);
    (void)snprintf(type, sizeof type, "Content-Type: %s", r->type);
    headers = curl_slist_append(
        NULL, r->body != NULL ? type : "Accept: application/json, */*");
    easy = stay_easy_init(stay);
    if (url != NULL && headers != NULL && easy != NULL) {
        CURLcode result;

        set_options(easy, r, url, headers);
        result = stay_easy_perform(easy);
        end_line(r);
        code = judge(cli, stay, easy, r, result);
    }
    stay_easy_cleanup(easy);
    curl_slist_free_all(headers);
    free(url);
    return code;
}

int cli_request(struct cli *cli)
{
    struct request r = {.type = "application/json", .wait_s = WAIT_S};
    struct stay_config config = {0};
    struct stay *stay;
    int code = read_options(cli, &r);

    if (r.path == NULL)
        return code;
    if (!read_body(&r)) {
        free(r.body);
        return EXIT_FAILED;
    }
    stay = cli_open(cli, &config, &code);
    if (stay != NULL)
        code = send_request(cli, stay, &r);
    stay_close(stay);
    free(r.body);
    return code;
}
