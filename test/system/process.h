/*
 * Programs under test: started, fed, watched by the line, ended.
 *
 * What a program writes goes into memory files, so it never blocks on a test
 * that does not read. A program dies with the thread of the test that started
 * it. Nothing here sleeps for an event: it polls, PROCESS_LIMIT_MS at most.
 */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PROCESS_LIMIT_MS = 30000, /* the longest wait for anything */
    PROCESS_PATH_SIZE = 64,   /* of a temporary folder's name, NUL included */
    PROCESS_LINE_SIZE = 4096, /* longer lines are cut */
};

enum process_stream {
    PROCESS_OUT,
    PROCESS_ERR,
};

struct process; /* one program; not for two threads at once */

/*
 * argv ends with NULL, argv[0] is a path. `env`, NULL or ended by NULL, holds
 * "NAME=VALUE" that are set, and "NAME" that are unset, over our environment.
 * Trips the running row and returns NULL when it cannot be started.
 */
struct process *process_start(const char *const argv[],
                              const char *const env[]);

/* Kills what still runs, reaps, frees. NULL is allowed. */
void process_close(struct process *process);

pid_t process_id(const struct process *process);

/*
 * Waits for a whole line that contains `wanted`, from `*from` on (0: from the
 * start), and moves *from behind it. `line` gets it without its new line. False
 * after the limit, or when the program ended without writing it.
 */
bool process_line(struct process *process, enum process_stream stream,
                  const char *wanted, size_t *from,
                  char line[PROCESS_LINE_SIZE]);

/* All it wrote so far, NUL-terminated; free it with free. Never NULL. */
char *process_text(struct process *process, enum process_stream stream);

/* To its standard input. A program that closed it makes this false. */
bool process_write(struct process *process, const char *text);
void process_close_input(struct process *process);

/* Memory it holds now, in kB; -1 when that cannot be read. */
long process_rss_kb(const struct process *process);

/* `number` is a signal's. */
void process_signal(struct process *process, int number);

/*
 * Waits for the end. The exit code, 128 + the signal that ended it, or -1 after
 * the limit; it is then killed. May be asked again.
 */
int process_wait(struct process *process);

/* Start, wait, collect, in one: for programs that end by themselves. */
struct process_result {
    int code;  /* as process_wait */
    char *out; /* owned; never NULL after process_run */
    char *err;
};
struct process_result process_run(const char *const argv[],
                                  const char *const env[],
                                  const char *input /* NULL: none */);
void process_result_clear(struct process_result *result);

/* Steady clock, for limits and measured times. */
int64_t process_now_ms(void);
/* Between two polls: 2 ms. */
void process_pause(void);

/*
 * Reads what comes on `fd` by `end_ms`. Bytes read; 0 at its end, on a failure
 * or when nothing came in time.
 */
size_t process_read(int fd, char *out, size_t size, int64_t end_ms);

/* A new folder of mode 0700 under TMPDIR or /tmp, and its end with all in it. */
bool process_folder(char path[PROCESS_PATH_SIZE]);
void process_folder_remove(const char *path);

/* The whole of a file, NUL-terminated, or NULL; free it with free. */
char *process_read_file(const char *path, size_t *size /* may be NULL */);
bool process_write_file(const char *path, const void *bytes, size_t size);

#endif
