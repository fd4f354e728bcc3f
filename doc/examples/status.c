/* Who is signed in, and for how long the token is good. */
#include <stdio.h>

#include <stay.h>

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct stay_status status;
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_sign_in(stay, "ada", "lovelace") == STAY_OK &&
        stay_status(stay, &status) == STAY_OK &&
        status.state == STAY_STATE_FRESH) {
        printf("%s at %s, in %s\n", status.user, status.url, status.dialect);
        if (status.left_ms != INT64_MAX)
            printf("%lld s left\n", (long long)(status.left_ms / 1000));
    }
    stay_close(stay);
    return 0;
}
