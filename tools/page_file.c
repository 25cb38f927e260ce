/* page_file.c - whole files into memory, within bounds. */
#include "tools/page_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

int page_file_read(const char *path, size_t size_max, char **ret_text, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return complainf(EXIT_USAGE, NULL, "%.300s: %s", path, strerrordesc_np(errno));
    }
    size_t room = 65536;
    size_t size = 0;
    char *text = malloc(room);
    while (text && !feof(file) && !ferror(file) && size <= size_max) {
        if (room - size < 2) {
            room *= 2;
            char *grown = realloc(text, room);
            if (!grown) {
                break;
            }
            text = grown;
        }
        size += fread(text + size, 1, room - size - 1, file);
    }
    bool whole = text && feof(file) && size <= size_max;
    (void)fclose(file); /* it was only read */
    if (!whole) {
        free(text);
        return complainf(EXIT_USAGE, NULL, "%.300s: cannot be read, or is larger than %zu bytes",
                         path, size_max);
    }
    text[size] = '\0';
    *ret_text = text;
    *ret_size = size;
    return EXIT_DONE;
}

int page_file_complain(const char *path, enum err err)
{
    return err == ERR_MALFORMED ? complainf(EXIT_USAGE, "troupe help heal says which.",
                                            "%.300s: not this format", path)
           : err == ERR_LIMIT   ? complainf(EXIT_USAGE, NULL, "%.300s: too large", path)
                                : complain(EXIT_COULD_NOT, "out of memory", NULL);
}
