#include "nginx.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "peer.h"
#include "wire.h"

enum {
    CONFIG_SIZE = 16384,
    TEXT_SIZE = 1024,
    PATH_SIZE = PROCESS_PATH_SIZE + 32,
};

/* What stands around a file of conf.d; $F is the folder. */
static const char around[] = "daemon off;\n"
                             "master_process off;\n"
                             "pid $F/nginx.pid;\n"
                             "error_log $F/error.log warn;\n"
                             "events { worker_connections 1024; }\n"
                             "http {\n"
                             "    access_log off;\n"
                             "    client_body_temp_path $F/body;\n"
                             "    proxy_temp_path $F/proxy;\n"
                             "    fastcgi_temp_path $F/fastcgi;\n"
                             "    uwsgi_temp_path $F/uwsgi;\n"
                             "    scgi_temp_path $F/scgi;\n"
                             "    include $F/stayd.conf;\n"
                             "}\n";

static struct peer peer = {.name = "nginx"};

/* Every `what` in `text`, which has CONFIG_SIZE; false: there was none. */
static bool replace(char *text, const char *what, const char *with)
{
    char *rest = malloc(CONFIG_SIZE);
    char *at = text;
    bool found = false;

    if (rest == NULL)
        return false;
    while ((at = strstr(at, what)) != NULL) {
        found = true;
        (void)snprintf(rest, CONFIG_SIZE, "%s", at + strlen(what));
        (void)snprintf(at, CONFIG_SIZE - (size_t)(at - text), "%s%s", with,
                       rest);
        at += strlen(with);
    }
    free(rest);
    if (!found)
        check_note("packaging/nginx/stayd.conf does not say: %s", what);
    return found;
}

static void file_name(const struct nginx *nginx, const char *name,
                      char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%.30s", nginx->folder, name);
}

static bool write_file(const struct nginx *nginx, const char *name,
                       const char *text)
{
    char path[PATH_SIZE];

    file_name(nginx, name, path);
    return process_write_file(path, text, strlen(text)) && peer_give(path);
}

/* Such a line of the upstream, for each of our servers instead of its one. */
static bool name_servers(char *text, const char *words, const int *ports,
                         size_t count)
{
    char servers[TEXT_SIZE], line[128];
    size_t used = 0;

    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(servers + used, sizeof servers - used,
                             "    server 127.0.0.1:%d %s;\n", ports[i], words);
    (void)snprintf(line, sizeof line, "    server 127.0.0.1:8080 %s;\n", words);
    return replace(text, line, servers);
}

/* The shipped file with this machine's ports and paths in it. */
static bool fill_in(const struct nginx *nginx, char *text, const int *ports,
                    size_t count)
{
    char listen[128], tell[128];
    char certificate[PATH_SIZE], key[PATH_SIZE];

    (void)snprintf(listen, sizeof listen,
                   "    listen 127.0.0.1:%d ssl http2;\n"
                   "    listen 127.0.0.1:%d;\n",
                   nginx->tls_port, nginx->port);
    (void)snprintf(tell, sizeof tell, "    listen unix:%s/tell;\n",
                   nginx->folder);
    file_name(nginx, "certificate.pem", certificate);
    file_name(nginx, "certificate.key", key);
    return name_servers(text, "max_fails=3 fail_timeout=2s", ports, count) &&
           name_servers(text, "max_fails=0 backup", ports, count) &&
           replace(text, "    listen 443 ssl http2;\n", listen) &&
           replace(text, "    listen [::]:443 ssl http2;\n", "") &&
           replace(text, "    listen 80;\n", tell) &&
           replace(text, "    listen [::]:80;\n", "") &&
           replace(text, "/etc/ssl/certs/auth.example.org.pem", certificate) &&
           replace(text, "/etc/ssl/private/auth.example.org.key", key);
}

static bool write_configs(const struct nginx *nginx, const int *ports,
                          size_t count)
{
    char *text = malloc(CONFIG_SIZE);
    char *shipped = process_read_file(NGINX_CONFIG, NULL);
    bool written = text != NULL && shipped != NULL;

    if (written) {
        (void)snprintf(text, CONFIG_SIZE, "%s", shipped);
        written = fill_in(nginx, text, ports, count) &&
                  write_file(nginx, "stayd.conf", text);
    }
    if (written) {
        (void)snprintf(text, CONFIG_SIZE, "%s", around);
        written = replace(text, "$F", nginx->folder) &&
                  write_file(nginx, "nginx.conf", text);
    }
    free(text);
    free(shipped);
    return written;
}

static bool make_certificate(const struct nginx *nginx)
{
    char certificate[PATH_SIZE], key[PATH_SIZE];
    const char *const argv[] = {"/usr/bin/openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:prime256v1",
                                "-nodes",
                                "-days",
                                "2",
                                "-subj",
                                "/CN=" NGINX_NAME,
                                "-addext",
                                "subjectAltName=DNS:" NGINX_NAME,
                                "-keyout",
                                key,
                                "-out",
                                certificate,
                                NULL};
    struct process_result result;
    bool made;

    file_name(nginx, "certificate.pem", certificate);
    file_name(nginx, "certificate.key", key);
    result = process_run(argv, NULL, NULL);
    made = result.code == 0 && peer_give(certificate) && peer_give(key);
    if (!made)
        check_note("openssl: %.300s", result.err);
    process_result_clear(&result);
    return made;
}

static bool launch(struct nginx *nginx)
{
    char config[PATH_SIZE], errors[PATH_SIZE];
    const char *const words[] = {"-p", nginx->folder, "-e", errors,
                                 "-c", config,        NULL};
    const char *argv[PEER_WORDS_MAX];

    file_name(nginx, "nginx.conf", config);
    file_name(nginx, "error.log", errors);
    peer_command(argv, "TERM", peer.found, words);
    nginx->process = process_start(argv, peer.environment);
    return nginx->process != NULL;
}

static bool listens(const struct nginx *nginx)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    int fd = -1;

    while (fd < 0 && process_now_ms() < end_ms) {
        fd = wire_connect(nginx->port);
        if (fd < 0)
            process_pause();
    }
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

bool nginx_start(struct nginx *out, const int *ports, size_t count)
{
    char *errors;

    *out = (struct nginx){.port = 0};
    if (peer_find(&peer) == NULL) {
        check_skip("no nginx here, and none to download");
        return false;
    }
    out->port = peer_port();
    out->tls_port = peer_port();
    if (process_folder(out->folder) && peer_give(out->folder) &&
        make_certificate(out) && write_configs(out, ports, count) &&
        launch(out) && listens(out))
        return true;
    errors = nginx_errors(out);
    check_note("nginx: %.600s", errors == NULL ? "" : errors);
    free(errors);
    nginx_clear(out);
    return check_true(__FILE__, __LINE__, "nginx starts", false);
}

char *nginx_errors(const struct nginx *nginx)
{
    char path[PATH_SIZE];

    file_name(nginx, "error.log", path);
    return process_read_file(path, NULL);
}

void nginx_clear(struct nginx *nginx)
{
    if (nginx->process != NULL) {
        process_signal(nginx->process, SIGTERM);
        (void)process_wait(nginx->process);
    }
    process_close(nginx->process);
    process_folder_remove(nginx->folder);
    *nginx = (struct nginx){.port = 0};
}
