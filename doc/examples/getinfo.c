/* What came back: the status, one header, then all of them. */
#include <stdio.h>

#include <stay.h>

static void show(struct stay_easy *easy)
{
    struct curl_header *header = NULL;
    long status = 0;

    stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    printf("\n%ld\n", status);
    if (stay_easy_header(easy, "Content-Type", 0, CURLH_HEADER, -1, &header) ==
        CURLHE_OK)
        printf("a %s\n", header->value);
    header = NULL;
    while ((header = stay_easy_nextheader(easy, CURLH_HEADER, -1, header)) !=
           NULL)
        printf("%s: %s\n", header->name, header->value);
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct stay_easy *easy = NULL;
    char *url = NULL;
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK)
        easy = stay_easy_init(stay);
    if (easy != NULL) {
        stay_easy_setopt(easy, CURLOPT_URL,
                         "http://127.0.0.1:8080/api/test/user");
        if (stay_easy_perform(easy) == CURLE_OK)
            show(easy);
        // A function of libcurl that only reads may have the handle itself.
        curl_easy_getinfo(stay_easy_handle(easy), CURLINFO_EFFECTIVE_URL, &url);
        printf("from %s\n", url);
    }
    stay_easy_cleanup(easy);
    stay_close(stay);
    return 0;
}
