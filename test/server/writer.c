/* The writer: what a batch is, what undoes what, and that nothing is lost. */
#include "server/writer.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "store/faulty_disk.h"
#include "store/fixture.h"
#include "store/key.h"

enum {
    MANY = 64,
    THREADS = 3,
    ROUNDS = 40,
    WAIT_S = 30,
    FLOODS = 40,                       /* of 1,100 pages and more */
    LOG_COPIED = 12288 * 4096,         /* bytes, as in server/writer.c */
    LOG_BOUND = (32768 + 4096) * 4120, /* its longest, and a flood */
};

/* Collects what comes back; stands for a loop. */
struct inbox {
    struct change_home home;
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct change *came[MANY];
    size_t count;
    size_t posts;
};

static void collect(struct change_home *home, const struct change_list *list)
{
    struct inbox *box = home->context;
    struct change_list rest = *list;
    struct change *change;

    pthread_mutex_lock(&box->lock);
    box->posts++;
    while ((change = change_list_take(&rest)) != NULL && box->count < MANY)
        box->came[box->count++] = change;
    pthread_cond_signal(&box->news);
    pthread_mutex_unlock(&box->lock);
}

static void inbox_init(struct inbox *box)
{
    memset(box, 0, sizeof *box);
    box->home.post = collect;
    box->home.context = box;
    (void)pthread_mutex_init(&box->lock, NULL);
    (void)pthread_cond_init(&box->news, NULL);
}

static void inbox_clear(struct inbox *box)
{
    (void)pthread_cond_destroy(&box->news);
    (void)pthread_mutex_destroy(&box->lock);
}

/* False when fewer came within half a minute. */
static bool wait_for(struct inbox *box, size_t count)
{
    struct timespec until;
    int error = 0;
    bool came;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&box->lock);
    while (box->count < count && error == 0)
        error = pthread_cond_timedwait(&box->news, &box->lock, &until);
    came = box->count >= count;
    pthread_mutex_unlock(&box->lock);
    return came;
}

/* Puts the setting `name`; with steps, twice, and then says `says`. */
struct put {
    struct change change; /* first: a change is one of these */
    char name[16];
    enum store_result says;
    sem_t *gate; /* waits here first; or NULL */
    sem_t *entered;
};

static enum store_result run_put(struct store *store, struct change *change)
{
    struct put *p = (struct put *)change;
    struct store_value value = {.bytes = "x", .length = 1};
    enum store_result result;

    if (p->entered != NULL)
        (void)sem_post(p->entered);
    if (p->gate != NULL)
        (void)sem_wait(p->gate);
    result = store_setting_put(store, p->name, &value);
    if (result == STORE_OK && change->steps) {
        value.bytes[0] = 'y';
        result = store_setting_put(store, p->name, &value);
    }
    return result == STORE_OK ? p->says : result;
}

/* One statement that the database refuses. */
static enum store_result run_bad(struct store *store, struct change *change)
{
    struct store_key key = {.id = 256};

    (void)change;
    return store_key_add(store, &key);
}

static struct put *fill(struct put *p, struct inbox *box, int number)
{
    memset(p, 0, sizeof *p);
    p->change.home = &box->home;
    p->change.run = run_put;
    p->change.result = STORE_CORRUPT;
    (void)snprintf(p->name, sizeof p->name, "s%d", number);
    return p;
}

static bool is_there(struct store *store, const struct put *p)
{
    struct store_value value = {.length = 0};

    return store_setting_get(store, p->name, &value) == STORE_OK;
}

struct kit {
    struct fixture f;
    struct inbox box;
    struct writer *writer;
    struct store *reader;
    int failures; /* told to `failed` */
};

static void note_failure(void *context, enum store_result result,
                         const char *message)
{
    struct kit *k = context;

    k->failures += store_failed(result) && message[0] != '\0';
}

static void kit_open_as(struct kit *k, struct writer_config config,
                        bool copying)
{
    memset(k, 0, sizeof *k);
    fixture_open(&k->f);
    inbox_init(&k->box);
    k->reader = fixture_connect(&k->f, STORE_READ);
    config.stores[0] = k->f.store; // the writer's from here on
    if (copying)
        config.copying = fixture_connect(&k->f, STORE_WRITE);
    config.failed = note_failure;
    config.context = k;
    k->f.store = NULL;
    k->writer = writer_open(&config);
    CHECK(k->writer != NULL);
}

static void kit_open(struct kit *k, size_t queue_max, size_t batch_max)
{
    kit_open_as(
        k,
        (struct writer_config){.queue_max = queue_max, .batch_max = batch_max},
        false);
}

static void kit_close(struct kit *k)
{
    writer_close(k->writer);
    store_close(k->reader);
    inbox_clear(&k->box);
    fixture_close(&k->f);
}

static void lists(void **state)
{
    struct change_list list = {.first = NULL};
    struct change a, b;

    (void)state;
    CASE("a list gives back in the order it was given, then NULL");
    CHECK(change_list_take(&list) == NULL);
    change_list_add(&list, &a);
    change_list_add(&list, &b);
    CHECK_EQ(list.count, 2);
    CHECK(change_list_take(&list) == &a);
    CHECK(change_list_take(&list) == &b);
    CHECK(change_list_take(&list) == NULL);
    CHECK_EQ(list.count, 0);
    change_list_add(&list, &b);
    CHECK(list.first == &b && list.last == &b);
}

static void batch(void **state)
{
    struct change_list list = {.first = NULL};
    struct writer_counts counts;
    struct put puts[5];
    struct kit k;

    (void)state;
    kit_open(&k, 0, 0);
    for (int i = 0; i < 5; i++)
        change_list_add(&list, &fill(&puts[i], &k.box, i)->change);
    puts[1].change.run = run_bad;
    puts[2].change.steps = true;
    puts[2].says = STORE_FAILED;
    puts[3].change.steps = true;
    puts[3].says = STORE_NONE;
    puts[4].change.steps = true;
    CASE("a submitted list is taken over and comes back at once, in order");
    CHECK(writer_submit(k.writer, &list));
    CHECK_EQ(list.count, 0);
    CHECK(wait_for(&k.box, 5));
    CHECK_EQ(k.box.posts, 1);
    for (size_t i = 0; i < 5; i++)
        CHECK(k.box.came[i] == &puts[i].change);
    CASE("a change that fails undoes itself, and nothing of the others");
    CHECK_EQ(puts[0].change.result, STORE_OK);
    CHECK_EQ(puts[1].change.result, STORE_FAILED);
    CHECK_EQ(puts[2].change.result, STORE_FAILED);
    CHECK_EQ(puts[4].change.result, STORE_OK);
    CHECK(is_there(k.reader, &puts[0]));
    CHECK(!is_there(k.reader, &puts[2]));
    CHECK(is_there(k.reader, &puts[4]));
    CASE("steps that end in another answer than done are undone");
    CHECK_EQ(puts[3].change.result, STORE_NONE);
    CHECK(!is_there(k.reader, &puts[3]));
    CASE("that was one transaction");
    writer_count(k.writer, &counts);
    CHECK_EQ(counts.changes, 5);
    CHECK_EQ(counts.commits, 1);
    CHECK_EQ(counts.batch_largest, 5);
    CHECK_EQ(counts.queued, 0);
    CHECK_EQ(counts.failures, 0);
    CASE("an empty list is nothing to do");
    CHECK(writer_submit(k.writer, &list));
    kit_close(&k);
}

/* A change that holds the writer until the gate opens. */
struct gate {
    sem_t open, entered;
    struct put put;
};

static void hold(struct gate *g, struct kit *k)
{
    struct change_list list = {.first = NULL};

    CHECK_EQ(sem_init(&g->open, 0, 0), 0);
    CHECK_EQ(sem_init(&g->entered, 0, 0), 0);
    fill(&g->put, &k->box, 1000);
    g->put.gate = &g->open;
    g->put.entered = &g->entered;
    change_list_add(&list, &g->put.change);
    CHECK(writer_submit(k->writer, &list));
    CHECK_EQ(sem_wait(&g->entered), 0);
}

static void let_go(struct gate *g)
{
    CHECK_EQ(sem_post(&g->open), 0);
}

static void gate_clear(struct gate *g)
{
    (void)sem_destroy(&g->open);
    (void)sem_destroy(&g->entered);
}

static void back_pressure(void **state)
{
    struct change_list list = {.first = NULL};
    struct writer_counts counts;
    struct store_user user;
    struct put puts[8];
    struct gate gate;
    struct kit k;

    (void)state;
    kit_open(&k, 6, 4);
    hold(&gate, &k);
    CASE("a queue takes its limit");
    for (int i = 0; i < 6; i++)
        change_list_add(&list, &fill(&puts[i], &k.box, i)->change);
    CHECK(writer_submit(k.writer, &list));
    CASE("beyond it nothing is taken, and the list stays whole");
    for (int i = 6; i < 8; i++)
        change_list_add(&list, &fill(&puts[i], &k.box, i)->change);
    CHECK(!writer_submit(k.writer, &list));
    CHECK_EQ(list.count, 2);
    CHECK(list.first == &puts[6].change);
    writer_count(k.writer, &counts);
    CHECK_EQ(counts.queued, 6);
    CHECK_EQ(counts.refused, 2);
    CASE("a reader does not wait for a transaction under way");
    CHECK_EQ(store_user_by_name(k.reader, "ada", &user), STORE_OK);
    CASE("a transaction takes its limit and no more");
    let_go(&gate);
    CHECK(wait_for(&k.box, 7));
    writer_count(k.writer, &counts);
    CHECK_EQ(counts.batch_largest, 4);
    CHECK_EQ(counts.commits, 3);
    CASE("there is room again");
    CHECK(writer_submit(k.writer, &list));
    CHECK(wait_for(&k.box, 9));
    gate_clear(&gate);
    kit_close(&k);
}

static void failed_commit(void **state)
{
    struct change_list list = {.first = NULL};
    struct writer_counts counts;
    struct put puts[4];
    struct gate gate;
    struct kit k;

    (void)state;
    kit_open(&k, 0, 0);
    hold(&gate, &k);
    for (int i = 0; i < 3; i++)
        change_list_add(&list, &fill(&puts[i], &k.box, i)->change);
    puts[1].says = STORE_TAKEN;
    CHECK(writer_submit(k.writer, &list));
    disk_break(DISK_GONE, 1, 0);
    let_go(&gate);
    CHECK(wait_for(&k.box, 4));
    CASE("a failed commit answers all of it, whatever each had said");
    for (int i = 0; i < 3; i++)
        CHECK(store_failed(puts[i].change.result));
    CHECK(store_failed(gate.put.change.result));
    CASE("it is counted and told");
    writer_count(k.writer, &counts);
    CHECK_EQ(counts.failures, 2);
    CHECK_EQ(counts.commits, 0);
    CHECK_EQ(k.failures, 2);
    CASE("nothing of it is there, and the next goes well");
    disk_restore();
    CHECK(!is_there(k.reader, &puts[0]));
    change_list_add(&list, &fill(&puts[3], &k.box, 3)->change);
    CHECK(writer_submit(k.writer, &list));
    CHECK(wait_for(&k.box, 5));
    CHECK_EQ(puts[3].change.result, STORE_OK);
    CHECK(is_there(k.reader, &puts[3]));
    gate_clear(&gate);
    kit_close(&k);
}

/* Writes 4 kB, over and over: in a small database there is soon no room. */
static enum store_result run_big(struct store *store, struct change *change)
{
    struct put *p = (struct put *)change;
    struct store_value value = {.length = sizeof value.bytes};

    memset(value.bytes, 'z', sizeof value.bytes);
    return store_setting_put(store, p->name, &value);
}

static void full_disk(void **state)
{
    struct change_list list = {.first = NULL};
    struct store_config config = {.mode = STORE_WRITE, .size_max = 128 * 1024};
    struct writer_config writer = {.queue_max = 0};
    struct store_why why;
    struct put puts[MANY];
    struct kit k;
    int good = 0;

    (void)state;
    memset(&k, 0, sizeof k);
    fixture_open(&k.f);
    store_close(k.f.store);
    k.f.store = NULL;
    config.url = k.f.url;
    CHECK_EQ(store_open(&writer.stores[0], &config, &why), STORE_OK);
    inbox_init(&k.box);
    k.reader = fixture_connect(&k.f, STORE_READ);
    k.writer = writer_open(&writer);
    CASE("no room: the whole transaction fails, one by one they fit");
    for (int i = 0; i < 40; i++)
        change_list_add(&list, &fill(&puts[i], &k.box, i)->change);
    for (struct change *c = list.first; c != NULL; c = c->next)
        c->run = run_big;
    CHECK(writer_submit(k.writer, &list));
    CHECK(wait_for(&k.box, 40));
    for (int i = 0; i < 40; i++) {
        CHECK_EQ(puts[i].change.result, STORE_FULL);
        CHECK(!is_there(k.reader, &puts[i]));
    }
    for (int i = 0; i < 20; i++) {
        puts[i].change.result = STORE_CORRUPT;
        change_list_add(&list, &puts[i].change);
        CHECK(writer_submit(k.writer, &list));
        CHECK(wait_for(&k.box, (size_t)(41 + i)));
        good += puts[i].change.result == STORE_OK;
        CHECK_EQ(puts[i].change.result == STORE_OK,
                 is_there(k.reader, &puts[i]));
    }
    CHECK(good >= 5 && good < 20);
    kit_close(&k);
}

/* Fills more of the log than is left lying there. */
static enum store_result run_flood(struct store *store, struct change *change)
{
    const struct put *p = (const struct put *)change;
    struct store_value value = {.length = sizeof value.bytes};
    enum store_result result = STORE_OK;
    char name[32];

    // Another byte than the time before: what is there already is not written.
    memset(value.bytes, p->name[strlen(p->name) - 1], sizeof value.bytes);
    for (int i = 0; i < 1100 && result == STORE_OK; i++) {
        (void)snprintf(name, sizeof name, "flood-%d", i);
        result = store_setting_put(store, name, &value);
    }
    return result;
}

static void idle_copy(void **state)
{
    const struct timespec pause = {0, 5000000};
    struct change_list list = {.first = NULL};
    struct writer_counts counts = {.copies = 0};
    struct put put;
    struct kit k;

    (void)state;
    kit_open(&k, 0, 0);
    CASE("when nobody comes for a while, a long log is copied");
    fill(&put, &k.box, 1)->change.run = run_flood;
    change_list_add(&list, &put.change);
    CHECK(writer_submit(k.writer, &list));
    CHECK(wait_for(&k.box, 1));
    CHECK_EQ(put.change.result, STORE_OK);
    for (int i = 0; i < WAIT_S * 200 && counts.copies == 0; i++) {
        (void)nanosleep(&pause, NULL);
        writer_count(k.writer, &counts);
    }
    CHECK_EQ(counts.copies, 1);
    CHECK_EQ(counts.copies_beside, 0);
    CASE("commits go on after it");
    fill(&put, &k.box, 2);
    change_list_add(&list, &put.change);
    CHECK(writer_submit(k.writer, &list));
    CHECK(wait_for(&k.box, 2));
    CHECK(is_there(k.reader, &put));
    kit_close(&k);
}

static int64_t log_bytes(const struct kit *k)
{
    char path[128];
    struct stat info;

    (void)snprintf(path, sizeof path, "%s-wal", k->f.path);
    return stat(path, &info) == 0 ? (int64_t)info.st_size : 0;
}

/* Among millions of sessions a copy takes longer than anybody should wait. */
static void copy_beside(void **state)
{
    struct change_list list = {.first = NULL};
    struct writer_counts counts;
    int64_t longest = 0;
    struct put put;
    struct kit k;

    (void)state;
    kit_open_as(&k, (struct writer_config){.queue_max = 0}, true);
    for (int i = 0; i < FLOODS; i++) {
        fill(&put, &k.box, i)->change.run = run_flood;
        change_list_add(&list, &put.change);
        CHECK(writer_submit(k.writer, &list));
        CHECK(wait_for(&k.box, (size_t)i + 1));
        CHECK_EQ(put.change.result, STORE_OK);
        if (log_bytes(&k) > longest)
            longest = log_bytes(&k);
    }
    writer_count(k.writer, &counts);
    CASE("a long log is copied while commits go on");
    CHECK(counts.copies_beside >= 1);
    CASE("and begins anew: it is never much longer than where they would wait");
    CHECK(longest >= LOG_COPIED && longest < LOG_BOUND);
    CASE("what came meanwhile is there");
    fill(&put, &k.box, FLOODS);
    change_list_add(&list, &put.change);
    CHECK(writer_submit(k.writer, &list));
    CHECK(wait_for(&k.box, FLOODS + 1));
    CHECK(is_there(k.reader, &put));
    kit_close(&k);
}

static void closing(void **state)
{
    struct change_list list = {.first = NULL};
    struct put puts[3];
    struct kit k;

    (void)state;
    kit_open(&k, 0, 1);
    for (int i = 0; i < 3; i++)
        change_list_add(&list, &fill(&puts[i], &k.box, i)->change);
    CASE("closing runs and gives back what was queued");
    CHECK(writer_submit(k.writer, &list));
    writer_close(k.writer);
    k.writer = NULL;
    CHECK_EQ(k.box.count, 3);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(puts[i].change.result, STORE_OK);
        CHECK(is_there(k.reader, &puts[i]));
    }
    CASE("closing nothing is allowed");
    writer_close(NULL);
    kit_close(&k);
}

struct loop {
    struct writer *writer;
    struct inbox box;
    struct put puts[4];
    bool good;
};

/* Four changes a turn, each turn waited for. */
static void *turn(void *context)
{
    struct loop *l = context;

    l->good = true;
    for (int r = 0; r < ROUNDS; r++) {
        struct change_list list = {.first = NULL};

        l->box.count = 0; // all of the last turn is back: nobody else looks
        for (int i = 0; i < 4; i++)
            change_list_add(&list, &fill(&l->puts[i], &l->box, i)->change);
        l->good =
            l->good && writer_submit(l->writer, &list) && wait_for(&l->box, 4);
        for (int i = 0; i < 4 && l->good; i++)
            l->good = l->box.came[i] == &l->puts[i].change &&
                      l->puts[i].change.result == STORE_OK;
    }
    return NULL;
}

static void many_loops(void **state)
{
    static struct loop loops[THREADS];
    struct writer_counts counts;
    pthread_t threads[THREADS];
    struct kit k;

    (void)state;
    kit_open(&k, 0, 0);
    CASE("each of several loops gets its own back, in order");
    for (int i = 0; i < THREADS; i++) {
        loops[i].writer = k.writer;
        inbox_init(&loops[i].box);
        CHECK_EQ(pthread_create(&threads[i], NULL, turn, &loops[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
        CHECK(loops[i].good);
    }
    writer_count(k.writer, &counts);
    CHECK_EQ(counts.changes, THREADS * ROUNDS * 4);
    check_note("%d changes in %d commits", (int)counts.changes,
               (int)counts.commits);
    kit_close(&k);
    for (int i = 0; i < THREADS; i++)
        inbox_clear(&loops[i].box);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),         cmocka_unit_test(batch),
        cmocka_unit_test(back_pressure), cmocka_unit_test(failed_commit),
        cmocka_unit_test(full_disk),     cmocka_unit_test(idle_copy),
        cmocka_unit_test(copy_beside),   cmocka_unit_test(closing),
        cmocka_unit_test(many_loops),
    };

    disk_install();
    return check_run("server/writer", tests);
}
