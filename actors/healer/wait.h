/* wait.h - where a test failed that no locator is to blame for.  Pure. */
#ifndef ACTORS_HEALER_WAIT_H
#define ACTORS_HEALER_WAIT_H

#include "actors/healer/edit.h"

/* Where the project failed, by the first frame of its own in the text of a failure; false: there is
 * none.  `file` has room for `file_size` bytes. */
bool wait_place(const char *message, size_t size, char *file, size_t file_size, uint64_t *ret_line);

#endif
