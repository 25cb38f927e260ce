/* generate.h - tests for sources of a project, made by a process in the sandbox.
 *
 * An actor that starts tools/generate/main.mjs in a copy of the project and takes down what it
 * says.  It fills the struct that it was given, writes one byte to its pipe and does nothing more;
 * the struct is then the caller's.
 */
#ifndef TOOLS_GENERATE_H
#define TOOLS_GENERATE_H

#include "runtime/actor.h"

enum { GENERATE_FILES_MAX = 512, GENERATE_REASON_SIZE = 512 };

/* What came of one source.  Texts belong to the list. */
struct generated {
    char *source; /* relative to the project, as is `test` */
    char *test;   /* "": none */
    char *status;
    char *text; /* of the new test; NULL: nothing is to be written */
    char *line; /* all that was said, without the text, as JSON */
    uint64_t tests;
    uint64_t killed;
    uint64_t total;
};

/* What is wanted (strings borrowed) and, below, what came of it. */
struct generate {
    const char *dir;      /* of the project */
    const char *root;     /* of the tree that it needs */
    const char *env;      /* NAME=VALUE lines */
    const char *folder;   /* of main.mjs */
    const char *readable; /* what else that needs */
    const char *request;  /* JSON, as main.mjs takes it */
    uint64_t timeout_ms;
    int done; /* gets a byte at the end */

    struct generated files[GENERATE_FILES_MAX];
    size_t count;
    bool ended; /* it said that it has come to its end */
    bool timed_out;
    char reason[GENERATE_REASON_SIZE]; /* why there is no result; "": there is one */
};

/* Its argument is a struct generate *. */
extern const struct rt_behaviour generate_behaviour;

/* Lets go of what the actor has filled in. */
void generate_free(struct generate *self);

#endif
