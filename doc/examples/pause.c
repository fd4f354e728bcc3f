/* Stops the flow of a body until there is room for it. */
#include <stdio.h>

#include <stay.h>

struct reader {
    struct stay_easy *easy;
    bool has_room;
};

static size_t on_write(char *bytes, size_t size, size_t count, void *data)
{
    struct reader *reader = data;

    if (!reader->has_room)
        return CURL_WRITEFUNC_PAUSE; // libcurl keeps these bytes
    return fwrite(bytes, size, count, stdout);
}

/* Called about once a second, also while nothing flows. */
static int on_progress(void *data, curl_off_t total, curl_off_t now,
                       curl_off_t up_total, curl_off_t up_now)
{
    struct reader *reader = data;

    (void)total, (void)now, (void)up_total, (void)up_now;
    if (reader->has_room)
        return 0;
    reader->has_room = true;
    return stay_easy_pause(reader->easy, CURLPAUSE_CONT) != CURLE_OK;
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct reader reader = {NULL, false};
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK)
        reader.easy = stay_easy_init(stay);
    if (reader.easy != NULL) {
        stay_easy_setopt(reader.easy, CURLOPT_URL,
                         "http://127.0.0.1:8080/api/test/user");
        stay_easy_setopt(reader.easy, CURLOPT_WRITEFUNCTION, on_write);
        stay_easy_setopt(reader.easy, CURLOPT_WRITEDATA, &reader);
        stay_easy_setopt(reader.easy, CURLOPT_XFERINFOFUNCTION, on_progress);
        stay_easy_setopt(reader.easy, CURLOPT_XFERINFODATA, &reader);
        stay_easy_setopt(reader.easy, CURLOPT_NOPROGRESS, 0L);
        if (stay_easy_perform(reader.easy) == CURLE_OK)
            printf("\n");
    }
    stay_easy_cleanup(reader.easy);
    stay_close(stay);
    return 0;
}
