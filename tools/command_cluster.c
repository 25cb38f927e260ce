/* command_cluster.c - troupe up, down, status, health. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/operate.h"
#include "tools/report.h"
#include "tools/session.h"

enum { DOWN_MS = 30000, HEALTH_MS = 3000, STEP_MS = 50 };

/* Asks a coordinator how it is; EXIT_TIMED_OUT without an answer in time. */
static int ask(struct session *session, uint64_t timeout_ms, struct msg_status_is *ret_status)
{
    session->plan.work = CLIENT_ASK;
    int code = session_start(session);
    uint64_t until_ms = session_now_ms() + timeout_ms;
    for (bool over = code != EXIT_DONE; !over;) {
        struct client_event *event = NULL;
        uint64_t now = session_now_ms();
        int wait_ms = until_ms > now ? (int)(until_ms - now) : 0;
        switch (session_wait(session, wait_ms, &event)) {
        case SESSION_EVENT:
            over = event->item.kind == CLIENT_STATUS || event->item.kind == CLIENT_FAILED;
            if (event->item.kind == CLIENT_STATUS) {
                *ret_status = event->status;
            } else if (over) {
                code = complain(EXIT_INTERNAL, err_text(event->failed), NULL);
            }
            client_event_drop(&event->item);
            break;
        case SESSION_SIGNAL:
            return complain(EXIT_CANCELLED, "cancelled", NULL);
        case SESSION_TIME:
            return complainf(EXIT_NO_CLUSTER, "troupe doctor looks for the reason.",
                             "the coordinator did not answer within %" PRIu64 " ms", timeout_ms);
        default:
            return EXIT_NO_CLUSTER;
        }
    }
    return code;
}

/* One question, from the opening to the end of the session. */
static int question(struct invocation *invocation, uint64_t fallback_ms,
                    struct msg_status_is *ret_status)
{
    struct session *session = calloc(1, sizeof *session);
    uint64_t timeout_ms = 0;
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE) {
        code = invocation_timeout(invocation, fallback_ms, &timeout_ms);
    }
    if (code != EXIT_DONE || !session) {
        free(session);
        return code != EXIT_DONE ? code : complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    session->invocation = invocation;
    code = session_open(session, invocation_value(invocation, "cluster"), 0, false);
    if (code == EXIT_DONE) {
        code = ask(session, timeout_ms, ret_status);
    }
    session_close(session);
    free(session);
    return code;
}

/* ---- up ---- */

static int start_up(struct session *session, uint64_t workers, struct msg_status_is *ret_status)
{
    uint64_t timeout_ms = 0;
    int code = invocation_timeout(session->invocation, SESSION_REACH_MS, &timeout_ms);
    if (code == EXIT_DONE) {
        code = session_open(session, NULL, workers, true);
    }
    return code == EXIT_DONE ? ask(session, timeout_ms, ret_status) : code;
}

int command_up(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE) {
        code = invocation_set(invocation, "workers", "run.workers");
    }
    struct session *session = code == EXIT_DONE ? calloc(1, sizeof *session) : NULL;
    if (!session) {
        return code == EXIT_DONE ? complain(EXIT_COULD_NOT, "out of memory", NULL) : code;
    }
    session->invocation = invocation;
    uint64_t workers = session_workers(&invocation->config);
    struct msg_status_is status = {0};
    code = start_up(session, workers, &status);
    if (code == EXIT_DONE && invocation->json) {
        (void)printf("{\"endpoint\":\"%s\",\"workers\":%" PRIu64 ",\"started\":%s}\n",
                     session->place.endpoint, workers,
                     cluster_started(session->cluster) ? "true" : "false");
    } else if (code == EXIT_DONE) {
        (void)printf("The cluster %s, %" PRIu64 " %s, at %s\n",
                     cluster_started(session->cluster) ? "is up" : "was up already", workers,
                     workers == 1 ? "executor" : "executors", session->place.endpoint);
        (void)printf("troupe run uses it; troupe down stops it.\n");
    }
    session_close(session);
    free(session);
    return code;
}

/* ---- down ---- */

int command_down(struct invocation *invocation)
{
    struct place place;
    char why[PLACE_WHY_SIZE] = "";
    uint64_t timeout_ms = 0;
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE) {
        code = invocation_timeout(invocation, DOWN_MS, &timeout_ms);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = place_look(invocation_value(invocation, "state"), &place, why);
    if (err == ERR_OK) {
        err = cluster_down(&place, timeout_ms);
    }
    if (err == ERR_TIMEOUT) {
        return complainf(EXIT_TIMED_OUT, "Look into its log directory.",
                         "the cluster of %.300s did not end in time", place.state);
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return complain(EXIT_COULD_NOT, why, NULL);
    }
    /* That nothing runs is what was asked for. */
    if (invocation->json) {
        (void)printf("{\"stopped\":%s}\n", err == ERR_OK ? "true" : "false");
    } else {
        (void)printf("%s\n", err == ERR_OK ? "The cluster is down." : "No local cluster runs.");
    }
    return EXIT_DONE;
}

/* ---- status and health ---- */

void operate_show_status(const struct invocation *invocation, const struct msg_status_is *is)
{
    const struct {
        const char *name;
        const char *label;
        uint64_t value;
    } rows[] = {{"epoch", "Epoch", is->epoch},
                {"uptime_ms", "Up for", is->uptime_ms},
                {"slots_idle", "Idle slots", is->slots_idle},
                {"runs_open", "Open runs", is->runs_open},
                {"jobs_queued", "Files waiting", is->jobs_queued},
                {"jobs_leased", "Files running", is->jobs_leased},
                {"stale_refused", "Stale results refused", is->stale_refused}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (invocation->json) {
            (void)printf("%s\"%s\":%" PRIu64, i == 0 ? "{" : ",", rows[i].name, rows[i].value);
        } else if (i == 1) {
            char duration[DURATION_SIZE];
            (void)printf("%-22s %s\n", rows[i].label,
                         report_duration(rows[i].value * 1000, duration));
        } else {
            (void)printf("%-22s %" PRIu64 "\n", rows[i].label, rows[i].value);
        }
    }
    if (invocation->json) {
        (void)printf("}\n");
    }
}

int command_status(struct invocation *invocation)
{
    struct msg_status_is is = {0};
    int code = question(invocation, SESSION_REACH_MS, &is);
    if (code == EXIT_DONE) {
        operate_show_status(invocation, &is);
    }
    return code;
}

int command_health(struct invocation *invocation)
{
    bool ready = invocation_flag(invocation, "ready");
    if (ready == invocation_flag(invocation, "live")) {
        return complain(EXIT_USAGE, "say --live or --ready", NULL);
    }
    struct msg_status_is is = {0};
    int code = question(invocation, HEALTH_MS, &is);
    if (code != EXIT_DONE) {
        return code;
    }
    bool good = !ready || is.slots_idle + is.jobs_leased > 0;
    if (invocation->json) {
        (void)printf("{\"%s\":%s}\n", ready ? "ready" : "live", good ? "true" : "false");
    } else if (!invocation->quiet) {
        (void)printf("%s\n", !good ? "not ready" : ready ? "ready" : "live");
    }
    return good ? EXIT_DONE
                : complain(EXIT_NEGATIVE, "no executor waits for work or does any",
                           "Start some: troupe up --workers N, or look into their logs.");
}
