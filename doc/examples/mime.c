/* Sends a form with a file in it, as a web page would. */
#include <stdio.h>

#include <stay.h>

static curl_mime *make_form(struct stay_easy *easy)
{
    curl_mime *form = stay_mime_init(easy);
    curl_mimepart *part;

    if (form == NULL)
        return NULL;
    part = curl_mime_addpart(form);
    curl_mime_name(part, "title");
    curl_mime_data(part, "tea", CURL_ZERO_TERMINATED);
    part = curl_mime_addpart(form);
    curl_mime_name(part, "picture");
    curl_mime_filename(part, "tea.txt");
    curl_mime_data(part, "a cup\n", CURL_ZERO_TERMINATED);
    return form;
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct stay_easy *easy = NULL;
    curl_mime *form = NULL;
    long status = 0;
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK)
        easy = stay_easy_init(stay);
    if (easy != NULL) {
        form = make_form(easy);
        stay_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:8080/upload");
        stay_easy_setopt(easy, CURLOPT_MIMEPOST, form);
        if (stay_easy_perform(easy) == CURLE_OK)
            stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        printf("\n%ld\n", status); // stayd takes no uploads: 404
    }
    stay_easy_cleanup(easy);
    curl_mime_free(form);
    stay_close(stay);
    return 0;
}
