/*
 * N requests with libcurl's easy interface, bare or through Stay; for counting
 * instructions, so that two runs of different length differ in nothing else.
 *
 * usage: easy bare|stay plain|header COUNT URL
 *
 * All four sign in as ada first and send the identical Authorization header;
 * `header` sets a HEADERFUNCTION. Exits 1 unless each request is answered 200.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stay.h>

enum { LINE_SIZE = 4096, URL_SIZE = 256 };

struct run {
    bool bare;
    bool header;
    long count;
    char url[URL_SIZE]; /* of the page */
    struct stay *stay;
    CURL *curl;
    struct curl_slist *list;
    struct stay_easy *easy;
    size_t seen; /* bytes of heads and bodies */
};

static size_t see(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    *(size_t *)data += size * count;
    return size * count;
}

static bool open_session(struct run *run, const char *url)
{
    char why[STAY_ERROR_SIZE] = "";
    struct stay_config config = {.dialect = "stay", .url = url, .error = why};

    if (stay_open(&run->stay, &config) == STAY_OK &&
        stay_sign_in(run->stay, "ada", "lovelace") == STAY_OK)
        return true;
    (void)fprintf(stderr, "easy: no session: %s\n", why);
    return false;
}

static struct curl_slist *token_header(struct run *run)
{
    struct stay_token token;
    struct curl_slist *list = NULL;
    char line[LINE_SIZE];

    if (stay_get(run->stay, 0, &token) == STAY_OK) {
        (void)snprintf(line, sizeof line, "Authorization: Bearer %s",
                       token.text);
        list = curl_slist_append(NULL, line);
    }
    stay_token_clear(&token);
    return list;
}

static void set_bare(struct run *run)
{
    (void)curl_easy_setopt(run->curl, CURLOPT_URL, run->url);
    (void)curl_easy_setopt(run->curl, CURLOPT_HTTPHEADER, run->list);
    (void)curl_easy_setopt(run->curl, CURLOPT_WRITEFUNCTION, see);
    (void)curl_easy_setopt(run->curl, CURLOPT_WRITEDATA, &run->seen);
    if (!run->header)
        return;
    (void)curl_easy_setopt(run->curl, CURLOPT_HEADERFUNCTION, see);
    (void)curl_easy_setopt(run->curl, CURLOPT_HEADERDATA, &run->seen);
}

static void set_stay(struct run *run)
{
    (void)stay_easy_setopt(run->easy, CURLOPT_URL, run->url);
    (void)stay_easy_setopt(run->easy, CURLOPT_WRITEFUNCTION, see);
    (void)stay_easy_setopt(run->easy, CURLOPT_WRITEDATA, &run->seen);
    if (!run->header)
        return;
    (void)stay_easy_setopt(run->easy, CURLOPT_HEADERFUNCTION, see);
    (void)stay_easy_setopt(run->easy, CURLOPT_HEADERDATA, &run->seen);
}

/* Both handles always, so that malloc finds the same heap either way. */
static bool open_handles(struct run *run)
{
    run->curl = curl_easy_init();
    run->easy = stay_easy_init(run->stay);
    run->list = token_header(run);
    if (run->curl == NULL || run->easy == NULL || run->list == NULL)
        return false;
    set_bare(run);
    set_stay(run);
    return true;
}

static bool run_bare(struct run *run)
{
    bool good = true;
    long status = 0;

    for (long i = 0; good && i < run->count; i++)
        good = curl_easy_perform(run->curl) == CURLE_OK;
    (void)curl_easy_getinfo(run->curl, CURLINFO_RESPONSE_CODE, &status);
    return good && status == 200;
}

static bool run_stay(struct run *run)
{
    bool good = true;
    long status = 0;

    for (long i = 0; good && i < run->count; i++)
        good = stay_easy_perform(run->easy) == CURLE_OK;
    (void)stay_easy_getinfo(run->easy, CURLINFO_RESPONSE_CODE, &status);
    return good && status == 200;
}

static void close_handles(struct run *run)
{
    curl_easy_cleanup(run->curl);
    curl_slist_free_all(run->list);
    stay_easy_cleanup(run->easy);
    stay_close(run->stay);
}

int main(int argc, char **argv)
{
    struct run run = {0};
    bool good;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: easy bare|stay plain|header COUNT URL\n");
        return 2;
    }
    run.bare = strcmp(argv[1], "bare") == 0;
    run.header = strcmp(argv[2], "header") == 0;
    run.count = strtol(argv[3], NULL, 10);
    (void)snprintf(run.url, sizeof run.url, "%s/api/test/user", argv[4]);
    good = open_session(&run, argv[4]) && open_handles(&run) &&
           (run.bare ? run_bare(&run) : run_stay(&run));
    close_handles(&run);
    return good ? 0 : 1;
}
