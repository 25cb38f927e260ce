/* paint.h - colours and signs, or none. */
#ifndef TOOLS_PAINT_H
#define TOOLS_PAINT_H

#include <stdbool.h>

enum paint {
    PAINT_RESET,
    PAINT_BOLD,
    PAINT_DIM,
    PAINT_RED,
    PAINT_GREEN,
    PAINT_YELLOW,
    PAINT_CYAN,
    PAINT_RED_BLOCK,
    PAINT_GREEN_BLOCK,
    PAINT_YELLOW_BLOCK
};

/* The escape sequence; "" without colour.  Static. */
const char *paint(bool color, enum paint paint);

/* Whether the user's terminal reads UTF-8, by the usual variables. */
bool paint_utf8(void);

#endif
