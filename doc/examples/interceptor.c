/* A time limit for every request, and a word on each that failed. */
#include <stdio.h>

#include <stay.h>

static CURLcode limit(struct stay_easy *easy, void *data)
{
    const long *limit_ms = data;

    return stay_easy_setopt(easy, CURLOPT_TIMEOUT_MS, *limit_ms);
}

static CURLcode report(struct stay_easy *easy, CURLcode code, void *data)
{
    long status = 0;

    (void)data;
    stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        fprintf(stderr, "failed: %s\n", curl_easy_strerror(code));
    else if (status >= 400)
        fprintf(stderr, "answered %ld\n", status);
    return code;
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    long limit_ms = 5000;
    struct stay *stay;
    struct stay_easy *easy;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_on_request(stay, limit, &limit_ms) != STAY_OK ||
        stay_on_response(stay, report, NULL) != STAY_OK ||
        stay_sign_in(stay, "ada", "lovelace") != STAY_OK) {
        stay_close(stay);
        return 1;
    }
    easy = stay_easy_init(stay);
    stay_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:8080/api/test/admin");
    stay_easy_perform(easy);
    stay_easy_cleanup(easy);
    stay_close(stay);
    return 0;
}
