/* command_resolve.c - troupe resolve: which elements a selector hits. */
#include <stdlib.h>

#include "actors/healer/selector.h"
#include "actors/healer/snapshot.h"
#include "tools/command.h"
#include "tools/html_page.h"
#include "tools/json.h"
#include "tools/page_file.h"

static int load(const struct invocation *invocation, struct tree *tree)
{
    const char *html = invocation_value(invocation, "html");
    const char *snapshot = invocation_value(invocation, "snapshot");
    const char *path = html ? html : snapshot;
    char *text;
    size_t size;
    if (!path) {
        return complain(EXIT_USAGE, "no page is given", "Give --html FILE or --snapshot FILE.");
    }
    int code = page_file_read(path, html ? HTML_BYTES_MAX : SNAPSHOT_BYTES_MAX, &text, &size);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = html ? html_page(text, size, tree) : snapshot_read(text, size, "new", tree);
    free(text);
    return err == ERR_OK ? EXIT_DONE : page_file_complain(path, err);
}

static int put(const struct tree *tree, const struct selector_matches *matches)
{
    struct json_place *places = calloc(matches->count + 1, sizeof places[0]);
    for (size_t i = 0; places && i < matches->count; i++) {
        const struct tree_node *node = &tree->nodes[matches->at[i]];
        places[i] = (struct json_place){.path = node->path, .frame = tree->frames[node->frame].key};
    }
    enum err err = places ? json_resolved(stdout, places, matches->count) : ERR_MEMORY;
    free(places);
    return err == ERR_OK ? EXIT_DONE
                         : complain(EXIT_COULD_NOT, "the answer cannot be written", NULL);
}

int command_resolve(struct invocation *invocation)
{
    struct tree tree = {0};
    struct selector *selector = NULL;
    struct selector_matches matches = {.at = NULL};
    const char *why;
    if (invocation->words_count != 1) {
        return complain(EXIT_USAGE, "one selector is wanted", "troupe help resolve shows some.");
    }
    int code = load(invocation, &tree);
    if (code == EXIT_DONE && selector_parse(invocation->words[0], &selector, &why) != ERR_OK) {
        code = complain(EXIT_USAGE, why, "troupe help resolve shows selectors.");
    }
    if (code == EXIT_DONE) {
        enum err err = selector_find(selector, &tree, NULL, &matches);
        code = err == ERR_OK ? put(&tree, &matches)
                             : complain(EXIT_COULD_NOT, "the search took too much", NULL);
    }
    selector_matches_free(&matches);
    selector_destroy(&selector);
    tree_free(&tree);
    return code;
}
