/* A session kept in a file: the person is asked once, not at every start. */
#include <stdio.h>

#include <stay.h>

int main(void)
{
    char error[STAY_ERROR_SIZE] = "";
    const struct stay_config config = {
        .url = "http://127.0.0.1:8080",
        .session = "example",
        .label = "the manual's example",
        .error = error,
    };
    struct stay *stay;
    struct stay_token token;
    enum stay_result result = stay_open(&stay, &config);

    if (result != STAY_OK) {
        fprintf(stderr, "%s: %s\n", stay_result_text(result), error);
        return 1;
    }
    result = stay_get(stay, 0, &token);
    if (result == STAY_SIGN_IN) {
        printf("asking the person\n");
        result = stay_sign_in(stay, "ada", "lovelace");
    }
    stay_token_clear(&token);
    printf("%s\n", stay_result_text(result));
    stay_close(stay);
    return result != STAY_OK;
}
