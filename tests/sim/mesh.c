/* mesh.c - the world of the talkers: time, the network, and the lives of processes.
 *
 *     sim-mesh --seeds A..B [--twice K] [--trace]
 *
 * Until HEAL_MS frames are lost, doubled and late, transports full, ways cut, processes paused and
 * killed; from then on nothing happens, and soon everybody must hear everybody again.  A calm story
 * has pauses only, shorter than the silence after which a process is given up, and some of all
 * processes at once, longer: no link may end.  At last all leave: nothing that was sent is missing.
 * Every K-th seed (16 unless told; 0: none) is told twice and must be the same, bit for bit.
 */
#include "tests/sim/mesh.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    HEAL_MS = 12000,
    REST_MS = 26000,
    LEAVE_MS = 30000,
    LIMIT_MS = 36000,
    ROUTE_FACTOR = 100000,
    ROUNDS_MAX = 10000 /* in one millisecond */
};

void mesh_blame(struct mesh *mesh, const char *format, ...)
{
    va_list args;
    if (mesh->why[0] == '\0') {
        va_start(args, format);
        (void)vsnprintf(mesh->why, sizeof mesh->why, format, args);
        va_end(args);
    }
}

void mesh_note(struct mesh *mesh, const struct mesh_node *node, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    size = size < (int)sizeof line ? size : (int)sizeof line - 1;
    mesh->hash = mesh->hash * 31 + mesh->now_ms;
    for (int i = 0; i < size; i++) {
        mesh->hash = (mesh->hash ^ (unsigned char)line[i]) * UINT64_C(0x100000001b3);
    }
    mesh->events++;
    if (mesh->trace) {
        (void)fprintf(stderr, "%6llu %s %s\n", (unsigned long long)mesh->now_ms, node->name, line);
    }
}

uint64_t mesh_losses(const struct mesh_node *node)
{
    struct links_totals totals;
    links_totals(node->links, &totals);
    return totals.gaps + totals.ended;
}

struct mesh_node *mesh_node_of(struct mesh *mesh, uint64_t incarnation)
{
    for (size_t i = 0; i < MESH_NODES; i++) {
        if (mesh->nodes[i].alive && mesh->nodes[i].incarnation == incarnation) {
            return &mesh->nodes[i];
        }
    }
    return NULL;
}

/* ---- the network: whoever has the greater number dials ---- */

static bool happens(struct mesh *mesh, uint64_t permille)
{
    return permille > 0 && mesh_draw(mesh, 1000) < permille;
}

/* The number that a process has for its way to another one. */
static uint64_t route_to(const struct mesh_node *from, const struct mesh_node *to)
{
    bool dials = from->index > to->index;
    return dials ? 1 + to->index : (to->index + 1) * ROUTE_FACTOR + to->life;
}

static struct mesh_node *behind(struct mesh_node *from, uint64_t route)
{
    struct mesh *mesh = from->mesh;
    if (route < ROUTE_FACTOR) {
        return &mesh->nodes[route - 1];
    }
    struct mesh_node *to = &mesh->nodes[route / ROUTE_FACTOR - 1];
    return to->alive && to->life == route % ROUTE_FACTOR ? to : NULL;
}

static void send_copy(struct mesh_node *from, struct mesh_node *to, const void *bytes, size_t size)
{
    struct mesh *mesh = from->mesh;
    struct mesh_frame *frame = malloc(sizeof *frame + size);
    if (!frame) {
        abort();
    }
    *frame = (struct mesh_frame){.due_ms = mesh->now_ms + 1 + mesh->delay_ms +
                                           mesh_draw(mesh, mesh->jitter_ms + 1),
                                 .from = from->index,
                                 .to = to->index,
                                 .from_life = from->life,
                                 .to_life = to->life,
                                 .size = size};
    memcpy(frame->bytes, bytes, size);
    struct mesh_frame **at = &mesh->frames;
    while (*at && (*at)->due_ms <= frame->due_ms) {
        at = &(*at)->next;
    }
    frame->next = *at;
    *at = frame;
}

static enum err transmit(void *world, uint64_t route, const void *bytes, size_t size)
{
    struct mesh_node *from = world;
    struct mesh *mesh = from->mesh;
    struct mesh_node *to = behind(from, route);
    if (!to) {
        return mesh_draw(mesh, 2) ? ERR_GONE : ERR_OK; /* the transport learns of it by and by */
    }
    if (happens(mesh, mesh->full)) {
        return ERR_FULL;
    }
    bool cut = from->cut_ms > mesh->now_ms || to->cut_ms > mesh->now_ms;
    if (!to->alive || cut || happens(mesh, mesh->loss)) {
        return ERR_OK;
    }
    send_copy(from, to, bytes, size);
    if (happens(mesh, mesh->twice)) {
        send_copy(from, to, bytes, size);
    }
    return ERR_OK;
}

/* ---- ports ---- */

static void on_net_send(void *world, struct envelope **envelope)
{
    struct mesh_node *node = world;
    links_send(node->links, envelope, node->mesh->now_ms);
}

static void on_announce(void *world, uint64_t role, uint64_t actor)
{
    struct mesh_node *node = world;
    links_announce(node->links, role, actor);
}

static uint64_t on_now(void *world)
{
    struct mesh_node *node = world;
    return node->mesh->now_ms;
}

static void on_timer_set(void *world)
{
    (void)world; /* looked at after each turn */
}

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    struct mesh_node *node = world;
    (void)level;
    mesh_note(node->mesh, node, "%s: %s", actor, text);
}

static void on_deliver(void *world, struct envelope **envelope)
{
    struct mesh_node *node = world;
    mesh_arrived(node, envelope_msg(*envelope));
    system_deliver(node->system, envelope);
}

static void on_undeliverable(void *world, struct envelope **envelope, enum err reason)
{
    struct mesh_node *node = world;
    system_undeliverable(node->system, envelope, reason);
}

static struct account *on_account(void *world, uint64_t of)
{
    struct mesh_node *node = world;
    return system_account(node->system, of);
}

static void on_role_up(void *world, uint64_t role, struct rt_address actor, const char *name)
{
    struct mesh_node *node = world;
    system_role_up(node->system, role, actor, name);
}

static void on_node_down(void *world, uint64_t down)
{
    struct mesh_node *node = world;
    const struct mesh_node *of = mesh_node_of(node->mesh, down);
    for (size_t i = 0; i < MESH_NODES; i++) {
        if (of == &node->mesh->nodes[i] || (!of && node->known[i] == down)) {
            node->down_ms[i] = node->mesh->now_ms;
            node->down_of[i] = down;
        }
    }
    system_node_down(node->system, down);
}

static void on_link_log(void *world, enum rt_level level, const char *text)
{
    struct mesh_node *node = world;
    (void)level;
    mesh_note(node->mesh, node, "link: %s", text);
}

/* ---- processes ---- */

static void turn(struct mesh_node *node)
{
    struct mesh *mesh = node->mesh;
    uint64_t timers_ms = system_run_timers(node->system);
    (void)system_run_ready(node->system);
    uint64_t links_ms = links_run(node->links, mesh->now_ms);
    (void)system_run_ready(node->system);
    timers_ms = system_run_timers(node->system);
    node->next_ms = timers_ms < links_ms ? timers_ms : links_ms;
}

static void open_system(struct mesh_node *node)
{
    struct mesh *mesh = node->mesh;
    const struct system_options options = {.config = &mesh->config,
                                           .name = node->name,
                                           .node = node->incarnation,
                                           .seed = mesh_draw(mesh, UINT64_MAX),
                                           .ports = {.world = node,
                                                     .net_send = on_net_send,
                                                     .net_parcels = true,
                                                     .net_announce = on_announce,
                                                     .now_ms = on_now,
                                                     .wall_ms = on_now,
                                                     .timer_set = on_timer_set,
                                                     .log = on_log}};
    const struct links_ports ports = {.world = node,
                                      .transmit = transmit,
                                      .deliver = on_deliver,
                                      .undeliverable = on_undeliverable,
                                      .account = on_account,
                                      .role_up = on_role_up,
                                      .node_down = on_node_down,
                                      .log = on_link_log};
    struct rt_address ignored;
    if (system_new(&options, &node->system) != ERR_OK ||
        links_new(&mesh->config.runtime, node->incarnation, node->name, &ports, &node->links) !=
            ERR_OK ||
        system_spawn(node->system, &mesh_talker, &node, sizeof node, &ignored) != ERR_OK) {
        abort();
    }
}

static void begin(struct mesh_node *node)
{
    struct mesh *mesh = node->mesh;
    node->alive = true;
    node->life++;
    node->incarnation = mesh_draw(mesh, UINT64_MAX) | 1;
    node->start_ms = UINT64_MAX;
    node->paused_ms = 0;
    node->resumed_ms = mesh->now_ms;
    mesh->talker[node->index] = 0;
    memset(node->down_ms, 0, sizeof node->down_ms);
    for (size_t i = 0; i < MESH_NODES; i++) {
        mesh->nodes[i].known[node->index] = node->incarnation;
    }
    open_system(node);
    mesh_note(mesh, node, "begins");
    /* Whoever dials finds the new process; routes are opened in one turn, the world is small. */
    for (size_t i = 0; i < MESH_NODES; i++) {
        struct mesh_node *other = &mesh->nodes[i];
        if (other->index < node->index) {
            links_connect(node->links, route_to(node, other), mesh->now_ms);
        } else if (other->index > node->index && other->alive) {
            links_connect(other->links, route_to(other, node), mesh->now_ms);
            other->next_ms = mesh->now_ms;
        }
    }
    node->next_ms = mesh->now_ms;
}

static void finish(struct mesh_node *node)
{
    links_destroy(&node->links);
    system_destroy(&node->system);
    node->alive = false;
}

static void kill_it(struct mesh_node *node, uint64_t back_ms)
{
    mesh_note(node->mesh, node, "is killed");
    finish(node);
    node->start_ms = node->mesh->now_ms + back_ms;
}

static void resume(struct mesh_node *node)
{
    node->paused_ms = 0;
    node->resumed_ms = node->mesh->now_ms;
    node->next_ms = node->mesh->now_ms;
    mesh_note(node->mesh, node, "goes on");
}

/* What came for a process that is paused waits there, in order. */
static bool arrive(struct mesh *mesh)
{
    for (struct mesh_frame **at = &mesh->frames; *at && (*at)->due_ms <= mesh->now_ms;) {
        struct mesh_frame *frame = *at;
        struct mesh_node *to = &mesh->nodes[frame->to];
        struct mesh_node *from = &mesh->nodes[frame->from];
        bool there = to->alive && to->life == frame->to_life;
        if (there && to->paused_ms > 0) {
            at = &frame->next;
            continue;
        }
        *at = frame->next;
        if (there) {
            /* The way by which it came may lead to nobody any more. */
            bool dials = to->index > from->index;
            uint64_t route =
                dials ? 1 + from->index : (from->index + 1) * ROUTE_FACTOR + frame->from_life;
            links_receive(to->links, route, frame->bytes, frame->size, mesh->now_ms);
            to->next_ms = mesh->now_ms;
        }
        free(frame);
        if (there) {
            return true;
        }
    }
    return false;
}

/* ---- a story ---- */

/* In a calm story nothing is ever lost, unless a full transport has refused a HELLO. */
static void draw_network(struct mesh *mesh)
{
    static const uint64_t losses[] = {0, 2, 20, 100};
    mesh->calm_story = mesh_draw(mesh, 4) == 0;
    mesh->delay_ms = mesh_draw(mesh, 20);
    mesh->full = mesh_draw(mesh, 3) == 0 ? mesh_draw(mesh, 200) : 0;
    mesh->lossless = mesh->calm_story && mesh->full == 0;
    if (!mesh->calm_story) {
        mesh->loss = losses[mesh_draw(mesh, 4)];
        mesh->twice = mesh_draw(mesh, 2) ? mesh_draw(mesh, 50) : 0;
        mesh->jitter_ms = mesh_draw(mesh, 2) ? mesh_draw(mesh, 40) : 0;
    }
}

static void heal(struct mesh *mesh)
{
    mesh->healed = true;
    mesh->loss = mesh->twice = mesh->full = mesh->jitter_ms = 0;
    for (size_t i = 0; i < MESH_NODES; i++) {
        struct mesh_node *node = &mesh->nodes[i];
        node->cut_ms = 0;
        if (!node->alive) {
            begin(node);
        } else if (node->paused_ms > 0) {
            resume(node);
        }
    }
}

static void pause_it(struct mesh_node *node, uint64_t ms)
{
    uint64_t until_ms = node->mesh->now_ms + ms;
    if (node->alive && until_ms > node->paused_ms) {
        mesh_note(node->mesh, node, "is paused");
        node->paused_ms = until_ms;
    }
}

static void strike(struct mesh *mesh)
{
    uint64_t silence_ms = mesh->config.runtime.silence_ms_max;
    struct mesh_node *victim = &mesh->nodes[mesh_draw(mesh, MESH_NODES)];
    uint64_t what = mesh_draw(mesh, 4);
    if (what == 0) { /* the machine sleeps */
        uint64_t ms = 100 + mesh_draw(mesh, 4 * silence_ms);
        for (size_t i = 0; i < MESH_NODES; i++) {
            pause_it(&mesh->nodes[i], ms);
        }
    } else if (mesh->calm_story) {
        pause_it(victim, mesh_draw(mesh, silence_ms / 5));
    } else if (what == 1 && victim->alive) {
        kill_it(victim, mesh_draw(mesh, mesh_draw(mesh, 2) ? 50 : 4000));
    } else if (what == 2) {
        pause_it(victim, mesh_draw(mesh, 3 * silence_ms));
    } else {
        victim->cut_ms = mesh->now_ms + mesh_draw(mesh, 3 * silence_ms);
    }
}

static void run_due(struct mesh *mesh)
{
    for (int rounds = 0; mesh->why[0] == '\0'; rounds++) {
        bool any = arrive(mesh);
        if (rounds == ROUNDS_MAX) {
            mesh_blame(mesh, "somebody does not rest");
        }
        for (size_t i = 0; i < MESH_NODES; i++) {
            struct mesh_node *node = &mesh->nodes[i];
            if (!node->alive && node->start_ms <= mesh->now_ms) {
                begin(node);
            }
            if (node->paused_ms > 0 && node->paused_ms <= mesh->now_ms) {
                resume(node);
            }
            if (node->alive && node->paused_ms == 0 && node->next_ms <= mesh->now_ms) {
                turn(node);
                any = true;
            }
        }
        if (!any) {
            return;
        }
    }
}

/* When something is due next, at most in a tenth of a second: then the judge looks. */
static uint64_t next_ms(const struct mesh *mesh)
{
    uint64_t next_ms = mesh->now_ms - mesh->now_ms % 100 + 100;
    for (const struct mesh_frame *it = mesh->frames; it; it = it->next) {
        bool held = mesh->nodes[it->to].paused_ms > 0;
        next_ms = !held && it->due_ms < next_ms ? it->due_ms : next_ms;
    }
    for (size_t i = 0; i < MESH_NODES; i++) {
        const struct mesh_node *node = &mesh->nodes[i];
        uint64_t at_ms = !node->alive          ? node->start_ms
                         : node->paused_ms > 0 ? node->paused_ms
                                               : node->next_ms;
        next_ms = at_ms < next_ms ? at_ms : next_ms;
    }
    return next_ms > mesh->now_ms ? next_ms : mesh->now_ms + 1;
}

static void run_until(struct mesh *mesh, uint64_t until_ms)
{
    while (mesh->now_ms < until_ms && mesh->why[0] == '\0') {
        uint64_t at_ms = next_ms(mesh);
        mesh->now_ms = at_ms < until_ms ? at_ms : until_ms;
        run_due(mesh);
        if (mesh->now_ms % 100 == 0) {
            mesh_audit(mesh);
        }
    }
}

/* All but one say goodbye at once, what is queued included; nothing may be missing there. */
static void leave(struct mesh *mesh)
{
    struct links_totals totals;
    mesh->phase = MESH_LEAVES;
    for (size_t i = 0; i + 1 < MESH_NODES; i++) {
        mesh_say_last(&mesh->nodes[i]);
        links_goodbye(mesh->nodes[i].links, mesh->now_ms);
        mesh->nodes[i].next_ms = mesh->now_ms;
    }
    run_until(mesh, LIMIT_MS);
    for (size_t i = 0; i + 1 < MESH_NODES && mesh->why[0] == '\0'; i++) {
        links_totals(mesh->nodes[i].links, &totals);
        if (!links_drained(mesh->nodes[i].links) || (mesh->lossless && totals.frames_lost > 0)) {
            mesh_blame(mesh, "%s did not drain", mesh->nodes[i].name);
        }
    }
}

/* What was accepted has an outcome: nothing is on its way any more. */
static void balance(struct mesh *mesh)
{
    for (size_t i = 0; i < MESH_NODES; i++) {
        const struct node_account *it = mesh->nodes[i].system->accounts;
        for (; it; it = it->next) {
            uint64_t ended = 0;
            for (int k = 0; k < OUTCOMES; k++) {
                ended += atomic_load(&it->account.outcomes[k]);
            }
            if (ended != atomic_load(&it->account.accepted)) {
                mesh_blame(mesh, "%s: of %016llx %llu accepted, %llu ended", mesh->nodes[i].name,
                           (unsigned long long)it->node,
                           (unsigned long long)atomic_load(&it->account.accepted),
                           (unsigned long long)ended);
            }
        }
    }
}

static void configure(struct mesh *mesh)
{
    struct cfg_runtime *cfg = &mesh->config.runtime;
    config_defaults(&mesh->config);
    cfg->workers = 1;
    cfg->heartbeat_ms = 200;
    cfg->silence_ms_max = 1500;
    cfg->credit_bytes = 16384;
    cfg->frame_bytes_max = 8192;
    cfg->batch_bytes_max = 4096;
    cfg->mailbox_count_max = 1024;
    cfg->restart_backoff_max_ms = 400;
    cfg->restart_intensity = 1000;
}

static void open_mesh(struct mesh *mesh, uint64_t seed, bool trace)
{
    memset(mesh, 0, sizeof *mesh);
    mesh->random = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
    mesh->now_ms = 1000;
    mesh->trace = trace;
    configure(mesh);
    draw_network(mesh);
    for (size_t i = 0; i < MESH_NODES; i++) {
        struct mesh_node *node = &mesh->nodes[i];
        node->mesh = mesh;
        node->index = i;
        (void)snprintf(node->name, sizeof node->name, "node-%zu", i);
        node->start_ms = mesh->now_ms + mesh_draw(mesh, 500);
    }
}

static void close_mesh(struct mesh *mesh)
{
    while (mesh->frames) {
        struct mesh_frame *frame = mesh->frames;
        mesh->frames = frame->next;
        free(frame);
    }
    for (size_t i = 0; i < MESH_NODES; i++) {
        if (mesh->nodes[i].alive) {
            finish(&mesh->nodes[i]);
        }
    }
}

bool mesh_tell(struct mesh *mesh, uint64_t seed, bool trace)
{
    open_mesh(mesh, seed, trace);
    uint64_t strikes = mesh_draw(mesh, 8);
    uint64_t at_ms = mesh->now_ms + 1000; /* all have begun by then */
    for (uint64_t i = 0; i < strikes; i++) {
        at_ms += 200 + mesh_draw(mesh, 2500);
        run_until(mesh, at_ms < HEAL_MS ? at_ms : HEAL_MS);
        if (mesh->now_ms < HEAL_MS && mesh->why[0] == '\0') {
            strike(mesh);
        }
    }
    run_until(mesh, HEAL_MS);
    heal(mesh);
    run_until(mesh, REST_MS);
    mesh->phase = MESH_RESTS;
    run_until(mesh, LEAVE_MS);
    leave(mesh);
    if (mesh->why[0] == '\0') {
        mesh_audit_end(mesh);
        balance(mesh);
    }
    close_mesh(mesh);
    return mesh->why[0] == '\0';
}

/* ---- the program ---- */

struct run {
    unsigned long long first, last, twice;
    bool trace;
};

static bool read_options(struct run *run, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            run->trace = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--twice") == 0) {
            run->twice = strtoull(argv[++i], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--seeds") == 0) {
            int count = sscanf(argv[++i], "%llu..%llu", &run->first, &run->last);
            run->last = count == 1 ? run->first : run->last;
            if (count < 1) {
                return false;
            }
        } else {
            return false;
        }
    }
    return true;
}

static bool tell(struct mesh *mesh, const struct run *run, uint64_t seed)
{
    bool right = mesh_tell(mesh, seed, run->trace);
    uint64_t hash = mesh->hash;
    if (right && run->twice > 0 && seed % run->twice == 0) {
        right = mesh_tell(mesh, seed, false);
        if (right && mesh->hash != hash) {
            mesh_blame(mesh, "told again it is another story");
            right = false;
        }
    }
    return right;
}

int main(int argc, char **argv)
{
    struct run run = {.first = 1, .last = 1000, .twice = 16};
    struct mesh *mesh = malloc(sizeof *mesh);
    if (!mesh || !read_options(&run, argc, argv)) {
        (void)fprintf(stderr, "usage: sim-mesh --seeds A..B [--twice K] [--trace]\n");
        free(mesh);
        return 64;
    }
    uint64_t events = 0;
    uint64_t hash = 0;
    bool right = true;
    for (unsigned long long seed = run.first; right && seed <= run.last; seed++) {
        right = tell(mesh, &run, seed);
        if (!right) {
            printf("seed=%llu at_ms=%llu WRONG: %s\nagain: sim-mesh --seeds %llu --trace\n", seed,
                   (unsigned long long)mesh->now_ms, mesh->why, seed);
        }
        events += mesh->events;
        hash ^= mesh->hash * (2 * seed + 1);
    }
    if (right) {
        printf("seeds=%llu events=%llu hash=%016llx\n", run.last - run.first + 1,
               (unsigned long long)events, (unsigned long long)hash);
    }
    free(mesh);
    return right ? 0 : 1;
}
