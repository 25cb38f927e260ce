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

static void setup(void)
{
    static struct config config;
    configure(&config);
    probe = probe_open(&(struct probe_options){
        .behaviour = &scaler_behaviour, .config = &config, .arg = &arg, .size = sizeof arg});
    coordinator = probe_peer(probe, "coordinator");
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
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
