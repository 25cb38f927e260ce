/* table.c - rows and columns for people. */
#include "tools/table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { GAP = 2, CELL_MAX = 4096, NUMBER_SIZE = 32 };

void table_init(struct table *table, const struct table_column *columns)
{
    *table = (struct table){.columns = columns};
    while (columns[table->count].head) {
        table->count++;
    }
    assert(table->count > 0 && table->count <= TABLE_COLUMNS_MAX);
}

void table_fini(struct table *table)
{
    for (size_t i = 0; i < table->filled; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    *table = (struct table){.columns = NULL};
}

/* ---- cells ---- */

static enum err make_room(struct table *table)
{
    if (table->filled < table->room) {
        return ERR_OK;
    }
    size_t room = table->room ? 2 * table->room : 16 * table->count;
    if (room > TABLE_ROWS_MAX * table->count) {
        return ERR_LIMIT;
    }
    char **cells = realloc(table->cells, room * sizeof *cells);
    if (!cells) {
        return ERR_MEMORY;
    }
    table->cells = cells;
    table->room = room;
    return ERR_OK;
}

enum err table_text(struct table *table, const char *text)
{
    enum err err = make_room(table);
    char *copy = err == ERR_OK ? strndup(text[0] ? text : "-", CELL_MAX) : NULL;
    if (!copy) {
        return err == ERR_OK ? ERR_MEMORY : err;
    }
    for (char *at = copy; *at; at++) {
        /* Bytes of UTF-8 pass; what steers a terminal does not. */
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
    table->cells[table->filled++] = copy;
    return ERR_OK;
}

enum err table_number(struct table *table, uint64_t number)
{
    char text[NUMBER_SIZE];
    if (number < 1000000) {
        (void)snprintf(text, sizeof text, "%" PRIu64, number);
    } else {
        bool billions = number >= 1000000000;
        (void)snprintf(text, sizeof text, "%.2f%c", (double)number / (billions ? 1e9 : 1e6),
                       billions ? 'G' : 'M');
    }
    return table_text(table, text);
}

enum err table_bytes(struct table *table, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    char text[NUMBER_SIZE];
    double value = (double)bytes;
    size_t unit = 0;
    for (value /= 1024; value >= 1000 && unit + 2 < sizeof units; unit++) {
        value /= 1024;
    }
    if (bytes < 1000) {
        (void)snprintf(text, sizeof text, "%" PRIu64, bytes);
    } else {
        (void)snprintf(text, sizeof text, "%.1f%c", value, units[unit]);
    }
    return table_text(table, text);
}

enum err table_duration(struct table *table, uint64_t ms)
{
    char text[NUMBER_SIZE];
    uint64_t s = ms / 1000;
    if (ms < 1000) {
        (void)snprintf(text, sizeof text, "%" PRIu64 "ms", ms);
    } else if (s < 60) {
        (void)snprintf(text, sizeof text, "%" PRIu64 "s", s);
    } else if (s < 3600) {
        (void)snprintf(text, sizeof text, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
    } else if (s < 86400) {
        (void)snprintf(text, sizeof text, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
    } else {
        (void)snprintf(text, sizeof text, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
    }
    return table_text(table, text);
}

/* ---- printing ---- */

/* Characters, not bytes: continuation bytes of UTF-8 take no place. */
static size_t length(const char *text)
{
    size_t count = 0;
    for (; *text; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return count;
}

/* The end of a path says more than its beginning. */
static const char *tail_of(const char *text, size_t count)
{
    for (size_t skip = length(text) - count; skip > 0; skip--) {
        do {
            text++;
        } while (((unsigned char)*text & 0xC0) == 0x80);
    }
    return text;
}

static void put_last(FILE *out, const char *text, size_t room)
{
    if (room > 3 && length(text) > room) {
        (void)fprintf(out, "...%s", tail_of(text, room - 3));
    } else {
        (void)fputs(text, out);
    }
}

static void pad(FILE *out, size_t count)
{
    (void)fprintf(out, "%*s", (int)count, "");
}

struct layout {
    size_t widths[TABLE_COLUMNS_MAX];
    size_t room; /* for the last column; 0: as much as it wants */
};

static void put_row(const struct table *table, FILE *out, const struct layout *layout,
                    const char *const *cells)
{
    for (size_t i = 0; i < table->count; i++) {
        bool last = i + 1 == table->count;
        size_t fill = layout->widths[i] - length(cells[i]);
        if (table->columns[i].right) {
            pad(out, fill);
        }
        if (last && !table->columns[i].right) {
            put_last(out, cells[i], layout->room);
            continue;
        }
        (void)fputs(cells[i], out);
        if (!last) {
            pad(out, GAP + (table->columns[i].right ? 0 : fill));
        }
    }
}

static void measure(const struct table *table, size_t width, struct layout *ret_layout)
{
    assert(table->count > 0);
    *ret_layout = (struct layout){.room = 0};
    for (size_t i = 0; i < table->count; i++) {
        ret_layout->widths[i] = length(table->columns[i].head);
    }
    for (size_t i = 0; i < table->filled; i++) {
        size_t size = length(table->cells[i]);
        size_t *at = &ret_layout->widths[i % table->count];
        *at = size > *at ? size : *at;
    }
    size_t before = 0;
    for (size_t i = 0; i + 1 < table->count; i++) {
        before += ret_layout->widths[i] + GAP;
    }
    size_t head = length(table->columns[table->count - 1].head);
    if (width > 0) {
        ret_layout->room = width > before + head ? width - before : head;
    }
}

void table_print(const struct table *table, FILE *out, const struct table_style *style)
{
    struct layout layout;
    const char *heads[TABLE_COLUMNS_MAX];
    measure(table, style->width, &layout);
    for (size_t i = 0; i < table->count; i++) {
        heads[i] = table->columns[i].head;
    }
    (void)fputs(style->head, out);
    put_row(table, out, &layout, heads);
    (void)fprintf(out, "%s\n", style->reset);
    for (size_t i = 0; i + table->count <= table->filled; i += table->count) {
        put_row(table, out, &layout, (const char *const *)(void *)(table->cells + i));
        (void)fputc('\n', out);
    }
}

size_t table_width(FILE *out)
{
    struct winsize size;
    int fd = fileno(out);
    if (!isatty(fd)) {
        return 0;
    }
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}
