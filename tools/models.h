/* models.h - the plan of the models, with its prompts, as it is configured. */
#ifndef TOOLS_MODELS_H
#define TOOLS_MODELS_H

#include "actors/models/plan.h"

/* Loads model-specialization.yml and prompts/ from `config_dir` (may be NULL), or else those that
 * came with this program.  The caller owns *ret_plan.  ERR_CONFIG, ERR_IO, ERR_NOT_FOUND: the
 * report says why; ERR_MEMORY. */
enum err models_load(const char *config_dir, struct plan **ret_plan,
                     struct config_report *ret_report) MUST_CHECK;

#endif
