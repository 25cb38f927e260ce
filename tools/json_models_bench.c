/* json_models_bench.c - see json_models_bench.h. */
#include "tools/json_models_bench.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json.h"

static size_t class_of(const char *word)
{
    size_t index = 0;
    while (index < PLAN_CLASSES && (!word || strcmp(word, plan_class_word(index)) != 0)) {
        index++;
    }
    return index;
}

enum err json_read_bench_case(const char *line, struct bench_case *ret_case, char *why)
{
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    const char *dir = json_string_value(json_object_get(object, "dir"));
    const char *command = json_string_value(json_object_get(object, "command"));
    size_t class_index = class_of(json_string_value(json_object_get(object, "class")));
    const char *what = !object                                 ? error.text
                       : !dir || !dir[0]                       ? "\"dir\" is no text, or empty"
                       : !command || !command[0]               ? "\"command\" is no text, or empty"
                       : strlen(command) > MSG_MAX_fix_command ? "\"command\" is too long"
                       : class_index == PLAN_CLASSES
                           ? "\"class\" is none of typescript, react, test, general"
                           : NULL;
    enum err err = what ? ERR_MALFORMED : ERR_OK;
    if (what) {
        (void)snprintf(why, JSON_BENCH_WHY_SIZE, "%s", what);
    } else {
        *ret_case = (struct bench_case){
            .dir = strdup(dir), .command = strdup(command), .class_index = class_index};
        if (!ret_case->dir || !ret_case->command) {
            free(ret_case->dir);
            free(ret_case->command);
            err = ERR_MEMORY;
        }
    }
    json_decref(object);
    return err;
}

static json_t *row_of(const char *model, size_t class_index, const struct advise_row *row,
                      double usd_ms)
{
    const struct pool_count *count = &row->count;
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "model", model,
                     "class", plan_class_word(class_index), "cases", (json_int_t)row->cases,
                     "fixed", (json_int_t)row->fixed, "done",
                     (json_int_t)count->outcomes[POOL_DONE], "failed",
                     (json_int_t)count->outcomes[POOL_FAILED], "missing",
                     (json_int_t)count->outcomes[POOL_MISSING], "tokens_in",
                     (json_int_t)count->tokens_in, "tokens_out", (json_int_t)count->tokens_out,
                     "ms", (json_int_t)count->ms, "usd", (double)count->ms * usd_ms);
}

enum err json_models_bench(FILE *out, const struct plan *plan, const struct bench_table *table,
                           double usd_ms)
{
    json_t *rows = json_array();
    int failed = rows ? 0 : -1;
    for (size_t i = 0; i < PLAN_CLASSES; i++) {
        for (size_t j = 0; j < plan->models_count && failed == 0; j++) {
            const struct advise_row *row = &table->rows[i][j];
            if (row->cases > 0) {
                failed = json_array_append_new(rows, row_of(plan->models[j].name, i, row, usd_ms));
            }
        }
    }
    if (failed != 0) {
        json_decref(rows);
        return ERR_MEMORY;
    }
    return json_put(out,
                    json_pack("{s:o, s:I}", "rows", rows, "left_out", (json_int_t)table->left_out));
}

/* A number from 0; anything else is malformed. */
static bool read_number(const json_t *object, const char *key, uint64_t *ret)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *ret = (uint64_t)json_integer_value(value);
    return true;
}

static const char *read_row(const json_t *object, const struct plan *plan,
                            struct bench_table *table)
{
    const char *model = json_string_value(json_object_get(object, "model"));
    size_t class_index = class_of(json_string_value(json_object_get(object, "class")));
    struct advise_row row = {.cases = 0};
    if (!model || class_index == PLAN_CLASSES) {
        return "a row has no \"model\", or no \"class\" that there is";
    }
    if (!read_number(object, "cases", &row.cases) || !read_number(object, "fixed", &row.fixed) ||
        !read_number(object, "done", &row.count.outcomes[POOL_DONE]) ||
        !read_number(object, "ms", &row.count.ms) || row.fixed > row.cases) {
        return "the numbers of a row are not those of troupe models bench";
    }
    for (size_t i = 0; i < plan->models_count; i++) {
        if (strcmp(model, plan->models[i].name) == 0) {
            table->rows[class_index][i] = row;
        }
    }
    return NULL;
}

enum err json_read_models_bench(const char *text, const struct plan *plan,
                                struct bench_table *ret_table, char *why)
{
    json_error_t error;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    const json_t *rows = json_object_get(object, "rows");
    const char *what = !object ? error.text : !json_is_array(rows) ? "it has no \"rows\"" : NULL;
    *ret_table = (struct bench_table){.left_out = 0};
    for (size_t i = 0; i < json_array_size(rows) && !what; i++) {
        what = read_row(json_array_get(rows, i), plan, ret_table);
    }
    if (what) {
        (void)snprintf(why, JSON_BENCH_WHY_SIZE, "%s", what);
    }
    json_decref(object);
    return what ? ERR_MALFORMED : ERR_OK;
}

static json_t *suggested_of(const struct plan *plan, const struct advise_class *class)
{
    json_t *chain = json_array();
    for (size_t i = 0; chain && i < class->chain_count; i++) {
        if (json_array_append_new(chain, json_string(plan->models[class->chain[i]].name)) != 0) {
            json_decref(chain);
            return NULL;
        }
    }
    return json_pack("{s:o, s:b, s:f, s:f, s:f, s:s}", "chain", chain, "measured", class->measured,
                     "was_ms", class->was_ms, "is_ms", class->is_ms, "large_ms", class->large_ms,
                     "reason", class->why);
}

enum err json_models_suggest(FILE *out, const struct plan *plan, const struct advise_class *classes)
{
    json_t *all = json_object();
    for (size_t i = 0; all && i < PLAN_CLASSES; i++) {
        if (json_object_set_new(all, plan_class_word(i), suggested_of(plan, &classes[i])) != 0) {
            json_decref(all);
            return ERR_MEMORY;
        }
    }
    return json_put(out, json_pack("{s:o}", "classes", all));
}
