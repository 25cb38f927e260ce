/* error.h - the errors of errors.def as an enum.
 *
 * A function that can fail returns `enum err` and is marked MUST_CHECK; one that cannot returns
 * void.  Out-parameters are named ret_x, come last and are written on ERR_OK only.
 */
#ifndef PROTO_ERROR_H
#define PROTO_ERROR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
#define ERR(NAME, number, text) ERR_##NAME = (number),
#include "proto/errors.def"
#undef ERR
};

/* The sentence of `err`; never NULL, static, also for numbers that came from a stranger. */
const char *err_text(enum err err);

/* The name of `err` without its prefix, "TIMEOUT"; static. */
const char *err_name(enum err err);

#endif
