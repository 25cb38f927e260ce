/* cluster_judge.c - what must be true of the messages that leave a node, seen from outside.
 *
 * Tokens and epochs only grow.  No result counts for the first time under a token when a greater
 * one has been given away for its job.  What was acknowledged as passed stays so.
 */
#include "tests/support/cluster_priv.h"

/* Which of the cluster's runs. */
static size_t run_of(const struct cluster *cluster, struct msg_str run)
{
    size_t index = CLUSTER_RUNS - 1;
    while (index > 0 && !msg_str_is(run, cluster->views[index].run)) {
        index--;
    }
    return index;
}

/* The number of a job outside of the cluster. */
static size_t job_of(const struct cluster *cluster, struct msg_str run, uint64_t job)
{
    return job < CLUSTER_RUN_JOBS ? run_of(cluster, run) * CLUSTER_RUN_JOBS + job : 0;
}

static void on_grant(struct cluster *cluster, const struct msg_grant *grant)
{
    if (grant->epoch < cluster->epoch) {
        cluster_blame(cluster, "epoch %llu after %llu", (unsigned long long)grant->epoch,
                      (unsigned long long)cluster->epoch);
    }
    uint64_t *token = &cluster->tokens[run_of(cluster, grant->run)];
    if (grant->token <= *token) {
        cluster_blame(cluster, "token %llx after %llx", (unsigned long long)grant->token,
                      (unsigned long long)*token);
    }
    cluster->epoch = grant->epoch;
    *token = grant->token;
}

static bool is_acked(const struct cluster *cluster, uint64_t job, uint64_t token)
{
    for (size_t i = cluster->acks_count; i > 0; i--) {
        if (cluster->acks[i - 1].job == job && cluster->acks[i - 1].token == token) {
            return true;
        }
    }
    return false;
}

static void on_ack(struct cluster *cluster, const struct msg_job_ack *ack)
{
    size_t number = job_of(cluster, ack->run, ack->job);
    if (ack->reason != ERR_OK || is_acked(cluster, number, ack->token)) {
        return;
    }
    struct job_judged *job = &cluster->judged[number];
    if (ack->token < job->granted) {
        cluster_blame(cluster, "job %llu: a result under token %llx counts after %llx was given",
                      (unsigned long long)ack->job, (unsigned long long)ack->token,
                      (unsigned long long)job->granted);
    }
    if (cluster->acks_count < ACKS_MAX) {
        cluster->acks[cluster->acks_count++] = (struct ack_seen){number, ack->token};
    }
    if (ack->token == job->good && job->good_acked == 0) {
        job->good_acked = ack->token;
    }
}

void judge(struct cluster *cluster, const struct node *from, const struct msg *msg)
{
    switch (msg->type) {
    case MSG_SUBMITTED:
        if (from->index == NODE_COORDINATOR) {
            cluster->committed[run_of(cluster, msg_as_submitted(msg)->run)] = true;
        }
        return;
    case MSG_GRANT:
        on_grant(cluster, msg_as_grant(msg));
        return;
    case MSG_LEASE: {
        const struct msg_lease *lease = msg_as_lease(msg);
        struct job_judged *job = &cluster->judged[job_of(cluster, lease->run, lease->job)];
        job->granted = lease->token > job->granted ? lease->token : job->granted;
        return;
    }
    case MSG_JOB_DONE: {
        const struct msg_job_done *done = msg_as_job_done(msg);
        size_t number = job_of(cluster, done->run, done->job);
        bool passes =
            done->outcome == TERM_outcome_COMPLETE && cluster->jobs[number].kind == KIND_PASS;
        if (passes && done->token > cluster->judged[number].good) {
            cluster->judged[number].good = done->token;
        }
        return;
    }
    case MSG_JOB_ACK:
        on_ack(cluster, msg_as_job_ack(msg));
        return;
    default:
        return;
    }
}
