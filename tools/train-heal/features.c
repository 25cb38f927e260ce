/* features.c - what the matcher sees, for tools/train-heal: numbers, as floats, to standard
 * output.
 *
 *     heal-features pages|fingerprints SNAPSHOT CASES
 *
 * For each case of which the old element is known: the number of candidates, the index of the right
 * one among them (-1: removed; -2: not among them) and of the one it was assigned to (-1: none);
 * then of each candidate its features and evidence.  The right one is `selector` in CASES: its
 * path, or in fingerprints its number; "" when it was removed.  Without arguments the names of all
 * columns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/match_priv.h"
#include "actors/healer/snapshot.h"

static bool put(const float *values, size_t count)
{
    return fwrite(values, sizeof values[0], count, stdout) == count;
}

static bool put_case(const struct match *match, int32_t old, int32_t right)
{
    const struct match_link *links = match_links_of(match, old);
    float row[FEATURE_COUNT + EVIDENCE_COUNT];
    float head[3] = {match->links_count[old], right < 0 ? -1 : -2, -1};
    for (int i = 0; i < match->links_count[old]; i++) {
        head[1] = links[i].node == right ? (float)i : head[1];
        head[2] = links[i].node == match->become[0][old] ? (float)i : head[2];
    }
    bool good = put(head, 3);
    for (int i = 0; good && i < match->links_count[old]; i++) {
        match_features(match, old, links[i].node, row);
        match_evidence(match, old, links[i].node, row + FEATURE_COUNT);
        good = put(row, FEATURE_COUNT + EVIDENCE_COUNT);
    }
    return good;
}

static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    char *text = file ? malloc(SNAPSHOT_BYTES_MAX) : NULL;
    *ret_size = text ? fread(text, 1, SNAPSHOT_BYTES_MAX, file) : 0;
    if (file) {
        (void)fclose(file); /* it was only read */
    }
    return text;
}

static int32_t right_of(const struct heal_case *one, const struct tree *new, const int64_t *index)
{
    if (one->selector[0] == '\0') {
        return -1;
    }
    if (!index) {
        return tree_by_path(new, one->selector, one->frame);
    }
    for (size_t i = 1; i < new->count; i++) {
        if (index[i - 1] == strtoll(one->selector, NULL, 10)) {
            return (int32_t)i;
        }
    }
    return -1;
}

static int put_all(enum match_kind kind, const char *snapshot, size_t snapshot_size,
                   const char *text, size_t size)
{
    struct heal_cases cases = {0};
    struct tree trees[2] = {{0}};
    struct match *match = NULL;
    int64_t *index = NULL;
    bool pages = kind == MATCH_PAGES;
    bool good = pages ? snapshot_read(snapshot, snapshot_size, "old", &trees[0]) == ERR_OK &&
                            snapshot_read(snapshot, snapshot_size, "new", &trees[1]) == ERR_OK &&
                            cases_read(text, size, &cases) == ERR_OK
                      : fingerprints_read(text, size, &cases, trees, &index) == ERR_OK;
    good = good && match_make(&trees[0], &trees[1], kind, &match) == ERR_OK;
    for (size_t i = 0; good && i < cases.count; i++) {
        const struct heal_case *one = &cases.at[i];
        int32_t old = pages ? tree_by_path(&trees[0], one->old_path, one->frame) : one->old;
        good = old < 0 || put_case(match, old, right_of(one, &trees[1], index));
    }
    match_destroy(&match);
    tree_free(&trees[0]);
    tree_free(&trees[1]);
    cases_free(&cases);
    free(index);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void print_names(void)
{
    static const char *const names[] = {
#define OWN(name) #name,
#include "actors/healer/match_features.def"
        "SCORE",  "OWN",        "MARGIN",   "COLUMN",    "CHANCE",      "ASSIGNED", "SURVIVAL",
        "AROUND", "MARGIN_LOW", "ROW_LOST", "ROW_DOUBT", "ROW_SWAPPED", "RIVAL",    "RIVAL_NEAR"};
    _Static_assert(sizeof names / sizeof names[0] == FEATURE_COUNT + EVIDENCE_COUNT, "a name each");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        printf("%s%s", names[i], i + 1 == FEATURES_OWN || i + 1 == FEATURE_COUNT ? "\n" : " ");
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        print_names();
        return EXIT_SUCCESS;
    }
    if (argc != 4) {
        return EXIT_FAILURE;
    }
    size_t snapshot_size;
    size_t size;
    char *snapshot = read_file(argv[2], &snapshot_size);
    char *text = read_file(argv[3], &size);
    int code = EXIT_FAILURE;
    if (snapshot && text) {
        code = put_all(strcmp(argv[1], "pages") == 0 ? MATCH_PAGES : MATCH_FINGERPRINTS, snapshot,
                       snapshot_size, text, size);
    }
    free(snapshot);
    free(text);
    return code;
}
