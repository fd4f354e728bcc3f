#include "server/http.h"

#include <string.h>
#include <time.h>

#include "server/http_chars.h"

/* Bytes while they are written; `failed` once something did not fit. */
struct writing {
    char *out;
    size_t length;
    bool failed;
};

struct status_text {
    int status;
    const char *text;
};

static const struct status_text status_texts[] = {
    {200, "OK"                             },
    {201, "Created"                        },
    {202, "Accepted"                       },
    {204, "No Content"                     },
    {301, "Moved Permanently"              },
    {302, "Found"                          },
    {303, "See Other"                      },
    {304, "Not Modified"                   },
    {307, "Temporary Redirect"             },
    {308, "Permanent Redirect"             },
    {400, "Bad Request"                    },
    {401, "Unauthorized"                   },
    {403, "Forbidden"                      },
    {404, "Not Found"                      },
    {405, "Method Not Allowed"             },
    {406, "Not Acceptable"                 },
    {408, "Request Timeout"                },
    {409, "Conflict"                       },
    {410, "Gone"                           },
    {411, "Length Required"                },
    {412, "Precondition Failed"            },
    {413, "Content Too Large"              },
    {414, "URI Too Long"                   },
    {415, "Unsupported Media Type"         },
    {417, "Expectation Failed"             },
    {422, "Unprocessable Content"          },
    {429, "Too Many Requests"              },
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"          },
    {501, "Not Implemented"                },
    {502, "Bad Gateway"                    },
    {503, "Service Unavailable"            },
    {504, "Gateway Timeout"                },
    {505, "HTTP Version Not Supported"     },
};

static void put(struct writing *w, struct span text)
{
    if (text.length > HTTP_RESPONSE_HEAD - w->length) {
        w->failed = true;
        return;
    }
    if (text.length > 0)
        memcpy(w->out + w->length, text.text, text.length);
    w->length += text.length;
}

static void put_number(struct writing *w, size_t number)
{
    char digits[20]; // 2^64 has 20
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(w, (struct span){digits + at, sizeof digits - at});
}

/* The one place where a value from anywhere enters a head. */
static void put_header(struct writing *w, struct span name, struct span value)
{
    if (!http_chars_all(name, HTTP_CHAR_TOKEN) ||
        http_chars_run(value, HTTP_CHAR_VALUE) != value.length)
        w->failed = true;
    put(w, name);
    put(w, SPAN(": "));
    put(w, value);
    put(w, SPAN("\r\n"));
}

/* 304 tells of a body it does not have, and may leave its length out. */
static bool has_length(int status)
{
    return status != 204 && status != 304;
}

static void put_status_line(struct writing *w, int status)
{
    if (status < 200 || status > 599)
        w->failed = true;
    put(w, SPAN("HTTP/1.1 "));
    put_number(w, (size_t)(status < 0 ? 0 : status));
    put(w, SPAN(" "));
    put(w, span_of(http_status_text(status)));
    put(w, SPAN("\r\n"));
}

size_t http_response_write(const struct http_response *response,
                           const struct http_reply_to *to,
                           char out[HTTP_RESPONSE_HEAD])
{
    struct writing w = {.out = out};

    put_status_line(&w, response->status);
    put(&w, SPAN("Date: "));
    put(&w, (struct span){to->date, HTTP_DATE_LENGTH});
    put(&w, SPAN("\r\n"));
    if (response->content_type.length > 0)
        put_header(&w, SPAN("Content-Type"), response->content_type);
    if (has_length(response->status)) {
        put(&w, SPAN("Content-Length: "));
        put_number(&w, response->body.length);
        put(&w, SPAN("\r\n"));
    }
    if (!to->keep_alive)
        put(&w, SPAN("Connection: close\r\n"));
    for (size_t i = 0; i < response->header_count; i++)
        put_header(&w, response->headers[i].name, response->headers[i].value);
    put(&w, SPAN("\r\n"));
    return w.failed ? 0 : w.length;
}

bool http_response_bodiless(const struct http_response *response,
                            enum http_method method)
{
    return method == HTTP_HEAD || !has_length(response->status);
}

const char *http_status_text(int status)
{
    for (size_t i = 0; i < COUNT(status_texts); i++)
        if (status_texts[i].status == status)
            return status_texts[i].text;
    return "Unknown";
}

static void put_two(char *out, int number)
{
    out[0] = (char)('0' + number / 10);
    out[1] = (char)('0' + number % 10);
}

void http_date(int64_t now_s, char out[HTTP_DATE_LENGTH])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t wall = (time_t)now_s;
    struct tm t = {0};

    (void)gmtime_r(&wall, &t); // fails only beyond the year 2^31
    memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_LENGTH);
    memcpy(out, days + (size_t)t.tm_wday * 3, 3);
    put_two(out + 5, t.tm_mday);
    memcpy(out + 8, months + (size_t)t.tm_mon * 3, 3);
    put_two(out + 12, (t.tm_year + 1900) / 100);
    put_two(out + 14, (t.tm_year + 1900) % 100);
    put_two(out + 17, t.tm_hour);
    put_two(out + 20, t.tm_min);
    put_two(out + 23, t.tm_sec);
}
