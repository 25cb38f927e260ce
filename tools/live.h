/* live.h - what one sees while a run goes on: a status line on a terminal, plain lines elsewhere.
 *
 * Writes to stdout unless that is for JSON, then to stderr.  One thread.
 */
#ifndef TOOLS_LIVE_H
#define TOOLS_LIVE_H

#include "tools/report.h"

struct live {
    FILE *out;
    struct style style;
    bool redraw; /* a terminal: the last line is ours */
    bool silent;
    const char *state; /* what is going on before there are files; static */
    uint64_t begin_ms;
    uint64_t drawn_ms; /* last */
    uint64_t planned;  /* files; 0: not known yet */
    uint64_t done;
    uint64_t tests;
    uint64_t failed; /* tests */
    uint64_t red;    /* files failed or lost */
    uint64_t workers;
    bool drawn; /* the line is there */
};

/* Counts and shows a file. */
void live_file(struct live *self, const struct file_result *file, uint64_t now_ms);

/* Draws if it is time; returns in how many ms it is next, -1 for never. */
int live_draw(struct live *self, uint64_t now_ms);

/* Something to be said meanwhile. */
void live_say(struct live *self, const char *text);

/* Takes the line away. */
void live_clear(struct live *self);

#endif
