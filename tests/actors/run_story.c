/* run_story.c - see run_story.h. */
#include "tests/actors/run_story.h"

#include <stdio.h>
#include <string.h>

#include "actors/coordinator/coordinator.h"
#include "actors/coordinator/ledger.h"

struct probe *probe;
struct rt_address client, slot, partitioner;

void story_open(void)
{
    probe = probe_open(
        &(struct probe_options){.behaviour = &coordinator_behaviour, .schema = &ledger_schema});
    client = probe_peer(probe, "client");
    slot = probe_peer(probe, "slot");
    partitioner = probe_peer(probe, "partitioner");
}

void story_close(void)
{
    probe_close(&probe);
}

void story_submit(const struct msg_submit *with, uint64_t files)
{
    struct msg_submit submit = *with;
    submit.head.type = MSG_SUBMIT;
    submit.run = submit.run.at ? submit.run : msg_str(RUN);
    submit.dir = msg_str("/project");
    submit.runner = submit.runner.at ? submit.runner : msg_str("command");
    submit.command = msg_str("run {}");
    submit.files = files;
    probe_ask(probe, client, &submit.head, 0);
    for (uint64_t i = 0; i < files; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "f%llu", (unsigned long long)i);
        probe_send(probe, client,
                   MSG(run_file, .run = submit.run, .index = i, .file = msg_str(name)));
    }
}

/* The run's address is known by what it asks: all of its messages to peers come from there. */
static void to_run(struct rt_address from, const struct msg *msg)
{
    probe_send_to(probe, from, probe_last_sender(probe, partitioner), msg);
}

void story_plan(uint64_t files)
{
    probe_role_up(probe, TERM_role_PARTITIONER, partitioner);
    for (uint64_t i = 0; i < files; i++) {
        to_run(partitioner, MSG(planned_file, .run = msg_str(RUN), .position = i, .index = i,
                                .expected_us = 1000));
    }
    to_run(partitioner, MSG(planned, .run = msg_str(RUN), .count = files));
}

void story_pull(void)
{
    probe_send(probe, slot, MSG(pull, .worker = msg_str("w/0"), .dir = msg_str("")));
}

void story_test(uint64_t token, uint64_t job, uint64_t index, enum term status)
{
    char name[24];
    (void)snprintf(name, sizeof name, "t%llu", (unsigned long long)index);
    probe_send(probe, slot,
               MSG(test_done, .run = msg_str(RUN), .epoch = token >> 32, .token = token, .job = job,
                   .index = index, .test = msg_str(name), .status = (uint64_t)status));
}

void story_done(uint64_t token, uint64_t job, uint64_t reported)
{
    probe_send(probe, slot,
               MSG(job_done, .run = msg_str(RUN), .epoch = token >> 32, .token = token, .job = job,
                   .outcome = TERM_outcome_COMPLETE, .collected = reported, .reported = reported));
}

void story_beat(uint64_t token)
{
    probe_send(probe, slot, MSG(beat, .run = msg_str(RUN), .epoch = token >> 32, .token = token));
}

void story_result(uint64_t token, uint64_t job, enum term status)
{
    story_test(token, job, 0, status);
    story_done(token, job, 1);
}

size_t story_count(const char *word)
{
    size_t count = 0;
    for (const char *at = probe_trace(probe); (at = strstr(at, word)); at++) {
        count++;
    }
    return count;
}
