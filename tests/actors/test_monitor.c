/* test_monitor.c - what Prometheus and a health check are told, and when. */
#include <string.h>

#include "actors/monitor/exposition.h"
#include "actors/monitor/monitor.h"
#include "tests/support/probe.h"

static struct probe *probe;
static struct rt_address coordinator;
static struct config config;

static void setup(void)
{
    config_defaults(&config);
    (void)strcpy(config.monitor.listen, "127.0.0.1:9477");
    probe = probe_open(&(struct probe_options){.behaviour = &monitor_behaviour, .config = &config});
    coordinator = probe_peer(probe, "coordinator");
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(monitor, .init = setup, .fini = teardown);

static const char *ask(const char *method, const char *path)
{
    (void)probe_trace(probe);
    probe_http_event(probe,
                     MSG(http_request, .id = 1, .method = msg_str(method), .path = msg_str(path),
                         .query = msg_str(""), .headers = msg_str(""), .body = msg_str("")));
    return probe_trace(probe);
}

static void say(uint64_t queued)
{
    probe_answer(probe, coordinator,
                 MSG(status_is, .epoch = 3, .uptime_ms = 61005, .slots_idle = 4, .runs_open = 2,
                     .jobs_queued = queued, .jobs_leased = 8, .stale_refused = 1, .errors_react = 6,
                     .fixes_validated = 3, .heals_refused = 2));
}

static void coordinator_up(void)
{
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
    say(7);
}

Test(monitor, takes_its_role_and_serves)
{
    probe_expect(probe, "[0] http serve 127.0.0.1:9477\n[0] role monitor\n");
}

Test(monitor, does_not_serve_when_it_is_not_told_where)
{
    probe_close(&probe);
    probe = probe_open(&(struct probe_options){.behaviour = &monitor_behaviour});
    probe_expect(probe, "[0] role monitor\n");
}

Test(monitor, asks_the_coordinator_every_second)
{
    coordinator_up();
    (void)probe_trace(probe);
    probe_advance(probe, 1000);
    probe_expect(probe, "[1000] -> coordinator ask STATUS drain=false\n");
    say(7);
    probe_advance(probe, 1000);
    probe_expect(probe, "[2000] -> coordinator ask STATUS drain=false\n");
}

Test(monitor, shows_what_the_coordinator_said_last)
{
    coordinator_up();
    const char *trace = ask("GET", "/metrics");
    cr_expect(strstr(trace, "http answer 200 text/plain; version=0.0.4; charset=utf-8 body="));
    static const char *const lines[] = {"\ntroupe_coordinator_up 1\n",
                                        "\ntroupe_runs_open 2\n",
                                        "\ntroupe_jobs{state=\"queued\"} 7\n",
                                        "\ntroupe_jobs{state=\"leased\"} 8\n",
                                        "\ntroupe_slots_idle 4\n",
                                        "\ntroupe_coordinator_epoch 3\n",
                                        "\ntroupe_coordinator_uptime_seconds 61.005\n",
                                        "\ntroupe_stale_results_refused_total 1\n",
                                        "\ntroupe_errors_total{label=\"react\"} 6\n",
                                        "\ntroupe_fixes_total{status=\"validated\"} 3\n",
                                        "\ntroupe_heals_total{status=\"refused\"} 2\n",
                                        "\n# TYPE troupe_jobs gauge\n",
                                        "\n# TYPE troupe_stale_results_refused_total counter\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_expect(strstr(trace, lines[i]), "%s in %s", lines[i], trace);
    }
    probe_advance(probe, 1000);
    say(6);
    cr_expect(strstr(ask("GET", "/metrics"), "\ntroupe_jobs{state=\"queued\"} 6\n"));
}

Test(monitor, shows_no_old_figures)
{
    cr_expect_null(strstr(ask("GET", "/metrics"), "troupe_jobs"));
    coordinator_up();
    probe_advance(probe, 1000); /* asks, and hears nothing */
    cr_expect(strstr(ask("GET", "/metrics"), "troupe_jobs"));
    probe_advance(probe, 3000);
    const char *trace = ask("GET", "/metrics");
    cr_expect(strstr(trace, "\ntroupe_coordinator_up 0\n"), "%s", trace);
    cr_expect(strstr(trace, "\ntroupe_monitor_status_failures_total 1\n"), "%s", trace);
    cr_expect_null(strstr(trace, "troupe_jobs"));
    probe_advance(probe, 1000);
    say(5);
    cr_expect(strstr(ask("GET", "/metrics"), "\ntroupe_jobs{state=\"queued\"} 5\n"));
}

Test(monitor, hears_only_the_newest_coordinator)
{
    coordinator_up();
    probe_advance(probe, 1000);
    struct rt_address next = probe_peer(probe, "next");
    probe_role_up(probe, TERM_role_COORDINATOR, next);
    probe_answer(probe, next, MSG(status_is, .epoch = 4, .jobs_queued = 1));
    say(7); /* too late */
    const char *trace = ask("GET", "/metrics");
    cr_expect(strstr(trace, "\ntroupe_coordinator_epoch 4\n"), "%s", trace);
    cr_expect(strstr(trace, "\ntroupe_jobs{state=\"queued\"} 1\n"), "%s", trace);
}

Test(monitor, notices_at_once_that_the_coordinator_is_lost)
{
    coordinator_up();
    probe_advance(probe, 1000);
    probe_node_down(probe, coordinator);
    cr_expect(strstr(ask("GET", "/health/ready"), "http answer 503 "));
}

Test(monitor, tells_health_checks)
{
    cr_expect(strstr(ask("GET", "/health/live"), "http answer 200 "));
    cr_expect(strstr(ask("GET", "/health/ready"), "http answer 503 "));
    coordinator_up();
    cr_expect(strstr(ask("HEAD", "/health/ready"), "http answer 200 "));
    cr_expect(strstr(ask("GET", "/health"), "http answer 404 "));
    cr_expect(strstr(ask("POST", "/metrics"), "http answer 405 "));
}

Test(monitor, does_not_live_where_it_cannot_serve)
{
    probe_http_serves(probe, ERR_IO);
    probe_crash_actor(probe);
    probe_advance(probe, 100);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "http close\n"), "%s", trace);
    cr_expect(strstr(trace, "http serve 127.0.0.1:9477\n"), "%s", trace);
    cr_expect_null(strstr(strstr(trace, "http close\n"), "role monitor\n"));
}

Test(exposition, has_room_for_the_largest_figures)
{
    struct exposition figures;
    struct exposition_text text;
    memset(&figures, 0xff, sizeof figures);
    figures.up = true;
    exposition_write(&figures, &text);
    cr_expect_eq(text.size, strlen(text.at));
    cr_expect_eq(text.at[text.size - 1], '\n');
}
