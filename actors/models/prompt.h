/* prompt.h - what a model is told about an error.
 *
 * Pure.  Everything that comes from the project or from whoever changed it stands between marks
 * that do not occur in it, and is called data.  What looks like a secret is blotted out.
 */
#ifndef ACTORS_MODELS_PROMPT_H
#define ACTORS_MODELS_PROMPT_H

#include "actors/models/answer.h"

enum {
    PROMPT_FILES_MAX = 4,
    PROMPT_MESSAGE_MAX = 1600, /* bytes; some 400 tokens */
    PROMPT_WHOLE_LINES = 150,  /* a file of so many lines is shown whole */
    PROMPT_AROUND_LINES = 40,  /* of others, so many before and behind the place */
    PROMPT_BYTES_PER_TOKEN = 3 /* of code; on the safe side */
};

/* Stands where a secret was; an answer with it is of no use. */
#define PROMPT_SECRET "[SECRET]"

struct prompt_input {
    struct msg_str message;    /* text of the failure */
    const char *env;           /* NAME=VALUE lines: values that must not be told */
    struct answer_file *files; /* the one to be repaired first; from and to are filled in */
    const uint64_t *lines;     /* the places in them; 0: not known */
    size_t count;
    size_t budget; /* bytes that it may have */
};

/* The text, the caller's to free; *ret_shown files have found room, the others are not in it.
 * ERR_LIMIT: not even the first; ERR_MEMORY. */
enum err prompt_make(const struct prompt_input *input, char **ret_text,
                     size_t *ret_shown) MUST_CHECK;

/* How a model that answers in blocks, or with the whole, is told so.  `first` is the file that it
 * writes as a whole. */
const char *prompt_ask_blocks(void);
void prompt_ask_whole(const struct answer_file *first, char *text, size_t size);

/* Blots out secrets in a text that is `*size` bytes long; it does not grow. */
void prompt_blot(char *text, const char *env);

#endif
