/* fuzz_rules.c - any bytes as rules, and any bytes as an error text.
 *
 * The input is both, with a NUL between: rules, then a text.  Refused rules are told in the report;
 * accepted ones name a kind for the text, and what was found lies inside of it.  Inputs whose rules
 * are refused are classified by a small set that is known to be good.
 */
#include <string.h>

#include "actors/classifier/classify.h"
#include "tests/fuzz/must.h"

static const char known[] =
    "routes: {r: {queue: q, model: m}}\n"
    "tools: {tsc: [\"error TS\"], jest: [\"^● \"]}\n"
    "rules:\n"
    "  - name: code\n"
    "    when: {code: [\"TS*\", \"react/*\"]}\n"
    "    then: {label: typescript, priority: 1, confidence: 99, route: r}\n"
    "  - name: all\n"
    "    when: {message: [\"^Error: \", \"e\"], word: [a, the], text: [\"/(a+|b)*c$/i\"], file: "
    "[\"*.*\"], unless: [\"zzz\"]}\n"
    "    then: {label: test, priority: 1, confidence: 99, route: r}\n"
    "otherwise: {class: general, priority: 1, confidence: 50, route: r}\n";

static void check_report(enum err err, const struct config_report *report)
{
    MUST(err == ERR_CONFIG);
    MUST(report->count > 0);
    for (size_t i = 0; i < config_report_lines(report); i++) {
        MUST(memchr(report->lines[i], '\0', CONFIG_PROBLEM_SIZE));
        MUST(!strpbrk(report->lines[i], "\n\r\x1b"));
    }
}

static void check_primary(const struct primary *primary)
{
    MUST(primary->size <= PRIMARY_TEXT_MAX);
    MUST(primary->message.from <= primary->message.to);
    MUST(primary->message.to <= primary->size);
    MUST(memchr(primary->code, '\0', sizeof primary->code));
    MUST(memchr(primary->file, '\0', sizeof primary->file));
    MUST(primary->findings_count <= PRIMARY_FINDINGS_MAX);
    for (size_t i = 0; i < primary->findings_count; i++) {
        MUST(primary->findings[i].rule.from <= primary->findings[i].rule.to);
        MUST(primary->findings[i].rule.to <= primary->size);
    }
    for (size_t i = 0; i < primary->size; i++) {
        unsigned char byte = (unsigned char)primary->text[i];
        MUST((byte >= ' ' && byte != 0x7f) || byte == '\n');
    }
}

/* Any weights will do: what is tried is what is read and written on the way. */
static const struct model *some_model(void)
{
    static struct model model;
    model.step = 0.01F;
    model.temperature = 1;
    model.sure = 0.5F;
    for (size_t i = 0; i < FEATURES_BUCKETS; i++) {
        model.weights[i][i % RULES_LABELS] = (int8_t)(i % 255 - 127);
    }
    return &model;
}

static void check_features(const struct classification *result)
{
    float sum = 0;
    for (size_t kind = 0; kind < FEATURES_KINDS; kind++) {
        MUST(result->features.count[kind] <= FEATURES_MAX);
        for (size_t i = 0; i < result->features.count[kind]; i++) {
            const struct feature *feature = &result->features.list[kind][i];
            MUST((size_t)feature->from + feature->size <= result->primary.size);
        }
    }
    for (size_t i = 0; i < RULES_LABELS; i++) {
        MUST(result->probability[i] >= 0);
        sum += result->probability[i];
    }
    MUST(sum > 0.99F && sum < 1.01F);
}

static void check_text(const struct rules *rules, const char *text, size_t size)
{
    static const struct model *model;
    static struct classification result;
    memset(&result, 0x5a, sizeof result);
    model = model ? model : some_model();
    const struct judge judge = {.rules = rules, .model_or_null = model};
    classify(&judge, text, size, "hint.ts", &result);
    if (!result.is_certain) {
        check_features(&result);
    }
    MUST(result.label < RULES_LABELS);
    MUST(result.route);
    MUST(result.confidence >= 0 && result.confidence <= 1);
    MUST(result.rule);
    MUST(result.rule->label < RULES_LABELS);
    MUST(result.rule->route);
    MUST(result.rule->confidence <= RULES_CONFIDENCE_MAX);
    MUST(result.why_count > 0);
    MUST(result.why_count <= CLASSIFY_WHY_MAX);
    for (size_t i = 0; i < result.why_count; i++) {
        MUST(memchr(result.why[i], '\0', CLASSIFY_WHY_SIZE));
    }
    check_primary(&result.primary);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *bytes = (const char *)data;
    const char *end = size > 0 ? memchr(bytes, '\0', size) : NULL;
    size_t head = end ? (size_t)(end - bytes) : 0;
    const char *text = end ? end + 1 : bytes;
    size_t text_size = size - head - (end != NULL);
    struct config_report report;
    struct rules *rules = NULL;
    if (end) {
        enum err err = rules_load_text("fuzz", bytes, head, &rules, &report);
        if (err != ERR_OK) {
            check_report(err, &report);
        }
    }
    if (!rules) {
        MUST(rules_load_text("known", known, strlen(known), &rules, &report) == ERR_OK);
    }
    check_text(rules, text, text_size);
    rules_destroy(&rules);
    return 0;
}
