/* Makes an account, signs in with it, and signs out. */
#include <stdio.h>

#include <stay.h>

static int fail(struct stay *stay, enum stay_result result)
{
    char error[STAY_ERROR_SIZE];

    stay_error(stay, error);
    fprintf(stderr, "%s: %s\n", stay_result_text(result), error);
    stay_close(stay);
    return 1;
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    struct stay *stay;
    enum stay_result result;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    result = stay_sign_up(stay, "grace", "grace@example.org", "cobol-1959!");
    if (result == STAY_REFUSED)
        printf("grace has an account already\n");
    else if (result != STAY_OK)
        return fail(stay, result);
    result = stay_sign_in(stay, "grace", "cobol-1959!");
    if (result != STAY_OK)
        return fail(stay, result);
    printf("signed in\n");
    result = stay_sign_out(stay);
    if (result == STAY_TRY_LATER)
        printf("signed out here; the server will be told\n");
    else if (result != STAY_OK)
        return fail(stay, result);
    printf("signed out\n");
    stay_close(stay);
    return 0;
}
