/*
 * Any bytes, in pieces whose sizes the first byte gives, must come to the same
 * end as in one piece; what was parsed lies inside the bytes, and what is kept
 * alive has exactly one way to be read.
 */
#include <stdlib.h>
#include <string.h>

#include "server/http.h"
#include "server/http_chars.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
    if (!held)
        abort();
}

static enum http_result find_in_steps(const char *bytes, size_t size,
                                      size_t step, size_t *head_length)
{
    struct http_scan scan = {0, 0};
    enum http_result result = HTTP_MORE;

    for (size_t length = 0; result == HTTP_MORE && length < size;) {
        // A copy of just this length: reading beyond it is seen.
        char *piece;

        length = size - length < step ? size : length + step;
        piece = malloc(length);
        must(piece != NULL);
        memcpy(piece, bytes, length);
        result = http_head_find(piece, length, &scan, head_length);
        free(piece);
    }
    return result;
}

static void must_be_inside(struct span inner, const char *bytes, size_t size)
{
    static const char slash[] = "/";

    if (inner.length == 0 || (inner.length == 1 && *inner.text == *slash))
        return;
    must(inner.text >= bytes && inner.text + inner.length <= bytes + size);
}

static void check_request(const struct http_request *r, const char *bytes,
                          size_t size)
{
    struct span value;

    must_be_inside(r->method_text, bytes, size);
    must_be_inside(r->path, bytes, size);
    must_be_inside(r->query, bytes, size);
    must_be_inside(r->host, bytes, size);
    must_be_inside(r->content_type, bytes, size);
    must(r->header_count <= HTTP_HEADER_LIMIT);
    for (size_t i = 0; i < r->header_count; i++) {
        must_be_inside(r->headers[i].name, bytes, size);
        must_be_inside(r->headers[i].value, bytes, size);
        must(http_chars_all(r->headers[i].name, HTTP_CHAR_TOKEN));
        value = r->headers[i].value;
        must(http_chars_run(value, HTTP_CHAR_VALUE) == value.length);
    }
    (void)http_request_cookie(r, SPAN("a"), &value);
}

static void check_sound(const struct http_request *r)
{
    struct span value;

    must(r->content_length <= HTTP_BODY_LIMIT);
    must(!http_request_header(r, SPAN("transfer-encoding"), &value));
    must(r->has_length ==
         http_request_header(r, SPAN("content-length"), &value));
    must(r->minor == 0 || http_request_header(r, SPAN("host"), &value));
    must(r->path.length > 0 &&
         (r->path.text[0] == '/' || r->method == HTTP_OPTIONS));
    must(r->minor == 1 || !r->keep_alive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request request;
    const char *bytes = (const char *)data + 1;
    size_t whole_length = 0;
    size_t step_length = 0;
    enum http_result whole;
    char *head;

    if (size < 2)
        return 0;
    size--;
    whole = find_in_steps(bytes, size, size, &whole_length);
    // In steps a refusal may only come earlier, never another one.
    must(find_in_steps(bytes, size, data[0] % 64 + 1U, &step_length) == whole);
    if (whole != HTTP_OK)
        return 0;
    must(step_length == whole_length && whole_length <= HTTP_HEAD_LIMIT);
    head = malloc(whole_length);
    must(head != NULL);
    memcpy(head, bytes, whole_length);
    whole = http_head_parse(head, whole_length, &request);
    must(whole != HTTP_MORE);
    check_request(&request, head, whole_length);
    if (whole == HTTP_OK)
        check_sound(&request);
    else
        must(!request.keep_alive);
    free(head);
    return 0;
}
