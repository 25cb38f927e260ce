/* test_scaler.c - what is asked of ECS, and when. */
#include <stdio.h>
#include <string.h>

#include "actors/common/scaling.h"
#include "actors/sqs_bridge/sqs_bridge_scaler.h"
#include "tests/support/probe.h"

static struct probe *probe;
static struct rt_address coordinator;
static const struct credentials credentials = {.access_key = "AKID", .secret = "hush"};
static const struct scaler_arg arg = {&credentials};

static void configure(struct config *config)
{
    config_defaults(config);
    (void)strcpy(config->scaling.cluster, "c");
    (void)strcpy(config->scaling.subnets, "subnet-1,subnet-2");
    (void)strcpy(config->scaling.region, "eu-central-1");
    (void)strcpy(config->scaling.rule, "deadline");
    (void)strcpy(config->cost.instance, "fargate-spot");
}

static void open_with(const struct config *config)
{
    probe = probe_open(&(struct probe_options){
        .behaviour = &scaler_behaviour, .config = config, .arg = &arg, .size = sizeof arg});
    coordinator = probe_peer(probe, "coordinator");
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
}

static void setup(void)
{
    static struct config config;
    configure(&config);
    open_with(&config);
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(scaler, .init = setup, .fini = teardown);

static const char *say(uint64_t work_ms, uint64_t slots, enum budget_stage stage)
{
    (void)probe_trace(probe);
    probe_answer(
        probe, coordinator,
        MSG(status_is, .work_ms = work_ms, .slots_idle = slots, .paid = true, .budget = stage));
    return probe_trace(probe);
}

static const char *answer(uint64_t status, const char *body)
{
    (void)probe_trace(probe);
    probe_http_event(probe,
                     MSG(http_done, .id = probe_http(probe), .status = status,
                         .headers = msg_str(""), .body = msg_str(body), .error = msg_str("")));
    return probe_trace(probe);
}

#define NONE "{\"taskArns\":[]}"
#define LIST                                                                                       \
    "http POST https://ecs.eu-central-1.amazonaws.com/ body={\"cluster\":\"c\","                   \
    "\"startedBy\":\"troupe\",\"maxResults\":100}"

Test(scaler, asks_ecs_for_nothing_while_there_is_no_work)
{
    for (int round = 0; round < 20; round++) {
        cr_expect_str_eq(say(0, 4, BUDGET_OPEN), "");
        probe_advance(probe, 3000);
        cr_expect(strstr(probe_trace(probe), "ask STATUS"));
    }
}

Test(scaler, starts_what_the_policy_wants_within_a_round)
{
    const char *trace = say(1000000, 0, BUDGET_OPEN);
    cr_expect(strstr(trace, LIST), "%s", trace);
    trace = answer(200, NONE);
    cr_expect(strstr(trace, "\"count\":3,"), "1000 s / (4 slots * 95 s): %s", trace);
    cr_expect(strstr(trace, "\"FARGATE_SPOT\""), "%s", trace);
    cr_expect(strstr(trace, "\"subnets\":[\"subnet-1\",\"subnet-2\"]"), "%s", trace);
    const char *headers = probe_http_headers(probe);
    cr_expect(strstr(headers, "AmazonEC2ContainerServiceV20141113.RunTask"), "%s", headers);
    cr_expect(strstr(headers, "/eu-central-1/ecs/aws4_request"), "%s", headers);
    (void)answer(200, "{\"tasks\":[{},{},{}],\"failures\":[]}");
    probe_advance(probe, 3000);
    (void)say(1000000, 0, BUDGET_OPEN);
    cr_expect_str_eq(answer(200, NONE), "", "ECS does not list them yet: they count");
}

Test(scaler, repeats_what_was_not_answered_under_the_same_token)
{
    (void)say(1000000, 0, BUDGET_OPEN);
    char first[2000];
    (void)snprintf(first, sizeof first, "%s", answer(200, NONE));
    (void)answer(0, "");
    probe_advance(probe, 3000);
    (void)say(1, 0, BUDGET_OPEN);
    const char *second = answer(200, "{\"taskArns\":[\"a\",\"b\",\"c\"]}");
    cr_assert(strchr(first, '{') && strchr(second, '{'), "%s", second);
    cr_expect_str_eq(strchr(first, '{'), strchr(second, '{'));
}

static void start_without_room(const char *how)
{
    (void)say(1000000, 0, BUDGET_OPEN);
    (void)answer(200, NONE);
    (void)answer(strstr(how, "__type") ? 400 : 200, how);
    probe_advance(probe, 3000);
}

Test(scaler, goes_on_demand_where_spot_has_no_room_and_back_later)
{
    start_without_room("{\"tasks\":[],\"failures\":[{\"reason\":\"RESOURCE:CPU\"}]}");
    (void)say(1000000, 0, BUDGET_OPEN);
    const char *trace = answer(200, NONE);
    cr_expect(strstr(trace, "\"FARGATE\""), "%s", trace);
    (void)answer(200, "{\"tasks\":[],\"failures\":[]}");
    probe_advance(probe, 330000);
    for (int i = 0; i < 2; i++) {
        (void)say(0, 0, BUDGET_OPEN);
        probe_advance(probe, 3000);
    }
    (void)say(1000000, 0, BUDGET_OPEN);
    cr_expect(strstr(answer(200, NONE), "\"FARGATE_SPOT\""));
}

Test(scaler, does_not_go_on_demand_when_the_budget_forbids_it)
{
    start_without_room("{\"__type\":\"ClientException\",\"message\":"
                       "\"Capacity is unavailable at this time\"}");
    (void)say(1000000, 0, BUDGET_SPOT);
    const char *trace = answer(200, NONE);
    cr_expect(strstr(trace, "\"FARGATE_SPOT\""), "%s", trace);
}

Test(scaler, survives_any_answer)
{
    static const char *const bodies[] = {"",
                                         "{}",
                                         "[]",
                                         "null",
                                         "\xff",
                                         "{\"tasks\":7}",
                                         "{\"taskArns\":{}}",
                                         "{\"failures\":[1,{\"reason\":2}]}",
                                         "{\"tasks\":[],\"failures\":7}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        for (uint64_t status = 0; status < 600; status += 100) {
            (void)say(1000000, 0, BUDGET_OPEN);
            (void)answer(status, bodies[i]);
            (void)answer(status, bodies[i]);
            probe_advance(probe, 11000);
        }
    }
}

/* ---- services, groups, metrics ---- */

static void setup_by(const char *by, const char *metrics)
{
    static struct config config;
    configure(&config);
    (void)strcpy(config.scaling.by, by);
    (void)strcpy(config.scaling.target, "executors");
    (void)strcpy(config.scaling.metrics, metrics);
    open_with(&config);
    /* The admin of the coordinator's process, played by the same peer: nodes of peers differ. */
    probe_role_up(probe, TERM_role_ADMIN, coordinator);
    (void)probe_trace(probe);
}

static void setup_service(void)
{
    setup_by("service", "");
}

static void setup_group(void)
{
    setup_by("group", "");
}

static void setup_metrics(void)
{
    setup_by("metric", "Troupe");
}

#define SERVICE(count) "{\"services\":[{\"desiredCount\":" #count "}],\"failures\":[]}"
#define GROUP          "<Group><DesiredCapacity>%u</DesiredCapacity></Group>"

TestSuite(scaler_service, .init = setup_service, .fini = teardown);

Test(scaler_service, wants_as_many_as_the_policy)
{
    const char *trace = say(1000000, 0, BUDGET_OPEN);
    cr_expect(strstr(trace, "body={\"cluster\":\"c\",\"services\":[\"executors\"]}"), "%s", trace);
    trace = answer(200, SERVICE(1));
    cr_expect(strstr(trace, "{\"cluster\":\"c\",\"service\":\"executors\",\"desiredCount\":3}"),
              "%s", trace);
    cr_expect(strstr(probe_http_headers(probe), ".UpdateService"));
    (void)answer(200, "{\"service\":{\"desiredCount\":3}}");
    probe_advance(probe, 3000);
    (void)say(1000000, 0, BUDGET_OPEN);
    cr_expect_str_eq(answer(200, SERVICE(3)), "");
}

Test(scaler_service, wants_less_only_when_executors_have_left_for_good)
{
    const char *trace = "";
    for (uint64_t ms = 0; ms < 94000; ms += 3000) {
        (void)say(0, 4, BUDGET_OPEN);
        trace = answer(200, SERVICE(3));
        cr_assert_str_eq(trace, "", "at %llu ms: %s", (unsigned long long)ms, trace);
        probe_advance(probe, 3000);
    }
    (void)say(0, 4, BUDGET_OPEN);
    trace = answer(200, SERVICE(3));
    cr_expect(strstr(trace, "\"desiredCount\":1}"), "%s", trace);
}

Test(scaler_service, asks_for_nothing_once_there_is_nothing)
{
    cr_expect(strstr(say(0, 0, BUDGET_OPEN), "executors"), "not known yet");
    (void)answer(200, SERVICE(0));
    probe_advance(probe, 3000);
    cr_expect_str_eq(say(0, 0, BUDGET_OPEN), "");
}

TestSuite(scaler_metrics, .init = setup_metrics, .fini = teardown);

Test(scaler_metrics, are_published_and_others_scale)
{
    const char *trace = say(90000, 8, BUDGET_OPEN);
    cr_expect(strstr(trace, "http POST https://monitoring.eu-central-1.amazonaws.com/"), "%s",
              trace);
    cr_expect(strstr(trace, "Action=PutMetricData&Version=2010-08-01&Namespace=Troupe&"), "%s",
              trace);
    cr_expect(strstr(trace, "MetricName=BacklogSecondsPerInstance&"), "%s", trace);
    cr_expect(strstr(trace, "&MetricData.member.2.Value=45.000"), "%s", trace);
    cr_expect_null(strstr(probe_http_headers(probe), "X-Amz-Target"));
    cr_expect_str_eq(answer(200, "<PutMetricDataResponse/>"), "");
    probe_advance(probe, 3000);
    cr_expect_str_eq(say(90000, 8, BUDGET_OPEN), "", "once a minute");
    probe_advance(probe, 60000);
    cr_expect(strstr(say(0, 0, BUDGET_OPEN), "PutMetricData"), "nothing is a value, too");
}

TestSuite(scaler_group, .init = setup_group, .fini = teardown);

Test(scaler_group, sets_its_capacity)
{
    cr_expect(strstr(say(1000000, 0, BUDGET_OPEN), "AutoScalingGroupNames.member.1=executors"));
    const char *trace = answer(200, "<A><DesiredCapacity>0</DesiredCapacity></A>");
    cr_expect(strstr(trace, "SetDesiredCapacity&Version=2011-01-01&AutoScalingGroupName=executors&"
                            "HonorCooldown=false&DesiredCapacity=3"),
              "%s", trace);
}

Test(scaler_group, survives_any_answer)
{
    static const char *const bodies[] = {"",
                                         "<",
                                         "<DesiredCapacity>",
                                         "<DesiredCapacity>-1<",
                                         "<DesiredCapacity>99999999999999999999</DesiredCapacity>",
                                         "<Code>ValidationError</Code>",
                                         "\xff<Code>"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        for (uint64_t status = 0; status < 600; status += 100) {
            (void)say(1000000, 0, BUDGET_OPEN);
            const char *trace = answer(status, bodies[i]);
            cr_expect_null(strstr(trace, "Capacity="), "%s", trace);
            probe_advance(probe, 11000);
        }
    }
}

/* A machine of a fleet that lives at random: it works, drains itself, is drained by an operator. */
struct machine {
    bool there;
    bool works;
    bool drains;
};

enum { MACHINES = 8 };

static uint64_t next(uint64_t *random, uint64_t below)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*random >> 33) % below;
}

static void live_on(struct machine *machines, uint64_t *random)
{
    for (size_t i = 0; i < MACHINES; i++) {
        struct machine *machine = &machines[i];
        machine->there = machine->there || next(random, 4) == 0;
        if (machine->works) {
            machine->works = next(random, 5) != 0;
            machine->drains = machine->drains || next(random, 9) == 0; /* an operator's doing */
        } else if (!machine->drains) {
            machine->works = next(random, 3) == 0;
            machine->drains = !machine->works && next(random, 3) == 0;
        }
    }
}

/* Tells of the machine behind `at`, or that there is none; returns which. */
static size_t tell_machine(const struct machine *machines, size_t at)
{
    char name[32] = "";
    while (at < MACHINES && !machines[at].there) {
        at++;
    }
    if (at < MACHINES) {
        (void)snprintf(name, sizeof name, "executor/i-%zu", at);
    }
    /* What a process says of its work may be older than what its executor answers. */
    probe_answer(probe, coordinator,
                 MSG(node_is, .node = msg_str(name), .version = msg_str(""),
                     .draining = at < MACHINES && machines[at].drains,
                     .work_open = at < MACHINES && machines[at].works && at % 2));
    return at;
}

/* One round, which asks for machines from *begin on; true: one was terminated, which is gone then.
 */
static bool round_of(struct machine *machines, size_t *begin)
{
    char group[80];
    unsigned there = 0;
    uint64_t slots = 0;
    for (size_t i = 0; i < MACHINES; i++) {
        there += machines[i].there;
        slots += machines[i].there && !machines[i].drains ? 4 : 0;
    }
    (void)say(0, slots, BUDGET_OPEN);
    (void)snprintf(group, sizeof group, GROUP, there);
    (void)answer(200, group);
    /* From where the last round ended, to the end. */
    for (size_t at = *begin; at <= MACHINES && there * 4 > slots; at++) {
        at = tell_machine(machines, at);
        *begin = at < MACHINES ? at + 1 : 0;
        const char *trace = probe_trace(probe);
        if (strstr(trace, "ask DRAIN")) {
            cr_assert(at < MACHINES && machines[at].drains);
            char name[32];
            (void)snprintf(name, sizeof name, "executor/i-%zu", at);
            probe_answer(
                probe, coordinator,
                MSG(drained, .node = msg_str(name), .on = true, .busy = machines[at].works));
            trace = probe_trace(probe);
        }
        const char *ended = strstr(trace, "InstanceId=i-");
        if (ended) {
            size_t which = (size_t)(ended[strlen("InstanceId=i-")] - '0');
            cr_assert(which == at && machines[at].there && machines[at].drains);
            cr_assert_not(machines[at].works, "machine %zu works", at);
            cr_assert(strstr(trace, "ShouldDecrementDesiredCapacity=true"));
            machines[at] = (struct machine){.there = false};
            (void)answer(200, "<TerminateInstanceInAutoScalingGroupResponse/>");
            return true;
        }
    }
    return false;
}

Test(scaler_group, never_terminates_who_works_in_10000_decisions)
{
    uint64_t random = 11;
    size_t terminated = 0;
    for (int life = 0; life < 100; life++) {
        struct machine machines[MACHINES] = {{.there = false}};
        size_t begin = 0;
        for (int decision = 0; decision < 100; decision++) {
            live_on(machines, &random);
            terminated += round_of(machines, &begin);
            probe_advance(probe, 3000);
        }
        teardown();
        setup_group();
    }
    cr_expect_gt(terminated, 1000, "%zu", terminated);
}

/* 10,000 decisions on whatever may be seen. */
Test(scaling_choice, stays_within_the_policy_and_the_budget)
{
    struct config config;
    configure(&config);
    struct scaling_policy policy;
    uint64_t random = 3;
    static const char *const rules[] = {"deadline", "sqrt", "backlog"};
    for (int i = 0; i < 10000; i++) {
        (void)strcpy(config.scaling.rule, rules[i % 3]);
        scaling_policy_of(&config, &policy);
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        struct scaling_view view = {.work_s = (double)(random >> 20 & 0x3fff) - 100,
                                    .slots = random >> 35 & 0x7f,
                                    .instances = random >> 43 & 0x1f,
                                    .stage = (enum budget_stage)((random >> 50) % BUDGET_STAGES),
                                    .no_spot = random >> 60 & 1};
        view.work_s = view.work_s < 0 ? 0 : view.work_s;
        struct scaling_choice choice = scaling_choose(&policy, true, &view);
        uint64_t most = view.stage >= BUDGET_FEWER ? 8 : 16;
        cr_assert(choice.start == 0 || choice.start + view.instances <= most);
        cr_assert(choice.start == 0 || view.work_s > 0);
        cr_assert(!choice.on_demand || (view.no_spot && view.stage < BUDGET_SPOT));
        cr_assert(choice.start > 0 || view.work_s <= 0 || view.instances + view.slots > 0);
    }
}
