/* What the library calls a result, and what the server said to it. */
#include <stdio.h>

#include <stay.h>

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    char error[STAY_ERROR_SIZE];
    enum stay_result result;
    struct stay_status status;
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    result = stay_sign_in(stay, "ada", "wrong");
    stay_error(stay, error);
    printf("%s: %s\n", stay_result_text(result), error);
    if (stay_status(stay, &status) == STAY_OK)
        printf("%s\n", stay_reason_text(status.reason));
    stay_close(stay);
    return result != STAY_REFUSED;
}
