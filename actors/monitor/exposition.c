/* exposition.c - see exposition.h.  Names by the conventions of Prometheus: base units, `_total`
 * for what only grows, labels where the sum of a name over its labels makes sense.
 */
#include "actors/monitor/exposition.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3))) static void add(struct exposition_text *text,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text->at + text->size, EXPOSITION_SIZE_MAX - text->size, format, args);
    va_end(args);
    /* All that varies are numbers: a test with the largest ones shows that there is room. */
    assert(size >= 0 && (size_t)size < EXPOSITION_SIZE_MAX - text->size);
    text->size += (size_t)size;
}

static void head(struct exposition_text *text, const char *name, const char *type, const char *help)
{
    add(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct exposition_text *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "gauge", help);
    add(text, "%s %" PRIu64 "\n", name, value);
}

static void counter(struct exposition_text *text, const char *name, const char *help,
                    uint64_t value)
{
    head(text, name, "counter", help);
    add(text, "%s %" PRIu64 "\n", name, value);
}

/* One counter with a value for each word. */
static void counters(struct exposition_text *text, const char *name, const char *help,
                     const char *const *words, const uint64_t *values)
{
    head(text, name, "counter", help);
    for (size_t i = 0; words[i]; i++) {
        add(text, "%s{%s} %" PRIu64 "\n", name, words[i], values[i]);
    }
}

static void write_failures(struct exposition_text *text, const struct exposition *figures)
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

static void write_cluster(struct exposition_text *text, const struct exposition *figures)
{
    gauge(text, "troupe_runs_open", "Runs without a verdict.", figures->runs_open);
    head(text, "troupe_jobs", "gauge", "Jobs that are not done, by state.");
    add(text, "troupe_jobs{state=\"queued\"} %" PRIu64 "\n", figures->jobs_queued);
    add(text, "troupe_jobs{state=\"leased\"} %" PRIu64 "\n", figures->jobs_leased);
    gauge(text, "troupe_slots_idle", "Slots of executors that wait for work.", figures->slots_idle);
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

void exposition_write(const struct exposition *figures, struct exposition_text *ret_text)
{
    ret_text->size = 0;
    gauge(ret_text, "troupe_coordinator_up", "Whether the coordinator answers this monitor.",
          figures->up);
    counter(ret_text, "troupe_monitor_status_requests_total",
            "Times that this monitor has asked the coordinator.", figures->asked);
    counter(ret_text, "troupe_monitor_status_failures_total",
            "Times that the coordinator did not answer this monitor.", figures->unheard);
    if (figures->up) {
        write_cluster(ret_text, figures);
    }
}
