/* report_dir.c - a run as files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/gateway/text.h"
#include "tools/report.h"

enum { TEXT_SIZE_MAX = 256 * 1024 * 1024, SUMMARY_SIZE_MAX = 900 * 1024 /* of GitHub's 1 MiB */ };

static enum err write_text(FILE *out, const struct report *report,
                           void (*make)(struct text *, const struct report *))
{
    struct text text = {.size_max = TEXT_SIZE_MAX};
    make(&text, report);
    enum err err = text.full ? ERR_MEMORY : ERR_OK;
    if (err == ERR_OK && fwrite(text.at, 1, text.size, out) != text.size) {
        err = ERR_IO;
    }
    text_free(&text);
    return err;
}

static enum err write_html(FILE *out, const struct report *report)
{
    return write_text(out, report, report_html);
}

static enum err write_junit(FILE *out, const struct report *report)
{
    return write_text(out, report, report_junit);
}

static const struct part {
    const char *name;
    enum err (*write)(FILE *, const struct report *);
} parts[] = {{"index.html", write_html},
             {"junit.xml", write_junit},
             {"report.json", report_json},
             {"ctrf.json", report_ctrf},
             {"sarif.json", report_sarif}};

/* As a whole or not at all: whoever reads it meanwhile sees the one before. */
static enum err write_part(const char *dir, const struct part *part, const struct report *report)
{
    char path[PATH_MAX];
    char fresh[PATH_MAX];
    int size = snprintf(fresh, sizeof fresh, "%s/.%s.new", dir, part->name);
    if (size < 0 || (size_t)size >= sizeof fresh) {
        errno = ENAMETOOLONG;
        return ERR_IO;
    }
    (void)snprintf(path, sizeof path, "%s/%s", dir, part->name); /* shorter than the other */
    FILE *file = fopen(fresh, "we");
    if (!file) {
        return ERR_IO;
    }
    enum err err = part->write(file, report);
    if (fclose(file) != 0 && err == ERR_OK) {
        err = ERR_IO;
    }
    if (err == ERR_OK && rename(fresh, path) != 0) {
        err = ERR_IO;
    }
    if (err != ERR_OK) {
        int reason = errno;
        (void)unlink(fresh); /* may not be there */
        errno = reason;
    }
    return err;
}

enum err report_dir_write(const char *dir, const struct report *report)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        return ERR_IO;
    }
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && err == ERR_OK; i++) {
        err = write_part(dir, &parts[i], report);
    }
    return err;
}

enum err report_step_summary(const char *path, const struct report *report)
{
    struct text text = {.size_max = SUMMARY_SIZE_MAX};
    report_markdown(&text, report);
    FILE *file = text.full ? NULL : fopen(path, "ae");
    enum err err = text.full ? ERR_MEMORY : file ? ERR_OK : ERR_IO;
    if (err == ERR_OK && fwrite(text.at, 1, text.size, file) != text.size) {
        err = ERR_IO;
    }
    if (file && fclose(file) != 0) {
        err = ERR_IO;
    }
    text_free(&text);
    return err;
}
