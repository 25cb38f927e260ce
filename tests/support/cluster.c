/* cluster.c - nodes and time.
 *
 * A node's turn is: timers and events of commands, actors until none is ready, links.  Its store
 * commits a little later.  Between these a crash may strike.
 */
#include "tests/support/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classifier.h"
#include "actors/classifier/rules.h"
#include "actors/coordinator/coordinator.h"
#include "actors/coordinator/ledger.h"
#include "actors/executor/executor.h"
#include "actors/fixer/fixer.h"
#include "actors/healer/healer.h"
#include "actors/monitor/monitor.h"
#include "actors/partitioner/partitioner.h"
#include "actors/validator/validator.h"
#include "tests/support/cluster_priv.h"

enum { STORE_MS_MAX = 4, LOG_SIZE = 2048, CONNECT_MS = 20, STEPS_MAX = 100000 };

/* ---- clocks ---- */

static int64_t drift_of(const struct node *node, uint64_t ms)
{
    return (int64_t)ms * node->drift_ppm / 1000000;
}

uint64_t node_now(const struct node *node)
{
    uint64_t ms = node->cluster->now_ms;
    return (uint64_t)((int64_t)ms + drift_of(node, ms) + node->offset_ms);
}

/* When, in the cluster's time, the node's clock will show this. */
static uint64_t from_local(const struct node *node, uint64_t local_ms)
{
    if (local_ms == UINT64_MAX) {
        return UINT64_MAX;
    }
    uint64_t now_ms = node->cluster->now_ms;
    uint64_t local_now_ms = node_now(node);
    uint64_t left_ms = local_ms > local_now_ms ? local_ms - local_now_ms : 0;
    /* A slow clock takes longer; to be early by one is put right by looking again. */
    uint64_t slower_ms = left_ms * (uint64_t)(node->drift_ppm < 0 ? -node->drift_ppm : 0) / 1000000;
    return now_ms + left_ms + slower_ms + (node->drift_ppm < 0 && left_ms > 0 ? 1 : 0);
}

/* ---- ports of a system ---- */

static void send_on(struct node *node, struct envelope **envelope)
{
    if (node->links) {
        links_send(node->links, envelope, node_now(node));
    } else {
        envelope_end(envelope, OUTCOME_LOST);
    }
}

static struct envelope *copy_of(const struct envelope *envelope)
{
    struct envelope *copy = envelope_new(envelope_msg(envelope));
    if (!copy) {
        abort();
    }
    copy->account = envelope->account;
    copy->from = envelope->from;
    copy->to = envelope->to;
    copy->ask = envelope->ask;
    copy->deadline_ms = envelope->deadline_ms;
    atomic_fetch_add(&copy->account->accepted, 1);
    return copy;
}

static void show(struct node *node, const struct msg *msg)
{
    if (node->cluster->trace) {
        char text[LOG_SIZE];
        msg_format(msg, text, sizeof text);
        printf("[%llu] %s -> %s\n", (unsigned long long)node->cluster->now_ms, node->name, text);
    }
}

static void on_net_send(void *world, struct envelope **envelope)
{
    struct node *node = world;
    struct cluster *cluster = node->cluster;
    const struct msg *msg = envelope_msg(*envelope);
    show(node, msg);
    judge(cluster, node, msg);
    enum fate fate = cluster->hand ? cluster->hand(cluster->hand_arg, node->index, msg) : FATE_PASS;
    if (fate == FATE_LOSE) {
        envelope_end(envelope, OUTCOME_LOST);
        return;
    }
    struct envelope *twin = fate == FATE_TWICE ? copy_of(*envelope) : NULL;
    send_on(node, envelope);
    if (twin) {
        send_on(node, &twin);
    }
}

static void on_announce(void *world, uint64_t role, uint64_t actor)
{
    struct node *node = world;
    links_announce(node->links, role, actor);
}

static void on_store(void *world, struct rt_store_op **op)
{
    struct node *node = world;
    if (!node->store) {
        abort(); /* only the coordinator has one */
    }
    store_submit(node->store, op);
    if (node->store_ms == UINT64_MAX) {
        node->store_ms = node->cluster->now_ms + cluster_random(node->cluster) % STORE_MS_MAX;
    }
}

static uint64_t on_now(void *world)
{
    return node_now(world);
}

static uint64_t on_wall(void *world)
{
    struct node *node = world;
    return (uint64_t)((int64_t)(WALL_MS + node->cluster->now_ms) + node->wall_ms);
}

static void on_timer_set(void *world)
{
    (void)world; /* looked at after each turn */
}

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    struct node *node = world;
    cluster_note(node->cluster, node, "%s: %s", actor, text);
    if (level == RT_ERROR && strncmp(text, "crashed", 7) == 0) {
        node->cluster->crashed_actors++;
        cluster_blame(node->cluster, "%s: %s %s", node->name, actor, text);
    }
}

/* ---- ports of links ---- */

static void on_deliver(void *world, struct envelope **envelope)
{
    struct node *node = world;
    system_deliver(node->system, envelope);
}

static void on_undeliverable(void *world, struct envelope **envelope, enum err reason)
{
    struct node *node = world;
    system_undeliverable(node->system, envelope, reason);
}

static struct account *on_account(void *world, uint64_t of)
{
    struct node *node = world;
    return system_account(node->system, of);
}

static void on_role_up(void *world, uint64_t role, struct rt_address actor, const char *name)
{
    struct node *node = world;
    system_role_up(node->system, role, actor, name);
}

static void on_node_down(void *world, uint64_t down)
{
    struct node *node = world;
    system_node_down(node->system, down);
}

static void on_link_log(void *world, enum rt_level level, const char *text)
{
    struct node *node = world;
    (void)level;
    cluster_note(node->cluster, node, "link: %s", text);
}

/* ---- a node's life ---- */

static void open_system(struct node *node)
{
    struct cluster *cluster = node->cluster;
    struct system_options options = {.config = &cluster->config,
                                     .name = node->name,
                                     .node = node->incarnation,
                                     .seed = cluster_random(cluster),
                                     .ports = {.world = node,
                                               .net_send = on_net_send,
                                               .net_announce = on_announce,
                                               .exec = exec_start,
                                               .exec_write = exec_write,
                                               .exec_kill = exec_kill,
                                               .http = web_start,
                                               .http_cancel = web_cancel,
                                               .http_serve = web_serve,
                                               .http_answer = web_answer,
                                               .http_close = web_close,
                                               .store = on_store,
                                               .now_ms = on_now,
                                               .wall_ms = on_wall,
                                               .timer_set = on_timer_set,
                                               .log = on_log}};
    const struct links_ports ports = {.world = node,
                                      .transmit = net_transmit,
                                      .deliver = on_deliver,
                                      .undeliverable = on_undeliverable,
                                      .account = on_account,
                                      .role_up = on_role_up,
                                      .node_down = on_node_down,
                                      .log = on_link_log};
    if (system_new(&options, &node->system) != ERR_OK ||
        links_new(&cluster->config.runtime, node->incarnation, node->name, &ports, &node->links) !=
            ERR_OK) {
        abort();
    }
}

static void open_store(struct node *node)
{
    struct store_why why;
    if (node->index == NODE_COORDINATOR && !node->store &&
        store_open(":memory:", &node->cluster->config.store, &ledger_schema, &why, &node->store) !=
            ERR_OK) {
        (void)fprintf(stderr, "%s\n", why.text);
        abort();
    }
}

static enum err spawn_experts(struct node *node)
{
    struct rt_address address;
    const struct classifier_arg classifier = {.judge = {.rules = node->cluster->rules}};
    enum err err =
        system_spawn(node->system, &classifier_behaviour, &classifier, sizeof classifier, &address);
    if (err == ERR_OK) {
        err = system_spawn(node->system, &fixer_behaviour, "/sources", sizeof "/sources", &address);
    }
    if (err == ERR_OK) {
        err = system_spawn(node->system, &validator_behaviour, NULL, 0, &address);
    }
    return err == ERR_OK ? system_spawn(node->system, &healer_behaviour, NULL, 0, &address) : err;
}

static enum err spawn_edge(struct node *node)
{
    struct rt_address address;
    const struct sqs_bridge_arg arg = {.credentials = &node->cluster->credentials, .env = ""};
    enum err err = system_spawn(node->system, &sqs_bridge_behaviour, &arg, sizeof arg, &address);
    return err == ERR_OK ? system_spawn(node->system, &monitor_behaviour, NULL, 0, &address) : err;
}

static void spawn(struct node *node)
{
    struct cluster *cluster = node->cluster;
    struct rt_address address;
    enum err err = ERR_OK;
    if (node->index == NODE_COORDINATOR) {
        err = system_spawn(node->system, &coordinator_behaviour, NULL, 0, &address);
    } else if (node->index == NODE_PARTITIONER) {
        err = system_spawn(node->system, &partitioner_behaviour, NULL, 0, &address);
    } else if (node->index == NODE_EXPERTS) {
        err = spawn_experts(node);
    } else if (node->index == NODE_GATEWAY) {
        err = system_spawn(node->system, &gateway_behaviour, &cluster->gateway,
                           sizeof cluster->gateway, &address);
    } else if (node->index == NODE_EDGE) {
        err = spawn_edge(node);
    } else if (node->index == cluster_client_node(cluster)) {
        for (size_t i = 0; i < CLUSTER_RUNS && err == ERR_OK; i++) {
            struct client_view *view = &cluster->views[i];
            if (view->count > 0) {
                err = system_spawn(node->system, &client_behaviour, &view, sizeof view, &address);
            }
        }
    } else {
        err = system_spawn(node->system, &executor_behaviour, "/reporters", sizeof "/reporters",
                           &address);
    }
    if (err == ERR_OK && node->index != cluster_client_node(cluster)) {
        err = admin_spawn(node);
    }
    if (err != ERR_OK) {
        abort();
    }
}

static int64_t spread(struct cluster *cluster, uint64_t most)
{
    return most ? (int64_t)(cluster_random(cluster) % (2 * most + 1)) - (int64_t)most : 0;
}

void cluster_start(struct cluster *cluster, size_t index)
{
    struct node *node = &cluster->nodes[index];
    if (node->alive) {
        return;
    }
    node->alive = true;
    node->changed_ms = cluster->now_ms;
    node->life++;
    node->incarnation = cluster_random(cluster) | 1;
    node->offset_ms = (int64_t)(cluster_random(cluster) % 100000000);
    node->drift_ppm = spread(cluster, cluster->drift_ppm);
    node->wall_ms = spread(cluster, cluster->wall_spread_ms);
    node->start_ms = UINT64_MAX;
    node->timers_ms = cluster->now_ms;
    node->links_ms = cluster->now_ms;
    node->store_ms = UINT64_MAX;
    open_store(node);
    open_system(node);
    spawn(node);
    cluster_note(cluster, node, "starts life=%llu", (unsigned long long)node->life);
    node->connect_ms = index == NODE_COORDINATOR ? UINT64_MAX : cluster->now_ms;
    for (size_t i = 1; index == NODE_COORDINATOR && i < cluster->nodes_count; i++) {
        /* Their transport finds the new one after a while. */
        cluster->nodes[i].connect_ms = cluster->now_ms + 1 + cluster_random(cluster) % CONNECT_MS;
    }
    node_turn(node);
}

void cluster_start_all(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->nodes_count; i++) {
        cluster_start(cluster, i);
    }
}

static void end(struct node *node)
{
    struct cluster *cluster = node->cluster;
    uint64_t back_ms = node->back_ms;
    cluster_note(cluster, node, "crashes");
    exec_drop(node);
    web_drop(node);
    outside_lose(node);
    net_drop(node);
    links_destroy(&node->links);
    system_destroy(&node->system);
    if (node->store) {
        (void)store_drop_queue(node->store);
    }
    node->alive = false;
    node->changed_ms = cluster->now_ms;
    node->doomed = false;
    node->paused_ms = 0;
    node->timers_ms = UINT64_MAX;
    node->links_ms = UINT64_MAX;
    node->store_ms = UINT64_MAX;
    node->connect_ms = UINT64_MAX;
    node->start_ms = back_ms > 0 ? cluster->now_ms + back_ms : UINT64_MAX;
}

void cluster_crash(struct cluster *cluster, size_t index, enum crash crash, uint64_t back_ms)
{
    struct node *node = &cluster->nodes[index];
    if (!node->alive) {
        return;
    }
    node->back_ms = back_ms;
    if (crash == CRASH_NOW) {
        end(node);
        return;
    }
    node->doomed = true;
    node->doom = crash;
}

void cluster_pause(struct cluster *cluster, size_t index, uint64_t ms)
{
    struct node *node = &cluster->nodes[index];
    if (node->alive && node->paused_ms == 0 && ms > 0) {
        node->paused_ms = cluster->now_ms + ms;
        cluster_note(cluster, node, "stands still for %llu ms", (unsigned long long)ms);
    }
}

void cluster_network(struct cluster *cluster, const struct network *network)
{
    cluster->network = *network;
}

void cluster_cut(struct cluster *cluster, size_t index, bool to, bool from, uint64_t ms)
{
    struct node *node = &cluster->nodes[index];
    node->cut_to_ms = to ? cluster->now_ms + ms : node->cut_to_ms;
    node->cut_from_ms = from ? cluster->now_ms + ms : node->cut_from_ms;
    cluster_note(cluster, node, "is cut off to=%d from=%d for %llu ms", to, from,
                 (unsigned long long)ms);
}

void cluster_watch(struct cluster *cluster, cluster_hand hand, void *arg)
{
    cluster->hand = hand;
    cluster->hand_arg = arg;
}

/* ---- a turn ---- */

/* True when the node is no more. */
static bool dies(struct node *node, enum crash where)
{
    bool queued = node->store_ms != UINT64_MAX || where != CRASH_BEFORE_COMMIT;
    if (node->doomed && node->doom == where && queued) {
        end(node);
        return true;
    }
    return false;
}

void node_turn(struct node *node)
{
    uint64_t timers_ms = system_run_timers(node->system);
    if (node->commands) {
        exec_run(node);
    }
    if (node->exchanges) {
        web_run(node);
    }
    if (system_run_ready(node->system)) {
        timers_ms = system_run_timers(node->system);
        while (system_run_ready(node->system)) {
            timers_ms = system_run_timers(node->system);
        }
    }
    if (dies(node, CRASH_BEFORE_SEND)) {
        return;
    }
    node->timers_ms = from_local(node, timers_ms);
    node->links_ms = from_local(node, links_run(node->links, node_now(node)));
    /* A link that was given up has made actors ready. */
    while (system_run_ready(node->system)) {
        node->timers_ms = from_local(node, system_run_timers(node->system));
        node->links_ms = from_local(node, links_run(node->links, node_now(node)));
    }
    (void)dies(node, CRASH_BEFORE_COMMIT);
}

static void on_store_done(void *arg, struct rt_store_op **op)
{
    struct node *node = arg;
    system_store_done(node->system, op);
}

static void commit(struct node *node)
{
    const struct store_events events = {.arg = node, .done = on_store_done};
    node->store_ms = UINT64_MAX;
    size_t count = store_run(node->store, &events);
    cluster_note(node->cluster, node, "commits %zu", count);
    if (!dies(node, CRASH_AFTER_COMMIT)) {
        node_turn(node);
    }
}

static uint64_t node_next_ms(const struct node *node)
{
    if (!node->alive) {
        return node->start_ms;
    }
    if (node->paused_ms > 0) {
        return node->paused_ms;
    }
    uint64_t next_ms = sooner(sooner(node->timers_ms, node->links_ms), node->store_ms);
    next_ms = sooner(next_ms, node->exchanges ? web_next_ms(node) : UINT64_MAX);
    return sooner(sooner(next_ms, node->connect_ms), exec_next_ms(node));
}

static void node_event(struct node *node)
{
    struct cluster *cluster = node->cluster;
    uint64_t now_ms = cluster->now_ms;
    if (!node->alive) {
        cluster_start(cluster, node->index);
        return;
    }
    if (node->paused_ms > 0) {
        node->paused_ms = 0;
        node->changed_ms = now_ms;
        cluster_note(cluster, node, "goes on");
        net_release(node);
    }
    if (node->connect_ms <= now_ms) {
        node->connect_ms = UINT64_MAX;
        links_connect(node->links, ROUTE_UP, node_now(node));
    }
    if (node->store_ms <= now_ms) {
        commit(node);
    } else {
        node_turn(node);
    }
}

/* Somebody who always wants to be called again at once would stop the world. */
static void pass_to(struct cluster *cluster, uint64_t next_ms, const struct node *node)
{
    cluster->steps_now = next_ms > cluster->now_ms ? 0 : cluster->steps_now + 1;
    if (cluster->steps_now > STEPS_MAX) {
        cluster_blame(cluster, "time stands still: %s", node ? node->name : "frames");
        cluster->steps_now = 0;
        cluster->now_ms++;
    }
    cluster->now_ms = next_ms > cluster->now_ms ? next_ms : cluster->now_ms;
}

void cluster_step(struct cluster *cluster)
{
    uint64_t frames_ms = net_next_ms(cluster);
    uint64_t next_ms = sooner(frames_ms, outside_next_ms(cluster));
    struct node *first = NULL;
    for (size_t i = 0; i < cluster->nodes_count; i++) {
        uint64_t node_ms = node_next_ms(&cluster->nodes[i]);
        if (node_ms < next_ms) {
            next_ms = node_ms;
            first = &cluster->nodes[i];
        }
    }
    if (next_ms == UINT64_MAX) {
        return;
    }
    pass_to(cluster, next_ms, first);
    cluster->events++;
    if (first) {
        node_event(first);
    } else if (frames_ms <= next_ms) {
        net_arrive(cluster);
    } else {
        outside_run(cluster);
    }
}

void cluster_run(struct cluster *cluster, uint64_t ms)
{
    uint64_t end_ms = cluster->now_ms + ms;
    for (;;) {
        uint64_t next_ms = sooner(net_next_ms(cluster), outside_next_ms(cluster));
        for (size_t i = 0; i < cluster->nodes_count; i++) {
            next_ms = sooner(next_ms, node_next_ms(&cluster->nodes[i]));
        }
        if (next_ms > end_ms) {
            break;
        }
        cluster_step(cluster);
    }
    cluster->now_ms = end_ms;
}

/* ---- beginning and end ---- */

static void hurried(struct config *config)
{
    config_defaults(config);
    config->coordinator.lease_ms = 2000;
    config->coordinator.beat_ms = 500;
    config->coordinator.resend_ms = 300;
    /* What is judged here is that the first good result of a job is the one that stays. */
    config->coordinator.new_tests_percent = 0;
    config->runtime.heartbeat_ms = 500;
    config->runtime.silence_ms_max = 2000;
    config->executor.file_timeout_ms = 3000;
    config->coordinator.remedy_ms_max = 6000;
    config->fixer.source_timeout_ms = 2000;
    config->validator.timeout_ms = 2000;
    config->monitor.processes_ms = 3000;
    config->gateway.submit_ms_max = 2000;
    config->gateway.request_ms_max = 3000;
    config->gateway.retry_ms = 200;
    config->gateway.attempts_max = 1000; /* it must come right in the end */
    config->sqs.attempts_max = 100;      /* the same */
    config->sqs.backoff_ms_max = 1000;
    config->sqs.counts_ms = 5000;
    config->sqs.visibility_s = 4;
    config->sqs.wait_s = 5;
    config->run.retries = 1;
}

/* Where the world outside is; the same for all configurations. */
static void open_outside(struct cluster *self)
{
    struct config *config = &self->config;
    (void)strcpy(config->run.runner, "tsc");
    (void)strcpy(config->monitor.listen, "127.0.0.1:9477");
    (void)strcpy(config->gateway.listen, "127.0.0.1:8080");
    (void)strcpy(config->gateway.api_url, "http://github.test");
    (void)strcpy(config->gateway.checkouts, "/checkouts");
    (void)strcpy(config->sqs.endpoint, "http://sqs.test");
    (void)strcpy(config->sqs.region, "eu-central-1");
    (void)strcpy(config->sqs.queue, FAKE_QUEUE_JOBS);
    (void)strcpy(config->sqs.dead_letter, FAKE_QUEUE_DEAD);
    (void)strcpy(self->credentials.access_key, "key");
    (void)strcpy(self->credentials.secret, "secret");
    (void)strcpy(self->gateway.token, "token");
    if (signature_secrets_read(OUTSIDE_SECRET, &self->gateway.secrets) != ERR_OK) {
        abort();
    }
    outside_init(self);
}

static void load_rules(struct cluster *self)
{
    struct config_report report;
    config_report_clear(&report);
    if (rules_load(RULES_FILE, NULL, &self->rules, &report) != ERR_OK) {
        config_report_print(stderr, &report);
        abort();
    }
}

struct cluster *cluster_new(const struct cluster_options *options)
{
    struct cluster *self = calloc(1, sizeof *self);
    if (!self) {
        abort();
    }
    hurried(&self->config);
    if (options->config) {
        self->config = *options->config;
    }
    self->random = options->seed;
    open_outside(self);
    self->trace = options->trace;
    self->wall_spread_ms = options->wall_spread_ms;
    self->drift_ppm = options->drift_ppm;
    self->network = (struct network){.delay_ms = 1, .jitter_ms = 0};
    load_rules(self);
    self->nodes_count = options->executors + CLUSTER_OTHERS;
    for (size_t i = 0; i < self->nodes_count; i++) {
        struct node *node = &self->nodes[i];
        node->cluster = self;
        node->index = i;
        node->start_ms = UINT64_MAX;
        node->held_last = &node->held;
        (void)snprintf(node->name, sizeof node->name, "executor-%zu", i - NODE_EXECUTORS);
    }
    (void)strcpy(self->nodes[NODE_COORDINATOR].name, "coordinator");
    (void)strcpy(self->nodes[NODE_PARTITIONER].name, "partitioner");
    (void)strcpy(self->nodes[NODE_EXPERTS].name, "experts");
    (void)strcpy(self->nodes[NODE_GATEWAY].name, "gateway");
    (void)strcpy(self->nodes[NODE_EDGE].name, "edge");
    (void)strcpy(self->nodes[self->nodes_count - 1].name, "client");
    for (size_t i = 0; i < CLUSTER_RUNS; i++) {
        (void)snprintf(self->views[i].run, sizeof self->views[i].run,
                       "01JD000000000000000000000%zu", i);
    }
    return self;
}

void cluster_destroy(struct cluster **cluster)
{
    struct cluster *self = *cluster;
    if (!self) {
        return;
    }
    for (size_t i = 0; i < self->nodes_count; i++) {
        struct node *node = &self->nodes[i];
        exec_drop(node);
        web_drop(node);
        net_drop(node);
        links_destroy(&node->links);
        system_destroy(&node->system);
        store_close(&node->store);
    }
    net_free(self);
    outside_fini(self);
    rules_destroy(&self->rules);
    free(self);
    *cluster = NULL;
}
