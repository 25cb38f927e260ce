/* json_health.c - see json_health.h. */
#include "tools/json_health.h"

#include <jansson.h>

#include "tools/json.h"

static json_t *heal_of(const struct ledger_finding *finding)
{
    const struct ledger_heal *heal = &finding->heal;
    return json_pack("{s:I, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:f, s:o}", "number",
                     (json_int_t)finding->error, "status", term_word("heal", heal->status), "file",
                     json_words(finding->file.at), "test", json_words(finding->test.at), "at_file",
                     json_words(heal->file.at), "at_line", (json_int_t)heal->line, "before",
                     json_words(heal->before.at), "after", json_words(heal->after.at), "confidence",
                     heal->confidence, "reason", json_words(heal->reason.at));
}

enum err json_healed(FILE *out, const char *run, const struct ledger_finding *finding)
{
    json_t *object = heal_of(finding);
    int bad = !object || json_object_set_new(object, "run", json_string(run)) != 0 ||
              json_object_set_new(object, "message", json_words(finding->message.at)) != 0 ||
              json_object_set_new(object, "diff", json_words(finding->heal.diff.at)) != 0;
    if (bad) {
        json_decref(object);
        return ERR_MEMORY;
    }
    return json_put(out, object);
}

enum err json_heals(FILE *out, const char *run, const struct ledger_findings *findings)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < findings->count && !bad; i++) {
        bad = findings->all[i].heal.status != 0 &&
              json_array_append_new(list, heal_of(&findings->all[i])) != 0;
    }
    if (bad) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:s, s:o}", "run", run, "heals", list));
}

/* ---- health ---- */

double health_minutes(const struct health *health)
{
    return (double)(health->heals.healed * health->minutes_repair) +
           (double)health->heals.proposed *
               ((double)health->minutes_repair - (double)health->minutes_review);
}

static double share(uint64_t part, uint64_t of)
{
    return of > 0 ? (double)part / (double)of : 0;
}

static json_t *test_of(const struct ledger_flaky *test)
{
    return json_pack("{s:o, s:o, s:I, s:f, s:I, s:f, s:I, s:b}", "file", json_words(test->file),
                     "test", json_words(test->test), "runs", (json_int_t)test->runs, "pass_rate",
                     1 - share(test->failed, test->runs), "flips", (json_int_t)test->flips,
                     "flip_rate", share(test->flips, test->runs), "events",
                     (json_int_t)test->events, "flaky", test->is);
}

static json_t *place_of(const struct health_place *at)
{
    return json_pack("{s:o, s:I, s:I, s:s, s:o, s:s, s:o}", "file", json_words(at->file), "line",
                     (json_int_t)at->place.line, "column", (json_int_t)at->place.column, "kind",
                     brittle_word(at->place.kind), "text", json_words(at->place.text), "why",
                     brittle_sentence(at->place.kind), "instead",
                     at->instead ? json_words(at->instead) : json_null());
}

static json_t *locators_of(const struct health *health)
{
    json_t *kinds = json_object();
    uint64_t brittle = 0;
    int bad = !kinds;
    for (int i = BRITTLE_NONE + 1; i < BRITTLES && !bad; i++) {
        bad = json_object_set_new(kinds, brittle_word((enum brittle)i),
                                  json_integer((json_int_t)health->brittle[i]));
        brittle += i < BRITTLE_SLEEP ? health->brittle[i] : 0;
    }
    if (bad) {
        json_decref(kinds);
        return NULL;
    }
    return json_pack("{s:I, s:I, s:I, s:f, s:o}", "files", (json_int_t)health->files, "judged",
                     (json_int_t)health->locators, "brittle", (json_int_t)brittle, "brittle_share",
                     share(brittle, health->locators), "kinds", kinds);
}

static json_t *heals_of(const struct health *health)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:{s:f, s:s, s:I, s:I}}", "healed", (json_int_t)health->heals.healed,
        "proposed", (json_int_t)health->heals.proposed, "refused",
        (json_int_t)health->heals.refused, "failures", (json_int_t)health->heals.failures,
        "minutes", "saved", health_minutes(health), "formula", HEALTH_FORMULA, "repair",
        (json_int_t)health->minutes_repair, "review", (json_int_t)health->minutes_review);
}

enum err json_health(FILE *out, const struct health *health)
{
    json_t *tests = json_array();
    json_t *places = json_array();
    int bad = !tests || !places;
    for (size_t i = 0; i < health->tests_count && !bad; i++) {
        bad = json_array_append_new(tests, test_of(&health->tests[i]));
    }
    for (size_t i = 0; i < health->places_count && !bad; i++) {
        bad = json_array_append_new(places, place_of(&health->places[i]));
    }
    if (bad) {
        json_decref(tests);
        json_decref(places);
        return ERR_MEMORY;
    }
    return json_put(out,
                    json_pack("{s:o, s:I, s:o, s:o, s:o, s:I, s:o}", "dir", json_words(health->dir),
                              "runs", (json_int_t)health->runs, "tests", tests, "locators",
                              locators_of(health), "places", places, "places_left_out",
                              (json_int_t)health->left_out, "heals", heals_of(health)));
}
