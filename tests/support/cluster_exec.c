/* cluster_exec.c - commands that take virtual time, and the ledger outside of the cluster. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cluster_priv.h"

enum { KILL_MS = 3, START_MS = 1, ANSWER_MS_MAX = 400, PROOF_MS_MAX = 600 };

void cluster_job_name(size_t index, enum job_kind kind, uint64_t ms, char *text, size_t size)
{
    (void)snprintf(text, size, "%zu-%c-%llu", index, (char)kind, (unsigned long long)ms);
}

const struct job_seen *cluster_job(const struct cluster *cluster, size_t index)
{
    return &cluster->jobs[index];
}

size_t exec_note_start(struct cluster *cluster, const char *file)
{
    size_t index;
    char kind;
    unsigned long long ms;
    if (sscanf(file, "%zu-%c-%llu", &index, &kind, &ms) != 3 || index >= CLUSTER_JOBS_MAX) {
        cluster_blame(cluster, "a command for a file that nobody has: %s", file);
        return SIZE_MAX;
    }
    struct job_seen *job = &cluster->jobs[index];
    job->kind = (enum job_kind)kind;
    job->ms = ms;
    job->started++;
    return index;
}

/* What classifier, fixer, validator and healer start: a warm source, or the proof of a candidate.
 */
static void start_expert(struct node *node, struct command_run *run,
                         const struct rt_command *command)
{
    struct cluster *cluster = node->cluster;
    run->job = SIZE_MAX;
    run->source = strcmp(command->argv[0], "node") == 0;
    run->proof = !run->source;
    run->due_ms =
        run->source ? UINT64_MAX : cluster->now_ms + 1 + cluster_random(cluster) % PROOF_MS_MAX;
    cluster_note(cluster, node, "exec %s", run->source ? "source" : "proof");
}

void exec_start(void *world, uint64_t id, struct rt_address owner, const struct rt_command *command)
{
    struct node *node = world;
    struct cluster *cluster = node->cluster;
    const char *file = "";
    for (size_t i = 0; command->argv[i]; i++) {
        file = command->argv[i];
    }
    struct command_run *run = calloc(1, sizeof *run);
    if (!run) {
        abort();
    }
    run->id = id;
    run->owner = owner;
    run->began_ms = cluster->now_ms;
    run->answer_ms = UINT64_MAX;
    run->next = node->commands;
    node->commands = run;
    if (node->index == NODE_EXPERTS) {
        start_expert(node, run, command);
        return;
    }
    if (strcmp(command->argv[0], "node") == 0) {
        run->job = SIZE_MAX;
        run->due_ms = UINT64_MAX;
        warm_start(cluster, run, command->cwd);
        cluster_note(cluster, node, "exec host");
        return;
    }
    run->job = exec_note_start(cluster, file);
    uint64_t ms = run->job == SIZE_MAX ? 1 : cluster->jobs[run->job].ms;
    bool hangs = run->job != SIZE_MAX && cluster->jobs[run->job].kind == KIND_HANGS;
    run->timed_out = command->deadline_ms > 0 && (hangs || ms > command->deadline_ms);
    /* A machine is never twice equally busy. */
    ms += cluster_random(cluster) % (ms / 4 + 1);
    run->due_ms = cluster->now_ms + START_MS + (run->timed_out ? command->deadline_ms : ms);
    if (hangs && !run->timed_out) {
        run->due_ms = UINT64_MAX;
    }
    cluster_note(cluster, node, "exec %s", file);
}

/* Only sources of candidates and hosts have a control socket here; a command is one line with its
 * number. */
enum err exec_write(void *world, uint64_t id, const void *bytes, size_t size)
{
    struct node *node = world;
    struct cluster *cluster = node->cluster;
    for (struct command_run *run = node->commands; run; run = run->next) {
        if (run->id == id && run->work) {
            warm_write(node, run, bytes, size);
            return ERR_OK;
        }
        const char *number =
            run->id == id && run->source ? memmem(bytes, size, "\"id\":", 5) : NULL;
        if (number) {
            run->asked = strtoull(number + 5, NULL, 10);
            run->answer_ms = cluster->now_ms + 1 + cluster_random(cluster) % ANSWER_MS_MAX;
            return ERR_OK;
        }
    }
    return ERR_GONE;
}

void exec_kill(void *world, uint64_t id)
{
    struct node *node = world;
    for (struct command_run *run = node->commands; run; run = run->next) {
        if (run->id == id && !run->killed) {
            run->killed = true;
            run->due_ms = node->cluster->now_ms + KILL_MS;
        }
    }
}

uint64_t exec_next_ms(const struct node *node)
{
    uint64_t next_ms = UINT64_MAX;
    for (const struct command_run *run = node->commands; run; run = run->next) {
        next_ms = sooner(next_ms, sooner(run->due_ms, run->answer_ms));
    }
    return next_ms;
}

/* How the command ends, by its file's name. */
static struct msg_exec_exited ending(struct cluster *cluster, const struct command_run *run)
{
    struct msg_exec_exited exited = {.head = {MSG_EXEC_EXITED},
                                     .id = run->id,
                                     .cpu_us = 1000,
                                     .wall_ms = cluster->now_ms - run->began_ms,
                                     .error = msg_str("")};
    if (run->proof && !run->killed) {
        exited.code = cluster_random(cluster) % 2;
        return exited;
    }
    if (run->killed || run->timed_out || run->job == SIZE_MAX) {
        exited.signal = SIGKILL;
        exited.killed = run->killed;
        exited.timed_out = run->timed_out && !run->killed;
        return exited;
    }
    struct job_seen *job = &cluster->jobs[run->job];
    bool first = job->exited++ == 0;
    exited.code = job->kind == KIND_FAIL || (job->kind == KIND_ONCE && first);
    if (job->kind == KIND_DIES || (job->kind == KIND_STUMBLE && first)) {
        exited.signal = SIGKILL;
        exited.code = 0;
    }
    return exited;
}

static void tell(struct node *node, struct rt_address to, const struct msg *msg)
{
    enum err err = system_tell(node->system, to, msg);
    if (err == ERR_FULL) {
        cluster_blame(node->cluster, "no room for an event of a command");
    }
}

void exec_line(struct node *node, const struct command_run *run, const char *line)
{
    char text[512];
    (void)snprintf(text, sizeof text, "%s\n", line);
    tell(node, run->owner, MSG(exec_output, .id = run->id, .stream = 3, .bytes = msg_str(text)));
}

/* None to two candidates, all of them the same. */
static void answer(struct node *node, struct command_run *run)
{
    uint64_t count = cluster_random(node->cluster) % 3;
    char line[384];
    for (uint64_t i = 0; i < count; i++) {
        (void)snprintf(
            line, sizeof line,
            "{\"ev\":\"candidate\",\"id\":%llu,\"source\":\"tsserver\",\"name\":\"n%llu\","
            "\"diff\":\"--- a/src/a.ts\\n+++ b/src/a.ts\\n@@ -1 +1 @@\\n-a\\n+b\\n\"}",
            (unsigned long long)run->asked, (unsigned long long)i);
        exec_line(node, run, line);
    }
    (void)snprintf(
        line, sizeof line, "{\"ev\":\"candidates\",\"id\":%llu,\"count\":%llu,\"reason\":\"%s\"}",
        (unsigned long long)run->asked, (unsigned long long)count, count > 0 ? "" : "none");
    exec_line(node, run, line);
    run->answer_ms = UINT64_MAX;
}

void exec_run(struct node *node)
{
    struct command_run **at = &node->commands;
    while (*at) {
        struct command_run *run = *at;
        if (!run->started) {
            run->started = true;
            tell(node, run->owner, MSG(exec_started, .id = run->id, .pid = 1, .note = msg_str("")));
            if (run->source) {
                exec_line(node, run,
                          "{\"ev\":\"ready\",\"source\":\"tsserver\",\"version\":\"5\"}");
            } else if (run->work) {
                exec_line(node, run, "{\"ev\":\"ready\",\"runner\":\"tsc\",\"version\":\"5\"}");
            }
        }
        if (run->answer_ms <= node->cluster->now_ms) {
            if (run->work) {
                warm_answer(node, run);
            } else {
                answer(node, run);
            }
        }
        if (run->due_ms > node->cluster->now_ms) {
            at = &run->next;
            continue;
        }
        struct msg_exec_exited exited = ending(node->cluster, run);
        tell(node, run->owner, &exited.head);
        *at = run->next;
        warm_free(run);
        free(run);
    }
}

void exec_drop(struct node *node)
{
    while (node->commands) {
        struct command_run *run = node->commands;
        node->commands = run->next;
        warm_free(run);
        free(run);
    }
}
