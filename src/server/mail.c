#include "server/mail.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "server/mail_process.h"

static const char *const kind_words[] = {
    [MAIL_VERIFY] = "verify",
    [MAIL_RESET] = "reset",
};

static void put_text(struct json_writer *w, struct span key, const char *text)
{
    json_key(w, key);
    json_put_string(w, span_of(text));
}

/* False: it does not fit. */
static bool write_text(const struct mail *mail, struct mail_packet *out,
                       size_t *length)
{
    struct json_writer w;

    json_begin(&w, out->text, sizeof out->text - 1, JSON_COMPACT);
    json_open(&w, '{');
    put_text(&w, SPAN("kind"), kind_words[mail->kind]);
    put_text(&w, SPAN("to"), mail->to);
    put_text(&w, SPAN("username"), mail->username);
    put_text(&w, SPAN("code"), mail->code);
    json_key(&w, SPAN("expires_in"));
    json_put_int(&w, mail->expires_in_s);
    if (mail->url != NULL)
        put_text(&w, SPAN("url"), mail->url);
    json_close(&w, '}');
    if (w.overflow)
        return false;
    out->text[w.length] = '\n';
    *length = offsetof(struct mail_packet, text) + w.length + 1;
    return true;
}

bool mailer_is_open(const struct mailer *mailer)
{
    return mailer->pid > 0;
}

bool mailer_send(const struct mailer *mailer, const struct mail *mail)
{
    struct mail_packet packet = {.user_id = mail->user_id};
    size_t length = 0;
    bool sent = mailer_is_open(mailer) && write_text(mail, &packet, &length) &&
                send(mailer->fd, &packet, length,
                     MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;

    bytes_wipe(&packet, sizeof packet); // the code was in it
    return sent;
}

bool mail_can_run(const char *program)
{
    struct stat is;

    if (stat(program, &is) != 0 || access(program, X_OK) != 0)
        return false;
    errno = S_ISDIR(is.st_mode) ? EISDIR : EACCES;
    return S_ISREG(is.st_mode);
}

bool mailer_open(struct mailer *out, const struct mailer_config *config)
{
    const struct mail_work work = {
        .program = config->program,
        .limit_ms = config->limit_ms > 0 ? config->limit_ms : MAIL_PROGRAM_MS,
        .log = config->log,
    };
    const int room = MAIL_QUEUE_MAX;
    int ends[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    // The kernel's own default does as well.
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    pid = fork();
    if (pid == 0) {
        mail_process_run(ends[1], &work);
        _exit(0);
    }
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return false;
    }
    *out = (struct mailer){.fd = ends[0], .pid = pid};
    return true;
}

void mailer_close(struct mailer *mailer)
{
    if (!mailer_is_open(mailer))
        return;
    // Which tells it to end, and it kills what takes longer than MAIL_CLOSE_MS:
    // the sandbox leaves us no signal to another process.
    (void)close(mailer->fd);
    while (waitpid(mailer->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    *mailer = (struct mailer){.pid = 0};
}
