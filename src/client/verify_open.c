#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/open.h"
#include "client/verify.h"
#include "crypto/signature.h"

enum {
    ALGORITHMS =
        STAY_ALGORITHM_EDDSA | STAY_ALGORITHM_ES256 | STAY_ALGORITHM_RS256,
};

_Static_assert((unsigned)STAY_ALGORITHM_EDDSA == JWK_BIT(JWS_EDDSA) &&
                   (unsigned)STAY_ALGORITHM_ES256 == JWK_BIT(JWS_ES256) &&
                   (unsigned)STAY_ALGORITHM_RS256 == JWK_BIT(JWS_RS256),
               "the public bits are those of the keys");

static enum stay_result copy(char *out, size_t size, const char *text,
                             const char *name, char *error)
{
    if (text == NULL)
        return open_fail(error, STAY_BAD_CONFIG, "%s is missing", name);
    if (strlen(text) >= size)
        return open_fail(error, STAY_BAD_CONFIG, "%s is too long", name);
    (void)snprintf(out, size, "%s", text);
    return STAY_OK;
}

static enum stay_result set_texts(struct stay_verifier *v,
                                  const struct stay_verifier_config *config,
                                  char *error)
{
    const char *type = config->type != NULL ? config->type : "at+jwt";
    const char *agent =
        config->user_agent != NULL ? config->user_agent : "stay/" STAY_VERSION;
    enum stay_result result;

    result = copy(v->url, sizeof v->url, config->keys_url, "keys_url", error);
    if (result == STAY_OK)
        result =
            copy(v->issuer, sizeof v->issuer, config->issuer, "issuer", error);
    if (result == STAY_OK)
        result = copy(v->audience, sizeof v->audience, config->audience,
                      "audience", error);
    if (result == STAY_OK)
        result = copy(v->type, sizeof v->type, type, "type", error);
    if (result == STAY_OK)
        result = copy(v->user_agent, sizeof v->user_agent, agent, "user_agent",
                      error);
    if (result == STAY_OK)
        result = open_check_origin(config->insecure_http, v->url, error);
    return result;
}

static enum stay_result set_numbers(struct stay_verifier *v,
                                    const struct stay_verifier_config *config,
                                    char *error)
{
    if ((config->algorithms & ~(unsigned)ALGORITHMS) != 0)
        return open_fail(error, STAY_BAD_CONFIG,
                         "algorithms has a bit that is none");
    if (config->leeway_s < STAY_LEEWAY_NONE ||
        config->leeway_s > VERIFY_LEEWAY_MAX_S)
        return open_fail(error, STAY_BAD_CONFIG,
                         "leeway_s is out of range: at most an hour");
    if (config->limit_ms < 0 || config->limit_ms > VERIFY_LIMIT_MAX_MS)
        return open_fail(error, STAY_BAD_CONFIG,
                         "limit_ms is out of range: at most an hour");
    v->algorithms =
        config->algorithms != 0 ? config->algorithms : (unsigned)ALGORITHMS;
    v->leeway_s = config->leeway_s;
    if (config->leeway_s == 0)
        v->leeway_s = VERIFY_LEEWAY_S;
    else if (config->leeway_s == STAY_LEEWAY_NONE)
        v->leeway_s = 0;
    v->limit_ms = config->limit_ms > 0 ? config->limit_ms : VERIFY_LIMIT_MS;
    v->on_curl = config->on_curl;
    v->on_curl_data = config->on_curl_data;
    return STAY_OK;
}

static struct stay_verifier *make_verifier(void)
{
    struct stay_verifier *v = calloc(1, sizeof *v);

    if (v == NULL)
        return NULL;
    if (pthread_mutex_init(&v->lock, NULL) != 0) {
        free(v);
        return NULL;
    }
    if (pthread_cond_init(&v->ended, NULL) != 0) {
        (void)pthread_mutex_destroy(&v->lock);
        free(v);
        return NULL;
    }
    return v;
}

enum stay_result stay_verifier_open(struct stay_verifier **out,
                                    const struct stay_verifier_config *config)
{
    char error[STAY_ERROR_SIZE] = "out of memory";
    enum stay_result result = STAY_NO_MEMORY;
    struct stay_verifier *v = NULL;

    *out = NULL;
    // Both may be called again and from several threads.
    if (signature_init() && curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK)
        v = make_verifier();
    if (v != NULL)
        result = set_texts(v, config, error);
    if (result == STAY_OK)
        result = set_numbers(v, config, error);
    if (result == STAY_OK) {
        *out = v;
        return STAY_OK;
    }
    stay_verifier_close(v);
    if (config->error != NULL)
        memcpy(config->error, error, sizeof error);
    return result;
}

void stay_verifier_close(struct stay_verifier *v)
{
    if (v == NULL)
        return;
    verify_keys_drop(v->keys);
    (void)pthread_cond_destroy(&v->ended);
    (void)pthread_mutex_destroy(&v->lock);
    free(v);
}
