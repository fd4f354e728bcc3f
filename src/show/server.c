#include "show/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stay.h"

enum {
    ARGUMENTS_MAX = 16,
    PAGE_SIZE_MAX = 256 * 1024, /* of /metrics */
    LIMIT_MS = 5000,
    POLL_US = 50000,
};

struct page {
    char *text;
    size_t length;
};

/* The child's side; never returns. */
static void run_program(const char *program, unsigned port, const char *folder,
                        int out, int log)
{
    char listen[64];
    char database[512];
    char key[512];
    const char *const arguments[ARGUMENTS_MAX] = {
        program,       "--demo",     "--listen", listen,         "--database",
        database,      "--key-file", key,        "--access-ttl", "10s",
        "--log-level", "warn",       NULL,
    };

    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    (void)snprintf(key, sizeof key, "%s/stay.key", folder);
    // Ctrl-C is the show's to hear: it stops stayd when it is ready to.
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)signal(SIGINT, SIG_DFL);
    if (dup2(out, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
        (void)execv(program, (char *const *)arguments);
    (void)fprintf(stderr, "cannot start %s: %s; run make first\n", program,
                  strerror(errno));
    _exit(1);
}

/* The first line that stayd prints names its URL. */
static bool read_url(int fd, char url[SERVER_URL_SIZE])
{
    static const char words[] = "listening on ";
    char line[SERVER_URL_SIZE + sizeof words - 2] = "";
    size_t length = 0;

    while (length < sizeof line - 1) {
        ssize_t n = read(fd, line + length, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
    if (strncmp(line, words, sizeof words - 1) != 0)
        return false;
    memcpy(url, line + sizeof words - 1, length - (sizeof words - 1) + 1);
    return true;
}

/* Opened anew; the lines of the audit would stand in the midst of the picture. */
static int open_log(const char *folder)
{
    char path[512];
    int log;

    (void)snprintf(path, sizeof path, "%s/stayd.log", folder);
    log = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0)
        (void)fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
    return log;
}

/* Why stayd did not start. */
static void print_log(int log)
{
    char bytes[4096];
    ssize_t n = pread(log, bytes, sizeof bytes, 0);

    if (n > 0)
        (void)fwrite(bytes, 1, (size_t)n, stderr);
}

bool server_start(struct server *server, const char *program, unsigned port,
                  const char *folder)
{
    int ends[2];
    int log;
    bool started;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        (void)fprintf(stderr, "cannot make the folder %s: %s\n", folder,
                      strerror(errno));
        return false;
    }
    log = open_log(folder);
    if (log < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return false;
    server->pid = fork();
    if (server->pid == 0)
        run_program(program, port, folder, ends[1], log);
    (void)close(ends[1]);
    started = server->pid > 0 && read_url(ends[0], server->url);
    // The pipe stays open: stayd may print again and must not die of it.
    if (!started) {
        (void)server_stop(server);
        print_log(log);
    }
    (void)close(log);
    return started;
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int server_stop(struct server *server)
{
    int status = 0;

    if (server->pid <= 0)
        return 0;
    (void)kill(server->pid, SIGTERM);
    while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
        ;
    server->pid = 0;
    return exit_code(status);
}

int server_wait(struct server *server, const volatile sig_atomic_t *stop)
{
    int status = 0;

    while (!*stop) {
        if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
            server->pid = 0;
            return exit_code(status);
        }
        (void)usleep(POLL_US);
    }
    return server_stop(server);
}

static size_t keep_page(char *bytes, size_t size, size_t count, void *data)
{
    struct page *page = data;

    size *= count;
    if (page->text == NULL)
        return size;
    if (size > PAGE_SIZE_MAX - 1 - page->length)
        return 0;
    memcpy(page->text + page->length, bytes, size);
    page->length += size;
    page->text[page->length] = '\0';
    return size;
}

/* GET, or POST when there is a body. True on any 2xx. */
static bool call(const struct server *server, const char *path,
                 const char *body, struct page *page)
{
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/json");
    CURL *curl = curl_easy_init();
    char url[SERVER_URL_SIZE + 64];
    long status = 0;

    (void)snprintf(url, sizeof url, "%s%s", server->url, path);
    if (curl != NULL && headers != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_URL, url);
        (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)LIMIT_MS);
        (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
        (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_page);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, page);
        if (body != NULL)
            (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        if (curl_easy_perform(curl) == CURLE_OK)
            (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return status / 100 == 2;
}

bool server_has_app(const struct server *server)
{
    return call(server, "/stay.svg", NULL, &(struct page){0});
}

bool server_expire(const struct server *server)
{
    return call(server, "/demo/expire", "{}", &(struct page){0});
}

bool server_drop_replies(const struct server *server, unsigned count)
{
    char body[64];

    (void)snprintf(body, sizeof body, "{\"drop_replies\":%u}", count);
    return call(server, "/demo/faults", body, &(struct page){0});
}

long server_refreshes(const struct server *server, const char *dialect)
{
    struct page page = {calloc(1, PAGE_SIZE_MAX), 0};
    char name[128];
    const char *found;
    long count = -1;

    (void)snprintf(
        name, sizeof name,
        "\nstay_refreshes_total{dialect=\"%s\",outcome=\"granted\"} ", dialect);
    if (page.text != NULL && call(server, "/metrics", NULL, &page)) {
        found = strstr(page.text, name);
        if (found != NULL)
            count = strtol(found + strlen(name), NULL, 10);
    }
    free(page.text);
    return count;
}
