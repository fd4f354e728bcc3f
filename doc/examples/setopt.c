/* Sends JSON. The token is added, and none of these options is in its way. */
#include <stdio.h>

#include <stay.h>

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct curl_slist *headers = NULL;
    struct stay_easy *easy = NULL;
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK)
        easy = stay_easy_init(stay);
    if (easy != NULL) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        stay_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        stay_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:8080/api/todos");
        stay_easy_setopt(easy, CURLOPT_POSTFIELDS, "{\"title\":\"tea\"}");
        if (stay_easy_perform(easy) == CURLE_OK)
            printf("\n");
    }
    stay_easy_cleanup(easy);
    curl_slist_free_all(headers);
    stay_close(stay);
    return 0;
}
