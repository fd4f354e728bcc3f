/*
 * The strict HTTP loop of stayd with a constant for an answer: what a protected
 * GET would cost if there were nothing to protect.
 *
 * usage: bare_http
 *
 * The answer is, header by header, what stayd gives to GET /api/test/user; a
 * POST is answered 404 (load.c). Prints "listening on PORT", serves until
 * SIGTERM.
 */
#include <netinet/in.h>
#include <stdio.h>

#include "server/listen.h"
#include "server/loop.h"

static void handle(void *context, struct exchange *x)
{
    struct http_response response = {.status = 404};

    (void)context;
    if (span_is(exchange_request(x)->method_text, "GET")) {
        response.status = 200;
        response.content_type = SPAN("application/json");
        response.body = SPAN("{\"message\":\"User content.\"}");
        (void)http_response_add(&response, SPAN("Cache-Control"),
                                SPAN("no-store"));
        (void)http_response_add(&response, SPAN("Vary"), SPAN("Origin"));
        (void)http_response_add(
            &response, SPAN("Access-Control-Allow-Credentials"), SPAN("true"));
        (void)http_response_add(&response,
                                SPAN("Access-Control-Expose-Headers"),
                                SPAN("Retry-After, WWW-Authenticate"));
    }
    exchange_answer(x, &response);
}

int main(void)
{
    const struct loop_config config = {.handle = handle};
    struct listen_address address;
    char problem[LISTEN_TEXT];
    struct loop *loop = NULL;
    enum loop_result result;
    int fd;

    if (listen_parse("127.0.0.1:0", &address, problem) != LISTEN_OK ||
        listen_open(&address, 1, &fd, problem) != LISTEN_OK) {
        (void)fprintf(stderr, "bare_http: %s\n", problem);
        return 1;
    }
    loop_hold_signals();
    result = loop_open(&loop, &config);
    if (result == LOOP_OK)
        result = loop_listen(loop, fd);
    if (result == LOOP_OK) {
        struct sockaddr_in at;

        __builtin_memcpy(&at, &address.socket.any, sizeof at);
        printf("listening on %d\n", ntohs(at.sin_port));
        (void)fflush(stdout);
        result = loop_run_all(&loop, 1, NULL);
    }
    loop_close(loop);
    return result == LOOP_OK ? 0 : 1;
}
