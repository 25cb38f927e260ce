/* patch.h - a unified diff, read with suspicion.
 *
 * Pure.  What is taken here is less than what git takes, so that the two cannot understand one
 * differently: no text around the files, no quoted names, no times behind names, nothing uncounted.
 */
#ifndef ACTORS_VALIDATOR_PATCH_H
#define ACTORS_VALIDATOR_PATCH_H

#include "proto/message.h"

enum {
    PATCH_FILES_MAX = 32,
    PATCH_LINES_MAX = 16384,
    PATCH_PATH_MAX = 1024,
    PATCH_NUMBER_MAX = 10000000, /* of lines */
    PATCH_WHY_SIZE = 160,
    PATCH_ID_SIZE = 40 /* of a content, as git names it: hexadecimal */
};

enum patch_kind {
    PATCH_TEXT,
    PATCH_MODE,   /* the mode changes, or a link is made */
    PATCH_RENAME, /* renamed or copied */
    PATCH_BINARY
};

/* Texts are borrowed from the diff, without the end of the line. */
struct patch_line {
    char sign; /* ' ', '-' or '+' */
    size_t hunk;
    size_t number; /* from 1; in the old file, of an added line in the new one */
    bool open;     /* the file's last line, without an end */
    struct msg_str text;
};

struct patch_file {
    char path[PATCH_PATH_MAX + 1]; /* relative to the project */
    enum patch_kind kind;
    bool created;
    bool deleted;
    size_t first; /* of its lines */
    size_t count;
    size_t added;
    size_t removed;
    /* What git calls its content before and after, by "index A..B"; empty: it is not said. */
    char ids[2][PATCH_ID_SIZE + 1];
};

struct patch {
    struct patch_file files[PATCH_FILES_MAX];
    size_t files_count;
    struct patch_line *lines; /* of all files */
    size_t lines_count;
};

/* Reads a diff, which the patch borrows from; on success the caller calls patch_free.
 * ERR_MALFORMED, ERR_LIMIT: `why` (PATCH_WHY_SIZE bytes) says what and in which line; ERR_MEMORY.
 */
enum err patch_read(struct msg_str diff, struct patch *ret_patch, char *why) MUST_CHECK;
void patch_free(struct patch *patch);

struct patch_made {
    char *text;
    size_t size;
    char why[PATCH_WHY_SIZE]; /* there is none */
};

/* `text`, the content of `file`, with the change made, or taken back with `back`.  Nothing is
 * looked for: each line stands where the diff says, or ERR_REFUSED and ret_made->why
 * says which is another one.  The caller frees ret_made->text, which has a NUL behind its end. Of
 * text diffs only, neither created nor deleted files: ERR_UNSUPPORTED.  ERR_MEMORY. */
enum err patch_make(const struct patch *patch, const struct patch_file *file, struct msg_str text,
                    bool back, struct patch_made *ret_made) MUST_CHECK;

/* Whether what the patch keeps and removes of a file stands in `text`, its content, at the very
 * lines that it names; if not, `why` (PATCH_WHY_SIZE bytes) says which is the first. */
bool patch_fits(const struct patch *patch, const struct patch_file *file, struct msg_str text,
                char *why) MUST_CHECK;

#endif
