/* test_monitor.c - what Prometheus and a health check are told, and when. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/monitor/exposition.h"
#include "actors/monitor/fleet.h"
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
                     .fixes_validated = 3, .heals_refused = 2, .slots_busy = 5, .work_ms = 90500,
                     .paid = true, .spent_usd = 12.5, .forecast_usd = 99, .budget_used = 0.25,
                     .budget = 1));
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
                                        "\ntroupe_work_seconds 90.500\n",
                                        "\ntroupe_budget_used_ratio 0.250000\n",
                                        "\ntroupe_budget_stage{stage=\"fewer-instances\"} 1\n",
                                        "\ntroupe_budget_stage{stage=\"queue\"} 0\n",
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

/* ---- processes ---- */

/* The admin of the coordinator's process has been heard of: the first round begins. */
static void admin_up(void)
{
    coordinator_up();
    (void)probe_trace(probe);
    probe_role_up(probe, TERM_role_ADMIN, coordinator);
    probe_expect(probe, "[0] -> coordinator ask NODES after=\n");
}

static void say_node(const char *name, uint64_t role)
{
    probe_answer(probe, coordinator,
                 MSG(node_is, .node = msg_str(name), .roles = UINT64_C(1) << role, .queued = 3,
                     .uptime_ms = 1002, .version = msg_str("0.1"), .cpu_us = 1500000, .dead = 4,
                     .bytes_sent = 900, .work_open = 2));
}

static void say_end(void)
{
    probe_answer(probe, coordinator, MSG(node_is, .node = msg_str(""), .version = msg_str("")));
}

static const char *metrics(void)
{
    return ask("GET", "/metrics");
}

#define SHOWS(line) cr_expect(strstr(trace, "\n" line "\n"), "no %s in %s", line, trace)

Test(monitor, asks_every_process_one_after_the_other)
{
    admin_up();
    say_node("a", TERM_role_EXECUTOR);
    probe_expect(probe, "[0] -> coordinator ask NODES after=a\n");
    say_node("b", TERM_role_FIXER);
    probe_expect(probe, "[0] -> coordinator ask NODES after=b\n");
    say_end();
    probe_expect(probe, "");
    const char *trace = metrics();
    SHOWS("troupe_process_up{role=\"executor\",node=\"a\"} 1");
    SHOWS("troupe_process_up{role=\"fixer\",node=\"b\"} 1");
    SHOWS("troupe_process_info{role=\"fixer\",node=\"b\",version=\"0.1\"} 1");
    SHOWS("troupe_process_uptime_seconds{role=\"fixer\",node=\"b\"} 1.002");
    SHOWS("troupe_process_cpu_seconds_total{role=\"fixer\",node=\"b\"} 1.500000");
    SHOWS("troupe_mailbox_messages{role=\"executor\",node=\"a\"} 3");
    SHOWS("troupe_messages_unhandled_total{role=\"executor\",node=\"a\",outcome=\"dead\"} 4");
    SHOWS("troupe_link_bytes_total{role=\"executor\",node=\"a\",direction=\"sent\"} 900");
    SHOWS("troupe_work_open{role=\"executor\",node=\"a\"} 2");
    SHOWS("troupe_monitor_rounds_total 1");
    SHOWS("troupe_monitor_processes_left_out 0");
}

Test(monitor, shows_who_is_gone_as_down_and_then_no_more)
{
    admin_up();
    say_node("a", TERM_role_EXECUTOR);
    say_node("b", TERM_role_FIXER);
    say_end();
    probe_advance(probe, 5000);
    say_node("a", TERM_role_EXECUTOR);
    say_end();
    const char *trace = metrics();
    SHOWS("troupe_process_up{role=\"executor\",node=\"a\"} 1");
    SHOWS("troupe_process_up{role=\"fixer\",node=\"b\"} 0");
    SHOWS("troupe_actors{role=\"executor\",node=\"a\"} 0");
    cr_expect_null(strstr(trace, "troupe_actors{role=\"fixer\""));
    for (int i = 0; i < 60; i++) {
        probe_advance(probe, 5000);
        say_node("a", TERM_role_EXECUTOR);
        say_end();
    }
    trace = metrics();
    SHOWS("troupe_process_up{role=\"executor\",node=\"a\"} 1");
    cr_expect_null(strstr(trace, "fixer"));
}

Test(monitor, shows_who_is_silent_as_down)
{
    admin_up();
    probe_answer(probe, coordinator,
                 MSG(node_is, .node = msg_str("a"), .silent = true, .version = msg_str("")));
    say_end();
    const char *trace = metrics();
    SHOWS("troupe_process_up{role=\"unknown\",node=\"a\"} 0");
}

Test(monitor, ends_a_round_that_is_not_answered)
{
    admin_up();
    say_node("a", TERM_role_EXECUTOR);
    probe_advance(probe, 4000);
    const char *trace = metrics();
    SHOWS("troupe_monitor_rounds_failed_total 1");
    SHOWS("troupe_process_up{role=\"executor\",node=\"a\"} 1"); /* it has answered */
    probe_advance(probe, 1000); /* the next round, of which nothing comes */
    probe_advance(probe, 4000);
    trace = metrics();
    SHOWS("troupe_monitor_rounds_failed_total 2");
    SHOWS("troupe_process_up{role=\"executor\",node=\"a\"} 0");
}

Test(monitor, is_led_round_in_circles_by_nobody)
{
    admin_up();
    say_node("b", TERM_role_EXECUTOR);
    (void)probe_trace(probe);
    say_node("a", TERM_role_EXECUTOR);
    probe_expect(probe, ""); /* the round is over */
}

Test(monitor, asks_its_own_admin_when_there_is_no_coordinator)
{
    admin_up();
    probe_node_down(probe, coordinator); /* the round ends */
    /* Any actor of this process will do. */
    system_role_up(probe_system(probe), TERM_role_ADMIN, probe_actor(probe), "probe");
    const char *trace = metrics();
    SHOWS("troupe_monitor_rounds_total 1");
    SHOWS("troupe_monitor_rounds_failed_total 1");
    probe_advance(probe, 5000); /* now it asks itself, which does not understand */
    trace = metrics();
    SHOWS("troupe_monitor_rounds_total 2");
    SHOWS("troupe_monitor_rounds_failed_total 2");
}

Test(monitor, learns_of_the_admin_before_the_coordinator)
{
    (void)probe_trace(probe);
    probe_role_up(probe, TERM_role_ADMIN, coordinator);
    probe_expect(probe, "");
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
    probe_expect(probe, "[0] -> coordinator ask STATUS drain=false\n"
                        "[0] -> coordinator ask NODES after=\n");
}

/* ---- the text ---- */

static struct msg_node_is largest(const char *name)
{
    struct msg_node_is is;
    memset(&is, 0xff, sizeof is);
    is.silent = false;
    is.draining = true;
    is.node = msg_str(name);
    is.version = msg_str("0123456789abcdef0123456789abcdef");
    return is;
}

static struct fleet fleet_of(size_t count)
{
    static char name[] = "a name of a process that is as long as a name can be at all 0000\0";
    struct fleet fleet = {.count = 0};
    fleet_begin_round(&fleet);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name + 60, 5, "%04zu", i);
        struct msg_node_is is = largest(name);
        fleet_hear(&fleet, &is, 0);
    }
    return fleet;
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

Test(exposition, has_room_for_the_largest_figures)
{
    struct fleet fleet = fleet_of(32);
    struct exposition figures;
    struct exposition_text text;
    memset(&figures, 0xff, sizeof figures);
    figures.up = true;
    figures.paid = true;
    figures.fleet = &fleet;
    cr_assert_eq(exposition_write(&figures, 512 * 1024, &text), ERR_OK);
    cr_expect_eq(text.size, strlen(text.at));
    cr_expect_eq(text.at[text.size - 1], '\n');
    cr_expect_eq(count_of(text.at, "\ntroupe_process_up{"), 32);
    free(text.at);
    fleet_clear(&fleet);
}

Test(exposition, leaves_processes_out_and_says_so)
{
    struct fleet fleet = fleet_of(FLEET_MAX + 5);
    struct exposition figures = {.up = true, .fleet = &fleet};
    struct exposition_text text;
    cr_expect_eq(fleet.count, FLEET_MAX);
    cr_expect_eq(fleet.left_out, 5);
    cr_assert_eq(exposition_write(&figures, 512 * 1024, &text), ERR_OK);
    cr_expect_leq(text.size, 512 * 1024);
    size_t shown = count_of(text.at, "\ntroupe_process_up{");
    cr_expect(shown > 32 && shown < 200, "%zu", shown);
    char line[80];
    (void)snprintf(line, sizeof line, "\ntroupe_monitor_processes_left_out %zu\n",
                   FLEET_MAX + 5 - shown);
    cr_expect(strstr(text.at, line), "%s", line);
    cr_expect_eq(count_of(text.at, "\ntroupe_work_waiting{"), shown);
    free(text.at);
    cr_expect_eq(exposition_write(&figures, 1024, &text), ERR_LIMIT);
    fleet_clear(&fleet);
}

Test(exposition, says_strange_names_so_that_they_can_be_read)
{
    struct fleet fleet = {.count = 0};
    struct exposition figures = {.fleet = &fleet};
    struct exposition_text text;
    struct msg_node_is is = {.node = msg_str("a\"b\\c\nd\xff"), .version = msg_str("")};
    fleet_begin_round(&fleet);
    fleet_hear(&fleet, &is, 0);
    cr_assert_eq(exposition_write(&figures, 65536, &text), ERR_OK);
    cr_expect(strstr(text.at, "troupe_actors{role=\"unknown\",node=\"a\\\"b\\\\c?d?\"} 0\n"), "%s",
              text.at);
    free(text.at);
    fleet_clear(&fleet);
}
