#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/json.h"
#include "process.h"

void wire_clear(struct wire_reply *reply)
{
    free(reply->head);
    free(reply->body);
    *reply = (struct wire_reply){.status = 0};
}

int wire_connect(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to) !=
        0) {
        (void)close(fd);
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

bool wire_send(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* What has arrived of a reply. */
struct inbox {
    char *bytes;
    size_t length;
    size_t size;
    bool closed;
};

/* Waits for more; false at the end of the stream, after the limit, or at
   WIRE_REPLY_MAX. */
static bool receive(int fd, struct inbox *in, int64_t limit_ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int64_t left_ms = limit_ms - process_now_ms();
    ssize_t got;

    if (in->length + 65536 > in->size) {
        size_t size = in->size + 131072;
        char *larger = size <= WIRE_REPLY_MAX ? realloc(in->bytes, size) : NULL;

        if (larger == NULL)
            return false;
        in->bytes = larger;
        in->size = size;
    }
    if (left_ms <= 0 || poll(&wait, 1, (int)left_ms) <= 0)
        return false;
    got = recv(fd, in->bytes + in->length, in->size - in->length - 1, 0);
    if (got <= 0) {
        in->closed = true;
        return false;
    }
    in->length += (size_t)got;
    return true;
}

/* Bytes of the head with its blank line, or 0: not all there. */
static size_t head_length(const struct inbox *in)
{
    const char *end =
        in->length == 0 ? NULL : memmem(in->bytes, in->length, "\r\n\r\n", 4);

    return end == NULL ? 0 : (size_t)(end - in->bytes) + 4;
}

static void drop_head(struct inbox *in, size_t length)
{
    memmove(in->bytes, in->bytes + length, in->length - length);
    in->length -= length;
}

/* Reads until a final head is there; its length, or 0. */
static size_t read_head(int fd, struct inbox *in, int64_t limit_ms, int *status)
{
    for (;;) {
        size_t length = head_length(in);

        if (length == 0) {
            if (!receive(fd, in, limit_ms))
                return 0;
            continue;
        }
        in->bytes[in->length] = '\0';
        if (sscanf(in->bytes, "HTTP/1.%*1[01] %3d ", status) != 1)
            return 0;
        if (*status >= 200)
            return length;
        drop_head(in, length);
    }
}

static char *copy_text(const char *bytes, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

/* How many bytes of body follow; SIZE_MAX: until the end of the stream. */
static size_t body_length(const struct wire_reply *reply, bool headless)
{
    char value[1024];

    if (headless || reply->status == 204 || reply->status == 304)
        return 0;
    if (!wire_header(reply, "Content-Length", 0, value))
        return SIZE_MAX;
    return (size_t)strtoull(value, NULL, 10);
}

bool wire_read(int fd, bool headless, struct wire_reply *out)
{
    int64_t limit_ms = process_now_ms() + WIRE_LIMIT_MS;
    struct inbox in = {.bytes = NULL};
    char value[1024];
    size_t head = 0;
    size_t body;
    int status = 0;

    *out = (struct wire_reply){.status = 0};
    if (fd >= 0)
        head = read_head(fd, &in, limit_ms, &status);
    out->head = copy_text(head > 0 ? in.bytes : "", head);
    out->status = status;
    body = head > 0 ? body_length(out, headless) : 0;
    while (head > 0 && in.length - head < body && receive(fd, &in, limit_ms))
        ;
    if (head == 0 || (body != SIZE_MAX && in.length - head < body))
        out->status = 0;
    out->body_size = head > 0 ? in.length - head : 0;
    if (out->body_size > body)
        out->body_size = body;
    out->body = copy_text(head > 0 ? in.bytes + head : "", out->body_size);
    out->closed = in.closed || (wire_header(out, "Connection", 0, value) &&
                                strcasecmp(value, "close") == 0);
    free(in.bytes);
    return out->status != 0;
}

struct wire_reply wire_ask_on(int fd, const struct wire_request *request)
{
    size_t body_size = request->body_size;
    const char *headers = request->headers == NULL ? "" : request->headers;
    bool typed = strcasestr(headers, "content-type:") != NULL;
    bool named = strncasecmp(headers, "host:", 5) == 0;
    struct wire_reply reply = {.status = 0};
    char length[64] = "";
    char *head = NULL;
    int size;

    if (request->body != NULL && body_size == 0)
        body_size = strlen(request->body);
    if (request->body != NULL)
        (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n",
                       body_size);
    size = asprintf(&head, "%s %s HTTP/1.1\r\n%s%s%s%s\r\n", request->method,
                    request->path, named ? "" : "Host: localhost\r\n", headers,
                    request->body != NULL && !typed
                        ? "Content-Type: application/json\r\n"
                        : "",
                    length);
    if (size < 0)
        abort();
    // A server may refuse and answer before it has read everything.
    if (wire_send(fd, head, (size_t)size) && request->body != NULL)
        (void)wire_send(fd, request->body, body_size);
    free(head);
    (void)wire_read(fd, strcmp(request->method, "HEAD") == 0, &reply);
    return reply;
}

struct wire_reply wire_ask(int port, const struct wire_request *request)
{
    int fd = wire_connect(port);
    struct wire_reply reply = wire_ask_on(fd, request);

    if (fd >= 0)
        (void)close(fd);
    return reply;
}

struct wire_reply wire_raw(int port, const void *bytes, size_t size)
{
    int fd = wire_connect(port);
    struct wire_reply reply;

    (void)wire_send(fd, bytes, size); // it may be refused half-way
    (void)wire_read(fd, false, &reply);
    if (fd >= 0)
        (void)close(fd);
    return reply;
}

bool wire_header(const struct wire_reply *reply, const char *name,
                 size_t number, char value[1024])
{
    size_t length = strlen(name);
    const char *line = reply->head;

    value[0] = '\0';
    while (line != NULL && (line = strstr(line, "\r\n")) != NULL) {
        size_t end;

        line += 2;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':' ||
            number-- > 0)
            continue;
        line += length + 1;
        line += strspn(line, " \t");
        end = strcspn(line, "\r");
        while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
            end--;
        (void)snprintf(value, 1024, "%.*s", (int)end, line);
        return true;
    }
    return false;
}

static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/* Characters at the start of `text` that a blank's value is made of. */
static size_t jwt_length(const char *text)
{
    size_t length = 0;

    for (int part = 0; part < 3; part++) {
        size_t n = strspn(text + length, letters);

        if (n == 0 || (part < 2 && text[length + n] != '.'))
            return 0;
        length += n + (part < 2);
    }
    return length;
}

static size_t token_length(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0' && (strchr(letters, text[length]) != NULL ||
                                    strchr(".~+/=", text[length]) != NULL))
        length++;
    return length;
}

static size_t int_length(const char *text)
{
    return strspn(text, "0123456789");
}

static size_t hex_length(const char *text)
{
    return strspn(text, "0123456789abcdef");
}

static size_t line_end(const char *text)
{
    return text[0] == '\n' ? 1 : 0;
}

static const struct blank {
    const char *name;
    size_t (*length)(const char *text);
} blanks[] = {
    {"<JWT>",   jwt_length  },
    {"<TOKEN>", token_length},
    {"<INT>",   int_length  },
    {"<HEX>",   hex_length  },
    {"<NL>",    line_end    },
};

static const struct blank *find_blank(const char *pattern)
{
    for (size_t i = 0; i < COUNT(blanks); i++)
        if (strncmp(pattern, blanks[i].name, strlen(blanks[i].name)) == 0)
            return &blanks[i];
    return NULL;
}

bool wire_match(const char *pattern, const char *text)
{
    while (*pattern != '\0') {
        const struct blank *blank = find_blank(pattern);
        size_t length = 1;

        if (strncmp(pattern, "<ANY>", 5) == 0) {
            for (const char *at = text;; at++) {
                if (wire_match(pattern + 5, at))
                    return true;
                if (*at == '\0')
                    return false;
            }
        }
        if (blank != NULL) {
            length = blank->length(text);
            pattern += strlen(blank->name);
        } else if (*pattern++ != *text) {
            return false;
        }
        if (length == 0)
            return false;
        text += length;
    }
    return *text == '\0';
}

/* At the top level first, then inside each object there. */
static size_t find_member(const struct json *json, const char *name)
{
    size_t found = json_member(json, 0, name);

    if (found != JSON_NONE || json_type_at(json, 0) != JSON_OBJECT)
        return found;
    for (size_t i = 1; i < json->token[0].next && found == JSON_NONE;
         i = json->token[i + 1].next)
        found = json_member(json, i + 1, name);
    return found;
}

bool wire_member(const struct wire_reply *reply, const char *name, char *out,
                 size_t size)
{
    struct json_token tokens[512];
    struct json json;
    struct span value;

    out[0] = '\0';
    if (reply->body == NULL || json_parse(&json, reply->body, reply->body_size,
                                          tokens, COUNT(tokens)) != JSON_OK)
        return false;
    value = json_raw(&json, find_member(&json, name));
    if (value.text == NULL || value.length >= size)
        return false;
    memcpy(out, value.text, value.length);
    out[value.length] = '\0';
    return true;
}
