/* teaching.h - writes a correction down, and lets the model learn all of them. */
#ifndef TOOLS_TEACHING_H
#define TOOLS_TEACHING_H

#include "actors/classifier/teach.h"
#include "tools/json.h"
#include "tools/judge.h"

/* Appends a correction to the file of `state_dir`.  ERR_IO, ERR_MEMORY, ERR_LIMIT: there are
 * TAUGHT_MAX. */
enum err teaching_note(const char *state_dir, const struct json_taught *taught) MUST_CHECK;

/* Learns all corrections of `state_dir` on top of the model that came with the rules, tries it on
 * the examples of the rules, and writes it there; the file is replaced as a whole.  Nothing is
 * written when there is no model to learn.  ERR_IO, ERR_MEMORY. */
enum err teaching_learn(const char *state_dir, const struct judge_files *files,
                        struct teach_sums *ret_sums) MUST_CHECK;

#endif
