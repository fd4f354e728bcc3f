#include "client/open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

enum stay_result open_fail(char *error, enum stay_result result,
                           const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(error, STAY_ERROR_SIZE, format, list); // for people: cut
    va_end(list);
    return result;
}

static enum stay_result of_vault(enum vault_result result)
{
    return result == VAULT_NO_MEMORY ? STAY_NO_MEMORY
           : result == VAULT_BUSY    ? STAY_TRY_LATER
                                     : STAY_BAD_VAULT;
}

enum stay_result open_vault(struct stay *stay, const struct stay_config *config,
                            struct entry *entry, char *error)
{
    const char *path = config->vault;
    char named[STAY_URL_SIZE];
    enum vault_result result;

    if (path == NULL && config->session != NULL) {
        enum stay_result named_well =
            vault_file_path(config->session, named, error);

        if (named_well != STAY_OK)
            return named_well;
        path = named;
    }
    if (path == NULL) {
        stay->vault = vault_memory_open();
        return stay->vault != NULL ? STAY_OK : STAY_NO_MEMORY;
    }
    result = vault_file_open(&stay->vault, path, error);
    if (result != VAULT_OK)
        return of_vault(result);
    result = vault_read(stay->vault, entry);
    if (result != VAULT_OK)
        vault_error(stay->vault, error);
    return result == VAULT_OK ? STAY_OK : of_vault(result);
}

/* The whole file in memory of its own; *out is NULL on failure. */
static enum stay_result read_file(const char *path, char **out, size_t *length,
                                  char *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = malloc(OPEN_DIALECT_MAX);
    ssize_t got = 1;

    *length = 0;
    while (file >= 0 && text != NULL && got > 0 && *length < OPEN_DIALECT_MAX) {
        got = read(file, text + *length, OPEN_DIALECT_MAX - *length);
        if (got > 0)
            *length += (size_t)got;
    }
    if (file >= 0)
        (void)close(file); // only read from
    *out = text;
    if (text == NULL)
        return open_fail(error, STAY_NO_MEMORY, "out of memory");
    if (file >= 0 && got == 0)
        return STAY_OK;
    free(text);
    *out = NULL;
    return open_fail(error, STAY_BAD_CONFIG, "%s: %s", path,
                     got > 0 && file >= 0 ? "too long for a dialect"
                                          : strerror(errno));
}

static enum stay_result load(struct stay *stay, const char *file,
                             struct span text, char *error)
{
    struct dialect_error why;
    enum dialect_result result;
    // A file of one's own may be longer than any of ours.
    size_t size = DIALECT_MEMORY + text.length * 4;

    stay->dialect_memory = malloc(size);
    if (stay->dialect_memory == NULL)
        return open_fail(error, STAY_NO_MEMORY, "out of memory");
    result = dialect_load(&stay->dialect, span_of(file), text,
                          (struct span){stay->dialect_memory, size}, &why);
    if (result == DIALECT_OK)
        return STAY_OK;
    return open_fail(error, STAY_BAD_CONFIG, "%s",
                     result == DIALECT_BAD ? why.text
                                           : "the dialect is too long");
}

static const char *dialect_wanted(const struct stay_config *config,
                                  const struct entry *entry)
{
    if (config->dialect != NULL)
        return config->dialect;
    if (entry->dialect[0] != '\0')
        return entry->dialect;
    return dialect_find_default()->name;
}

static void set_header(struct stay *stay)
{
    const struct access_place *send = &stay->dialect.send;
    size_t prefix = send->prefix.length;

    (void)snprintf(stay->header_name, sizeof stay->header_name, "%.*s",
                   (int)send->header.length, send->header.text);
    stay->prefix_length =
        send->header.length + 2 + (prefix > 0 ? prefix + 1 : 0);
}

/* The vault's file is UTF-8, and must say the same when it is read again. */
static bool can_be_kept(const char *text)
{
    struct span rest = span_of(text);
    size_t length = 1;

    for (; rest.length > 0 && length > 0; rest = span_tail(rest, length))
        length = utf8_length(rest);
    return length > 0;
}

/* A file's path is kept whole: the vault may be opened from elsewhere. */
static bool set_dialect_name(struct stay *stay, const char *name)
{
    bool is_path = strchr(name, '/') != NULL;
    char *kept = is_path ? realpath(name, NULL) : strdup(name);
    bool good = kept != NULL;

    if (good && strlen(kept) >= STAY_URL_SIZE) {
        good = false;
        errno = ENAMETOOLONG;
    }
    if (good && !can_be_kept(kept)) {
        good = false;
        errno = EILSEQ;
    }
    if (good)
        (void)snprintf(stay->dialect_name, sizeof stay->dialect_name, "%s",
                       kept);
    free(kept);
    return good;
}

enum stay_result open_dialect(struct stay *stay,
                              const struct stay_config *config,
                              const struct entry *entry, char *error)
{
    const char *name = dialect_wanted(config, entry);
    const struct dialect_source *source;
    struct span text = {0};
    enum stay_result result;

    if (!set_dialect_name(stay, name))
        return open_fail(error, STAY_BAD_CONFIG, "%.100s: %s", name,
                         strerror(errno));
    if (strchr(name, '/') != NULL) {
        result = read_file(name, &stay->dialect_text, &text.length, error);
        if (result != STAY_OK)
            return result;
        text.text = stay->dialect_text;
    } else {
        source = dialect_find(span_of(name));
        if (source == NULL)
            return open_fail(error, STAY_BAD_CONFIG,
                             "no dialect is called '%s'; a file's path has a "
                             "'/' in it",
                             name);
        text = (struct span){source->text, source->length};
    }
    result = load(stay, name, text, error);
    if (result == STAY_OK)
        set_header(stay);
    return result;
}

enum stay_result open_check_origin(bool insecure_http, const char *url,
                                   char *error)
{
    struct origin origin;

    if (!origin_parse(url, NULL, &origin))
        return open_fail(error, STAY_BAD_CONFIG,
                         "%.100s: not a URL of http or https", url);
    if (origin_has_user(url, NULL))
        return open_fail(error, STAY_BAD_CONFIG,
                         "the URL holds a user name or password");
    if (!insecure_http && strncmp(origin.text, "http:", 5) == 0 &&
        !origin_is_loopback(&origin))
        return open_fail(error, STAY_BAD_CONFIG,
                         "%.100s: plain http lets everybody on the way read "
                         "the tokens; use https",
                         url);
    return STAY_OK;
}

static enum stay_result set_base(struct stay *stay, const char *url,
                                 char *error)
{
    size_t length = strlen(url);
    const char *host = strstr(url, "://");
    struct span prefix = stay->dialect.prefix;
    int written;

    if (strpbrk(url, "?# \t\r\n") != NULL || host == NULL || !can_be_kept(url))
        return open_fail(error, STAY_BAD_CONFIG,
                         "%.100s: not a base URL, https://HOST[/PATH]", url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    if (memchr(host + 3, '/', length - (size_t)(host + 3 - url)) != NULL)
        prefix.length = 0; // it has a path of its own
    written =
        snprintf(stay->url, sizeof stay->url, "%.*s%.*s", (int)length, url,
                 (int)prefix.length, prefix.length > 0 ? prefix.text : "");
    if (written < 0 || (size_t)written >= sizeof stay->url)
        return open_fail(error, STAY_BAD_CONFIG, "the URL is too long");
    return STAY_OK;
}

enum stay_result open_target(struct stay *stay,
                             const struct stay_config *config,
                             const struct entry *entry, char *error)
{
    const char *url = config->url != NULL ? config->url : entry->url;
    enum stay_result result;

    if (*url == '\0')
        return open_fail(error, STAY_SIGN_IN,
                         "nobody is signed in, and no URL is given");
    result = open_check_origin(config->insecure_http, url, error);
    if (result == STAY_OK)
        result = set_base(stay, url, error);
    if (result == STAY_OK && !origin_add(&stay->origins, stay->url))
        result = open_fail(error, STAY_BAD_CONFIG, "the URL is malformed");
    for (size_t i = 0; result == STAY_OK && config->origins != NULL &&
                       config->origins[i] != NULL;
         i++) {
        result =
            open_check_origin(config->insecure_http, config->origins[i], error);
        if (result == STAY_OK &&
            !origin_add(&stay->origins, config->origins[i]))
            result = open_fail(error, STAY_BAD_CONFIG, "too many origins");
    }
    return result;
}
