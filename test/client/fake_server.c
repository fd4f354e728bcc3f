#include "client/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, WAIT_S = 30 };

struct record {
    char line[1100]; /* "METHOD TARGET" */
    char *head;
    char *body;
    size_t body_length;
};

struct fake_server {
    fake_answer_fn *answer;
    void *data;
    int listener;
    int port;
    char url[64];
    pthread_t acceptor;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t more;
    bool stopping;
    unsigned connections;
    int sockets[CONNECTIONS_MAX]; /* -1: closed */
    pthread_t threads[CONNECTIONS_MAX];
    unsigned requests;
    struct record *records;
    unsigned records_count;
};

struct connection {
    struct fake_server *server;
    int socket;
    unsigned number; /* from 1 */
    char *in;
    size_t in_length;
    char *body;
    char *reply;
};

static bool fill(struct connection *c)
{
    ssize_t got =
        recv(c->socket, c->in + c->in_length, FAKE_HEAD_MAX - c->in_length, 0);

    if (got <= 0)
        return false;
    c->in_length += (size_t)got;
    return true;
}

static void drop(struct connection *c, size_t count)
{
    memmove(c->in, c->in + count, c->in_length - count);
    c->in_length -= count;
}

static bool take_head(struct connection *c, char **head)
{
    char *end;

    while ((end = memmem(c->in, c->in_length, "\r\n\r\n", 4)) == NULL)
        if (c->in_length == FAKE_HEAD_MAX || !fill(c))
            return false;
    *head = strndup(c->in, (size_t)(end - c->in) + 2);
    drop(c, (size_t)(end - c->in) + 4);
    return *head != NULL;
}

static bool take_bytes(struct connection *c, char *out, size_t count)
{
    while (count > 0) {
        size_t part = c->in_length < count ? c->in_length : count;

        if (part == 0) {
            if (!fill(c))
                return false;
            continue;
        }
        memcpy(out, c->in, part);
        drop(c, part);
        out += part;
        count -= part;
    }
    return true;
}

static bool take_chunks(struct connection *c, size_t *length)
{
    for (;;) {
        char *end;
        size_t size;

        while ((end = memmem(c->in, c->in_length, "\r\n", 2)) == NULL)
            if (!fill(c))
                return false;
        size = strtoul(c->in, NULL, 16);
        drop(c, (size_t)(end - c->in) + 2);
        if (size > FAKE_BODY_MAX - *length ||
            !take_bytes(c, c->body + *length, size))
            return false;
        *length += size;
        if (!take_bytes(c, c->reply, 2)) // the line's end
            return false;
        if (size == 0)
            return true;
    }
}

bool fake_header(const char *head, const char *name, char *out, size_t size)
{
    size_t length = strlen(name);

    for (const char *at = strstr(head, "\r\n"); at != NULL;
         at = strstr(at, "\r\n")) {
        at += 2;
        if (strncasecmp(at, name, length) != 0 || at[length] != ':')
            continue;
        at += length + 1 + strspn(at + length + 1, " ");
        (void)snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
        return true;
    }
    return false;
}

static bool take_body(struct connection *c, const char *head, size_t *length)
{
    char value[64];
    size_t count;

    *length = 0;
    if (fake_header(head, "Transfer-Encoding", value, sizeof value))
        return take_chunks(c, length);
    if (!fake_header(head, "Content-Length", value, sizeof value))
        return true;
    count = strtoul(value, NULL, 10);
    if (count > FAKE_BODY_MAX || !take_bytes(c, c->body, count))
        return false;
    *length = count;
    return true;
}

static bool send_all(struct connection *c, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(c->socket, bytes, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* With lock held. */
static void keep(struct fake_server *s, const struct fake_request *r)
{
    struct record *record = &s->records[s->records_count];

    s->requests++;
    if (s->records_count == FAKE_RECORDS_MAX)
        return;
    (void)snprintf(record->line, sizeof record->line, "%s %s", r->method,
                   r->target);
    record->head = strdup(r->head);
    record->body = malloc(r->body_length + 1);
    if (r->body_length > 0)
        memcpy(record->body, r->body, r->body_length);
    record->body[r->body_length] = '\0';
    record->body_length = r->body_length;
    s->records_count++;
    (void)pthread_cond_broadcast(&s->more);
}

static void ask(struct connection *c, struct fake_request *r,
                struct fake_reply *reply)
{
    struct fake_server *s = c->server;

    (void)pthread_mutex_lock(&s->lock);
    r->connection = c->number;
    r->number = s->requests + 1;
    s->answer(reply, r, s->data);
    if (!r->awaits || reply->length > 0)
        keep(s, r);
    (void)pthread_mutex_unlock(&s->lock);
}

static void hang(struct fake_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    while (!s->stopping)
        (void)pthread_cond_wait(&s->more, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
}

/* False: the connection is over. */
static bool serve_one(struct connection *c)
{
    struct fake_request r = {0};
    struct fake_reply reply = {.bytes = c->reply};
    char value[64];
    char *head = NULL;
    bool good = false;

    if (!take_head(c, &head))
        goto done;
    r.head = head;
    if (sscanf(head, "%15s %1023s", r.method, r.target) != 2)
        goto done;
    r.awaits = fake_header(head, "Expect", value, sizeof value);
    if (r.awaits) {
        ask(c, &r, &reply);
        if (reply.length > 0) {
            (void)send_all(c, reply.bytes, reply.length);
            goto done;
        }
        r.awaits = false;
        (void)send_all(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
    if (!take_body(c, head, &r.body_length))
        goto done;
    r.body = c->body;
    ask(c, &r, &reply);
    if (reply.after != NULL)
        (void)fake_wait(c->server, reply.after, 1);
    good = send_all(c, reply.bytes, reply.length) && !reply.close;
    if (reply.hang)
        hang(c->server);

done:
    free(head);
    return good && !reply.hang;
}

static void *serve(void *data)
{
    struct connection *c = data;

    c->in = malloc(FAKE_HEAD_MAX);
    c->body = malloc(FAKE_BODY_MAX);
    c->reply = malloc(FAKE_REPLY_MAX);
    while (serve_one(c))
        continue;
    (void)pthread_mutex_lock(&c->server->lock);
    c->server->sockets[c->number - 1] = -1;
    (void)pthread_mutex_unlock(&c->server->lock);
    (void)shutdown(c->socket, SHUT_WR);
    // Unread bytes would turn our answer into a reset: let the other end go.
    while (recv(c->socket, c->in, FAKE_HEAD_MAX, 0) > 0)
        continue;
    (void)close(c->socket);
    free(c->in);
    free(c->body);
    free(c->reply);
    free(c);
    return NULL;
}

static void begin(struct fake_server *s, int client)
{
    struct connection *c = calloc(1, sizeof *c);
    int yes = 1;

    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)pthread_mutex_lock(&s->lock);
    if (s->stopping || s->connections == CONNECTIONS_MAX) {
        (void)close(client);
        free(c);
    } else {
        c->server = s;
        c->socket = client;
        c->number = s->connections + 1;
        s->sockets[s->connections] = client;
        (void)pthread_create(&s->threads[s->connections], NULL, serve, c);
        s->connections++;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static void *accept_all(void *data)
{
    struct fake_server *s = data;
    int client;

    while ((client = accept(s->listener, NULL, NULL)) >= 0)
        begin(s, client);
    return NULL;
}

static bool listen_free(struct fake_server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 ||
        bind(s->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(s->listener, 512) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&address, &size) != 0)
        return false;
    s->port = ntohs(address.sin_port);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
    return true;
}

struct fake_server *fake_open(fake_answer_fn *answer, void *data)
{
    struct fake_server *s = calloc(1, sizeof *s);

    s->answer = answer;
    s->data = data;
    s->records = calloc(FAKE_RECORDS_MAX, sizeof *s->records);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->more, NULL);
    if (!listen_free(s) ||
        pthread_create(&s->acceptor, NULL, accept_all, s) != 0)
        abort(); // a test without its server is no test
    return s;
}

void fake_close(struct fake_server *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)shutdown(s->listener, SHUT_RDWR);
    for (unsigned i = 0; i < s->connections; i++)
        if (s->sockets[i] >= 0)
            (void)shutdown(s->sockets[i], SHUT_RDWR);
    (void)pthread_cond_broadcast(&s->more);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->acceptor, NULL);
    for (unsigned i = 0; i < s->connections; i++)
        (void)pthread_join(s->threads[i], NULL);
    (void)close(s->listener);
    for (unsigned i = 0; i < s->records_count; i++) {
        free(s->records[i].head);
        free(s->records[i].body);
    }
    free(s->records);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->more);
    free(s);
}

int fake_port(const struct fake_server *s)
{
    return s->port;
}

const char *fake_url(const struct fake_server *s)
{
    return s->url;
}

/* With lock held; n from 1, or 0 to count. */
static unsigned find(const struct fake_server *s, const char *start, unsigned n,
                     const struct record **out)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->records_count; i++) {
        if (strncmp(s->records[i].line, start, strlen(start)) != 0)
            continue;
        if (++count == n)
            *out = &s->records[i];
    }
    return count;
}

unsigned fake_count(struct fake_server *s, const char *start)
{
    const struct record *record = NULL;
    unsigned count;

    (void)pthread_mutex_lock(&s->lock);
    count = *start == '\0' ? s->requests : find(s, start, 0, &record);
    (void)pthread_mutex_unlock(&s->lock);
    return count;
}

const char *fake_head(struct fake_server *s, const char *start, unsigned n)
{
    const struct record *record = NULL;

    (void)pthread_mutex_lock(&s->lock);
    (void)find(s, start, n, &record);
    (void)pthread_mutex_unlock(&s->lock);
    return record != NULL ? record->head : NULL;
}

const char *fake_body(struct fake_server *s, const char *start, unsigned n,
                      size_t *length)
{
    const struct record *record = NULL;

    (void)pthread_mutex_lock(&s->lock);
    (void)find(s, start, n, &record);
    (void)pthread_mutex_unlock(&s->lock);
    *length = record != NULL ? record->body_length : 0;
    return record != NULL ? record->body : NULL;
}

void fake_write_bytes(struct fake_reply *reply, const void *bytes,
                      size_t length)
{
    if (length > FAKE_REPLY_MAX - reply->length)
        abort(); // the test wants more than it said
    memcpy(reply->bytes + reply->length, bytes, length);
    reply->length += length;
}

void fake_write(struct fake_reply *reply, const char *format, ...)
{
    char text[8192];
    va_list list;
    int length;

    va_start(list, format);
    length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (length < 0 || (size_t)length >= sizeof text)
        abort();
    fake_write_bytes(reply, text, (size_t)length);
}

void fake_answer(struct fake_reply *reply, int status, const char *type,
                 const char *body)
{
    fake_write(reply,
               "HTTP/1.1 %d Whatever\r\nContent-Type: %s\r\n"
               "Content-Length: %zu\r\n\r\n",
               status, type, strlen(body));
    fake_write_bytes(reply, body, strlen(body));
}

void fake_locked(struct fake_server *s, bool lock)
{
    if (lock)
        (void)pthread_mutex_lock(&s->lock);
    else
        (void)pthread_mutex_unlock(&s->lock);
}

bool fake_wait(struct fake_server *s, const char *start, unsigned wanted)
{
    const struct record *record = NULL;
    struct timespec until;
    bool there;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    (void)pthread_mutex_lock(&s->lock);
    while (!(there = find(s, start, 0, &record) >= wanted))
        if (pthread_cond_timedwait(&s->more, &s->lock, &until) != 0)
            break;
    (void)pthread_mutex_unlock(&s->lock);
    return there;
}
