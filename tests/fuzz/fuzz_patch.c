/* fuzz_patch.c - any bytes as the unified diff of a candidate, and the policy over it.
 *
 * What is taken is counted right and lies within the bytes; written out again it is read the same;
 * and whatever the bytes were, the policy lets nothing out of the project through.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/validator/policy.h"
#include "tests/fuzz/must.h"

static void check_file(const struct patch *patch, const struct patch_file *file)
{
    size_t added = 0;
    size_t removed = 0;
    MUST(strlen(file->path) <= PATCH_PATH_MAX);
    MUST(file->first + file->count <= patch->lines_count);
    for (size_t i = file->first; i < file->first + file->count; i++) {
        added += patch->lines[i].sign == '+';
        removed += patch->lines[i].sign == '-';
    }
    MUST(added == file->added && removed == file->removed);
    MUST(file->kind != PATCH_TEXT || (added + removed > 0 && file->path[0] != '\0'));
}

static void check_lines(const struct patch *patch, const char *bytes, size_t size)
{
    for (size_t i = 0; i < patch->lines_count; i++) {
        struct msg_str text = patch->lines[i].text;
        MUST(text.at >= bytes && text.at + text.size < bytes + size);
        MUST(!memchr(text.at, '\n', text.size));
    }
}

static size_t hunk_end(const struct patch *patch, const struct patch_file *file, size_t at)
{
    size_t end = at;
    while (end < file->first + file->count && patch->lines[end].hunk == patch->lines[at].hunk) {
        end++;
    }
    return end;
}

static void write_hunk(FILE *out, const struct patch *patch, size_t at, size_t end)
{
    size_t olds = 0;
    size_t news = 0;
    for (size_t i = at; i < end; i++) {
        olds += patch->lines[i].sign != '+';
        news += patch->lines[i].sign != '-';
    }
    /* Places are not kept of both sides: the first line's serves for both. */
    (void)fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", at, olds, at, news);
    for (size_t i = at; i < end; i++) {
        (void)fputc(patch->lines[i].sign, out);
        MUST(fwrite(patch->lines[i].text.at, 1, patch->lines[i].text.size, out) ==
             patch->lines[i].text.size);
        (void)fputc('\n', out);
    }
}

/* Only texts: of all else there is less in a patch than in its diff. */
static void check_again(const struct patch *patch)
{
    char *text = NULL;
    size_t size = 0;
    char why[PATCH_WHY_SIZE];
    struct patch again;
    FILE *out = open_memstream(&text, &size);
    MUST(out);
    for (size_t i = 0; i < patch->files_count; i++) {
        const struct patch_file *file = &patch->files[i];
        (void)fprintf(out, "--- a/%s\n+++ b/%s\n", file->path, file->path);
        for (size_t at = file->first; at < file->first + file->count;) {
            size_t end = hunk_end(patch, file, at);
            write_hunk(out, patch, at, end);
            at = end;
        }
    }
    MUST(fclose(out) == 0);
    MUST(patch_read((struct msg_str){text, (uint32_t)size}, &again, why) == ERR_OK);
    MUST(again.files_count == patch->files_count && again.lines_count == patch->lines_count);
    for (size_t i = 0; i < again.lines_count; i++) {
        MUST(again.lines[i].sign == patch->lines[i].sign);
        MUST(msg_str_equal(again.lines[i].text, patch->lines[i].text));
    }
    patch_free(&again);
    free(text);
}

static void check_policy(const struct patch *patch, bool heal)
{
    static const struct policy fix = {.files_max = 5, .lines_max = 200};
    struct policy policy = fix;
    char reason[POLICY_REASON_SIZE];
    policy.heal = heal;
    bool allowed = policy_allows(&policy, patch, reason);
    MUST(allowed == (reason[0] == '\0'));
    for (size_t i = 0; allowed && i < patch->files_count; i++) {
        const struct patch_file *file = &patch->files[i];
        MUST(file->kind == PATCH_TEXT && !file->created && !file->deleted);
        MUST(file->path[0] != '/' && strncmp(file->path, "../", 3) != 0);
        MUST(!strstr(file->path, "/../") && !strstr(file->path, "/node_modules/"));
        MUST(!heal || file->added == file->removed);
    }
    MUST(!allowed || !heal || patch->files_count == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct patch patch;
    char why[PATCH_WHY_SIZE];
    bool texts = true;
    if (size > 65536 ||
        patch_read((struct msg_str){(const char *)data, (uint32_t)size}, &patch, why) != ERR_OK) {
        MUST(size > 65536 || why[0] != '\0');
        return 0;
    }
    MUST(patch.files_count > 0);
    for (size_t i = 0; i < patch.files_count; i++) {
        check_file(&patch, &patch.files[i]);
        texts = texts && patch.files[i].kind == PATCH_TEXT;
    }
    check_lines(&patch, (const char *)data, size);
    if (texts) {
        check_again(&patch);
    }
    check_policy(&patch, false);
    check_policy(&patch, true);
    patch_free(&patch);
    return 0;
}
