/* rules_file.c - reads the rules' files as a whole. */
#include "actors/classifier/rules.h"

#include <assert.h>
#include <stdlib.h>

#include "actors/common/text_file.h"

enum err rules_load(const char *path, const char *base_or_null, struct rules **ret_rules,
                    struct config_report *report)
{
    char *texts[2] = {NULL};
    size_t sizes[2] = {0};
    assert(path);
    assert(ret_rules);
    assert(report);
    config_report_clear(report);
    enum err err = text_file_read(path, RULES_FILE_SIZE_MAX, &texts[0], &sizes[0], report);
    if (err == ERR_OK && base_or_null) {
        err = text_file_read(base_or_null, RULES_FILE_SIZE_MAX, &texts[1], &sizes[1], report);
    }
    if (err == ERR_OK) {
        const struct rules_source own = {path, texts[0], sizes[0]};
        const struct rules_source base = {base_or_null, texts[1], sizes[1]};
        err = rules_load_over(&own, base_or_null ? &base : NULL, ret_rules, report);
    }
    free(texts[0]);
    free(texts[1]);
    return err;
}
