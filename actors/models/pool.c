/* pool.c - see pool.h. */
#include "actors/models/pool.h"

#include <assert.h>
#include <string.h>

void pool_init(struct pool *pool, const struct plan *plan)
{
    memset(pool, 0, sizeof *pool);
    pool->plan = plan;
    for (size_t i = 0; i < PLAN_INSTANCES_MAX; i++) {
        pool->instances[i].warm = POOL_NONE;
    }
}

int pool_add(struct pool *pool, size_t class_index, uint64_t until_ms)
{
    assert(class_index < PLAN_CLASSES);
    for (int i = 0; i < POOL_WAITING_MAX; i++) {
        if (!pool->items[i].used) {
            pool->items[i] = (struct pool_item){.used = true,
                                                .class_index = class_index,
                                                .order = ++pool->order,
                                                .instance = POOL_NONE,
                                                .until_ms = until_ms};
            return i;
        }
    }
    return POOL_NONE;
}

/* ---- what servers have ---- */

int pool_check(struct pool *pool, uint64_t now_ms)
{
    size_t sent;
    size_t waiting;
    pool_load(pool, &sent, &waiting);
    for (size_t i = 0; i < pool->plan->instances_count; i++) {
        struct pool_instance *instance = &pool->instances[i];
        uint64_t age_ms = now_ms - instance->checked_ms;
        bool old = instance->host == POOL_STARTING ? age_ms >= POOL_POLL_MS
                   : instance->host == POOL_UP && waiting > 0
                       ? !instance->known || age_ms >= POOL_CHECK_MS
                       : false;
        if (old && !instance->checking && breaker_allows(&instance->breaker, now_ms)) {
            instance->checking = true;
            return (int)i;
        }
    }
    return POOL_NONE;
}

static bool can_start(const struct pool *pool, size_t instance)
{
    return pool->plan->instances[instance].backend->start[0] != NULL;
}

void pool_checked(struct pool *pool, int instance, bool ok, uint32_t models, uint64_t now_ms)
{
    struct pool_instance *at = &pool->instances[instance];
    at->checking = false;
    if (at->host != POOL_UP && at->host != POOL_STARTING) {
        return; /* of one that is not there any more */
    }
    at->known = ok;
    at->models = ok ? models : 0;
    at->checked_ms = now_ms;
    if (ok) {
        at->used_ms = at->host == POOL_STARTING ? now_ms : at->used_ms;
        at->host = POOL_UP;
    } else if (at->host == POOL_UP && !at->ours && can_start(pool, (size_t)instance)) {
        at->host = POOL_OFF;
    } else if (at->host == POOL_UP) {
        breaker_trip(&at->breaker, now_ms);
    }
}

/* ---- servers that are started ---- */

int pool_to_start(const struct pool *pool)
{
    for (size_t i = 0; i < pool->plan->instances_count; i++) {
        if (pool->instances[i].host == POOL_WANTED) {
            return (int)i;
        }
    }
    return POOL_NONE;
}

void pool_started(struct pool *pool, int instance, uint64_t now_ms)
{
    struct pool_instance *at = &pool->instances[instance];
    at->host = POOL_STARTING;
    at->ours = true;
    at->used_ms = now_ms;
    at->checked_ms = now_ms;
}

/* When an instance of ours is to be stopped if nothing happens to it; 0: not. */
static uint64_t stop_ms(const struct pool *pool, size_t index)
{
    const struct pool_instance *instance = &pool->instances[index];
    const struct plan_backend *backend = pool->plan->instances[index].backend;
    bool starting = instance->host == POOL_STARTING;
    if (!instance->ours || instance->in_flight > 0 || (!starting && instance->host != POOL_UP)) {
        return 0;
    }
    return instance->used_ms + UINT64_C(1000) * (starting ? backend->start_s : backend->idle_s);
}

int pool_to_stop(struct pool *pool, uint64_t now_ms)
{
    for (size_t i = 0; i < pool->plan->instances_count; i++) {
        struct pool_instance *at = &pool->instances[i];
        uint64_t at_ms = stop_ms(pool, i);
        if (at_ms == 0 || now_ms < at_ms) {
            continue;
        }
        if (at->host == POOL_STARTING) {
            breaker_trip(&at->breaker, now_ms);
        }
        at->host = POOL_STOPPING;
        at->known = false;
        return (int)i;
    }
    return POOL_NONE;
}

void pool_stopped(struct pool *pool, int instance, uint64_t now_ms)
{
    struct pool_instance *at = &pool->instances[instance];
    if (at->host != POOL_STOPPING) {
        breaker_trip(&at->breaker, now_ms);
    }
    at->host = POOL_OFF;
    at->ours = false;
    at->known = false;
    at->warm = POOL_NONE;
}

/* Wants another server where those that are there, or come, would need longer for all that waits
 * than it needs to start. */
static void grow(struct pool *pool, uint64_t now_ms)
{
    struct pool_count total;
    size_t sent;
    size_t waiting;
    uint64_t places = 0;
    size_t off = PLAN_INSTANCES_MAX;
    pool_total(pool, &total);
    pool_load(pool, &sent, &waiting);
    for (size_t i = 0; i < pool->plan->instances_count; i++) {
        const struct pool_instance *at = &pool->instances[i];
        bool may = breaker_allows(&at->breaker, now_ms);
        if (at->host == POOL_OFF && may && off == PLAN_INSTANCES_MAX) {
            off = i;
        } else if (at->host != POOL_OFF && may) {
            places += pool->plan->instances[i].backend->in_flight;
        }
    }
    uint64_t done = total.outcomes[POOL_DONE];
    uint64_t work_ms = waiting * (done > 0 ? total.ms / done : POOL_MEAN_MS);
    if (off < PLAN_INSTANCES_MAX && places > 0 &&
        work_ms / places > UINT64_C(1000) * pool->plan->instances[off].backend->start_s) {
        pool->instances[off].host = POOL_WANTED;
    }
}

/* ---- who is next ---- */

size_t pool_model(const struct pool *pool, int item)
{
    const struct pool_item *at = &pool->items[item];
    const struct plan_class *class = &pool->plan->classes[at->class_index];
    assert(at->at < class->chain_count);
    return class->chain[at->at];
}

/* What can be done for an item with its present model. */
enum chance { CHANCE_NONE, CHANCE_LATER, CHANCE_NOW };

static enum chance look(const struct pool *pool, int item, uint64_t now_ms, int *ret_instance)
{
    const struct pool_item *at = &pool->items[item];
    size_t model = pool_model(pool, item);
    unsigned best = 0;
    enum chance chance = CHANCE_NONE;
    for (size_t i = 0; i < pool->plan->instances_count; i++) {
        const struct pool_instance *instance = &pool->instances[i];
        unsigned load = instance->in_flight + (instance->warm != (int)model);
        bool fit = instance->known && (instance->models & 1U << model) != 0;
        if ((at->tried & 1U << i) != 0) {
            continue;
        }
        bool trial = fit && instance->breaker.state == BREAKER_HALF_OPEN; /* it is under way */
        bool comes = instance->host != POOL_UP && instance->host != POOL_OFF;
        if (trial || comes || (instance->checking && !instance->known)) {
            chance = chance == CHANCE_NONE ? CHANCE_LATER : chance;
        } else if (fit && breaker_allows(&instance->breaker, now_ms)) {
            bool room = instance->in_flight < pool->plan->instances[i].backend->in_flight;
            if (room && (chance != CHANCE_NOW || load < best)) {
                best = load;
                *ret_instance = (int)i;
            }
            chance = room ? CHANCE_NOW : chance == CHANCE_NOW ? CHANCE_NOW : CHANCE_LATER;
        }
    }
    return chance;
}

/* Wants a server that may have an item's model; whether there is one. */
static bool want(struct pool *pool, int item, uint64_t now_ms)
{
    size_t model = pool_model(pool, item);
    for (size_t i = 0; i < pool->plan->instances_count; i++) {
        struct pool_instance *at = &pool->instances[i];
        bool may_have = at->models == 0 || (at->models & 1U << model) != 0;
        if (at->host == POOL_OFF && may_have && (pool->items[item].tried & 1U << i) == 0 &&
            breaker_allows(&at->breaker, now_ms)) {
            at->host = POOL_WANTED;
            return true;
        }
    }
    return false;
}

/* The oldest of a class that waits, or POOL_NONE. */
static int oldest(const struct pool *pool, size_t class_index, uint64_t after)
{
    int found = POOL_NONE;
    for (int i = 0; i < POOL_WAITING_MAX; i++) {
        const struct pool_item *item = &pool->items[i];
        if (item->used && !item->sent && item->class_index == class_index && item->order > after &&
            (found == POOL_NONE || item->order < pool->items[found].order)) {
            found = i;
        }
    }
    return found;
}

static void send(struct pool *pool, int item, int instance, uint64_t now_ms)
{
    struct pool_item *at = &pool->items[item];
    at->sent = true;
    at->instance = instance;
    at->tried |= 1U << instance;
    pool->instances[instance].in_flight++;
    pool->instances[instance].warm = (int)pool_model(pool, item);
    breaker_sent(&pool->instances[instance].breaker, now_ms);
    pool->turn = (at->class_index + 1) % PLAN_CLASSES;
}

/* Goes on in the chain until there is somebody to ask, or to wait for. */
static enum pool_next advance(struct pool *pool, int item, uint64_t now_ms)
{
    struct pool_item *at = &pool->items[item];
    const struct plan_class *class = &pool->plan->classes[at->class_index];
    int instance = POOL_NONE;
    if (now_ms >= at->until_ms) {
        return POOL_GIVE_UP;
    }
    while (at->at < class->chain_count) {
        enum chance chance = look(pool, item, now_ms, &instance);
        if (chance == CHANCE_NOW) {
            send(pool, item, instance, now_ms);
            return POOL_SEND;
        }
        if (chance == CHANCE_LATER || want(pool, item, now_ms)) {
            return POOL_NOTHING;
        }
        at->at++;
        at->tried = 0;
    }
    return POOL_GIVE_UP;
}

/* Whether a server with room has the item's model in its memory. */
static bool is_warm(const struct pool *pool, int item, uint64_t now_ms)
{
    int model = (int)pool_model(pool, item);
    for (size_t i = 0; i < pool->plan->instances_count; i++) {
        const struct pool_instance *instance = &pool->instances[i];
        if (instance->warm == model && (instance->models & 1U << model) != 0 &&
            (pool->items[item].tried & 1U << i) == 0 &&
            instance->in_flight < pool->plan->instances[i].backend->in_flight &&
            breaker_allows(&instance->breaker, now_ms)) {
            return true;
        }
    }
    return false;
}

/* One whose model need not be loaded, though it is another class's turn; those classes take turns
 * of their own.  Not for ever, so that nobody starves. */
static bool jump(struct pool *pool, uint64_t now_ms, int *ret_item)
{
    size_t turn = pool->turn;
    for (size_t i = 0; pool->jumps < POOL_JUMPS_MAX && i < PLAN_CLASSES; i++) {
        size_t class_index = (pool->warm_turn + i) % PLAN_CLASSES;
        int item = oldest(pool, class_index, 0);
        if (item == POOL_NONE || now_ms >= pool->items[item].until_ms ||
            !is_warm(pool, item, now_ms) || advance(pool, item, now_ms) != POOL_SEND) {
            continue;
        }
        pool->jumps++;
        pool->warm_turn = (class_index + 1) % PLAN_CLASSES;
        pool->turn = turn;
        *ret_item = item;
        return true;
    }
    return false;
}

enum pool_next pool_next(struct pool *pool, uint64_t now_ms, int *ret_item)
{
    grow(pool, now_ms);
    if (jump(pool, now_ms, ret_item)) {
        return POOL_SEND;
    }
    for (size_t i = 0; i < PLAN_CLASSES; i++) {
        size_t class_index = (pool->turn + i) % PLAN_CLASSES;
        int item = oldest(pool, class_index, 0);
        while (item != POOL_NONE) {
            enum pool_next next = advance(pool, item, now_ms);
            *ret_item = item;
            pool->jumps = next == POOL_SEND ? 0 : pool->jumps;
            if (next != POOL_NOTHING) {
                return next;
            }
            /* Others of its class may be further in the chain, where there is room. */
            item = oldest(pool, class_index, pool->items[item].order);
        }
    }
    return POOL_NOTHING;
}

void pool_ended(struct pool *pool, int item, enum pool_outcome outcome, uint64_t now_ms)
{
    struct pool_item *at = &pool->items[item];
    assert(at->used && at->sent);
    struct pool_instance *instance = &pool->instances[at->instance];
    assert(instance->in_flight > 0);
    size_t model = pool_model(pool, item);
    instance->in_flight--;
    instance->used_ms = now_ms;
    pool->counts[model][at->class_index].outcomes[outcome]++;
    if (outcome == POOL_FAILED) {
        breaker_failed(&instance->breaker, now_ms);
    } else {
        breaker_succeeded(&instance->breaker);
    }
    if (outcome == POOL_MISSING) {
        instance->models &= ~(1U << model);
    }
    at->sent = false;
    at->instance = POOL_NONE;
    if (outcome == POOL_DONE) {
        pool_remove(pool, item);
    }
}

void pool_remove(struct pool *pool, int item)
{
    assert(!pool->items[item].sent);
    pool->items[item].used = false;
}

uint64_t pool_due_ms(const struct pool *pool, uint64_t now_ms)
{
    uint64_t due = 0;
    for (size_t i = 0; i < POOL_WAITING_MAX; i++) {
        const struct pool_item *item = &pool->items[i];
        if (item->used && !item->sent && (due == 0 || item->until_ms < due)) {
            due = item->until_ms;
        }
    }
    for (size_t i = 0; i < pool->plan->instances_count; i++) {
        const struct pool_instance *at = &pool->instances[i];
        uint64_t at_ms = stop_ms(pool, i);
        if (at->host == POOL_STARTING && !at->checking) {
            uint64_t poll_ms = at->checked_ms + POOL_POLL_MS;
            at_ms = at_ms < poll_ms ? at_ms : poll_ms;
        }
        if (at_ms > 0 && (due == 0 || at_ms < due)) {
            due = at_ms;
        }
    }
    return due == 0 || due > now_ms ? due : now_ms + 1;
}

void pool_load(const struct pool *pool, size_t *ret_sent, size_t *ret_waiting)
{
    *ret_sent = 0;
    *ret_waiting = 0;
    for (size_t i = 0; i < POOL_WAITING_MAX; i++) {
        *ret_sent += pool->items[i].used && pool->items[i].sent;
        *ret_waiting += pool->items[i].used && !pool->items[i].sent;
    }
}

void pool_total(const struct pool *pool, struct pool_count *ret_total)
{
    *ret_total = (struct pool_count){.ms = 0};
    for (size_t i = 0; i < PLAN_MODELS_MAX * PLAN_CLASSES; i++) {
        const struct pool_count *count = &pool->counts[i / PLAN_CLASSES][i % PLAN_CLASSES];
        for (size_t j = 0; j < POOL_OUTCOMES; j++) {
            ret_total->outcomes[j] += count->outcomes[j];
        }
        ret_total->tokens_in += count->tokens_in;
        ret_total->tokens_out += count->tokens_out;
        ret_total->ms += count->ms;
    }
}
