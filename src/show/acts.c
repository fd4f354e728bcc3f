#include "show/acts.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stay.h"

enum {
    ASK_EVERY_MS = 500,
    BURST = 50,
    LIFE_MS = 10000, /* of an access token: server.c starts stayd so */
    /*
     * A 401 to a token younger than half its life is not about its age, and is
     * delivered (design: engine, invariant 9). The acts wait past that.
     */
    RIPE_LEFT_MS = LIFE_MS / 2 - 200,
    RECOVER_MS = 10000,
};

static const char who[] = "ada";
static const char password[] = "lovelace"; // printed in every guide
static const char page[] = "/api/test/user";

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t left_ms(struct stay *stay)
{
    struct stay_status status;

    return stay_status(stay, &status) == STAY_OK ? status.left_ms : 0;
}

/* Waits until `at_ms`, or Ctrl-C, while the bar shows the token's life. */
static void pause_until(struct show *show, struct stay *stay, int64_t at_ms)
{
    while (!*show->stop && now_ms() < at_ms) {
        draw_life(show->draw, left_ms(stay), LIFE_MS);
        (void)usleep(50000);
    }
}

static size_t drop_page(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    (void)data;
    return size * count;
}

/* One request for the protected page. The HTTP status, or 0. */
static long ask(struct show *show, struct stay *stay)
{
    struct stay_easy *easy = stay_easy_init(stay);
    char url[SERVER_URL_SIZE + sizeof page];
    long status = 0;

    if (easy == NULL)
        return 0;
    (void)snprintf(url, sizeof url, "%s%s", show->server->url, page);
    (void)stay_easy_setopt(easy, CURLOPT_URL, url);
    (void)stay_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_page);
    if (stay_easy_perform(easy) == CURLE_OK)
        (void)stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    stay_easy_cleanup(easy);
    return status;
}

static struct stay *sign_in(struct show *show, int64_t early_ms)
{
    char error[STAY_ERROR_SIZE] = "";
    struct stay_config config = {
        .url = show->server->url,
        .label = "make run",
        .early_ms = early_ms,
        .error = error,
    };
    struct stay *stay = NULL;

    if (stay_open(&stay, &config) != STAY_OK) {
        draw_note(show->draw, "cannot open a session: %s", error);
        return NULL;
    }
    (void)stay_on_event(stay, STAY_EVENT_ANY, draw_event, show->draw);
    if (stay_sign_in(stay, who, password) == STAY_OK)
        return stay;
    stay_error(stay, error);
    draw_note(show->draw, "cannot sign in as %s: %s", who, error);
    stay_close(stay);
    return NULL;
}

/* stayd's own count beside the client's: the two must agree. */
static void compare_counts(struct show *show, long before)
{
    long after = server_refreshes(show->server, "stay");
    struct draw_counts c = draw_count(show->draw);

    if (after < 0)
        draw_note(show->draw, "stayd does not answer");
    else
        draw_note(show->draw,
                  "%u answered 200, %u not; refreshes: %u here, %ld at stayd",
                  c.answered_200, c.answered_other + c.failed, c.refreshed,
                  after - before);
    if (c.refresh_failed > 0)
        draw_note(show->draw, "%u refresh failed here, %u sign-outs",
                  c.refresh_failed, c.signed_out);
}

static long begin_act(struct show *show)
{
    draw_count_reset(show->draw);
    return server_refreshes(show->server, "stay");
}

static int act_steady(struct show *show, struct stay *stay)
{
    int64_t end_ms = now_ms() + (int64_t)show->steady_s * 1000;
    long before = begin_act(show);

    for (int64_t next = now_ms(); !*show->stop && next < end_ms;
         next += ASK_EVERY_MS) {
        pause_until(show, stay, next);
        (void)ask(show, stay);
    }
    compare_counts(show, before);
    return 0;
}

/* Lets the token ripen, then has stayd answer it as expired. */
static void expire(struct show *show, struct stay *stay)
{
    pause_until(show, stay, now_ms() + left_ms(stay) - RIPE_LEFT_MS);
    if (!*show->stop && server_expire(show->server))
        draw_note(show->draw, "stayd now calls every token expired");
}

static int act_expired(struct show *show, struct stay *stay)
{
    long before = begin_act(show);
    long status;

    expire(show, stay);
    status = ask(show, stay);
    compare_counts(show, before);
    return status == 200 ? 0 : 1;
}

struct asker {
    pthread_t thread;
    struct show *show;
    struct stay *stay;
};

static void *ask_once(void *data)
{
    struct asker *asker = data;

    (void)ask(asker->show, asker->stay);
    return NULL;
}

static int act_burst(struct show *show, struct stay *stay)
{
    struct asker askers[BURST];
    long before = begin_act(show);
    unsigned started = 0;
    struct draw_counts c;

    expire(show, stay);
    draw_quietly(show->draw, true);
    for (; started < BURST && !*show->stop; started++) {
        askers[started] = (struct asker){.show = show, .stay = stay};
        if (pthread_create(&askers[started].thread, NULL, ask_once,
                           &askers[started]) != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(askers[i].thread, NULL);
    draw_quietly(show->draw, false);
    c = draw_count(show->draw);
    draw_note(show->draw, "%u sent at once; %u met the 401; %u sent again",
              c.sent, c.held_back, c.replayed);
    compare_counts(show, before);
    return c.answered_200 == started ? 0 : 1;
}

static int act_lost_reply(struct show *show, struct stay *stay)
{
    long before = begin_act(show);
    int64_t end_ms;
    long status = 0;

    expire(show, stay);
    if (server_drop_replies(show->server, 1))
        draw_note(show->draw, "stayd will lose its next refresh reply");
    end_ms = now_ms() + RECOVER_MS;
    while (!*show->stop && status != 200 && now_ms() < end_ms) {
        status = ask(show, stay);
        if (status != 200)
            pause_until(show, stay, now_ms() + ASK_EVERY_MS);
    }
    compare_counts(show, before);
    return status == 200 && draw_count(show->draw).signed_out == 0 ? 0 : 1;
}

struct act {
    const char *title;
    const char *what;
    int (*play)(struct show *show, struct stay *stay);
};

static const struct act late_acts[] = {
    {"A request meets an expired token",
     "Early refresh is off from here on. The caller sees one answer: 200.", act_expired   },
    {"Fifty requests at once on an expired token",
     "Fifty threads, one session: one refresh serves them all.",            act_burst     },
    {"The reply of a refresh is lost",
     "stayd has moved on, the client never heard of it. Elsewhere this signs\n"
     "people out.",                                                         act_lost_reply},
};

static int play_late_acts(struct show *show)
{
    struct stay *stay;
    int broken;

    draw_act(show->draw, late_acts[0].title, late_acts[0].what);
    stay = sign_in(show, STAY_EARLY_NEVER);
    broken = stay == NULL;
    for (size_t i = 0;
         stay != NULL && i < sizeof late_acts / sizeof late_acts[0]; i++) {
        if (*show->stop)
            break;
        if (i > 0)
            draw_act(show->draw, late_acts[i].title, late_acts[i].what);
        broken += late_acts[i].play(show, stay);
    }
    stay_close(stay);
    return broken;
}

int acts_play(struct show *show)
{
    struct stay *stay;
    int broken;

    draw_act(show->draw, "A session outlives its tokens",
             "Access tokens live for 10 seconds; a protected page is asked for "
             "twice a second.");
    stay = sign_in(show, 0);
    if (stay == NULL)
        return 1;
    broken = act_steady(show, stay);
    stay_close(stay);
    if (!*show->stop)
        broken += play_late_acts(show);
    return broken;
}
