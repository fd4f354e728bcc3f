#include "client/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* One answer as it comes. */
struct fetched {
    char *body; /* JWK_SET_TEXT_MAX bytes */
    size_t length;
    int64_t life_ms;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct fetched *fetched = data;
    size_t length = size * count;

    if (length > JWK_SET_TEXT_MAX - fetched->length)
        return 0;
    memcpy(fetched->body + fetched->length, bytes, length);
    fetched->length += length;
    return length;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        return least;
    return value > most ? most : value;
}

/* RFC 9111, section 5.2.2.1: max-age=SECONDS among other words. */
static void read_cache_control(struct span value, struct fetched *out)
{
    while (value.length > 0) {
        size_t end = span_find(value, ',');
        struct span word = span_head(value, end);
        int64_t seconds = 0;

        while (word.length > 0 && word.text[0] == ' ')
            word = span_tail(word, 1);
        while (word.length > 0 && strchr(" \t\r\n", word.text[word.length - 1]))
            word.length--;
        if (span_equal_nocase(span_head(word, 8), SPAN("max-age=")) &&
            span_to_int(span_tail(word, 8), &seconds))
            out->life_ms = clamp(seconds, 0, VERIFY_LIFE_MAX_MS / 1000) * 1000;
        value = span_tail(value, end + 1);
    }
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
    struct span line = {bytes, size * count};
    size_t colon = span_find(line, ':');

    if (span_equal_nocase(span_head(line, colon), SPAN("Cache-Control")))
        read_cache_control(span_tail(line, colon + 1), data);
    return line.length;
}

/* No redirect is followed: the keys are of that address and of no other. */
static void set_up(const struct stay_verifier *v, CURL *curl,
                   struct fetched *fetched)
{
    (void)curl_easy_setopt(curl, CURLOPT_URL, v->url);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)v->limit_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)v->limit_ms);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, v->user_agent);
    if (v->on_curl != NULL)
        v->on_curl(curl, v->on_curl_data);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetched);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, fetched);
}

static bool perform(const struct stay_verifier *v, CURL *curl,
                    struct fetched *fetched)
{
    struct curl_slist *list =
        curl_slist_append(NULL, "Accept: application/jwk-set+json, "
                                "application/json");
    long status = 0;
    bool good;

    set_up(v, curl, fetched);
    good =
        list != NULL &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list) == CURLE_OK &&
        curl_easy_perform(curl) == CURLE_OK &&
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
        status == 200;
    curl_slist_free_all(list);
    return good;
}

static struct verify_keys *read_keys(const struct stay_verifier *v,
                                     const struct fetched *fetched)
{
    struct verify_keys *keys = calloc(1, sizeof *keys);

    if (keys != NULL &&
        jwk_set_read((struct span){fetched->body, fetched->length},
                     v->algorithms, &keys->set)) {
        atomic_store(&keys->holders, 1);
        return keys;
    }
    free(keys);
    return NULL;
}

struct verify_keys *verify_fetch(const struct stay_verifier *v,
                                 int64_t *life_ms)
{
    struct fetched fetched = {.body = malloc(JWK_SET_TEXT_MAX),
                              .life_ms = VERIFY_LIFE_MS};
    CURL *curl = curl_easy_init();
    struct verify_keys *keys = NULL;

    if (fetched.body != NULL && curl != NULL && perform(v, curl, &fetched))
        keys = read_keys(v, &fetched);
    *life_ms = clamp(fetched.life_ms, VERIFY_LIFE_MIN_MS, VERIFY_LIFE_MAX_MS);
    curl_easy_cleanup(curl);
    free(fetched.body);
    return keys;
}
