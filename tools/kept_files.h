/* kept_files.h - the files of one change: from one content to another, whole or not at all.
 *
 * One thread; plain files below one directory, no links.
 */
#ifndef TOOLS_KEPT_FILES_H
#define TOOLS_KEPT_FILES_H

#include "actors/coordinator/ledger_fix.h"
#include "actors/validator/patch.h"
#include "tools/project.h"

enum { KEPT_WHY_SIZE = 1200 };

struct kept_file {
    const char *path; /* of the patch */
    char from[BLOB_ID_SIZE + 1];
    char to[BLOB_ID_SIZE + 1];
    bool done; /* it is as it should be already */
    bool laid; /* its new content lies beside it */
    struct patch_made made;
};

struct kept_files {
    const char *dir;
    const struct patch *patch;
    bool back;         /* the change is taken back */
    bool resumed;      /* some files may be as they should be already */
    const char *known; /* lines "BEFORE AFTER PATH" of what was noted; "" none */
    struct kept_file files[PATCH_FILES_MAX];
    char why[KEPT_WHY_SIZE];
};

/* Reads the files and works out what they become.  ERR_REFUSED (they are not what the patch or what
 * was noted says), ERR_MEMORY: `why`. */
enum err kept_files_read(struct kept_files *self) MUST_CHECK;

/* Writes the new contents beside the files, onto the disk.  ERR_IO: `why`; nothing has changed. */
enum err kept_files_lay(struct kept_files *self) MUST_CHECK;

/* Puts them in their places.  ERR_IO: `why`, and some may be there. */
enum err kept_files_place(struct kept_files *self) MUST_CHECK;

/* "BEFORE AFTER PATH" lines, before and after the change is made.  ERR_LIMIT. */
enum err kept_files_note(const struct kept_files *self, char *text, size_t size) MUST_CHECK;

/* Frees, and removes what still lies beside the files. */
void kept_files_fini(struct kept_files *self);

#endif
