/* cluster_outside.c - who is outside of the cluster: somebody who puts jobs into a queue, GitHub
 * that sends webhooks, Prometheus that scrapes; and what must be true of it all.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/event.h"
#include "actors/gateway/report.h"
#include "actors/sqs_bridge/job.h"
#include "tests/support/cluster_priv.h"

enum { AGAIN_MS = 1000, PATIENCE_MS = 10000, SCRAPE_MS = 3000, NOTICE_MS = 5000 };

#define SHA       "0123456789abcdef0123456789abcdef01234567"
#define UPDATED   "2024-05-01T12:34:56Z"
#define CHECKOUTS "/checkouts"

static const char hook_body[] =
    "{\"action\":\"opened\",\"pull_request\":{\"number\":7,\"updated_at\":\"" UPDATED
    "\",\"head\":{\"sha\":\"" SHA "\",\"ref\":\"t\",\"repo\":{\"full_name\":\"o/r\"}},"
    "\"base\":{\"sha\":\"" SHA "\"}},\"repository\":{\"full_name\":\"o/r\"}}";

/* ---- what comes in from outside ---- */

static void put_later(struct cluster *cluster, size_t run, uint64_t at_ms, char *body)
{
    struct outside *self = &cluster->outside;
    if (!body || self->puts_count == OUTSIDE_PUTS_MAX) {
        abort();
    }
    struct outside_put *put = &self->puts[self->puts_count];
    *put = (struct outside_put){.at_ms = at_ms, .run = run, .body = body};
    (void)snprintf(put->id, sizeof put->id, "message-%zu", self->puts_count++);
}

void cluster_queue(struct cluster *cluster, size_t run, uint64_t at_ms, bool named)
{
    struct client_view *view = &cluster->views[run];
    struct outside *self = &cluster->outside;
    const char **files = calloc(view->count, sizeof *files);
    char id[FAKE_ID_SIZE];
    char *body = NULL;
    (void)snprintf(id, sizeof id, "message-%zu", self->puts_count);
    if (!files || (!named && job_run(id, WALL_MS + at_ms, view->run) != ERR_OK)) {
        abort();
    }
    for (size_t i = 0; i < view->count; i++) {
        files[i] = view->files[i];
    }
    struct job job = {.run = named ? view->run : "",
                      .dir = "/project",
                      .root = "/project",
                      .snapshot = "",
                      .runner = "command",
                      .command = "run {}",
                      .origin = "",
                      .env = "",
                      .retries = view->retries,
                      .fix = (enum term)view->fix,
                      .heal = TERM_mode_OFF,
                      .files = files,
                      .files_count = view->count};
    if (job_write(&job, &body) != ERR_OK) {
        abort();
    }
    free(files);
    view->submitted = true; /* by others */
    put_later(cluster, run, at_ms, body);
    if (named && cluster_random(cluster) % 4 == 0) {
        /* Who put it there was not sure whether it arrived. */
        put_later(cluster, run, at_ms + cluster_random(cluster) % 3000, strdup(body));
    }
}

void cluster_queue_rubbish(struct cluster *cluster, uint64_t at_ms)
{
    put_later(cluster, SIZE_MAX, at_ms, strdup("{\"dir\":7}"));
}

void cluster_webhook(struct cluster *cluster, size_t run, uint64_t at_ms)
{
    struct client_view *view = &cluster->views[run];
    struct outside *self = &cluster->outside;
    struct msg_str body = msg_str(hook_body);
    if (event_run_id(body, event_time_ms(msg_str(UPDATED)), view->run) != ERR_OK) {
        abort();
    }
    view->submitted = true;
    view->dir = CHECKOUTS "/o/r/" SHA;
    self->hook_run = run;
    self->visits[VISIT_HOOK].due_ms = at_ms;
    self->visits[VISIT_FORGED].due_ms = at_ms + cluster_random(cluster) % 3000;
    self->hook_again = cluster_random(cluster) % 2;
    for (uint64_t i = cluster_random(cluster) % 2 * 40; i > 0; i--) {
        fake_github_comment(&self->github, "looks good to me");
    }
}

/* ---- requests to nodes ---- */

static void visit_later(struct cluster *cluster, enum visit_kind kind, uint64_t ms)
{
    cluster->outside.visits[kind] = (struct visit){.due_ms = cluster->now_ms + ms};
}

static struct node *visited(struct cluster *cluster, enum visit_kind kind)
{
    return &cluster->nodes[kind == VISIT_SCRAPE ? NODE_EDGE : NODE_GATEWAY];
}

static void hook_headers(bool forged, char *text, size_t size)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_size = 0;
    const char *secret = forged ? "guessed" : OUTSIDE_SECRET;
    (void)HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)hook_body,
               sizeof hook_body - 1, mac, &mac_size);
    int used = snprintf(text, size,
                        "x-github-event: pull_request\nx-github-delivery: 1-2\n"
                        "content-type: application/json\nx-hub-signature-256: sha256=");
    for (unsigned i = 0; i < mac_size; i++) {
        used += snprintf(text + used, size - (size_t)used, "%02x", mac[i]);
    }
    (void)snprintf(text + used, size - (size_t)used, "\n");
}

static void visit(struct cluster *cluster, enum visit_kind kind)
{
    struct node *node = visited(cluster, kind);
    struct visit *self = &cluster->outside.visits[kind];
    char headers[512] = "";
    if (!node->alive || node->paused_ms > 0 || node->server.actor == 0) {
        visit_later(cluster, kind, AGAIN_MS);
        return;
    }
    *self = (struct visit){.id = ++cluster->outside.last_visit,
                           .due_ms = cluster->now_ms + PATIENCE_MS};
    bool scrape = kind == VISIT_SCRAPE;
    if (!scrape) {
        hook_headers(kind == VISIT_FORGED, headers, sizeof headers);
    }
    cluster_note(cluster, node, "is visited kind=%d", (int)kind);
    enum err err =
        system_tell(node->system, node->server,
                    MSG(http_request, .id = self->id, .method = msg_str(scrape ? "GET" : "POST"),
                        .path = msg_str(scrape ? "/metrics" : "/webhook"), .query = msg_str(""),
                        .headers = msg_str(headers), .body = msg_str(scrape ? "" : hook_body)));
    if (err == ERR_FULL) {
        cluster_blame(cluster, "no room for a request of HTTP");
    }
    node_turn(node);
}

uint64_t outside_next_ms(const struct cluster *cluster)
{
    const struct outside *self = &cluster->outside;
    uint64_t next_ms = UINT64_MAX;
    for (size_t i = 0; i < VISITS; i++) {
        next_ms = sooner(next_ms, self->visits[i].due_ms);
    }
    for (size_t i = 0; i < self->puts_count; i++) {
        next_ms = sooner(next_ms, self->puts[i].at_ms);
    }
    return next_ms;
}

void outside_run(struct cluster *cluster)
{
    struct outside *self = &cluster->outside;
    for (size_t i = 0; i < self->puts_count; i++) {
        struct outside_put *put = &self->puts[i];
        if (put->at_ms <= cluster->now_ms) {
            fake_sqs_put(&self->sqs, put->id, put->body, WALL_MS + put->at_ms);
            put->at_ms = UINT64_MAX;
        }
    }
    for (size_t i = 0; i < VISITS; i++) {
        if (self->visits[i].due_ms <= cluster->now_ms) {
            visit(cluster, (enum visit_kind)i); /* for the first time, or nobody has answered */
        }
    }
}

/* ---- their answers ---- */

static void on_hook(struct cluster *cluster, uint64_t status)
{
    struct outside *self = &cluster->outside;
    bool lost = self->bad_permille > 0 && cluster_random(cluster) % 4 == 0;
    if (status == 202 && !cluster->committed[self->hook_run]) {
        cluster_blame(cluster, "a webhook was accepted before its run was committed");
    } else if (status != 202 && status != 503) {
        cluster_blame(cluster, "a webhook got %llu", (unsigned long long)status);
    }
    if (status == 202 && !lost && !self->hook_again) {
        self->visits[VISIT_HOOK] = (struct visit){.due_ms = UINT64_MAX};
        self->hook_done = true;
        return;
    }
    self->hook_again &= status != 202;
    visit_later(cluster, VISIT_HOOK, 1 + cluster_random(cluster) % 3000);
}

/* How often `what` is in the text. */
static size_t count_of(struct msg_str text, const char *what)
{
    size_t count = 0;
    const char *end = text.at + text.size;
    const char *at = text.at;
    while ((at = memmem(at, (size_t)(end - at), what, strlen(what)))) {
        at += strlen(what);
        count++;
    }
    return count;
}

/* It has been so for longer than the monitor needs to notice. */
static bool is_long_gone(const struct cluster *cluster)
{
    const struct node *coordinator = &cluster->nodes[NODE_COORDINATOR];
    uint64_t since_ms = cluster->nodes[NODE_EDGE].changed_ms;
    since_ms = coordinator->changed_ms > since_ms ? coordinator->changed_ms : since_ms;
    return !coordinator->alive && cluster->now_ms - since_ms > NOTICE_MS;
}

static void on_scrape(struct cluster *cluster, uint64_t status, struct msg_str body)
{
    struct outside *self = &cluster->outside;
    if (status != 200) {
        cluster_blame(cluster, "/metrics gave %llu", (unsigned long long)status);
    }
    /* Of a process that is up, and only of such a one, there are figures. */
    bool coordinator = count_of(body, "\ntroupe_coordinator_up 1\n") == 1;
    /* The client has no admin, as no command has one. */
    if (coordinator && is_long_gone(cluster)) {
        cluster_blame(cluster, "the monitor shows a coordinator that is gone");
    }
    if (coordinator && count_of(body, "\ntroupe_actors{") == cluster->nodes_count - 1) {
        self->monitored_ms = cluster->now_ms;
    }
    visit_later(cluster, VISIT_SCRAPE, SCRAPE_MS);
}

void web_answer(void *world, uint64_t id, uint64_t status, const char *type, struct msg_str body)
{
    struct node *node = world;
    struct cluster *cluster = node->cluster;
    struct visit *visits = cluster->outside.visits;
    (void)type;
    cluster_note(cluster, node, "answers a visit %llu", (unsigned long long)status);
    if (id == visits[VISIT_HOOK].id) {
        on_hook(cluster, status);
    } else if (id == visits[VISIT_SCRAPE].id) {
        on_scrape(cluster, status, body);
    } else if (id == visits[VISIT_FORGED].id) {
        if (status != 401) {
            cluster_blame(cluster, "a forged webhook got %llu", (unsigned long long)status);
        }
        visits[VISIT_FORGED] = (struct visit){.due_ms = UINT64_MAX};
    }
}

enum err web_serve(void *world, struct rt_address owner, const char *at)
{
    struct node *node = world;
    (void)at;
    if (node->server.actor != 0) {
        return ERR_EXISTS;
    }
    node->server = owner;
    return ERR_OK;
}

void web_close(void *world)
{
    struct node *node = world;
    node->server = (struct rt_address){0, 0};
}

/* ---- what must be true ---- */

static void on_delete(void *arg, const struct fake_message *message)
{
    struct cluster *cluster = arg;
    size_t put = strtoull(message->id + strlen("message-"), NULL, 10);
    size_t run = cluster->outside.puts[put].run;
    if (run == SIZE_MAX) {
        if (fake_sqs_left(&cluster->outside.sqs, true) == 0) {
            cluster_blame(cluster, "rubbish was deleted before it was a dead letter");
        }
    } else if (!cluster->committed[run]) {
        cluster_blame(cluster, "%s was deleted before its run was committed", message->id);
    }
}

static enum err count_runs(struct store_txn *txn, void *arg)
{
    struct store_rows rows;
    store_query(txn, "SELECT count(*), sum(origin <> '' AND reported = 0) FROM run", STORE_WITHOUT,
                &rows);
    if (store_next(&rows)) {
        uint64_t *counts = arg;
        counts[0] = store_column_u64(&rows, 0);
        counts[1] = store_column_u64(&rows, 1);
    }
    return store_rows_end(&rows);
}

bool cluster_outside_done(struct cluster *cluster)
{
    struct outside *self = &cluster->outside;
    uint64_t counts[2] = {0, 1};
    for (size_t i = 0; i < self->puts_count; i++) {
        if (self->puts[i].at_ms != UINT64_MAX) {
            return false;
        }
    }
    bool hooked = self->hook_run == SIZE_MAX || self->hook_done;
    return hooked && fake_sqs_left(&self->sqs, false) == 0 &&
           cluster_query(cluster, count_runs, counts) == ERR_OK && counts[1] == 0;
}

bool cluster_monitored(const struct cluster *cluster, uint64_t since_ms)
{
    return cluster->outside.monitored_ms > since_ms;
}

#define WRONG(...) (snprintf(why, CLUSTER_WHY_SIZE, __VA_ARGS__), false)

static bool check_report(struct cluster *cluster, char *why)
{
    const struct outside *self = &cluster->outside;
    const struct client_view *view = &cluster->views[self->hook_run];
    const struct fake_check *check = NULL;
    const char *comment = NULL;
    size_t checks = fake_github_checks(&self->github, view->run, &check);
    size_t comments = fake_github_comments(&self->github, REPORT_MARKER, &comment);
    const char *conclusion = view->verdict == TERM_verdict_PASSED ? "success" : "failure";
    if (checks != 1 || comments != 1) {
        return WRONG("%zu check runs and %zu comments for one webhook", checks, comments);
    }
    if (strcmp(check->status, "completed") != 0 || strcmp(check->conclusion, conclusion) != 0) {
        return WRONG("the check run says %s %s instead of %s", check->status, check->conclusion,
                     conclusion);
    }
    return strstr(comment, view->run) ? true : WRONG("the comment is of another run");
}

bool cluster_outside_check(struct cluster *cluster, char *why)
{
    const struct outside *self = &cluster->outside;
    uint64_t counts[2] = {0, 0};
    uint64_t wanted = 0;
    bool rubbish = false;
    for (size_t i = 0; i < CLUSTER_RUNS; i++) {
        wanted += cluster->views[i].count > 0;
    }
    for (size_t i = 0; i < self->puts_count; i++) {
        rubbish |= self->puts[i].run == SIZE_MAX;
    }
    if (cluster_query(cluster, count_runs, counts) != ERR_OK || counts[0] != wanted) {
        return WRONG("%llu runs instead of %llu", (unsigned long long)counts[0],
                     (unsigned long long)wanted);
    }
    if (counts[1] > 0 || fake_sqs_left(&self->sqs, false) > 0) {
        return WRONG("%llu runs are not reported, %zu messages are left",
                     (unsigned long long)counts[1], fake_sqs_left(&self->sqs, false));
    }
    if (rubbish != (fake_sqs_left(&self->sqs, true) > 0)) {
        return WRONG("%zu dead letters", fake_sqs_left(&self->sqs, true));
    }
    return self->hook_run == SIZE_MAX || check_report(cluster, why);
}

/* ---- beginning and end ---- */

void outside_init(struct cluster *cluster)
{
    struct outside *self = &cluster->outside;
    self->hook_run = SIZE_MAX;
    for (size_t i = 0; i < VISITS; i++) {
        self->visits[i].due_ms = UINT64_MAX;
    }
    self->visits[VISIT_SCRAPE].due_ms = SCRAPE_MS;
    self->sqs.on_delete = on_delete;
    self->sqs.arg = cluster;
}

/* A node is no more: whoever talks with it notices. */
void outside_lose(struct node *node)
{
    struct cluster *cluster = node->cluster;
    const struct visit *visits = cluster->outside.visits;
    node->server = (struct rt_address){0, 0};
    for (size_t i = 0; i < VISITS; i++) {
        if (visited(cluster, (enum visit_kind)i) == node && visits[i].id != 0) {
            visit_later(cluster, (enum visit_kind)i, AGAIN_MS);
        }
    }
}

void outside_fini(struct cluster *cluster)
{
    struct outside *self = &cluster->outside;
    for (size_t i = 0; i < self->puts_count; i++) {
        free(self->puts[i].body);
    }
    fake_sqs_fini(&self->sqs);
    fake_github_fini(&self->github);
}
