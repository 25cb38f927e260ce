/* error.c - texts and names of errors.def. */
#include "proto/error.h"

const char *err_text(enum err err)
{
    switch (err) {
#define ERR(NAME, number, text)                                                                    \
    case ERR_##NAME:                                                                               \
        return text;
#include "proto/errors.def"
#undef ERR
    }
    return "an error of a newer version";
}

const char *err_name(enum err err)
{
    switch (err) {
#define ERR(NAME, number, text)                                                                    \
    case ERR_##NAME:                                                                               \
        return #NAME;
#include "proto/errors.def"
#undef ERR
    }
    return "UNKNOWN_ERROR";
}
