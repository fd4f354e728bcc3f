/*
 * What stayd gives up once everything it needs is open, so that whoever takes
 * it over gets little: no program can be started, no process looked into, no
 * socket opened, and no file touched but the database's folder.
 *
 *   paths  Landlock: nothing but what sandbox_allow named
 *   calls  seccomp: a list of system calls, on every thread
 *
 * A call that is not on the list fails with ENOSYS, as on a kernel that lacks
 * it: a library that tries something newer falls back, and an upgrade of one
 * ends nobody's session. What only an intruder calls (exec, fork, ptrace, other
 * processes' memory) ends the process.
 *
 * Who opens files or sockets later than sandbox_enter must name the path here,
 * or better open it before. Who forks must do so before. A descriptor that is
 * open stays usable. Builds with sanitizers or coverage have no sandbox, since
 * both break its rules themselves.
 */
#ifndef SERVER_SANDBOX_H
#define SERVER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "server/config.h"

enum {
    SANDBOX_PATHS_MAX = 64,
    SANDBOX_PATH_SIZE = 4096, /* of one path, NUL included */
    SANDBOX_WHY_SIZE = 256,
};

enum sandbox_access {
    SANDBOX_READ,   /* a file, or all in a folder */
    SANDBOX_CHANGE, /* read, write, make and remove files in a folder */
    SANDBOX_REMOVE, /* remove files in a folder: a socket at the end */
};

struct sandbox_path {
    char path[SANDBOX_PATH_SIZE];
    enum sandbox_access access;
};

/* What stays allowed. Zeroed is the strictest. */
struct sandbox {
    struct sandbox_path paths[SANDBOX_PATHS_MAX];
    size_t count;
    bool connects; /* to a database: sockets, and the libraries of names */
    bool overflow; /* a path did not fit: sandbox_enter refuses */
};

enum sandbox_result {
    SANDBOX_OK = 0,
    SANDBOX_FAILED, /* `why` says what: start nothing, or the file is open */
};

/* What was reached, for the log. */
struct sandbox_report {
    int landlock; /* its version; 0: this kernel has none */
    bool calls;   /* false: this kernel, machine or build has no filter */
};

/* All that `config` asks for: database, key file, config file, socket. */
void sandbox_plan(struct sandbox *out, const struct config *config);

/*
 * Adds a path; one that does not exist at sandbox_enter is passed over. A file
 * that somebody replaces by another of its name is seen only where its folder
 * is allowed.
 */
void sandbox_allow(struct sandbox *sandbox, const char *path,
                   enum sandbox_access access);
/* The same for the folder that the file is in. */
void sandbox_allow_folder(struct sandbox *sandbox, const char *file,
                          enum sandbox_access access);

/*
 * Cannot be undone. To be called before the first thread starts: Landlock holds
 * for the calling thread and those it starts. A kernel without Landlock or
 * seccomp is no failure; *out says so. On failure `why` is one line.
 */
enum sandbox_result sandbox_enter(const struct sandbox *sandbox,
                                  struct sandbox_report *out,
                                  char why[SANDBOX_WHY_SIZE]);

#endif
