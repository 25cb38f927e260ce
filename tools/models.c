/* models.c - see models.h. */
#include "tools/models.h"

#include <stdio.h>

#include "tools/place.h"

static enum err find(const char *config_dir, const char *name, char path[PATH_MAX],
                     struct config_report *report)
{
    enum err err = place_config(config_dir, name, path);
    if (err != ERR_OK) {
        const struct config_place place = {name, 1, 1};
        config_report_add(report, &place, "is not there: install this program whole");
    }
    return err;
}

enum err models_load(const char *config_dir, struct plan **ret_plan,
                     struct config_report *ret_report)
{
    char path[PATH_MAX];
    char name[64];
    struct plan *plan = NULL;
    config_report_clear(ret_report);
    enum err err = find(config_dir, PLAN_FILE_NAME, path, ret_report);
    if (err == ERR_OK) {
        err = plan_load(path, &plan, ret_report);
    }
    for (size_t i = 0; i < PLAN_CLASSES && err == ERR_OK; i++) {
        (void)snprintf(name, sizeof name, "prompts/%s.txt", plan_class_word(i));
        err = find(config_dir, name, path, ret_report);
        err = err == ERR_OK ? plan_load_prompt(plan, i, path, ret_report) : err;
    }
    if (err != ERR_OK) {
        plan_destroy(&plan);
        return err;
    }
    *ret_plan = plan;
    return ERR_OK;
}
