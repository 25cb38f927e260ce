/* fuzz_snapshot.c - any bytes as a snapshot, and as fingerprints.
 *
 * What is read is a tree; all of it is matched, and of each element the new one is of the new page
 * and has a selector that hits it alone.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/match.h"
#include "actors/healer/snapshot.h"
#include "actors/healer/suggest.h"
#include "tests/fuzz/must.h"

static void check_tree(const struct tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        const struct tree_node *node = &tree->nodes[i];
        MUST(node->parent < (int32_t)i);
        MUST(node->end > (int32_t)i && node->end <= (int32_t)tree->count);
        MUST(node->tag && node->path && node->text && node->own && node->role && node->name);
        MUST(node->parent < 0 || node->end <= tree->nodes[node->parent].end);
    }
}

static void check_match(const struct tree *old, const struct tree *new, enum match_kind kind)
{
    static struct suggestions made;
    struct match *match = NULL;
    struct match_found found;
    if (match_make(old, new, kind, &match) != ERR_OK) {
        return;
    }
    for (int32_t i = kind == MATCH_FINGERPRINTS; i < (int32_t)old->count && i < 20; i++) {
        match_find(match, i, "", &found);
        MUST(found.node >= -1 && found.node < (int32_t) new->count);
        MUST(found.confidence >= 0 && found.confidence <= 1);
        MUST(found.ranking_count <= MATCH_RANKING_MAX);
        if (found.node >= 0) {
            const struct suggest_input input = {.tree = new, .node = found.node, .selector = ""};
            MUST(suggest(&input, &made) == ERR_OK);
            MUST(made.count <= SUGGESTIONS_MAX);
        }
    }
    match_destroy(&match);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct tree trees[2] = {{0}};
    struct heal_cases cases = {0};
    int64_t *index = NULL;
    const char *text = (const char *)data;
    if (snapshot_read(text, size, "old", &trees[0]) == ERR_OK) {
        check_tree(&trees[0]);
        if (snapshot_read(text, size, "new", &trees[1]) == ERR_OK) {
            check_tree(&trees[1]);
            check_match(&trees[0], &trees[1], MATCH_PAGES);
        }
    }
    tree_free(&trees[0]);
    tree_free(&trees[1]);
    if (fingerprints_read(text, size, &cases, trees, &index) == ERR_OK) {
        check_match(&trees[0], &trees[1], MATCH_FINGERPRINTS);
        tree_free(&trees[0]);
        tree_free(&trees[1]);
        cases_free(&cases);
        free(index);
    }
    return 0;
}
