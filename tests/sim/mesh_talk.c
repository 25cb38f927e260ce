/* mesh_talk.c - actors that talk, and what must hold of it.
 *
 * Each process has one talker.  It says numbered things to the others, asks them, publishes to a
 * topic that they hear across the link, watches them, and is made to crash.
 */
#include <stdio.h>

#include "tests/sim/mesh.h"

enum kind { SAY, ASK, ANSWER, NEST, DEAF, CRASH, NEWS, LAST };

enum {
    PEERS_MAX = 8,
    WRONG_TAG = 2,
    SLACK_MS = 400,
    HUSH_MS = 14000,
    HUSH_END_MS = 19000,
    LAST_SIZE = 1500,
    PATIENCE_MS = 12000
};

struct peer_known {
    struct rt_address address;
    size_t index;
    size_t stream;
    uint64_t ref;
};

struct talker {
    struct mesh *mesh;
    struct mesh_node *node;
    uint64_t life;
    size_t news; /* its stream */
    struct peer_known peers[PEERS_MAX];
    size_t count;
    struct rt_caller nested; /* who waits for our ask */
    uint64_t nested_ask;
};

static size_t new_stream(struct mesh *mesh, size_t from)
{
    if (mesh->streams_count == MESH_STREAMS_MAX) {
        mesh_blame(mesh, "too many streams");
        return 0;
    }
    mesh->streams[mesh->streams_count] = (struct mesh_stream){.from = from};
    return mesh->streams_count++;
}

static enum err start(struct rt_context *ctx, void *state, const void *arg)
{
    struct talker *self = state;
    self->node = *(struct mesh_node *const *)arg;
    self->mesh = self->node->mesh;
    self->life = ++self->mesh->talkers;
    self->mesh->talker[self->node->index] = self->life;
    self->news = new_stream(self->mesh, self->node->index);
    rt_take_role(ctx, TERM_role_EXECUTOR);
    rt_watch_role(ctx, TERM_role_EXECUTOR);
    self->mesh->address[self->node->index] = rt_self(ctx);
    (void)rt_tick(ctx, 20, 0);
    return ERR_OK;
}

/* ---- saying ---- */

static bool say(struct rt_context *ctx, struct talker *self, struct peer_known *peer, uint64_t size)
{
    static const char filler[2048];
    struct mesh_stream *stream = &self->mesh->streams[peer->stream];
    enum err err = rt_send(ctx, peer->address,
                           MSG(data, .kind = SAY, .number = stream->sent + 1, .node = peer->stream,
                               .actor = peer->address.node, .bytes = {filler, (uint32_t)size}));
    stream->sent += err == ERR_OK;
    self->mesh->said[self->node->index][peer->index] = peer->stream;
    return err == ERR_OK;
}

static void publish(struct rt_context *ctx, struct talker *self)
{
    struct mesh_stream *stream = &self->mesh->streams[self->news];
    struct mesh *mesh = self->mesh;
    mesh->news[self->node->index] = self->news;
    mesh->took[self->node->index] = rt_publish(
        ctx, "news", MSG(data, .kind = NEWS, .number = ++stream->sent, .node = self->news));
}

static void ask(struct rt_context *ctx, struct talker *self, const struct peer_known *peer,
                enum kind kind, uint64_t timeout_ms, uint64_t *ret_ask)
{
    struct mesh *mesh = self->mesh;
    if (mesh->asks_count == MESH_ASKS_MAX) {
        return;
    }
    size_t place = mesh->asks_count++;
    struct mesh_ask *it = &mesh->asks[place];
    *it = (struct mesh_ask){.asked_ms = mesh->now_ms,
                            .until_ms = mesh->now_ms + timeout_ms,
                            .from = self->node->index,
                            .life = self->node->life,
                            .talker = self->life,
                            .to_node = peer->address.node,
                            .to = peer->index,
                            .open = true};
    enum err err = rt_ask(ctx, peer->address, MSG(data, .kind = kind, .number = place), timeout_ms,
                          &it->number);
    if (err == ERR_MEMORY) {
        mesh_blame(mesh, "no memory to ask");
    }
    *ret_ask = it->number;
    if (kind == ASK && mesh_draw(mesh, 10) == 0) {
        rt_cancel(ctx, it->number);
        it->cancelled = true;
        it->open = false;
    }
}

static void crash_it(struct rt_context *ctx, struct mesh *mesh, const struct peer_known *peer)
{
    if (mesh->stumbles_count == MESH_STUMBLES_MAX) {
        return;
    }
    size_t place = mesh->stumbles_count++;
    mesh->stumbles[place] = (struct mesh_stumble){.poison = mesh_draw(mesh, 3) == 0};
    rt_tell(ctx, peer->address, MSG(data, .kind = CRASH, .number = place));
}

static void act(struct rt_context *ctx, struct talker *self)
{
    struct mesh *mesh = self->mesh;
    struct peer_known *peer = &self->peers[mesh_draw(mesh, self->count)];
    uint64_t ignored;
    switch (mesh_draw(mesh, 12)) {
    case 0:
    case 1:
    case 2: {
        static const uint64_t bursts[] = {1, 5, 20, 120};
        uint64_t size = mesh_draw(mesh, 4) == 0 ? 1500 : mesh_draw(mesh, 100);
        bool room = true;
        for (uint64_t i = 1 + mesh_draw(mesh, bursts[mesh_draw(mesh, 4)]); i > 0 && room; i--) {
            room = say(ctx, self, peer, size);
        }
        return;
    }
    case 3:
        ask(ctx, self, peer, NEST, 100 + mesh_draw(mesh, 1000), &ignored);
        return;
    case 4:
        ask(ctx, self, peer, DEAF, 100 + mesh_draw(mesh, 1000), &ignored);
        return;
    case 5:
        publish(ctx, self);
        return;
    case 6:
        if (!mesh->calm_story && !mesh->healed && mesh_draw(mesh, 6) == 0) {
            crash_it(ctx, mesh, peer);
        }
        return;
    case 7: {
        uint64_t tick = rt_tick(ctx, 50, WRONG_TAG);
        rt_tick_cancel(ctx, tick);
        return;
    }
    default:
        ask(ctx, self, peer, ASK, 50 + mesh_draw(mesh, mesh_draw(mesh, 2) ? 300 : 3000), &ignored);
        return;
    }
}

static void on_tick(struct rt_context *ctx, struct talker *self, uint64_t tag)
{
    struct mesh *mesh = self->mesh;
    if (tag == WRONG_TAG) {
        mesh_blame(mesh, "%s: a cancelled tick came", self->node->name);
    }
    /* For a while nobody says anything in a calm story: the links themselves must. */
    bool hush = mesh->calm_story && mesh->now_ms > HUSH_MS && mesh->now_ms < HUSH_END_MS;
    if (self->count > 0 && mesh->phase == MESH_TALKS && !hush) {
        act(ctx, self);
    }
    if (mesh->phase == MESH_RESTS) {
        for (size_t i = 0; i < self->count; i++) {
            (void)say(ctx, self, &self->peers[i], 0);
        }
        publish(ctx, self);
    }
    (void)rt_tick(ctx, mesh->phase != MESH_TALKS ? 500 : 5 + mesh_draw(mesh, 60), 0);
}

/* ---- hearing ---- */

static void on_role_up(struct rt_context *ctx, struct talker *self, const struct msg_role_up *up)
{
    struct mesh *mesh = self->mesh;
    struct mesh_node *of = mesh_node_of(mesh, up->node);
    struct rt_address address = {up->node, up->actor};
    if (up->node == self->node->incarnation) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        size_t index = self->peers[i].index;
        if (of && index == of->index && self->peers[i].address.node != up->node) {
            mesh_blame(mesh, "%s: %s is there twice", self->node->name, of->name);
        }
        if (rt_address_equal(self->peers[i].address, address)) {
            return;
        }
    }
    if (!of || self->count == PEERS_MAX || mesh->watches_count == MESH_WATCHES_MAX) {
        return; /* it is dead by now: DOWN would only say so */
    }
    struct peer_known *peer = &self->peers[self->count++];
    *peer = (struct peer_known){.address = address,
                                .index = of->index,
                                .stream = new_stream(mesh, self->node->index),
                                .ref = rt_monitor(ctx, address)};
    mesh->watches[mesh->watches_count++] = (struct mesh_watch){.ref = peer->ref,
                                                               .from = self->node->index,
                                                               .life = self->node->life,
                                                               .talker = self->life,
                                                               .node = up->node,
                                                               .made_ms = mesh->now_ms,
                                                               .of = of->index,
                                                               .losses = mesh_losses(self->node)};
    if (rt_subscribe_at(ctx, up->node, "news") != ERR_OK) {
        mesh_blame(mesh, "%s cannot subscribe", self->node->name);
    }
}

static bool is_linked(const struct mesh_node *node, uint64_t incarnation)
{
    struct link_stats stats[MESH_NODES];
    size_t count = links_stats(node->links, stats, MESH_NODES);
    for (size_t i = 0; i < count && i < MESH_NODES; i++) {
        if (stats[i].node == incarnation) {
            return true;
        }
    }
    return false;
}

static void on_down(struct talker *self, uint64_t ref)
{
    struct mesh *mesh = self->mesh;
    for (size_t i = 0; i < self->count; i++) {
        if (self->peers[i].ref == ref) {
            self->peers[i] = self->peers[--self->count];
        }
    }
    for (size_t i = 0; i < mesh->watches_count; i++) {
        struct mesh_watch *watch = &mesh->watches[i];
        if (watch->ref != ref || watch->from != self->node->index ||
            watch->life != self->node->life) {
            continue;
        }
        const struct mesh_node *of = mesh_node_of(mesh, watch->node);
        if (++watch->downs > 1) {
            mesh_blame(mesh, "%s: DOWN came twice", self->node->name);
        }
        if (of && watch->losses == mesh_losses(self->node) && mesh->phase != MESH_LEAVES &&
            is_linked(self->node, watch->node)) {
            mesh_blame(mesh, "%s: DOWN of %s, which lives and is linked", self->node->name,
                       of->name);
        }
        return;
    }
    mesh_blame(mesh, "%s: DOWN of nobody", self->node->name);
}

void mesh_arrived(struct mesh_node *node, const struct msg *msg)
{
    struct mesh *mesh = node->mesh;
    if (msg->type != MSG_DATA || msg_as_data(msg)->kind != SAY) {
        return;
    }
    const struct msg_data *data = msg_as_data(msg);
    struct mesh_hearer *hearer = &mesh->streams[data->node % MESH_STREAMS_MAX].heard[node->index];
    uint64_t losses = mesh_losses(node);
    if (data->actor != node->incarnation) {
        mesh_blame(mesh, "%s: got what was sent to an earlier incarnation", node->name);
    }
    if (hearer->life != node->life) {
        *hearer = (struct mesh_hearer){.life = node->life, .losses = losses};
    } else if (data->number > hearer->arrived + 1 && losses == hearer->losses) {
        mesh_blame(mesh, "%s: %llu comes after %llu, and no link says why", node->name,
                   (unsigned long long)data->number, (unsigned long long)hearer->arrived);
    }
    hearer->arrived = data->number;
    hearer->arrivals++;
    hearer->losses = losses;
}

/* Numbers grow. */
static void hear(struct talker *self, const struct msg_data *data)
{
    struct mesh *mesh = self->mesh;
    struct mesh_hearer *hearer =
        &mesh->streams[data->node % MESH_STREAMS_MAX].heard[self->node->index];
    if (hearer->life != self->node->life) {
        *hearer = (struct mesh_hearer){.life = self->node->life};
    }
    if (data->number <= hearer->number) {
        mesh_blame(mesh, "%s: heard %llu after %llu", self->node->name,
                   (unsigned long long)data->number, (unsigned long long)hearer->number);
    }
    hearer->number = data->number;
    hearer->heard++;
}

static enum err on_crash(struct talker *self, const struct msg_data *data)
{
    struct mesh *mesh = self->mesh;
    struct mesh_stumble *stumble = &mesh->stumbles[data->number % MESH_STUMBLES_MAX];
    stumble->at = self->node->index;
    stumble->life = self->node->life;
    stumble->first_ms = stumble->seen == 0 ? mesh->now_ms : stumble->first_ms;
    if (++stumble->seen > 3) {
        mesh_blame(mesh, "%s: poison was given out %llu times", self->node->name,
                   (unsigned long long)stumble->seen);
    }
    if (stumble->poison || stumble->seen == 1) {
        stumble->done = stumble->seen == 3;
        mesh->talker[self->node->index] = 0;
        return ERR_CRASHED;
    }
    stumble->done = true;
    return ERR_OK;
}

/* Nobody waits any more, and nothing on the way was stopped meanwhile: it is not to be begun. */
static void check_deadline(struct talker *self, const struct mesh_ask *it)
{
    struct mesh *mesh = self->mesh;
    const struct mesh_node *from = &mesh->nodes[it->from];
    bool moved = self->node->resumed_ms <= it->asked_ms && from->resumed_ms <= it->asked_ms;
    if (moved && mesh->now_ms > it->until_ms + SLACK_MS) {
        mesh_blame(mesh, "%s: given an ask %llu ms after its deadline", self->node->name,
                   (unsigned long long)(mesh->now_ms - it->until_ms));
    }
}

static void on_ask(struct rt_context *ctx, struct talker *self, const struct msg_data *data)
{
    struct mesh *mesh = self->mesh;
    check_deadline(self, &mesh->asks[data->number % MESH_ASKS_MAX]);
    if (data->kind == DEAF) {
        return;
    }
    if (data->kind == NEST && self->count > 0) {
        const struct peer_known *peer = &self->peers[mesh_draw(mesh, self->count)];
        uint64_t until_ms = mesh->asks[data->number % MESH_ASKS_MAX].until_ms;
        uint64_t number = 0;
        size_t place = mesh->asks_count;
        ask(ctx, self, peer, DEAF, PATIENCE_MS, &number);
        bool held = self->node->resumed_ms > mesh->asks[data->number % MESH_ASKS_MAX].asked_ms;
        if (place < mesh->asks_count && !held && mesh->asks[place].until_ms > until_ms + SLACK_MS) {
            mesh->asks[place].until_ms = until_ms + SLACK_MS; /* whoever asked waits no longer */
        }
        return;
    }
    rt_reply(ctx, MSG(data, .kind = ANSWER, .number = data->number));
}

static void on_answer(struct talker *self, uint64_t number)
{
    struct mesh *mesh = self->mesh;
    for (size_t i = mesh->asks_settled; i < mesh->asks_count; i++) {
        struct mesh_ask *it = &mesh->asks[i];
        if (it->number == number && it->from == self->node->index && it->life == self->node->life &&
            it->talker == self->life) {
            if (it->cancelled || !it->open) {
                mesh_blame(mesh, "%s: an answer %s", self->node->name,
                           it->cancelled ? "after it was cancelled" : "came twice");
            }
            it->open = false;
            return;
        }
    }
    mesh_blame(mesh, "%s: an answer to nothing that is open", self->node->name);
}

/* More than may be on the way at a time, to the one that stays. */
static void say_last(struct rt_context *ctx, struct talker *self)
{
    for (size_t i = 0; i < self->count; i++) {
        for (int k = 0; k < 60 && self->peers[i].index == MESH_NODES - 1; k++) {
            (void)say(ctx, self, &self->peers[i], LAST_SIZE);
        }
    }
}

void mesh_say_last(struct mesh_node *node)
{
    if (system_tell(node->system, node->mesh->address[node->index], MSG(data, .kind = LAST)) !=
        ERR_OK) {
        mesh_blame(node->mesh, "%s has no talker", node->name);
    }
    (void)system_run_ready(node->system);
}

static enum err receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct talker *self = state;
    bool data_came = msg->type == MSG_DATA;
    mesh_note(self->mesh, self->node, "%s %llu of %llu", msg_name(msg->type),
              data_came ? (unsigned long long)msg_as_data(msg)->number : 0,
              data_came ? (unsigned long long)msg_as_data(msg)->node : 0);
    if (rt_answered(ctx) != 0) {
        on_answer(self, rt_answered(ctx));
        return ERR_OK;
    }
    switch (msg->type) {
    case MSG_TICK:
        on_tick(ctx, self, msg_as_tick(msg)->tag);
        return ERR_OK;
    case MSG_ROLE_UP:
        on_role_up(ctx, self, msg_as_role_up(msg));
        return ERR_OK;
    case MSG_DOWN:
        on_down(self, msg_as_down(msg)->ref);
        return ERR_OK;
    case MSG_DATA:
        break;
    default:
        return ERR_UNKNOWN;
    }
    const struct msg_data *data = msg_as_data(msg);
    switch (data->kind) {
    case SAY:
    case NEWS:
        hear(self, data);
        return ERR_OK;
    case CRASH:
        return on_crash(self, data);
    case LAST:
        say_last(ctx, self);
        return ERR_OK;
    case ASK:
    case NEST:
    case DEAF:
        on_ask(ctx, self, data);
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

const struct rt_behaviour mesh_talker = {
    .name = "talker", .state_size = sizeof(struct talker), .start = start, .receive = receive};

/* ---- the judge ---- */

/* Whether the life of the talker is still on, in a process that has been running for a while. */
static bool runs(const struct mesh *mesh, size_t node, uint64_t life, uint64_t talker)
{
    const struct mesh_node *it = &mesh->nodes[node];
    return it->alive && it->life == life && it->paused_ms == 0 &&
           mesh->now_ms > it->resumed_ms + SLACK_MS && mesh->talker[node] == talker;
}

/* The link to that incarnation was lost here after that time, and that is a while ago. */
static bool was_lost(const struct mesh *mesh, size_t at, size_t of, uint64_t node, uint64_t since)
{
    const struct mesh_node *it = &mesh->nodes[at];
    return it->down_of[of] == node && it->down_ms[of] >= since && it->down_ms[of] > 0 &&
           mesh->now_ms > it->down_ms[of] + SLACK_MS;
}

static void audit_asks(struct mesh *mesh)
{
    bool all = true;
    for (size_t i = mesh->asks_settled; i < mesh->asks_count; i++) {
        struct mesh_ask *it = &mesh->asks[i];
        if (it->open && runs(mesh, it->from, it->life, it->talker)) {
            if (mesh->now_ms > it->until_ms + 2 * (uint64_t)SLACK_MS) {
                mesh_blame(mesh, "%s: no answer, and no FAILED in time",
                           mesh->nodes[it->from].name);
            } else if (was_lost(mesh, it->from, it->to, it->to_node, it->asked_ms)) {
                mesh_blame(mesh, "%s: an ask goes on after its node was lost",
                           mesh->nodes[it->from].name);
            }
        }
        bool gone = mesh->talker[it->from] != it->talker || !mesh->nodes[it->from].alive ||
                    mesh->nodes[it->from].life != it->life;
        it->open = it->open && !gone;
        bool over = !it->open && mesh->now_ms > it->until_ms + PATIENCE_MS;
        mesh->asks_settled = all && over ? i + 1 : mesh->asks_settled;
        all = all && over;
    }
}

static void audit_watches(struct mesh *mesh)
{
    for (size_t i = 0; i < mesh->watches_count; i++) {
        const struct mesh_watch *it = &mesh->watches[i];
        if (it->downs == 0 && runs(mesh, it->from, it->life, it->talker) &&
            was_lost(mesh, it->from, it->of, it->node, it->made_ms)) {
            mesh_blame(mesh, "%s: no DOWN after %s was lost", mesh->nodes[it->from].name,
                       mesh->nodes[it->of].name);
        }
    }
}

static void audit_stumbles(struct mesh *mesh)
{
    for (size_t i = 0; i < mesh->stumbles_count; i++) {
        const struct mesh_stumble *it = &mesh->stumbles[i];
        const struct mesh_node *at = &mesh->nodes[it->at];
        bool waits = it->seen > 0 && !it->done && at->alive && at->life == it->life;
        if (waits && mesh->now_ms > it->first_ms + PATIENCE_MS && mesh->talker[it->at] != 0 &&
            mesh->now_ms > at->resumed_ms + PATIENCE_MS) {
            mesh_blame(mesh, "%s: what crashed it did not come again", at->name);
        }
    }
}

static void audit_node(struct mesh *mesh, const struct mesh_node *node)
{
    const struct cfg_runtime *cfg = &mesh->config.runtime;
    struct link_stats stats[MESH_NODES];
    size_t count = links_stats(node->links, stats, MESH_NODES);
    for (size_t i = 0; i < count && i < MESH_NODES; i++) {
        if (stats[i].outstanding_bytes > 2 * cfg->credit_bytes + cfg->frame_bytes_max) {
            mesh_blame(mesh, "%s: %llu bytes under way from %s", node->name,
                       (unsigned long long)stats[i].outstanding_bytes, stats[i].name);
        }
    }
    struct links_totals totals;
    links_totals(node->links, &totals);
    if (totals.leaks > 0) {
        mesh_blame(mesh, "%s: a link does not balance", node->name);
    }
    if (mesh->calm_story && totals.ended > 0) {
        mesh_blame(mesh, "%s: a link ended, and nothing had happened", node->name);
    }
    if (system_failed(node->system)) {
        mesh_blame(mesh, "%s: the root gave up", node->name);
    }
}

void mesh_audit(struct mesh *mesh)
{
    audit_asks(mesh);
    audit_watches(mesh);
    audit_stumbles(mesh);
    for (size_t i = 0; i < MESH_NODES; i++) {
        if (mesh->nodes[i].alive && mesh->phase != MESH_LEAVES) {
            audit_node(mesh, &mesh->nodes[i]);
        }
    }
}

void mesh_audit_end(struct mesh *mesh)
{
    for (size_t i = 0; i < mesh->streams_count * MESH_NODES; i++) {
        const struct mesh_hearer *it = &mesh->streams[i / MESH_NODES].heard[i % MESH_NODES];
        if (it->life == mesh->nodes[i % MESH_NODES].life && it->arrivals > it->heard) {
            mesh_blame(mesh, "%s: %llu came and %llu were handled",
                       mesh->nodes[i % MESH_NODES].name, (unsigned long long)it->arrivals,
                       (unsigned long long)it->heard);
        }
    }
    for (size_t i = 0; i < MESH_NODES; i++) {
        const char *name = mesh->nodes[i].name;
        const struct mesh_stream *news = &mesh->streams[mesh->news[i]];
        if (mesh->took[i] != MESH_NODES - 1) {
            mesh_blame(mesh, "%s: %zu took what was published", name, mesh->took[i]);
        }
        for (size_t k = 0; k < MESH_NODES; k++) {
            const struct mesh_stream *said = &mesh->streams[mesh->said[i][k]];
            const char *other = mesh->nodes[k].name;
            if (i != k && (said->sent == 0 || said->heard[k].number != said->sent)) {
                mesh_blame(mesh, "%s does not hear what %s says: %llu of %llu", other, name,
                           (unsigned long long)said->heard[k].number,
                           (unsigned long long)said->sent);
            }
            if (i != k && (news->sent == 0 || news->heard[k].number != news->sent)) {
                mesh_blame(mesh, "%s does not hear the news of %s", other, name);
            }
        }
    }
}
