/* paint.c - colours and signs. */
#include "tools/paint.h"

#include <stdlib.h>
#include <string.h>

const char *paint(bool color, enum paint paint)
{
    static const char *const codes[] = {
        [PAINT_RESET] = "\x1b[0m",
        [PAINT_BOLD] = "\x1b[1m",
        [PAINT_DIM] = "\x1b[2m",
        [PAINT_RED] = "\x1b[31m",
        [PAINT_GREEN] = "\x1b[32m",
        [PAINT_YELLOW] = "\x1b[33m",
        [PAINT_CYAN] = "\x1b[36m",
        [PAINT_RED_BLOCK] = "\x1b[1;97;41m",
        [PAINT_GREEN_BLOCK] = "\x1b[1;30;42m",
        [PAINT_YELLOW_BLOCK] = "\x1b[1;30;43m",
    };
    return color ? codes[paint] : "";
}

bool paint_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) {
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
        }
    }
    return false;
}
