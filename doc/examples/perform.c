/* How a request can end, and what a program does about it. */
#include <stdio.h>

#include <stay.h>

static void judge(struct stay *stay, struct stay_easy *easy, CURLcode code)
{
    char error[STAY_ERROR_SIZE];

    switch (stay_easy_result(easy)) {
    case STAY_OK:
        printf("answered\n"); // by any status; see stay_easy_getinfo
        break;
    case STAY_SIGN_IN:
        printf("ask the person to sign in\n");
        break;
    case STAY_TRY_LATER:
        stay_error(stay, error);
        printf("still signed in, try later: %s\n", error);
        break;
    case STAY_NOT_REPLAYED:
        printf("send it again, the token is new now\n");
        break;
    default:
        printf("failed: %s\n", curl_easy_strerror(code));
    }
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct stay_easy *easy;
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    easy = stay_easy_init(stay);
    if (easy != NULL) {
        stay_easy_setopt(easy, CURLOPT_URL,
                         "http://127.0.0.1:8080/api/test/user");
        judge(stay, easy, stay_easy_perform(easy));
        if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK)
            judge(stay, easy, stay_easy_perform(easy));
    }
    stay_easy_cleanup(easy);
    stay_close(stay);
    return 0;
}
