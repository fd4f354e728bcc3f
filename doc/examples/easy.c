/* Two requests on one handle, and a third on a copy with its options. */
#include <stdio.h>

#include <stay.h>

static void get(struct stay_easy *easy, const char *url)
{
    stay_easy_setopt(easy, CURLOPT_URL, url);
    if (stay_easy_perform(easy) == CURLE_OK)
        printf("\n");
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct stay_easy *easy = NULL;
    struct stay_easy *copy = NULL;
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK)
        easy = stay_easy_init(stay);
    if (easy != NULL) {
        get(easy, "http://127.0.0.1:8080/api/test/all");
        stay_easy_reset(easy);
        stay_easy_setopt(easy, CURLOPT_TIMEOUT, 5L);
        get(easy, "http://127.0.0.1:8080/api/test/user");
        copy = stay_easy_duphandle(easy);
    }
    if (copy != NULL)
        get(copy, "http://127.0.0.1:8080/api/todos");
    stay_easy_cleanup(copy);
    stay_easy_cleanup(easy);
    stay_close(stay);
    return copy == NULL;
}
