/* exposition.c - see exposition.h.  Names by the conventions of Prometheus: base units, `_total`
 * for what only grows, labels where the sum of a name over its labels makes sense.
 */
#include "actors/monitor/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/cost.h"
#include "proto/terms.h"

/* A text being written.  `size` grows also by what there is no room for. */
struct text {
    char *at;
    size_t size;
    size_t size_max;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t used = text->size < text->size_max ? text->size : text->size_max;
    int size = vsnprintf(text->at + used, text->size_max - used + 1, format, args);
    va_end(args);
    text->size += size > 0 ? (size_t)size : 0;
}

static void head(struct text *text, const char *name, const char *type, const char *help)
{
    add(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct text *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "gauge", help);
    add(text, "%s %" PRIu64 "\n", name, value);
}

static void counter(struct text *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "counter", help);
    add(text, "%s %" PRIu64 "\n", name, value);
}

/* One counter with a value for each word. */
static void counters(struct text *text, const char *name, const char *help,
                     const char *const *words, const uint64_t *values)
{
    head(text, name, "counter", help);
    for (size_t i = 0; words[i]; i++) {
        add(text, "%s{%s} %" PRIu64 "\n", name, words[i], values[i]);
    }
}

static void write_failures(struct text *text, const struct exposition *figures)
{
    static const char *const labels[] = {"label=\"typescript\"", "label=\"react\"",
                                         "label=\"test\"", "label=\"general\"", NULL};
    static const char *const fixes[] = {"status=\"validated\"", "status=\"rejected\"",
                                        "status=\"applied\"", "status=\"none\"", NULL};
    static const char *const heals[] = {"status=\"healed\"", "status=\"proposed\"",
                                        "status=\"refused\"", NULL};
    counters(text, "troupe_errors_total", "Failures labelled since the coordinator started.",
             labels, figures->errors);
    counters(text, "troupe_fixes_total", "Failures treated by the fixer since then.", fixes,
             figures->fixes);
    counters(text, "troupe_heals_total", "Broken locators looked at since then.", heals,
             figures->heals);
}

/* A double of another process may be no number: Prometheus would refuse the whole page. */
static void gauge_real(struct text *text, const char *name, const char *help, double value)
{
    head(text, name, "gauge", help);
    add(text, "%s %.6f\n", name, isfinite(value) ? value : 0.0);
}

static void write_money(struct text *text, const struct exposition *figures)
{
    gauge_real(text, "troupe_month_instances_usd", "Spent on instances in this month.",
               figures->spent_usd);
    gauge_real(text, "troupe_month_forecast_usd",
               "What the month will have cost, fixed costs included.", figures->forecast_usd);
    gauge_real(text, "troupe_budget_used_ratio", "Share of budget.month_usd that is spent.",
               figures->budget_used);
    head(text, "troupe_budget_stage", "gauge", "What the budget still allows: 1 for that.");
    for (uint64_t stage = BUDGET_OPEN; stage < BUDGET_STAGES; stage++) {
        add(text, "troupe_budget_stage{stage=\"%s\"} %d\n", budget_word(stage),
            stage == figures->budget);
    }
}

static void write_cluster(struct text *text, const struct exposition *figures)
{
    gauge(text, "troupe_runs_open", "Runs without a verdict.", figures->runs_open);
    head(text, "troupe_jobs", "gauge", "Jobs that are not done, by state.");
    add(text, "troupe_jobs{state=\"queued\"} %" PRIu64 "\n", figures->jobs_queued);
    add(text, "troupe_jobs{state=\"leased\"} %" PRIu64 "\n", figures->jobs_leased);
    gauge(text, "troupe_slots_idle", "Slots of executors that wait for work.", figures->slots_idle);
    gauge(text, "troupe_slots_busy", "Slots of executors at work.", figures->slots_busy);
    head(text, "troupe_work_seconds", "gauge", "Expected time of what is not done, on one slot.");
    add(text, "troupe_work_seconds %" PRIu64 ".%03u\n", figures->work_ms / 1000,
        (unsigned)(figures->work_ms % 1000));
    if (figures->paid) {
        write_money(text, figures);
    }
    gauge(text, "troupe_coordinator_epoch", "Epoch of the coordinator; it grows with each start.",
          figures->epoch);
    head(text, "troupe_coordinator_uptime_seconds", "gauge", "Time since the coordinator started.");
    add(text, "troupe_coordinator_uptime_seconds %" PRIu64 ".%03u\n", figures->uptime_ms / 1000,
        (unsigned)(figures->uptime_ms % 1000));
    counter(text, "troupe_stale_results_refused_total",
            "Results refused for an old lease since the coordinator started.",
            figures->stale_refused);
    write_failures(text, figures);
}

/* ---- processes ---- */

/* What others say of themselves may be any bytes; a label's value is UTF-8 with three escapes. */
static void add_value(struct text *text, const char *value)
{
    char safe[2 * MSG_MAX_node_is_node + 1];
    size_t size = 0;
    for (const char *at = value; *at && size + 2 < sizeof safe; at++) {
        if (*at == '"' || *at == '\\') {
            safe[size++] = '\\';
        }
        char shown = '?';
        if (*at >= ' ' && *at <= '~') {
            shown = *at;
        }
        safe[size++] = shown;
    }
    safe[size] = '\0';
    add(text, "%s", safe);
}

static void add_labels(struct text *text, const struct fleet_process *process)
{
    const char *comma = "";
    add(text, "{role=\"");
    for (uint64_t role = 1; role < 64; role++) {
        bool plays = process->is.roles >> role & 1;
        const char *word = plays ? term_word("role", role) : "";
        if (plays && term_number("role", word) == role) {
            add(text, "%s%s", comma, word);
            comma = ",";
        }
    }
    add(text, "%s\",node=\"", comma[0] ? "" : "unknown");
    add_value(text, process->node);
    add(text, "\"");
}

/* A figure that every process has: a field of NODE_IS. */
struct figure {
    const char *name;
    const char *help;
    bool counter;
    const char *label; /* one more, with its value; "" for none */
    size_t offset;     /* of a uint64_t */
    uint64_t unit;     /* so many make one of the base unit: 1, or a power of ten */
};

#define FIELD_OF(field) offsetof(struct msg_node_is, field)

/* Those of one name stand together; the help of the first counts. */
static const struct figure all_figures[] = {
    {"troupe_process_uptime_seconds", "Time since the process started.", false, "",
     FIELD_OF(uptime_ms), 1000},
    {"troupe_process_resident_memory_bytes", "Resident memory.", false, "", FIELD_OF(rss_bytes), 1},
    {"troupe_process_cpu_seconds_total", "Processor time of the process without its children.",
     true, "", FIELD_OF(cpu_us), 1000000},
    {"troupe_actors", "Actors that live in the process.", false, "", FIELD_OF(actors), 1},
    {"troupe_actor_restarts_total", "Restarts of actors.", true, "", FIELD_OF(restarts), 1},
    {"troupe_handlers_stuck_total", "Handlers that did not return within runtime.stuck_ms.", true,
     "", FIELD_OF(stuck), 1},
    {"troupe_mailbox_messages", "Messages in mailboxes and on the way out.", false, "",
     FIELD_OF(queued), 1},
    {"troupe_messages_handled_total", "Messages given to actors.", true, "", FIELD_OF(handled), 1},
    {"troupe_messages_unhandled_total", "Messages that no actor handled, by what became of them.",
     true, ",outcome=\"expired\"", FIELD_OF(expired), 1},
    {"troupe_messages_unhandled_total", "", true, ",outcome=\"rejected\"", FIELD_OF(rejected), 1},
    {"troupe_messages_unhandled_total", "", true, ",outcome=\"dead\"", FIELD_OF(dead), 1},
    {"troupe_messages_unhandled_total", "", true, ",outcome=\"dropped\"", FIELD_OF(dropped), 1},
    {"troupe_messages_unhandled_total", "", true, ",outcome=\"lost\"", FIELD_OF(lost), 1},
    {"troupe_links", "Links to other processes that are up.", false, "", FIELD_OF(links), 1},
    {"troupe_links_began_total", "Links that came up.", true, "", FIELD_OF(links_began), 1},
    {"troupe_links_ended_total", "Links that ended.", true, "", FIELD_OF(links_ended), 1},
    {"troupe_link_frames_total", "Frames over all links.", true, ",direction=\"sent\"",
     FIELD_OF(frames_sent), 1},
    {"troupe_link_frames_total", "", true, ",direction=\"received\"", FIELD_OF(frames_received), 1},
    {"troupe_link_bytes_total", "Bytes of frames over all links.", true, ",direction=\"sent\"",
     FIELD_OF(bytes_sent), 1},
    {"troupe_link_bytes_total", "", true, ",direction=\"received\"", FIELD_OF(bytes_received), 1},
    {"troupe_link_gaps_total", "Holes in the sequences of frames that came.", true, "",
     FIELD_OF(gaps), 1},
    {"troupe_work_open", "Pieces of work under way: jobs, messages, requests, by the role.", false,
     "", FIELD_OF(work_open), 1},
    {"troupe_work_waiting", "Pieces of work that wait for the process.", false, "",
     FIELD_OF(work_waiting), 1},
};

static void write_figure(struct text *text, const struct figure *figure,
                         const struct fleet_process *process)
{
    uint64_t value;
    memcpy(&value, (const char *)&process->is + figure->offset, sizeof value);
    add(text, "%s", figure->name);
    add_labels(text, process);
    add(text, "%s} %" PRIu64, figure->label, value / figure->unit);
    if (figure->unit > 1) {
        int digits = figure->unit == 1000 ? 3 : 6;
        add(text, ".%0*" PRIu64, digits, value % figure->unit);
    }
    add(text, "\n");
}

static void write_flags(struct text *text, const struct fleet *fleet, size_t count)
{
    head(text, "troupe_process_up", "gauge", "Whether the process answered when asked last.");
    for (size_t i = 0; i < count; i++) {
        add(text, "troupe_process_up");
        add_labels(text, fleet->all[i]);
        add(text, "} %d\n", fleet->all[i]->up);
    }
    head(text, "troupe_process_draining", "gauge", "Whether the process takes no new work.");
    for (size_t i = 0; i < count; i++) {
        if (fleet->all[i]->up) {
            add(text, "troupe_process_draining");
            add_labels(text, fleet->all[i]);
            add(text, "} %d\n", fleet->all[i]->is.draining);
        }
    }
    head(text, "troupe_process_info", "gauge", "Always 1; the labels are what it tells.");
    for (size_t i = 0; i < count; i++) {
        if (fleet->all[i]->up) {
            add(text, "troupe_process_info");
            add_labels(text, fleet->all[i]);
            add(text, ",version=\"");
            add_value(text, fleet->all[i]->version);
            add(text, "\"} 1\n");
        }
    }
}

/* The first `count` of them. */
static void write_processes(struct text *text, const struct fleet *fleet, size_t count)
{
    gauge(text, "troupe_monitor_processes_left_out", "Processes for which there was no room.",
          fleet->count - count + fleet->left_out);
    write_flags(text, fleet, count);
    const char *last = "";
    for (size_t i = 0; i < sizeof all_figures / sizeof all_figures[0]; i++) {
        const struct figure *figure = &all_figures[i];
        if (strcmp(figure->name, last) != 0) {
            head(text, figure->name, figure->counter ? "counter" : "gauge", figure->help);
            last = figure->name;
        }
        for (size_t j = 0; j < count; j++) {
            if (fleet->all[j]->up) {
                write_figure(text, figure, fleet->all[j]);
            }
        }
    }
}

/* ---- all of it ---- */

static void write_all(struct text *text, const struct exposition *figures, size_t count)
{
    text->size = 0;
    gauge(text, "troupe_coordinator_up", "Whether the coordinator answers this monitor.",
          figures->up);
    counter(text, "troupe_monitor_status_requests_total",
            "Times that this monitor has asked the coordinator.", figures->asked);
    counter(text, "troupe_monitor_status_failures_total",
            "Times that the coordinator did not answer this monitor.", figures->unheard);
    counter(text, "troupe_monitor_rounds_total",
            "Rounds in which this monitor asked all processes.", figures->rounds);
    counter(text, "troupe_monitor_rounds_failed_total",
            "Rounds that ended before all processes were asked.", figures->broken);
    if (figures->up) {
        write_cluster(text, figures);
    }
    write_processes(text, figures->fleet, count);
}

enum err exposition_write(const struct exposition *figures, size_t size_max,
                          struct exposition_text *ret_text)
{
    struct text text = {.at = malloc(size_max + 1), .size_max = size_max};
    if (!text.at) {
        return ERR_MEMORY;
    }
    size_t count = figures->fleet->count;
    write_all(&text, figures, count);
    while (text.size > size_max && count > 0) {
        count = (count - 1) * size_max / text.size;
        write_all(&text, figures, count);
    }
    if (text.size > size_max) {
        free(text.at);
        return ERR_LIMIT;
    }
    *ret_text = (struct exposition_text){text.size, text.at};
    return ERR_OK;
}
