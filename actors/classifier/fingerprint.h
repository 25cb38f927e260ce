/* fingerprint.h - a number that errors of one cause share.
 *
 * Pure.  It is made of the error's code, its message without what differs from one occurrence to
 * the next (numbers, quoted names, paths), those of the errors that caused it, and the file of its
 * top frame that is the project's own.
 * Not of lines and columns, nor of the rest of the stack: they would split one cause into many.
 */
#ifndef ACTORS_CLASSIFIER_FINGERPRINT_H
#define ACTORS_CLASSIFIER_FINGERPRINT_H

#include <stdint.h>

#include "actors/classifier/primary.h"

/* Of a text that primary_read() has read; never 0. */
uint64_t fingerprint_of(const struct primary *primary);

#endif
