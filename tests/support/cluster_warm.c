/* cluster_warm.c - a warm runner, as tools/reporters/ has them: it lists the files of its project
 * and runs those that it is asked for, one after the other, in virtual time.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cluster_priv.h"

enum { LIST_MS_MAX = 200 };

/* What it was asked to do last. */
struct warm_work {
    uint64_t id;
    bool list;
    char (*files)[CLIENT_FILE_SIZE]; /* owned */
    size_t count;
    size_t at;  /* the file that runs, or will */
    bool begun; /* it runs */
    size_t run; /* of the cluster's, whose project this is; SIZE_MAX: nobody's */
};

void warm_start(struct cluster *cluster, struct command_run *run, const char *dir)
{
    run->work = calloc(1, sizeof *run->work);
    if (!run->work) {
        abort();
    }
    run->work->run = SIZE_MAX;
    for (size_t i = 0; i < CLUSTER_RUNS; i++) {
        if (cluster->views[i].dir && strcmp(cluster->views[i].dir, dir) == 0) {
            run->work->run = i;
        }
    }
}

void warm_free(struct command_run *run)
{
    if (run->work) {
        free(run->work->files);
        free(run->work);
        run->work = NULL;
    }
}

static void forget_work(struct command_run *run)
{
    free(run->work->files);
    *run->work = (struct warm_work){.run = run->work->run};
    run->answer_ms = UINT64_MAX;
}

static void take_files(struct warm_work *work, const json_t *list)
{
    work->count = json_array_size(list);
    work->files = calloc(work->count + 1, sizeof *work->files);
    if (!work->files) {
        abort();
    }
    for (size_t i = 0; i < work->count; i++) {
        (void)snprintf(work->files[i], CLIENT_FILE_SIZE, "%s",
                       json_string_value(json_array_get(list, i)));
    }
}

void warm_write(struct node *node, struct command_run *run, const char *bytes, size_t size)
{
    struct cluster *cluster = node->cluster;
    struct warm_work *work = run->work;
    json_t *root = json_loadb(bytes, size, 0, NULL);
    const char *command = json_string_value(json_object_get(root, "cmd"));
    uint64_t id = (uint64_t)json_integer_value(json_object_get(root, "id"));
    if (!command) {
        cluster_blame(cluster, "a runner was told nonsense");
    } else if (strcmp(command, "cancel") == 0) {
        char line[64];
        (void)snprintf(line, sizeof line, "{\"ev\":\"ran\",\"id\":%llu}", (unsigned long long)id);
        forget_work(run);
        exec_line(node, run, line);
    } else {
        forget_work(run);
        work->id = id;
        work->list = strcmp(command, "list") == 0;
        take_files(work, json_object_get(root, "files"));
        run->answer_ms = cluster->now_ms + 1 + cluster_random(cluster) % LIST_MS_MAX;
    }
    json_decref(root);
}

static void answer_list(struct node *node, struct command_run *run)
{
    struct warm_work *work = run->work;
    const struct client_view *view =
        work->run == SIZE_MAX ? NULL : &node->cluster->views[work->run];
    size_t count = view ? view->count : 0;
    char line[128];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(line, sizeof line, "{\"ev\":\"file\",\"id\":%llu,\"file\":\"%s\"}",
                       (unsigned long long)work->id, view->files[i]);
        exec_line(node, run, line);
    }
    (void)snprintf(line, sizeof line, "{\"ev\":\"listed\",\"id\":%llu,\"count\":%zu}",
                   (unsigned long long)work->id, count);
    forget_work(run);
    exec_line(node, run, line);
}

static void begin_file(struct node *node, struct command_run *run)
{
    struct warm_work *work = run->work;
    struct cluster *cluster = node->cluster;
    char line[128];
    run->job = exec_note_start(cluster, work->files[work->at]);
    work->begun = true;
    run->answer_ms = cluster->now_ms + 1 + (run->job == SIZE_MAX ? 0 : cluster->jobs[run->job].ms);
    if (run->job != SIZE_MAX && cluster->jobs[run->job].kind == KIND_HANGS) {
        run->answer_ms = UINT64_MAX;
    }
    (void)snprintf(line, sizeof line, "{\"ev\":\"start\",\"id\":%llu,\"file\":\"%s\"}",
                   (unsigned long long)work->id, work->files[work->at]);
    exec_line(node, run, line);
}

static void end_file(struct node *node, struct command_run *run, bool failed)
{
    struct warm_work *work = run->work;
    const char *file = work->files[work->at];
    char line[256];
    (void)snprintf(line, sizeof line,
                   "{\"ev\":\"test\",\"id\":%llu,\"file\":\"%s\",\"test\":\"t\",\"status\":\"%s\","
                   "\"duration_ms\":1%s}",
                   (unsigned long long)work->id, file, failed ? "failed" : "passed",
                   failed ? ",\"message\":\"no\"" : "");
    exec_line(node, run, line);
    (void)snprintf(line, sizeof line,
                   "{\"ev\":\"end\",\"id\":%llu,\"file\":\"%s\",\"tests\":1,\"collected\":1,"
                   "\"complete\":true,\"reason\":\"\",\"message\":\"\",\"duration_ms\":1}",
                   (unsigned long long)work->id, file);
    exec_line(node, run, line);
    work->at++;
    work->begun = false;
    run->job = SIZE_MAX;
}

/* The file that runs comes to its end; false: it takes the host with it. */
static bool finish_file(struct node *node, struct command_run *run)
{
    struct job_seen *job = run->job == SIZE_MAX ? NULL : &node->cluster->jobs[run->job];
    bool first = job && job->exited++ == 0;
    if (job && (job->kind == KIND_DIES || (job->kind == KIND_STUMBLE && first))) {
        run->job = SIZE_MAX;
        run->answer_ms = UINT64_MAX;
        run->due_ms = node->cluster->now_ms;
        return false;
    }
    end_file(node, run, job && (job->kind == KIND_FAIL || (job->kind == KIND_ONCE && first)));
    return true;
}

void warm_answer(struct node *node, struct command_run *run)
{
    struct warm_work *work = run->work;
    char line[64];
    if (work->list) {
        answer_list(node, run);
        return;
    }
    if (work->begun && !finish_file(node, run)) {
        return;
    }
    if (work->at < work->count) {
        begin_file(node, run);
        return;
    }
    (void)snprintf(line, sizeof line, "{\"ev\":\"ran\",\"id\":%llu}", (unsigned long long)work->id);
    forget_work(run);
    exec_line(node, run, line);
}
