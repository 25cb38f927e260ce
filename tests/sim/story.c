/* story.c - see story.h.
 *
 * A first run is submitted; besides, perhaps, there is a second one, one that comes as a message of
 * a queue, and one that comes as a webhook.  Until HEAL_MS anything may fail; from then on nothing
 * does, and each must come to its verdict, and be reported, before LIMIT_MS.
 */
#include "tests/sim/story.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUN_FIRST, RUN_SECOND, RUN_QUEUED, RUN_HOOKED, OUTSIDE_JOBS_MAX = 8 };

enum { HEAL_MS = 25000, LIMIT_MS = 240000, FAULTS_MAX = 8, HOUR_MS = 3600 * 1000 };

struct story {
    struct cluster *cluster;
    const struct story_options *options;
    struct tale {
        struct client_view *view;
        struct cluster_expected expected;
        bool red;  /* some file must fail */
        bool told; /* there is such a run */
    } tales[CLUSTER_RUNS];
    bool late[CLUSTER_EXECUTORS_MAX +
              CLUSTER_OTHERS]; /* nodes that are not there from the beginning */
    uint64_t fault_ms[FAULTS_MAX];
    size_t faults;
    bool monitored; /* the monitor has shown all there is, in the end */
};

static uint64_t draw(struct story *story, uint64_t below)
{
    return cluster_random(story->cluster) % below;
}

static bool one_in(struct story *story, uint64_t n)
{
    return draw(story, n) == 0;
}

/* ---- the workload ---- */

static enum job_kind draw_kind(struct story *story, uint64_t mix)
{
    static const enum job_kind rare[] = {KIND_FAIL, KIND_ONCE, KIND_DIES, KIND_STUMBLE, KIND_HANGS};
    if (mix == 0 || !one_in(story, 8)) {
        return KIND_PASS;
    }
    /* Half of the mixed runs can still be green. */
    return mix == 1 ? (one_in(story, 2) ? KIND_ONCE : KIND_STUMBLE) : rare[draw(story, 5)];
}

static void draw_files(struct story *story, size_t run, char (*files)[CLIENT_FILE_SIZE])
{
    struct tale *tale = &story->tales[run];
    struct client_view *view = tale->view;
    uint64_t mix = draw(story, 3);
    size_t most = run < RUN_QUEUED ? story->options->jobs : OUTSIDE_JOBS_MAX;
    view->count = run == RUN_FIRST ? most : 1 + draw(story, most);
    view->delay_ms = run == RUN_FIRST ? 0 : draw(story, 8000);
    view->retries = mix > 0 ? 1 + draw(story, 2) : draw(story, 2);
    for (size_t i = 0; i < view->count; i++) {
        enum job_kind kind = draw_kind(story, mix);
        tale->red |= kind == KIND_FAIL || kind == KIND_DIES || kind == KIND_HANGS;
        cluster_job_name(run * CLUSTER_RUN_JOBS + i, kind, 20 + draw(story, 20) * draw(story, 60),
                         files[i], CLIENT_FILE_SIZE);
    }
    view->files = files;
    view->workers = one_in(story, 4) ? 1 + draw(story, 3) : 0;
    view->fix = one_in(story, 2) ? TERM_mode_PROPOSE : TERM_mode_OFF;
}

/* The one way into the cluster that is not a client's. */
static void draw_arrival(struct story *story, size_t run)
{
    struct client_view *view = story->tales[run].view;
    uint64_t at_ms = view->delay_ms;
    view->delay_ms = 0;
    view->workers = 0;
    if (run == RUN_QUEUED) {
        cluster_queue(story->cluster, run, at_ms, one_in(story, 2));
        if (one_in(story, 4)) {
            cluster_queue_rubbish(story->cluster, draw(story, 8000));
        }
    } else {
        cluster_webhook(story->cluster, run, at_ms);
    }
}

/* How the run is to end, if not by itself. */
static void draw_end(struct story *story, struct tale *tale)
{
    struct client_view *view = tale->view;
    struct cluster_expected *expected = &tale->expected;
    *expected =
        (struct cluster_expected){.verdict = tale->red ? TERM_verdict_FAILED : TERM_verdict_PASSED,
                                  .all = true,
                                  .settled = true};
    if (tale >= &story->tales[RUN_QUEUED]) {
        return; /* nobody is there to stop it */
    }
    switch (draw(story, 16)) {
    case 0:
        view->cancel_ms = 1 + draw(story, 3000);
        expected->verdict = 0; /* unless it was faster */
        expected->all = false;
        break;
    case 1:
        view->timeout_ms = 100 + draw(story, 300);
        expected->verdict = 0; /* it may be slow to begin, or have little to do */
        expected->all = false;
        break;
    case 2:
        view->timeout_ms = 10 * HOUR_MS;
        break;
    case 3:
        view->fail_fast = true;
        expected->all = !tale->red;
        break;
    default:
        break;
    }
}

/* ---- faults ---- */

static void draw_network(struct story *story)
{
    struct network network = {.delay_ms = draw(story, 10), .jitter_ms = 1};
    if (!one_in(story, 4)) {
        static const uint64_t losses[] = {0, 2, 10, 50, 200};
        network.loss = losses[draw(story, 5)];
        network.twice = one_in(story, 2) ? draw(story, 50) : 0;
        network.full = one_in(story, 4) ? draw(story, 100) : 0;
        network.jitter_ms = 1 + (one_in(story, 2) ? draw(story, 50) : 0);
    }
    cluster_network(story->cluster, &network);
    static const uint64_t outside[] = {0, 20, 100, 300};
    cluster_http(story->cluster, outside[draw(story, 4)]);
}

static void draw_faults(struct story *story)
{
    story->faults = one_in(story, 8) ? 0 : draw(story, FAULTS_MAX + 1);
    for (size_t i = 0; i < story->faults; i++) {
        story->fault_ms[i] = 50 + draw(story, one_in(story, 2) ? 4000 : HEAL_MS - 100);
    }
    for (size_t i = 0; i < story->options->executors + CLUSTER_OTHERS; i++) {
        story->late[i] = one_in(story, 10);
    }
}

/* Most faults befall the coordinator and the executors. */
static size_t draw_victim(struct story *story)
{
    switch (draw(story, 11)) {
    case 0:
        return NODE_PARTITIONER;
    case 8:
        return NODE_EXPERTS;
    case 9:
        return NODE_GATEWAY;
    case 10:
        return NODE_EDGE;
    case 1:
        return cluster_client_node(story->cluster);
    case 2:
    case 3:
    case 4:
        return NODE_COORDINATOR;
    default:
        return NODE_EXECUTORS + draw(story, story->options->executors);
    }
}

static void strike(struct story *story)
{
    struct cluster *cluster = story->cluster;
    size_t victim = draw_victim(story);
    uint64_t left_ms = HEAL_MS - cluster_now(cluster);
    uint64_t ms = 1 + draw(story, one_in(story, 2) ? 800 : 9000);
    ms = ms < left_ms ? ms : left_ms;
    bool client = victim == cluster_client_node(cluster);
    switch (draw(story, 4)) {
    case 0:
    case 1:
        if (client) {
            cluster_pause(cluster, victim, ms);
        } else {
            cluster_crash(cluster, victim, (enum crash)draw(story, 4), ms);
        }
        break;
    case 2:
        cluster_pause(cluster, victim, ms);
        break;
    default: {
        uint64_t ways = 1 + draw(story, 3);
        cluster_cut(cluster, victim, ways & 1, ways & 2, ms);
        break;
    }
    }
}

static void heal(struct story *story)
{
    struct cluster *cluster = story->cluster;
    cluster_network(cluster, &(struct network){.delay_ms = 1});
    cluster_http(cluster, 0);
    for (size_t i = 0; i < story->options->executors + CLUSTER_OTHERS; i++) {
        cluster_cut(cluster, i, true, true, 0);
    }
    cluster_start_all(cluster);
}

/* ---- the telling ---- */

static uint64_t next_fault(const struct story *story)
{
    uint64_t next_ms = HEAL_MS;
    for (size_t i = 0; i < story->faults; i++) {
        next_ms = story->fault_ms[i] < next_ms ? story->fault_ms[i] : next_ms;
    }
    return next_ms;
}

static void strike_due(struct story *story)
{
    for (size_t i = 0; i < story->faults; i++) {
        if (story->fault_ms[i] <= cluster_now(story->cluster)) {
            story->fault_ms[i] = UINT64_MAX;
            strike(story);
        }
    }
}

static bool is_over(const struct story *story)
{
    for (size_t i = 0; i < CLUSTER_RUNS; i++) {
        const struct tale *tale = &story->tales[i];
        if (tale->told && (!tale->view->closed || !cluster_settled(story->cluster, i))) {
            return false;
        }
    }
    return cluster_outside_done(story->cluster);
}

static void tell(struct story *story)
{
    struct cluster *cluster = story->cluster;
    for (size_t i = 0; i < story->options->executors + CLUSTER_OTHERS; i++) {
        if (!story->late[i]) {
            cluster_start(cluster, i);
        }
    }
    while (!is_over(story) && cluster_now(cluster) < HEAL_MS) {
        uint64_t until_ms = next_fault(story);
        while (!is_over(story) && cluster_now(cluster) < until_ms) {
            cluster_run(cluster, 1 + (until_ms - cluster_now(cluster)) / 64);
        }
        strike_due(story);
        if (cluster_now(cluster) > 3000) {
            cluster_start_all(cluster); /* the late ones */
        }
    }
    heal(story);
    uint64_t healed_ms = cluster_now(cluster);
    while (!(is_over(story) && cluster_monitored(cluster, healed_ms)) &&
           cluster_now(cluster) < LIMIT_MS && !cluster_why(cluster)[0]) {
        cluster_run(cluster, 500);
    }
    story->monitored = cluster_monitored(cluster, healed_ms);
    cluster_run(cluster, 5000); /* whatever is still on its way */
}

/* What is asked of the cluster, and what happens to it. */
static void draw_all(struct story *story)
{
    static char files[CLUSTER_RUNS][CLIENT_FILES_MAX][CLIENT_FILE_SIZE];
    for (size_t i = 0; i < CLUSTER_RUNS; i++) {
        struct tale *tale = &story->tales[i];
        tale->told = i == RUN_FIRST || one_in(story, i == RUN_SECOND ? 3 : 2);
        if (tale->told) {
            tale->view = cluster_client(story->cluster, i);
            draw_files(story, i, files[i]);
            draw_end(story, tale);
        }
        if (tale->told && i >= RUN_QUEUED) {
            draw_arrival(story, i);
        }
    }
    draw_network(story);
    draw_faults(story);
}

void story_tell(const struct story_options *options, struct story_end *ret_end)
{
    struct story story = {.options = options};
    struct cluster_options with = {.seed = options->seed,
                                   .executors = options->executors,
                                   .trace = options->trace,
                                   .wall_spread_ms = HOUR_MS,
                                   .drift_ppm = 2000};
    story.cluster = cluster_new(&with);
    draw_all(&story);
    tell(&story);
    *ret_end = (struct story_end){.events = cluster_events(story.cluster),
                                  .virtual_ms = cluster_now(story.cluster),
                                  .right = true};
    for (size_t i = 0; i < CLUSTER_RUNS && ret_end->right; i++) {
        ret_end->right = !story.tales[i].told ||
                         cluster_check(story.cluster, i, &story.tales[i].expected, ret_end->why);
    }
    ret_end->right = ret_end->right && cluster_outside_check(story.cluster, ret_end->why);
    if (ret_end->right && !story.monitored) {
        ret_end->right = false;
        (void)snprintf(ret_end->why, sizeof ret_end->why,
                       "the monitor does not show all processes");
    }
    for (size_t i = 0; i < CLUSTER_JOBS_MAX; i++) {
        ret_end->executions += cluster_job(story.cluster, i)->started;
    }
    ret_end->hash = cluster_hash(story.cluster);
    cluster_destroy(&story.cluster);
}
