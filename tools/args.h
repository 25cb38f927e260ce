/* args.h - the words of a command line, one at a time, against a table of options.
 *
 * Takes --name VALUE, --name=VALUE, -x, -- (the rest are words).  Pure: prints nothing.
 */
#ifndef TOOLS_ARGS_H
#define TOOLS_ARGS_H

#include <stdbool.h>
#include <stddef.h>

struct arg_option {
    const char *name;     /* without dashes */
    const char *value;    /* what its value is called; "" when it takes none */
    const char *sentence; /* for --help */
    char letter;          /* -x, or 0 */
};

struct args {
    const char *const *argv; /* borrowed, ends with NULL; without the program's name */
    const struct arg_option *const *options;
    size_t count;
    size_t at;
    bool words_only; /* behind -- */
    char why[256];   /* after ARGS_BAD: what is wrong and what to do */
};

enum { ARGS_END = -1, ARGS_WORD = -2, ARGS_BAD = -3 };

/* The index of the next option (its value, or NULL, in *ret_value), or one of the above; for
 * ARGS_WORD *ret_value is the word. */
int args_next(struct args *self, const char **ret_value);

/* The name among `count` that was probably meant by `word`; NULL when none is near. */
const char *args_nearest(const char *word, const char *const *names, size_t count);

#endif
