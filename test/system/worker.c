/*
 * Another process on a vault: opens it, says "ready", and does what its
 * standard input says, a word a line: get, refresh, sign-in, sign-out.
 *
 * usage: worker VAULT [URL DIALECT]
 */
#include <stdio.h>
#include <string.h>

#include "stay.h"

static size_t drop_body(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    (void)data;
    return size * count;
}

static void get_page(struct stay *stay)
{
    struct stay_easy *easy = stay_easy_init(stay);
    struct stay_status session;
    char url[STAY_URL_SIZE + 16];
    long status = 0;

    if (easy == NULL || stay_status(stay, &session) != STAY_OK)
        return;
    (void)snprintf(url, sizeof url, "%s/test/user", session.url);
    (void)stay_easy_setopt(easy, CURLOPT_URL, url);
    (void)stay_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
    if (stay_easy_perform(easy) == CURLE_OK)
        (void)stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    printf("status %ld result %d\n", status, (int)stay_easy_result(easy));
    stay_easy_cleanup(easy);
}

/* Refuses the token it has, so that the next one must be fetched. */
static void refresh(struct stay *stay)
{
    struct stay_token token = {0};
    enum stay_result result = stay_get(stay, 0, &token);

    if (result == STAY_OK) {
        stay_refused(stay, token.number);
        stay_token_clear(&token);
        result = stay_get(stay, 0, &token);
    }
    stay_token_clear(&token);
    printf("result %d\n", (int)result);
}

static void do_word(struct stay *stay, const char *word)
{
    if (strcmp(word, "get") == 0)
        get_page(stay);
    else if (strcmp(word, "refresh") == 0)
        refresh(stay);
    else if (strcmp(word, "sign-in") == 0)
        printf("result %d\n", (int)stay_sign_in(stay, "ada", "lovelace"));
    else if (strcmp(word, "sign-out") == 0)
        printf("result %d\n", (int)stay_sign_out(stay));
    else
        printf("no such word\n");
}

int main(int argc, char **argv)
{
    char error[STAY_ERROR_SIZE] = "";
    struct stay_config config = {
        .vault = argc > 1 ? argv[1] : NULL,
        .url = argc > 2 ? argv[2] : NULL,
        .dialect = argc > 3 ? argv[3] : NULL,
        .error = error,
    };
    struct stay *stay = NULL;
    char line[64];

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (stay_open(&stay, &config) != STAY_OK) {
        (void)fprintf(stderr, "worker: %s\n", error);
        return 1;
    }
    printf("ready\n");
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        do_word(stay, line);
    }
    stay_close(stay);
    return 0;
}
