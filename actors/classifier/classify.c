/* classify.c - one search for all texts of the rules, then the rules in their order. */
#include "actors/classifier/classify.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "actors/classifier/fingerprint.h"
#include "actors/classifier/line.h"
#include "actors/common/glob.h"

/* What the rules are asked about. */
struct question {
    const struct rules *rules;
    struct primary *primary;
    const char *code;
    uint64_t tools;
    int exit;
    uint8_t hits[NEEDLES_MAX];
};

/* How often a correction is right: people err, too, and one cause may look like another. */
static const float CORRECTED = 0.98F;

/* What a linter says when it could not read the file at all. */
static const char parsing_error[] = "parsing-error";

static bool is_not(enum rules_list list)
{
    return list == RULES_LIST_not_message || list == RULES_LIST_not_text;
}

/* An expression looks at what its list is about.  One that runs away has found nothing. */
static bool is_matched(const struct question *self, enum rules_list list, const struct regex *regex)
{
    const struct primary *primary = self->primary;
    const struct primary_span *message = &primary->message;
    switch (list) {
    case RULES_LIST_code:
        return regex_find(regex, self->code, strlen(self->code)) == REGEX_YES;
    case RULES_LIST_file:
        return regex_find(regex, primary->file, strlen(primary->file)) == REGEX_YES;
    case RULES_LIST_message:
    case RULES_LIST_not_message:
        return regex_find(regex, primary->text + message->from, message->to - message->from) ==
               REGEX_YES;
    default:
        return regex_find(regex, primary->text, primary->size) == REGEX_YES;
    }
}

static bool is_found(const struct question *self, enum rules_list list,
                     const struct rules_check *check)
{
    if (check->regex) {
        return is_matched(self, list, check->regex);
    }
    switch (list) {
    case RULES_LIST_code:
        return glob_matches(check->text, self->code);
    case RULES_LIST_file:
        return glob_matches_path(check->text, self->primary->file);
    default:
        return (self->hits[check->needle] & check->bits) != 0;
    }
}

/* The first pattern of a list that is found; NULL if none is. */
static const struct rules_check *find_in(const struct question *self, enum rules_list list,
                                         struct rules_span span)
{
    const struct rules_check *checks = &self->rules->checks[span.from];
    for (size_t i = 0; i < span.count; i++) {
        if (is_found(self, list, &checks[i])) {
            return &checks[i];
        }
    }
    return NULL;
}

static bool has_exit(const struct question *self, const struct rule *rule)
{
    for (size_t i = 0; i < rule->exits_count; i++) {
        if (rule->exits[i] == self->exit) {
            return true;
        }
    }
    return rule->exits_count == 0;
}

static bool holds(const struct question *self, const struct rule *rule)
{
    if ((rule->tools != 0 && (rule->tools & self->tools) == 0) || !has_exit(self, rule)) {
        return false;
    }
    for (enum rules_list list = 0; list < RULES_LISTS; list++) {
        if (rule->lists[list].count == 0) {
            continue;
        }
        bool found = find_in(self, list, rule->lists[list]) != NULL;
        if (found == is_not(list)) {
            return false;
        }
    }
    return true;
}

static const struct rule *first_rule(const struct question *self)
{
    for (size_t i = 0; i < self->rules->count; i++) {
        if (holds(self, &self->rules->list[i])) {
            return &self->rules->list[i];
        }
    }
    return &self->rules->otherwise;
}

/* ---- linters ---- */

/* What one finding is about does not depend on the rest of the text. */
static bool holds_for_finding(const struct question *self, const struct rule *rule)
{
    return rule->lists[RULES_LIST_code].count > 0 && rule->lists[RULES_LIST_message].count == 0 &&
           rule->lists[RULES_LIST_text].count == 0 && rule->lists[RULES_LIST_word].count == 0 &&
           holds(self, rule);
}

static const struct rule *rule_of_finding(struct question *self,
                                          const struct primary_finding *finding)
{
    char code[PRIMARY_CODE_MAX + 1];
    size_t size = finding->rule.to - finding->rule.from;
    size = size < sizeof code ? size : sizeof code - 1;
    memcpy(code, self->primary->text + finding->rule.from, size);
    code[size] = '\0';
    self->code = size > 0 ? code : parsing_error;
    const struct rule *rule = &self->rules->otherwise;
    for (size_t i = 0; i < self->rules->count && rule == &self->rules->otherwise; i++) {
        if (holds_for_finding(self, &self->rules->list[i])) {
            rule = &self->rules->list[i];
        }
    }
    self->code = self->primary->code;
    return rule;
}

/* The rule of the first finding of the label that has most; the code becomes that finding's. */
static const struct rule *elect(struct question *self)
{
    struct primary *primary = self->primary;
    size_t votes[RULES_LABELS] = {0};
    const struct rule *rules[RULES_LABELS] = {NULL};
    const struct primary_finding *firsts[RULES_LABELS] = {NULL};
    bool errors = false;
    for (size_t i = 0; i < primary->findings_count; i++) {
        errors |= primary->findings[i].is_error;
    }
    for (size_t i = 0; i < primary->findings_count; i++) {
        const struct primary_finding *finding = &primary->findings[i];
        if (finding->is_error != errors) {
            continue;
        }
        const struct rule *rule = rule_of_finding(self, finding);
        if (votes[rule->label]++ == 0) {
            rules[rule->label] = rule;
            firsts[rule->label] = finding;
        }
    }
    enum rules_label best = 0;
    for (enum rules_label label = 0; label < RULES_LABELS; label++) {
        best = votes[label] > votes[best] ? label : best;
    }
    const struct primary_finding *first = firsts[best];
    size_t size = first->rule.to - first->rule.from;
    (void)snprintf(primary->code, sizeof primary->code, "%.*s", size > 0 ? (int)size : 13,
                   size > 0 ? primary->text + first->rule.from : parsing_error);
    return rules[best];
}

/* ---- reasons ---- */

static void add_why(struct classification *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_why(struct classification *result, const char *format, ...)
{
    if (result->why_count == CLASSIFY_WHY_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(result->why[result->why_count++], CLASSIFY_WHY_SIZE, format, args);
    va_end(args);
}

static void explain_list(const struct question *self, enum rules_list list,
                         const struct rules_check *check, struct classification *result)
{
    static const char *const words[RULES_LISTS] = {
        [RULES_LIST_message] = "the error says",
        [RULES_LIST_text] = "the text has",
        [RULES_LIST_word] = "the error has the word",
    };
    if (list == RULES_LIST_code) {
        add_why(result, "code %s", self->code);
    } else if (list == RULES_LIST_file) {
        add_why(result, "file %s matches %s", self->primary->file, check->text);
    } else {
        add_why(result, "%s \"%s\"", words[list], check->text + (check->text[0] == '^'));
    }
}

static void explain(const struct question *self, struct classification *result)
{
    const struct rule *rule = result->rule;
    add_why(result, "rule %s (line %zu)%s", rule->name, rule->line,
            rule->is_own ? " of the project" : "");
    for (enum rules_list list = 0; list < RULES_LISTS; list++) {
        const struct rules_check *check = find_in(self, list, rule->lists[list]);
        if (check && !is_not(list)) {
            explain_list(self, list, check, result);
        }
    }
    if (result->tool) {
        add_why(result, "printed by %s", result->tool);
    }
}

/* ---- the whole ---- */

static void find_tools(struct question *self, struct classification *result)
{
    result->tool = NULL;
    for (size_t i = self->rules->tools_count; i-- > 0;) {
        const struct rules_tool *tool = &self->rules->tools[i];
        if (find_in(self, RULES_LIST_text, tool->texts)) {
            self->tools |= UINT64_C(1) << i;
            result->tool = tool->name;
        }
    }
}

/* Where a label goes that is not the rule's: the route of its name, and like an unknown error. */
static void route_label(const struct rules *rules, struct classification *result)
{
    result->route = rules->otherwise.route;
    result->priority = rules->otherwise.priority;
    for (size_t i = 0; i < rules->routes_count; i++) {
        if (strcmp(rules->routes[i].name, rules_label_name(result->label)) == 0) {
            result->route = &rules->routes[i];
        }
    }
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->list[i].label == result->label && rules->list[i].route == result->route) {
            result->priority = rules->list[i].priority;
            return;
        }
    }
}

static void add_evidence(const struct model *model, struct classification *result)
{
    enum { EVIDENCE_MAX = 3 };
    struct feature list[EVIDENCE_MAX];
    size_t count = model_explain(model, &result->features, result->label, list, EVIDENCE_MAX);
    for (size_t i = 0; i < count; i++) {
        add_why(result, "speaks for %s: \"%.*s\"", rules_label_name(result->label),
                (int)list[i].size, result->primary.text + list[i].from);
    }
}

void classify_features(struct classification *result)
{
    const struct features_hints hints = {result->rule->name, rules_label_name(result->rule->label),
                                         result->tool};
    features_read(&result->primary, &hints, &result->features);
}

static enum rules_label ask_model(const struct judge *judge, struct classification *result)
{
    const struct model *model = judge->model_or_null;
    classify_features(result);
    model_ask(model, &result->features, result->probability);
    enum rules_label best = 0;
    for (enum rules_label label = 0; label < RULES_LABELS; label++) {
        best = result->probability[label] > result->probability[best] ? label : best;
    }
    result->by_model = result->probability[best] >= model->sure;
    if (result->by_model && best != result->label) {
        result->label = best;
        route_label(judge->rules, result);
    }
    result->confidence = result->probability[result->label];
    return best;
}

/* True: somebody has said before what errors of this cause are. */
static bool recall(const struct judge *judge, struct classification *result)
{
    const struct taught_label *taught =
        judge->taught_or_null ? taught_find(judge->taught_or_null, result->fingerprint) : NULL;
    if (!taught) {
        return false;
    }
    if (taught->label != result->label) {
        result->label = taught->label;
        route_label(judge->rules, result);
    }
    result->route = taught->route ? taught->route : result->route;
    result->confidence = CORRECTED;
    result->is_certain = true;
    add_why(result, "corrected by hand: errors of this cause are %s",
            rules_label_name(taught->label));
    return true;
}

static void decide(const struct judge *judge, struct classification *result)
{
    const struct rule *rule = result->rule;
    result->label = rule->label;
    result->confidence = (float)rule->confidence / (float)RULES_CONFIDENCE_MAX;
    result->priority = rule->priority;
    result->route = rule->route;
    result->by_model = false;
    memset(result->probability, 0, sizeof result->probability);
    result->is_taught = recall(judge, result);
    if (!judge->model_or_null || result->is_certain) {
        return;
    }
    enum rules_label best = ask_model(judge, result);
    if (result->by_model) {
        add_why(result, "model: %s %.2f", rules_label_name(best),
                (double)result->probability[best]);
        add_evidence(judge->model_or_null, result);
    } else {
        add_why(result, "the model is not sure: %s %.2f", rules_label_name(best),
                (double)result->probability[best]);
    }
}

/* Finds all that the rules are asked about. */
static void prepare(const struct judge *judge, const struct classify_input *input,
                    struct question *self, struct classification *result)
{
    struct primary *primary = &result->primary;
    primary_read(input->text, input->size, input->file_or_null, primary);
    result->fingerprint = fingerprint_of(primary);
    *self = (struct question){
        .rules = judge->rules, .primary = primary, .code = primary->code, .exit = input->exit};
    struct needle_text where = {primary->text, primary->size, primary->message.from,
                                primary->message.to};
    needles_scan(judge->rules->needles, &where, self->hits);
    find_tools(self, result);
}

static void judge_it(const struct judge *judge, struct question *question,
                     struct classification *result)
{
    const struct primary *primary = question->primary;
    bool is_typescript = strncmp(primary->code, "TS", 2) == 0;
    bool is_lint = primary->findings_count > 0 && !is_typescript;
    result->rule = is_lint ? elect(question) : first_rule(question);
    result->is_certain = is_typescript || is_lint || result->rule->decides;
    result->why_count = 0;
    decide(judge, result);
    explain(question, result);
}

void classify_with(const struct judge *judge, const struct classify_input *input,
                   struct classification *ret_result)
{
    assert(judge);
    assert(input->text || input->size == 0);
    assert(ret_result);
    struct question question;
    prepare(judge, input, &question, ret_result);
    judge_it(judge, &question, ret_result);
}

void classify(const struct judge *judge, const char *text, size_t size, const char *file_or_null,
              struct classification *ret_result)
{
    classify_with(judge, &(struct classify_input){text, size, file_or_null, -1}, ret_result);
}

void classify_each(const struct judge *judge, const struct classify_input *input,
                   struct classification *ret_result,
                   void (*take)(void *context, const struct rule *rule), void *context)
{
    struct question question;
    prepare(judge, input, &question, ret_result);
    judge_it(judge, &question, ret_result);
    take(context, ret_result->rule);
    for (size_t i = 0; i < judge->rules->count; i++) {
        const struct rule *rule = &judge->rules->list[i];
        if (rule != ret_result->rule && holds(&question, rule)) {
            take(context, rule);
        }
    }
}
