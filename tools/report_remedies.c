/* report_remedies.c - what is proposed about failures, or was done. */
#include <inttypes.h>
#include <string.h>

#include "tools/paint.h"
#include "tools/report.h"

enum { DIFF_LINES_MAX = 40, SHOWN_MAX = 10 };

/* One line of a diff, without escape sequences. */
static void put_diff_line(FILE *out, const struct style *style, const char *line, size_t size)
{
    enum paint color = line[0] == '+'   ? PAINT_GREEN
                       : line[0] == '-' ? PAINT_RED
                       : line[0] == '@' ? PAINT_CYAN
                                        : PAINT_DIM;
    (void)fprintf(out, "    %s", paint(style->color, color));
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)line[i];
        if ((c >= 32 && c != 127) || c == '\t') {
            (void)fputc(c, out);
        }
    }
    (void)fprintf(out, "%s\n", paint(style->color, PAINT_RESET));
}

static void put_diff(FILE *out, const struct style *style, const char *diff)
{
    for (size_t i = 0; *diff; i++) {
        size_t size = strcspn(diff, "\n");
        if (i == DIFF_LINES_MAX) {
            (void)fprintf(out, "    ...\n");
            return;
        }
        put_diff_line(out, style, diff, size);
        diff += size + (diff[size] == '\n');
    }
}

static void put_title(FILE *out, const struct style *style, const char *status, const char *about)
{
    bool good = strcmp(status, "refused") != 0 && strcmp(status, "rejected") != 0;
    (void)fprintf(out, "\n  %s%s%s ", paint(style->color, good ? PAINT_GREEN : PAINT_YELLOW),
                  status, paint(style->color, PAINT_RESET));
    report_name(out, about);
}

static void show_fix(FILE *out, const struct style *style, const struct finding *finding)
{
    const struct msg_fix_row *fix = finding->fix;
    const char *test = finding->row->test.at;
    put_title(out, style, term_word("fix", (enum term)fix->status),
              test[0] ? test : finding->row->file.at);
    if (fix->diff.size > 0) {
        (void)fprintf(out, " (%s)\n", fix->source.at);
        put_diff(out, style, fix->diff.at);
        return;
    }
    (void)fprintf(out, " (%" PRIu64 " %s)\n", fix->candidates,
                  fix->candidates == 1 ? "candidate" : "candidates");
    report_text(out, fix->reason.at, 3, "    ");
}

static void show_heal(FILE *out, const struct style *style, const struct finding *finding)
{
    const struct msg_heal_row *heal = finding->heal;
    put_title(out, style, term_word("heal", (enum term)heal->status),
              heal->file.size > 0 ? heal->file.at : finding->row->file.at);
    if (heal->line > 0) {
        (void)fprintf(out, ":%" PRIu64, heal->line);
    }
    (void)fputc('\n', out);
    report_text(out, heal->reason.at, 3, "    ");
    put_diff(out, style, heal->diff.at);
}

/* Of a fix that was not even tried nothing is told here: the failure itself is. */
static bool is_told(const struct finding *finding)
{
    return finding->heal || (finding->fix && finding->fix->status != TERM_fix_NONE);
}

void report_remedies(FILE *out, const struct style *style, const struct findings *findings)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];
        if (!is_told(finding) || ++count > SHOWN_MAX) {
            continue;
        }
        if (count == 1) {
            report_heading(out, style, "Fixes and heals");
        }
        if (finding->heal) {
            show_heal(out, style, finding);
        } else {
            show_fix(out, style, finding);
        }
    }
    if (count > SHOWN_MAX) {
        (void)fprintf(out, "\n  ... and %zu more: --json shows all\n", count - SHOWN_MAX);
    }
}
