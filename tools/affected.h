/* affected.h - which files of a project a change may reach.
 *
 * Pure.  It would rather name too many than miss one: whatever is quoted in a file and could be the
 * name of another one counts as a dependency, a pattern or a directory as one on all below; what a
 * runner reads by itself (lockfiles, configurations and what those name) reaches everything; and a
 * file that starts programs or reads files by names made at run time is reached by everything.
 *
 * Paths are relative to one root.  Order of calls: all affected_add and affected_package, then
 * affected_seal, then affected_scan of each file that affected_wants, affected_change of each file
 * that was changed, added or deleted (which was added, too), then affected_spread.
 */
#ifndef TOOLS_AFFECTED_H
#define TOOLS_AFFECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

struct affected;

/* NULL without memory.  affected_free accepts NULL. */
struct affected *affected_new(void);
void affected_free(struct affected **affected);

/* A file.  ERR_MEMORY; ERR_LIMIT: millions of them. */
enum err affected_add(struct affected *self, const char *path) MUST_CHECK;

/* A package of the workspace, by the name under which others import it.  ERR_MEMORY. */
enum err affected_package(struct affected *self, const char *name, const char *dir) MUST_CHECK;

/* A package that is installed, by its name: what imports it has no further inputs, because the
 * lockfile says which one it is.  Before affected_seal, only for affected_inputs.  ERR_MEMORY. */
enum err affected_installed(struct affected *self, const char *name) MUST_CHECK;

/* What is imported by `import type` counts as well: somebody looks at types when tests run or are
 * compiled.  Configurations and files that say so themselves are noticed by affected_scan. */
void affected_types(struct affected *self);

enum err affected_seal(struct affected *self) MUST_CHECK;

/* Files are numbered by their paths, each once. */
size_t affected_count(const struct affected *self);
const char *affected_path(const struct affected *self, size_t index);

/* SIZE_MAX: there is no such file. */
size_t affected_find(const struct affected *self, const char *path);

/* Whether the text of a file has to be looked at. */
bool affected_wants(const struct affected *self, size_t index);

/* Takes the dependencies of a file from its text; NULL: it is too long, so it is reached by
 * everything.  ERR_MEMORY. */
enum err affected_scan(struct affected *self, size_t index, const char *text,
                       size_t size) MUST_CHECK;

void affected_change(struct affected *self, const char *path);

/* Follows the changes.  True: they may reach everything, and *ret_why is the path of the file that
 * says so (it lives as long as `self`).  ERR_MEMORY. */
enum err affected_spread(struct affected *self, bool *ret_all, const char **ret_why) MUST_CHECK;

/* After affected_spread: whether it was reached, and from which file (its own number for a changed
 * one; SIZE_MAX for one that is reached by everything). */
bool affected_is(const struct affected *self, size_t index, size_t *ret_from);

/* ---- the other way: what a file depends on ----
 *
 * After all affected_scan. */

/* A walk over the dependencies of one file after the other; NULL without memory. */
struct inputs *inputs_new(const struct affected *affected);
void inputs_free(struct inputs **inputs);

/* All that the results of the test file `index` depend on, itself included, by number and in order,
 * valid until the next call.  SIZE_MAX as `index`: what every test depends on, whoever imports it.
 * False: they cannot be told, because something on the way uses files by names made at run time or
 * imports what is not among the files and not installed; *ret_why is its number, or SIZE_MAX. */
bool inputs_of(struct inputs *self, size_t index, const uint32_t **ret_list, size_t *ret_count,
               size_t *ret_why);

#endif
