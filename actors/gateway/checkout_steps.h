/* checkout_steps.h - the commands that bring the code of one commit to its place.
 *
 * Pure.  MIRRORS/OWNER/NAME.git is a bare repository with the commits that were wanted, each
 * without its history; CHECKOUTS/OWNER/NAME/COMMIT the files of one, and nothing of git's.  What is
 * half made has another name (.COMMIT.new), and so has what is being removed (.COMMIT.old).
 *
 * Of the repository only its files are believed: there is no configuration, hook, filter or
 * submodule of its own, and git asks nobody.
 */
#ifndef ACTORS_GATEWAY_CHECKOUT_STEPS_H
#define ACTORS_GATEWAY_CHECKOUT_STEPS_H

#include "actors/gateway/origin.h"
#include "config/config.h"

enum checkout_step {
    CHECKOUT_LOOK,  /* exits with CHECKOUT_ABSENT when it has to be made */
    CHECKOUT_FETCH, /* the commit into the mirror */
    CHECKOUT_FILES, /* out of it */
    CHECKOUT_SETUP, /* gateway.setup in it; waits for a line on descriptor 3 */
    CHECKOUT_PLACE, /* its final name; old ones go */
    CHECKOUT_STEPS
};

enum { CHECKOUT_ABSENT = 3, CHECKOUT_ARGS_MAX = 12, CHECKOUT_PATH_SIZE = 4096 };

struct checkout_job {
    const struct cfg_gateway *cfg;
    const struct origin *origin;
    const char *env;    /* NAME=VALUE lines that every step sees */
    const char *token;  /* for clone_url, in the environment of CHECKOUT_FETCH alone */
    const char *in_use; /* OWNER/NAME/COMMITs that stay, with a space between */
    bool anew;          /* CHECKOUT_FETCH: without what the mirror has */
};

/* A command; all of it in one allocation, see checkout_command_free. */
struct checkout_command {
    const char *argv[CHECKOUT_ARGS_MAX + 1];
    char dir[CHECKOUT_PATH_SIZE];      /* where it runs, and the only place where it writes */
    char readable[CHECKOUT_PATH_SIZE]; /* where it reads, too; empty: nowhere */
    char args[2][CHECKOUT_PATH_SIZE];  /* of argv: where from */
    char numbers[3][24];               /* of argv, too */
    char path[CHECKOUT_PATH_SIZE];     /* OWNER/NAME */
    char *env;                         /* owned: NAME=VALUE lines */
    bool network;
    bool control;
    uint64_t deadline_ms;
};

/* ERR_LIMIT: paths too long; ERR_MEMORY. */
enum err checkout_command_new(enum checkout_step step, const struct checkout_job *job,
                              struct checkout_command **ret_command) MUST_CHECK;
void checkout_command_free(struct checkout_command **command);

/* What a step does, as in "the code could not be ...". */
const char *checkout_step_word(enum checkout_step step);

/* "https", "http" or "file"; NULL when `url` is nothing that OWNER/NAME.git can be put behind. */
const char *checkout_scheme(const char *url);

#endif
