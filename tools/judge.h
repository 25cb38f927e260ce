/* judge.h - who names the kind of errors here: rules, model, corrections.
 *
 * The rules are the project's own over the shipped ones (rules.h).  The model is the one beside the
 * rules, or what `troupe errors teach` has made of it in the state directory, unless the one below
 * has changed since.
 */
#ifndef TOOLS_JUDGE_H
#define TOOLS_JUDGE_H

#include <limits.h>

#include "actors/classifier/classify.h"

enum { JUDGE_WHY_SIZE = PATH_MAX + 200 };

#define JUDGE_TAUGHT_NAME "taught.jsonl"

struct judge_wish {
    const char *config_dir; /* or NULL */
    const char *state_dir;  /* or NULL: without corrections */
    bool model;             /* whether one is wanted */
};

/* Owned.  Stays at its place while the judge is used. */
struct judge_files {
    struct rules *rules;
    struct model *model; /* or NULL: there is none */
    struct model *base;  /* the shipped model when `model` is a taught one; else NULL */
    struct taught *taught;
    struct judge judge;
};

/* Loads them, and prints what is wrong with rules, and what should be written otherwise, to stderr.
 * `why` gets a sentence on errors: ERR_NOT_FOUND and ERR_CONFIG, ERR_MALFORMED (the model or the
 * corrections), ERR_IO, ERR_MEMORY. */
enum err judge_open(const struct judge_wish *wish, struct judge_files *ret_files,
                    char why[JUDGE_WHY_SIZE]) MUST_CHECK;
void judge_close(struct judge_files *files);

/* The rules alone, into files->rules. */
enum err judge_open_rules(const char *config_dir, struct judge_files *files,
                          char why[JUDGE_WHY_SIZE]) MUST_CHECK;

#endif
