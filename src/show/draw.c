#include "show/draw.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    REQUESTS_KEPT = 256, /* what happened to a request, by number */
    BAR_WIDTH = 40,
};

enum { MET_401 = 1, HAS_WAITED = 2 };

struct draw {
    pthread_mutex_t lock;
    struct draw_counts counts;
    int64_t start_ms;
    uint8_t seen[REQUESTS_KEPT]; /* MET_401, HAS_WAITED; by number */
    bool refreshing; /* one was started, and no word of its end came yet */
    bool quiet;
    bool terminal;
    bool colours;
    bool bar_shown;
};

struct look {
    enum stay_event_kind kind;
    const char *colour;
    const char *word;
};

static const struct look looks[] = {
    {STAY_EVENT_SIGNED_IN,       "32", "signed in"     },
    {STAY_EVENT_REFRESHED,       "32", "refreshed"     },
    {STAY_EVENT_SIGNED_OUT,      "31", "signed out"    },
    {STAY_EVENT_RESTING,         "33", "resting"       },
    {STAY_EVENT_ADOPTED,         "36", "adopted"       },
    {STAY_EVENT_REFRESH_STARTED, "36", "refresh"       },
    {STAY_EVENT_REFRESH_FAILED,  "33", "refresh failed"},
    {STAY_EVENT_SENT,            "0",  "sent"          },
    {STAY_EVENT_ANSWERED,        "0",  "answered"      },
    {STAY_EVENT_HELD_BACK,       "33", "held back"     },
    {STAY_EVENT_WAITING,         "33", "waiting"       },
    {STAY_EVENT_REPLAYED,        "36", "sent again"    },
    {STAY_EVENT_FAILED,          "31", "failed"        },
};

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct draw *draw_open(void)
{
    struct draw *d = calloc(1, sizeof *d);
    const char *no_color = getenv("NO_COLOR");

    if (d == NULL)
        return NULL;
    (void)pthread_mutex_init(&d->lock, NULL);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    d->start_ms = now_ms();
    d->terminal = isatty(STDOUT_FILENO) == 1;
    d->colours = d->terminal && (no_color == NULL || *no_color == '\0');
    return d;
}

static void clear_bar(struct draw *d)
{
    if (d->bar_shown)
        printf("\r\033[K");
    d->bar_shown = false;
}

void draw_close(struct draw *d)
{
    if (d == NULL)
        return;
    clear_bar(d);
    (void)fflush(stdout);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}

static void count_event(struct draw_counts *c, const struct stay_event *e)
{
    c->sent += e->kind == STAY_EVENT_SENT;
    c->replayed += e->kind == STAY_EVENT_REPLAYED;
    c->held_back += e->kind == STAY_EVENT_HELD_BACK;
    c->waiting += e->kind == STAY_EVENT_WAITING;
    c->answered_200 += e->kind == STAY_EVENT_ANSWERED && e->status == 200;
    c->answered_other += e->kind == STAY_EVENT_ANSWERED && e->status != 200;
    c->failed += e->kind == STAY_EVENT_FAILED;
    c->refresh_started += e->kind == STAY_EVENT_REFRESH_STARTED;
    c->refreshed += e->kind == STAY_EVENT_REFRESHED;
    c->refresh_failed += e->kind == STAY_EVENT_REFRESH_FAILED;
    c->signed_out += e->kind == STAY_EVENT_SIGNED_OUT;
}

/* What a request met on its way, in words for its last line. */
static const char *way_of(unsigned seen)
{
    if (seen & MET_401)
        return "after a refresh it never saw";
    if (seen & HAS_WAITED)
        return "after waiting for a refresh";
    return "straight through";
}

static void write_request(const struct stay_event *e, unsigned seen, char *out,
                          size_t size)
{
    int n = 0;

    if (e->kind == STAY_EVENT_ANSWERED)
        n = snprintf(out, size, "%ld in %lld ms, %s", e->status,
                     (long long)e->wait_ms, way_of(seen));
    else if (e->kind == STAY_EVENT_HELD_BACK)
        n = snprintf(out, size, "%ld: token %llu has expired", e->status,
                     (unsigned long long)e->generation);
    else if (e->kind == STAY_EVENT_FAILED)
        n = snprintf(out, size, "%s", stay_reason_text(e->reason));
    else if (e->kind == STAY_EVENT_REPLAYED || e->kind == STAY_EVENT_SENT)
        n = snprintf(out, size, "with token %llu",
                     (unsigned long long)e->generation);
    else if (e->kind == STAY_EVENT_WAITING)
        n = snprintf(out, size, "for the new token");
    if (n == 0)
        *out = '\0';
}

/* Why a refresh was started. */
static const char *cause_of(const struct stay_event *e, bool refreshing)
{
    if (refreshing) // answered, but not with a token
        return "one step on, as stayd answered";
    return e->early ? "early, behind the requests"
                    : "the token is over; requests wait";
}

static void write_session(const struct stay_event *e, bool refreshing,
                          char *out, size_t size)
{
    if (e->kind == STAY_EVENT_REFRESH_STARTED)
        (void)snprintf(out, size, "%s", cause_of(e, refreshing));
    else if (e->kind == STAY_EVENT_REFRESHED)
        (void)snprintf(out, size, "token %llu, after %lld ms",
                       (unsigned long long)e->generation,
                       (long long)e->wait_ms);
    else if (e->kind == STAY_EVENT_SIGNED_IN)
        (void)snprintf(out, size, "token %llu",
                       (unsigned long long)e->generation);
    else if (e->kind == STAY_EVENT_RESTING)
        (void)snprintf(out, size, "%s; next try in %lld ms",
                       stay_reason_text(e->reason), (long long)e->wait_ms);
    else
        (void)snprintf(out, size, "%s", stay_reason_text(e->reason));
}

static void put_line(struct draw *d, int64_t at_ms, const char *request,
                     const struct look *look, const char *what)
{
    clear_bar(d);
    if (d->colours)
        printf("%9.3f  %-6s \033[%sm%-14s\033[0m %s\n",
               (double)(at_ms - d->start_ms) / 1000, request, look->colour,
               look->word, what);
    else
        printf("%9.3f  %-6s %-14s %s\n", (double)(at_ms - d->start_ms) / 1000,
               request, look->word, what);
}

/* A request that went straight through takes one line, its last. */
static bool worth_a_line(const struct draw *d, const struct stay_event *e)
{
    return !d->quiet && e->kind != STAY_EVENT_SENT;
}

static void draw_line(struct draw *d, const struct stay_event *e)
{
    char number[24] = "";
    char what[128];
    const struct look *look = &looks[0];

    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
        if (looks[i].kind == e->kind)
            look = &looks[i];
    if (e->request != 0) {
        (void)snprintf(number, sizeof number, "#%llu",
                       (unsigned long long)e->request);
        write_request(e, d->seen[e->request % REQUESTS_KEPT], what,
                      sizeof what);
    } else {
        write_session(e, d->refreshing, what, sizeof what);
    }
    put_line(d, e->at_ms, number, look, what);
}

void draw_event(const struct stay_event *e, void *data)
{
    struct draw *d = data;
    uint8_t *seen = &d->seen[e->request % REQUESTS_KEPT];

    (void)pthread_mutex_lock(&d->lock);
    count_event(&d->counts, e);
    if (e->kind == STAY_EVENT_SENT)
        *seen &= HAS_WAITED;
    if (e->kind == STAY_EVENT_HELD_BACK)
        *seen |= MET_401;
    if (e->kind == STAY_EVENT_WAITING)
        *seen |= HAS_WAITED;
    if (worth_a_line(d, e))
        draw_line(d, e);
    if (e->request == 0)
        d->refreshing = e->kind == STAY_EVENT_REFRESH_STARTED;
    if (e->kind == STAY_EVENT_ANSWERED || e->kind == STAY_EVENT_FAILED)
        *seen = 0;
    (void)pthread_mutex_unlock(&d->lock);
}

void draw_quietly(struct draw *d, bool quiet)
{
    (void)pthread_mutex_lock(&d->lock);
    d->quiet = quiet;
    (void)pthread_mutex_unlock(&d->lock);
}

void draw_act(struct draw *d, const char *title, const char *what)
{
    (void)pthread_mutex_lock(&d->lock);
    clear_bar(d);
    printf(d->colours ? "\n\033[1m%s\033[0m\n%s\n\n" : "\n%s\n%s\n\n", title,
           what);
    (void)pthread_mutex_unlock(&d->lock);
}

void draw_note(struct draw *d, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)pthread_mutex_lock(&d->lock);
    clear_bar(d);
    printf(d->colours ? "%9.3f  \033[35m%s\033[0m\n" : "%9.3f  %s\n",
           (double)(now_ms() - d->start_ms) / 1000, text);
    (void)pthread_mutex_unlock(&d->lock);
}

void draw_life(struct draw *d, int64_t left_ms, int64_t life_ms)
{
    int filled = 0;

    if (!d->terminal || life_ms <= 0)
        return;
    if (left_ms > 0)
        filled = left_ms >= life_ms ? BAR_WIDTH
                                    : (int)(left_ms * BAR_WIDTH / life_ms);
    (void)pthread_mutex_lock(&d->lock);
    printf("\r\033[K           token  ");
    for (int i = 0; i < BAR_WIDTH; i++)
        (void)fputs(i < filled ? "#" : "-", stdout);
    printf("  %4.1f s", (double)(left_ms > 0 ? left_ms : 0) / 1000);
    (void)fflush(stdout);
    d->bar_shown = true;
    (void)pthread_mutex_unlock(&d->lock);
}

void draw_count_reset(struct draw *d)
{
    (void)pthread_mutex_lock(&d->lock);
    d->counts = (struct draw_counts){0};
    (void)pthread_mutex_unlock(&d->lock);
}

struct draw_counts draw_count(struct draw *d)
{
    struct draw_counts counts;

    (void)pthread_mutex_lock(&d->lock);
    counts = d->counts;
    (void)pthread_mutex_unlock(&d->lock);
    return counts;
}
