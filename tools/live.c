/* live.c - what one sees while a run goes on. */
#include "tools/live.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/paint.h"

enum { REDRAW_MS = 100, PROGRESS_MS = 10000, BAR_CELLS = 20, COLUMNS_DEFAULT = 80 };

void live_clear(struct live *self)
{
    if (self->drawn) {
        (void)fputs("\r\x1b[2K", self->out);
        (void)fflush(self->out);
        self->drawn = false;
    }
}

void live_say(struct live *self, const char *text)
{
    live_clear(self);
    (void)fprintf(stderr, "troupe: %s\n", text);
}

void live_file(struct live *self, const struct file_result *file, uint64_t now_ms)
{
    bool red = file->status == TERM_status_FAILED || file->status == TERM_status_LOST;
    self->done++;
    self->red += red;
    self->tests += file->count;
    for (size_t i = 0; i < file->count; i++) {
        self->failed += file->tests[i].status == TERM_status_FAILED;
    }
    bool wanted = !self->redraw || red || self->style.verbose;
    if (self->silent || !wanted) {
        return;
    }
    live_clear(self);
    report_file(self->out, &self->style, file);
    (void)fflush(self->out);
    if (!self->redraw) {
        self->drawn_ms = now_ms; /* a line is as good as progress */
    }
}

static unsigned columns(const struct live *self)
{
    struct winsize size;
    bool known = ioctl(fileno(self->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : COLUMNS_DEFAULT;
}

static void draw_bar(const struct live *self)
{
    uint64_t full = self->planned > 0 ? self->done * BAR_CELLS / self->planned : 0;
    (void)fputs(paint(self->style.color, self->red > 0 ? PAINT_RED : PAINT_GREEN), self->out);
    for (uint64_t i = 0; i < BAR_CELLS; i++) {
        if (i == full) {
            (void)fputs(paint(self->style.color, PAINT_RESET), self->out);
            (void)fputs(paint(self->style.color, PAINT_DIM), self->out);
        }
        const char *cell = self->style.utf8 ? (i < full ? "█" : "░") : (i < full ? "#" : ".");
        (void)fputs(cell, self->out);
    }
    (void)fprintf(self->out, "%s ", paint(self->style.color, PAINT_RESET));
}

static void draw_line(struct live *self, uint64_t now_ms)
{
    char duration[DURATION_SIZE];
    char text[256];
    uint64_t elapsed_us = (now_ms - self->begin_ms) / 100 * 100000;
    (void)report_duration(elapsed_us, duration);
    (void)fputs("\r\x1b[2K", self->out);
    if (self->planned == 0) {
        (void)fprintf(self->out, "%s%s ...  %s%s", paint(self->style.color, PAINT_DIM), self->state,
                      duration, paint(self->style.color, PAINT_RESET));
    } else {
        int size = snprintf(text, sizeof text, "%" PRIu64 "/%" PRIu64 " files  %" PRIu64 " tests",
                            self->done, self->planned, self->tests);
        bool bar = columns(self) >= (unsigned)size + BAR_CELLS + 40;
        if (bar) {
            draw_bar(self);
        }
        (void)fprintf(self->out, "%.*s", (int)columns(self) - 1, text);
        if (bar && self->failed > 0) {
            (void)fprintf(self->out, "  %s%" PRIu64 " failed%s",
                          paint(self->style.color, PAINT_RED), self->failed,
                          paint(self->style.color, PAINT_RESET));
        }
        if (bar) {
            (void)fprintf(self->out, "  %s%s%s", paint(self->style.color, PAINT_DIM), duration,
                          paint(self->style.color, PAINT_RESET));
        }
    }
    (void)fflush(self->out);
    self->drawn = true;
}

static void draw_progress(const struct live *self, uint64_t now_ms)
{
    char duration[DURATION_SIZE];
    if (self->planned > 0) {
        (void)fprintf(self->out,
                      "... %" PRIu64 "/%" PRIu64 " files, %" PRIu64 " failed tests, %s\n",
                      self->done, self->planned, self->failed,
                      report_duration((now_ms - self->begin_ms) * 1000, duration));
    } else {
        (void)fprintf(self->out, "... %s, %s\n", self->state,
                      report_duration((now_ms - self->begin_ms) * 1000, duration));
    }
    (void)fflush(self->out);
}

int live_draw(struct live *self, uint64_t now_ms)
{
    if (self->silent) {
        return -1;
    }
    uint64_t every_ms = self->redraw ? REDRAW_MS : PROGRESS_MS;
    if (now_ms < self->drawn_ms + every_ms) {
        return (int)(self->drawn_ms + every_ms - now_ms);
    }
    self->drawn_ms = now_ms;
    if (self->redraw) {
        draw_line(self, now_ms);
    } else {
        draw_progress(self, now_ms);
    }
    return (int)every_ms;
}
