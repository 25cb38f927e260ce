/* table.h - rows and columns for people: as wide as their content, the last column cut to fit.
 *
 * One thread.  Cells are copied; what is no printable character in them is shown as '?', because
 * they come from other processes.
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/error.h"

enum { TABLE_COLUMNS_MAX = 12, TABLE_ROWS_MAX = 100000 };

struct table_column {
    const char *head; /* static; NULL ends the list */
    bool right;       /* numbers */
};

struct table {
    const struct table_column *columns;
    size_t count;  /* of columns */
    char **cells;  /* row by row, owned */
    size_t filled; /* cells that are set */
    size_t room;
};

/* `columns` are borrowed: at most TABLE_COLUMNS_MAX. */
void table_init(struct table *table, const struct table_column *columns);

/* The next cell, from left to right.  ERR_MEMORY, ERR_LIMIT. */
enum err table_text(struct table *table, const char *text) MUST_CHECK;

/* "1234", from a million on "1.23M". */
enum err table_number(struct table *table, uint64_t number) MUST_CHECK;

/* "512", "9.2K", "1.5G": bytes. */
enum err table_bytes(struct table *table, uint64_t bytes) MUST_CHECK;

/* "340ms", "12s", "2m05s", "3h12m", "4d06h" */
enum err table_duration(struct table *table, uint64_t ms) MUST_CHECK;

struct table_style {
    size_t width;      /* of the terminal; 0: nothing is cut */
    const char *head;  /* before the heads, an escape sequence or "" */
    const char *reset; /* behind them */
};

/* Writes the heads and all rows that are whole. */
void table_print(const struct table *table, FILE *out, const struct table_style *style);

void table_fini(struct table *table);

/* Columns of the terminal behind `out`; 0: it is none. */
size_t table_width(FILE *out);

#endif
