#include "talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void talk_fail(const char *what)
{
    (void)fprintf(stderr, "load: %s%s%s\n", what, errno != 0 ? ": " : "",
                  errno != 0 ? strerror(errno) : "");
    exit(1);
}

void talk_open(struct talk *talk, unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    talk->port = port;
    talk->closing = false;
    talk->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (talk->fd < 0 ||
        connect(talk->fd, (struct sockaddr *)&to, sizeof to) != 0)
        talk_fail("connect");
    // Without it replies come later, but they come.
    (void)setsockopt(talk->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1},
                     sizeof(int));
}

void talk_open_again(struct talk *talk)
{
    (void)close(talk->fd); // all of its last reply was read
    talk_open(talk, talk->port);
}

static void send_text(struct talk *talk, const char *text, int length)
{
    if (length < 0 || length >= TALK_REQUEST_SIZE)
        talk_fail("a request is too long");
    if (talk->closing)
        talk_open_again(talk);
    talk->length = 0;
    if (send(talk->fd, text, (size_t)length, MSG_NOSIGNAL) != length)
        talk_fail("send");
}

void talk_get(struct talk *talk, const char *path, const char *token)
{
    char text[TALK_REQUEST_SIZE];
    bool with = token != NULL && token[0] != '\0';
    int length = snprintf(text, sizeof text,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s\r\n",
                          path, with ? "Authorization: Bearer " : "",
                          with ? token : "", with ? "\r\n" : "");

    send_text(talk, text, length);
}

void talk_post(struct talk *talk, const char *path, const char *json)
{
    char text[TALK_REQUEST_SIZE];
    int length = snprintf(text, sizeof text,
                          "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                          "Content-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          path, strlen(json), json);

    send_text(talk, text, length);
}

static bool is_whole(struct talk *talk, struct talk_reply *out)
{
    static const char name[] = "\r\ncontent-length: ";
    const char *end = strstr(talk->reply, "\r\n\r\n");
    const char *length = strcasestr(talk->reply, name);
    size_t head;

    if (end == NULL || length == NULL)
        return false;
    head = (size_t)(end - talk->reply) + 4;
    if (talk->length < head + strtoul(length + sizeof name - 1, NULL, 10))
        return false;
    out->status = (int)strtol(talk->reply + sizeof "HTTP/1.1", NULL, 10);
    out->body = talk->reply + head;
    talk->closing = strcasestr(talk->reply, "\r\nconnection: close") != NULL;
    return true;
}

bool talk_receive(struct talk *talk, struct talk_reply *out)
{
    ssize_t n = recv(talk->fd, talk->reply + talk->length,
                     TALK_REPLY_SIZE - 1 - talk->length, 0);

    if (n == 0)
        errno = 0;
    if (n <= 0)
        talk_fail("the server closed a connection, or its reply is too long");
    talk->length += (size_t)n;
    talk->reply[talk->length] = '\0';
    return is_whole(talk, out);
}

const char *talk_expect(struct talk *talk, int status)
{
    struct talk_reply reply = {0};

    while (!talk_receive(talk, &reply))
        ;
    if (reply.status == status)
        return reply.body;
    (void)fprintf(stderr, "load: answered %d: %s\n", reply.status, reply.body);
    exit(1);
}
