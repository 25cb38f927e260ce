/* cast.h - the roles that a process can play, and what each needs.
 *
 * One thread; what is loaded for a role outlives the actors of the process.
 */
#ifndef TOOLS_CAST_H
#define TOOLS_CAST_H

#include "config/config.h"
#include "runtime/system.h"

enum { CAST_WHY_SIZE = 512 };

struct cast;

/* Strings are borrowed and outlive the cast. */
struct cast_options {
    const struct config *config;
    const char *config_dir; /* of the user; NULL: none */
    const char *reporters;  /* NULL: those beside the program; so are the next */
    const char *sources;
    const char *state; /* where corrections are; NULL: nowhere */
};

/* Finds the role of a word.  False: there is none, or no actor plays it here. */
bool cast_role(const char *word, uint64_t *ret_role);

/* "coordinator, partitioner, executor, …"; static. */
const char *cast_words(void);

/* Whether actors in this role start commands. */
bool cast_needs_exec(uint64_t role);

/* Loads what these roles need.  `why` (CAST_WHY_SIZE bytes) says what is wrong: ERR_NOT_FOUND,
 * ERR_CONFIG, ERR_IO, ERR_MEMORY. */
enum err cast_new(const struct cast_options *options, const uint64_t *roles, size_t count,
                  char *why, struct cast **ret_cast) MUST_CHECK;

/* Starts their actors, in the order of the table. */
enum err cast_spawn(struct cast *cast, struct rt_system *system) MUST_CHECK;

/* After the system is gone.  NULL inside is fine. */
void cast_destroy(struct cast **cast);

#endif
