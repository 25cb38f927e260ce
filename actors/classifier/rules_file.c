/* rules_file.c - reads the rules' file as a whole. */
#include "actors/classifier/rules.h"

#include <assert.h>
#include <stdlib.h>

#include "actors/common/text_file.h"

enum err rules_load(const char *path, struct rules **ret_rules, struct config_report *report)
{
    char *text = NULL;
    size_t size = 0;
    assert(path);
    assert(ret_rules);
    assert(report);
    config_report_clear(report);
    enum err err = text_file_read(path, RULES_FILE_SIZE_MAX, &text, &size, report);
    if (err == ERR_OK) {
        err = rules_load_text(path, text, size, ret_rules, report);
    }
    free(text);
    return err;
}
