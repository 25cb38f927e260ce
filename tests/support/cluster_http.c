/* cluster_http.c - requests of nodes to SQS and GitHub, and what gets lost on the way.
 *
 * A request is done at its server at once or never; what may take its time is the answer.  A long
 * poll is done when it ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cluster_priv.h"

enum { ANSWER_MS_MAX = 30, UNLUCKY_ONE_IN = 8 };

enum weather {
    WEATHER_GOOD,
    WEATHER_NO_WAY,      /* the connection is refused */
    WEATHER_LOST,        /* nothing comes of it */
    WEATHER_ANSWER_LOST, /* it is done */
    WEATHER_REFUSED,     /* 500 or 429, and it is not done */
    WEATHER_BROKEN,      /* 500, and it is done */
    WEATHER_SLOW,
    WEATHER_TWICE, /* it is done twice */
    WEATHERS
};

void cluster_http(struct cluster *cluster, uint64_t permille)
{
    cluster->outside.bad_permille = permille;
}

static enum weather draw(struct cluster *cluster)
{
    uint64_t permille = cluster->outside.bad_permille;
    bool good = permille == 0 || cluster_random(cluster) % 1000 >= permille;
    return good ? WEATHER_GOOD : (enum weather)(1 + cluster_random(cluster) % (WEATHERS - 1));
}

/* ---- what the servers do ---- */

static const char *action_of(const struct rt_http_request *request)
{
    static const char begin[] = "X-Amz-Target: AmazonSQS.";
    for (size_t i = 0; request->headers && request->headers[i]; i++) {
        if (strncmp(request->headers[i], begin, sizeof begin - 1) == 0) {
            return request->headers[i] + sizeof begin - 1;
        }
    }
    return NULL;
}

static void receive(struct cluster *cluster, struct exchange *exchange)
{
    char *body = exchange->body;
    const struct fake_call call = {
        .action = "ReceiveMessage", .body = body, .now_ms = cluster_wall(cluster)};
    exchange->body = NULL;
    uint64_t status = fake_sqs_answer(&cluster->outside.sqs, &call, &exchange->body);
    exchange->status = exchange->silent ? 0 : status;
    free(body);
}

/* Keeps the first answer. */
static void serve(struct cluster *cluster, struct exchange *exchange,
                  const struct rt_http_request *request, const char *body)
{
    const char *action = action_of(request);
    uint64_t unlucky =
        cluster->outside.bad_permille > 0 && cluster_random(cluster) % UNLUCKY_ONE_IN == 0
            ? cluster_random(cluster)
            : 0;
    const struct fake_call call = {
        .action = action, .body = body, .now_ms = cluster_wall(cluster), .unlucky = unlucky};
    char *told = NULL;
    uint64_t status = action ? fake_sqs_answer(&cluster->outside.sqs, &call, &told)
                             : fake_github_answer(&cluster->outside.github, request->method,
                                                  request->url, body, &told);
    if (exchange->body) {
        free(told);
        return;
    }
    exchange->status = status;
    exchange->body = told;
}

/* ---- the ports ---- */

static void spoil(struct cluster *cluster, struct exchange *exchange, enum weather weather,
                  const struct rt_http_request *request)
{
    bool timeout = weather == WEATHER_LOST ||
                   (weather == WEATHER_ANSWER_LOST && cluster_random(cluster) % 2 == 0);
    if (timeout) {
        exchange->due_ms = cluster->now_ms + request->timeout_ms;
    } else if (weather == WEATHER_SLOW) {
        exchange->due_ms = cluster->now_ms + cluster_random(cluster) % request->timeout_ms;
    }
    if (weather == WEATHER_REFUSED || weather == WEATHER_BROKEN) {
        bool limited = weather == WEATHER_REFUSED && cluster_random(cluster) % 2 == 0;
        exchange->status = limited ? 429 : 500;
        exchange->headers = limited ? "retry-after: 1\n" : "";
        free(exchange->body);
        exchange->body = NULL;
    } else if (weather == WEATHER_NO_WAY || timeout || weather == WEATHER_ANSWER_LOST) {
        exchange->status = 0;
    }
}

static void begin_poll(struct cluster *cluster, struct exchange *exchange, enum weather weather,
                       const char *body)
{
    const char *wait = strstr(body, "\"WaitTimeSeconds\":");
    uint64_t wait_s = wait ? strtoull(wait + strlen("\"WaitTimeSeconds\":"), NULL, 10) : 0;
    exchange->poll_until_ms = cluster->now_ms + wait_s * 1000;
    exchange->silent = weather == WEATHER_ANSWER_LOST;
    exchange->body = strdup(body);
    if (!exchange->body) {
        abort();
    }
}

void web_start(void *world, uint64_t id, struct rt_address owner,
               const struct rt_http_request *request)
{
    struct node *node = world;
    struct cluster *cluster = node->cluster;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    char *body = strndup(request->body.at ? request->body.at : "", request->body.size);
    if (!exchange || !body) {
        abort();
    }
    const char *action = action_of(request);
    enum weather weather = draw(cluster);
    *exchange =
        (struct exchange){.next = node->exchanges,
                          .id = id,
                          .owner = owner,
                          .due_ms = cluster->now_ms + 1 + cluster_random(cluster) % ANSWER_MS_MAX,
                          .headers = ""};
    node->exchanges = exchange;
    cluster_note(cluster, node, "http %s %s %s weather=%d", request->method, request->url,
                 action ? action : "", (int)weather);
    bool done = weather != WEATHER_NO_WAY && weather != WEATHER_LOST && weather != WEATHER_REFUSED;
    bool poll = action && strcmp(action, "ReceiveMessage") == 0;
    if (poll && done && weather != WEATHER_BROKEN) {
        begin_poll(cluster, exchange, weather, body);
    } else {
        if (done) {
            serve(cluster, exchange, request, body);
        }
        /* GitHub has nothing against doing a thing twice, and nobody could help it. */
        if (weather == WEATHER_TWICE && action) {
            serve(cluster, exchange, request, body);
        }
        spoil(cluster, exchange, weather, request);
    }
    free(body);
}

static void drop(struct exchange **at)
{
    struct exchange *exchange = *at;
    *at = exchange->next;
    free(exchange->body);
    free(exchange);
}

void web_cancel(void *world, uint64_t id)
{
    struct node *node = world;
    for (struct exchange **at = &node->exchanges; *at; at = &(*at)->next) {
        if ((*at)->id == id) {
            drop(at);
            return;
        }
    }
}

static uint64_t due_ms(const struct node *node, const struct exchange *exchange)
{
    if (exchange->poll_until_ms == 0) {
        return exchange->due_ms;
    }
    const struct cluster *cluster = node->cluster;
    uint64_t there_ms = fake_sqs_next_ms(&cluster->outside.sqs);
    there_ms = there_ms == UINT64_MAX ? there_ms : there_ms > WALL_MS ? there_ms - WALL_MS : 0;
    uint64_t end_ms = sooner(exchange->poll_until_ms, there_ms);
    return end_ms > exchange->due_ms ? end_ms : exchange->due_ms;
}

uint64_t web_next_ms(const struct node *node)
{
    uint64_t next_ms = UINT64_MAX;
    for (const struct exchange *exchange = node->exchanges; exchange; exchange = exchange->next) {
        next_ms = sooner(next_ms, due_ms(node, exchange));
    }
    return next_ms;
}

static void tell(struct node *node, const struct exchange *exchange)
{
    bool any = exchange->status != 0;
    enum err err =
        system_tell(node->system, exchange->owner,
                    MSG(http_done, .id = exchange->id, .status = exchange->status,
                        .headers = msg_str(any ? exchange->headers : ""),
                        .body = msg_str(any && exchange->body ? exchange->body : ""),
                        .error = msg_str(any ? "" : "the simulated network is to blame")));
    if (err == ERR_FULL) {
        cluster_blame(node->cluster, "no room for an answer of HTTP");
    }
}

void web_run(struct node *node)
{
    struct cluster *cluster = node->cluster;
    struct exchange **at = &node->exchanges;
    while (*at) {
        struct exchange *exchange = *at;
        if (due_ms(node, exchange) > cluster->now_ms) {
            at = &exchange->next;
            continue;
        }
        if (exchange->poll_until_ms > 0) {
            receive(cluster, exchange);
        }
        cluster_note(cluster, node, "http answer %llu %s", (unsigned long long)exchange->status,
                     exchange->body ? exchange->body : "");
        tell(node, exchange);
        drop(at);
    }
}

void web_drop(struct node *node)
{
    while (node->exchanges) {
        drop(&node->exchanges);
    }
}
