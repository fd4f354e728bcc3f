/*
 * A TCP proxy on 127.0.0.1 that loses replies on purpose.
 *
 * It forwards bytes both ways and looks only at the first line of what a client
 * sends. A reply to a request whose first line holds `path` can be cut: the
 * server has answered, the client sees at most `kept` bytes and a closed
 * connection. One thread of its own; every function may be called from any.
 */
#ifndef TEST_SYSTEM_PROXY_H
#define TEST_SYSTEM_PROXY_H

#include <stdint.h>

struct proxy;

/* NULL on failure. `path` is borrowed until proxy_close. */
struct proxy *proxy_open(unsigned target_port, const char *path);
void proxy_close(struct proxy *proxy); /* NULL is allowed */

unsigned proxy_port(const struct proxy *proxy);

/* Where new connections go from now on: a server that was started again. */
void proxy_target(struct proxy *proxy, unsigned port);

/* Cut the next `count` replies, each after its first `kept` bytes. */
void proxy_cut(struct proxy *proxy, unsigned count, unsigned kept);

/* Cut every such reply for `ms` milliseconds from now. */
void proxy_cut_for(struct proxy *proxy, int64_t ms);

/* Swallow requests that hold the path (true), or let them through again. */
void proxy_hang(struct proxy *proxy, int hang);

/*
 * Answer requests that hold the path with these bytes and close, instead of
 * passing them on; NULL: pass them on again. `bytes` is borrowed until then.
 */
void proxy_answer(struct proxy *proxy, const char *bytes);

/* Keep replies to such requests back (true), or let them through at last. */
void proxy_hold(struct proxy *proxy, int hold);

/*
 * Swallow every byte both ways (true), as a network that drops packets: on all
 * connections, and on new ones too, until false. One that was silent stays so.
 */
void proxy_silence(struct proxy *proxy, int silence);

/* How many replies were cut so far, and how many requests held the path. */
unsigned proxy_cut_count(struct proxy *proxy);
unsigned proxy_seen_count(struct proxy *proxy);

#endif
