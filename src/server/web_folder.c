/*
 * The files of --web, read into memory at the start: afterwards the sandbox
 * would not let anybody open one, and no path that somebody asks for ever
 * reaches the file system.
 *
 * Links, and names that begin with a dot, are left out. NAME.gz and NAME.br are
 * NAME, packed.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/web.h"

struct entry {
    char *path; /* owned, as are the bodies' bytes */
    char tag[WEB_TAG_SIZE];
    enum web_coding coding; /* of NAME.gz and NAME.br, until they are joined */
    struct span body[WEB_CODINGS];
};

struct web_folder {
    struct entry *entries;
    size_t count;
    size_t bytes;
    struct web_file *files; /* what of them is served; borrows from entries */
};

static bool fail(char why[WEB_WHY_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(char why[WEB_WHY_SIZE], const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(why, WEB_WHY_SIZE, format, list);
    va_end(list);
    return false;
}

/* ---- Names ---- */

static const struct type_row {
    const char *ending;
    const char *type;
} types[] = {
    {".html",        "text/html; charset=utf-8"      },
    {".js",          "text/javascript; charset=utf-8"},
    {".mjs",         "text/javascript; charset=utf-8"},
    {".css",         "text/css; charset=utf-8"       },
    {".svg",         "image/svg+xml"                 },
    {".json",        "application/json"              },
    {".map",         "application/json"              },
    {".webmanifest", "application/manifest+json"     },
    {".txt",         "text/plain; charset=utf-8"     },
    {".png",         "image/png"                     },
    {".jpg",         "image/jpeg"                    },
    {".jpeg",        "image/jpeg"                    },
    {".webp",        "image/webp"                    },
    {".ico",         "image/x-icon"                  },
    {".woff2",       "font/woff2"                    },
    {".wasm",        "application/wasm"              },
};

static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path);
    size_t tail = strlen(ending);

    return length > tail && strcmp(path + length - tail, ending) == 0;
}

const char *web_type(const char *path)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (ends_with(path, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

static bool is_hash_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

/*
 * "index-BxYz1234.js": behind '-' or '.', eight characters or more that no word
 * would have, a digit or a capital among them; then the ending. To doubt is
 * safe: the file is then asked for anew each time.
 */
static bool has_hash(const char *name)
{
    const char *end = strrchr(name, '.');
    size_t length = end == NULL ? 0 : (size_t)(end - name);
    bool odd = false;

    if (length < 10)
        return false;
    for (size_t i = length - 8; i < length; i++) {
        if (!is_hash_char(name[i]))
            return false;
        odd = odd || (name[i] >= '0' && name[i] <= '9') ||
              (name[i] >= 'A' && name[i] <= 'Z');
    }
    return odd && (name[length - 9] == '-' || name[length - 9] == '.');
}

bool web_is_lasting(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL && strstr(path, "/assets/") != NULL &&
           has_hash(slash + 1);
}

/* As browsers write it in a request (WHATWG URL, "path percent-encode set"). */
static char *encode(const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = malloc(3 * strlen(path) + 1);
    char *at = out;

    for (; out != NULL && *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;

        if (c <= ' ' || c > '~' || strchr("\"#%<>?^`{}", c) != NULL) {
            *at++ = '%';
            *at++ = hex[c >> 4];
            *at++ = hex[c & 15];
        } else {
            *at++ = (char)c;
        }
    }
    if (out != NULL)
        *at = '\0';
    return out;
}

/* ---- Reading ---- */

/* All of it, for free; empty where it cannot be read. */
static struct span read_bytes(const char *path, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *bytes = fd < 0 ? NULL : malloc(size + 1);
    size_t length = 0;
    ssize_t count = 1;

    while (bytes != NULL && length < size && count > 0) {
        count = read(fd, bytes + length, size - length);
        if (count > 0)
            length += (size_t)count;
    }
    if (fd >= 0)
        (void)close(fd); // only read from
    if (bytes != NULL && length == size)
        return (struct span){bytes, size};
    free(bytes);
    return (struct span){NULL, 0};
}

static void make_tag(struct span body, char out[WEB_TAG_SIZE])
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    (void)crypto_hash_sha256(hash, (const uint8_t *)body.text, body.length);
    (void)sodium_bin2hex(out, WEB_TAG_SIZE, hash, (WEB_TAG_SIZE - 1) / 2);
}

static enum web_coding coding_of(const char *path)
{
    if (ends_with(path, ".br"))
        return WEB_BROTLI;
    return ends_with(path, ".gz") ? WEB_GZIP : WEB_PLAIN;
}

static bool add_file(struct web_folder *folder, const FTSENT *at,
                     const char *root, char why[WEB_WHY_SIZE])
{
    struct entry *entry = &folder->entries[folder->count];
    size_t size = (size_t)at->fts_statp->st_size;

    if (folder->count == WEB_FILES_MAX)
        return fail(why, "--web: %.256s has more than %d files", root,
                    WEB_FILES_MAX);
    if (size > WEB_BYTES_MAX - folder->bytes)
        return fail(why, "--web: %.256s has more than 64 MiB", root);
    memset(entry, 0, sizeof *entry);
    entry->path = encode(at->fts_path + strlen(root));
    if (entry->path == NULL)
        return fail(why, "--web: out of memory");
    folder->count++;
    entry->coding = coding_of(entry->path);
    entry->body[entry->coding] = read_bytes(at->fts_path, size);
    if (entry->body[entry->coding].text == NULL)
        return fail(why, "--web: %.256s: %s", at->fts_path, strerror(errno));
    if (strlen(entry->path) >= WEB_PATH_SIZE)
        return fail(why, "--web: %.256s: the path is too long", at->fts_path);
    make_tag(entry->body[entry->coding], entry->tag);
    folder->bytes += size;
    return true;
}

static bool take_entry(struct web_folder *folder, FTS *tree, FTSENT *at,
                       const char *root, char why[WEB_WHY_SIZE])
{
    if (at->fts_level > 0 && at->fts_name[0] == '.') {
        (void)fts_set(tree, at, FTS_SKIP); // fails for no such entry
        return true;
    }
    if (at->fts_info == FTS_ERR || at->fts_info == FTS_DNR ||
        at->fts_info == FTS_NS)
        return fail(why, "--web: %.256s: %s", at->fts_path,
                    strerror(at->fts_errno));
    if (at->fts_info == FTS_F && at->fts_level == 0)
        return fail(why, "--web: %.256s: is a file, and no folder", root);
    return at->fts_info != FTS_F || add_file(folder, at, root, why);
}

static bool walk(struct web_folder *folder, char *root, char why[WEB_WHY_SIZE])
{
    char *roots[] = {root, NULL};
    FTS *tree =
        fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, NULL);
    bool good = true;
    FTSENT *at;

    if (tree == NULL)
        return fail(why, "--web: %.256s: %s", root, strerror(errno));
    while (good && (at = fts_read(tree)) != NULL)
        good = take_entry(folder, tree, at, root, why);
    (void)fts_close(tree); // only read from
    return good;
}

/* ---- Joining ---- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path,
                  ((const struct entry *)b)->path);
}

static bool is_packed_of(const struct entry *packed, const char *path)
{
    size_t length = strlen(path);

    return packed->coding != WEB_PLAIN &&
           strncmp(packed->path, path, length) == 0 &&
           strlen(packed->path) == length + 3;
}

/* NAME.gz and NAME.br stand behind NAME, but not at once: NAME.a is between. */
static void find_packed(const struct web_folder *folder, size_t number,
                        struct web_file *file)
{
    for (size_t i = number + 1; i < folder->count; i++) {
        const struct entry *other = &folder->entries[i];

        if (strncmp(other->path, file->path, strlen(file->path)) != 0)
            return;
        if (is_packed_of(other, file->path))
            file->body[other->coding] = other->body[other->coding];
    }
}

static void join(struct web *out, struct web_folder *folder)
{
    qsort(folder->entries, folder->count, sizeof *folder->entries, by_path);
    for (size_t i = 0; i < folder->count; i++) {
        const struct entry *entry = &folder->entries[i];
        struct web_file *file = &folder->files[out->count];

        if (entry->coding != WEB_PLAIN)
            continue;
        *file = (struct web_file){.path = entry->path,
                                  .type = web_type(entry->path),
                                  .tag = entry->tag,
                                  .lasting = web_is_lasting(entry->path),
                                  .body = {entry->body[WEB_PLAIN]}};
        find_packed(folder, i, file);
        out->count++;
    }
    out->files = folder->files;
}

/* "dir/" as "dir", so that what follows begins with a slash. */
static char *copy_root(const char *path)
{
    char *root = strdup(path);

    for (size_t i = root == NULL ? 0 : strlen(root);
         i > 1 && root[i - 1] == '/'; i--)
        root[i - 1] = '\0';
    return root;
}

bool web_folder_read(struct web *out, const char *path, char why[WEB_WHY_SIZE])
{
    struct web_folder *folder = calloc(1, sizeof *folder);
    char *root = copy_root(path);
    bool good = folder != NULL && root != NULL;

    out->owned = folder;
    if (good) {
        folder->entries = calloc(WEB_FILES_MAX, sizeof *folder->entries);
        folder->files = calloc(WEB_FILES_MAX, sizeof *folder->files);
        good = folder->entries != NULL && folder->files != NULL;
    }
    if (!good)
        (void)fail(why, "--web: out of memory");
    good = good && walk(folder, root, why);
    if (good) {
        join(out, folder);
        good = web_find(out, SPAN("/index.html")) != NULL ||
               fail(why, "--web: %.256s: there is no index.html in it", path);
    }
    free(root);
    if (!good)
        web_close(out);
    return good;
}

void web_folder_close(void *owned)
{
    struct web_folder *folder = owned;

    if (folder == NULL)
        return;
    for (size_t i = 0; i < folder->count; i++) {
        struct entry *entry = &folder->entries[i];

        free((char *)(uintptr_t)entry->body[entry->coding].text);
        free(entry->path);
    }
    free(folder->entries);
    free(folder->files);
    free(folder);
}
