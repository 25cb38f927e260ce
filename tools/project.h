/* project.h - the project that is to be tested: its root, its files, what of it has changed. */
#ifndef TOOLS_PROJECT_H
#define TOOLS_PROJECT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"

/* The tree that `dir` (absolute, resolved) needs: the nearest ancestor or itself with .git or a
 * package.json with "workspaces", or above it a pnpm-workspace.yaml; else itself.  Never / and
 * never the home itself (NULL: none), unless `dir` is that. */
enum err project_root(const char *dir, const char *home, char ret_root[PATH_MAX]) MUST_CHECK;

enum { SNAPSHOT_SIZE = 64, SNAPSHOT_ENTRIES_MAX = 1000000 };

/* A digest over path, type, size, time and mode of all below `root`, without what is inside of .git
 * and of node_modules; of that only its list of packages counts.  Symbolic links are not followed.
 * ERR_IO; ERR_LIMIT: too many entries; ERR_MEMORY. */
enum err project_snapshot(const char *root, char ret_digest[SNAPSHOT_SIZE + 1]) MUST_CHECK;

enum { BLOB_ID_SIZE = 40 };

/* What git calls a file of this content.  ERR_MEMORY. */
enum err project_blob_id(const char *text, size_t size, char ret_id[BLOB_ID_SIZE + 1]) MUST_CHECK;

#endif
