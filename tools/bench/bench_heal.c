/* bench_heal.c - heal: a large page of which all identifiers have changed, matched with itself as
 * it was; what parsing took is not counted. */
#include <stdio.h>
#include <string.h>

#include "actors/healer/match.h"
#include "tools/bench/bench.h"

enum { ROW_ELEMENTS = 10, MATCHES_MAX = 1000, TEXT_SIZE = 64 };

/* Puts `attr="text"` into the `at`-th place. */
static enum err set(struct tree *tree, int32_t node, size_t at, const char *attr, const char *text)
{
    const char *copy = tree_copy(tree, text, strlen(text));
    tree->nodes[node].attrs[at] = (struct tree_attr){.name = attr, .value = copy ? copy : ""};
    return copy ? ERR_OK : ERR_MEMORY;
}

struct part {
    const char *tag, *role, *what; /* what its identifiers say */
    const char *text;              /* "": none */
    int32_t up;                    /* how many elements before stands its parent; 0: the table */
    bool numbered;                 /* the row's number follows its text */
};

/* A row of a table: a check box, a name, an address, a state, two buttons. */
static const struct part parts[ROW_ELEMENTS] = {
    {"tr", "row", "order", "", 0, false},
    {"td", "cell", "pick", "", 1, false},
    {"input", "checkbox", "pick", "", 1, false},
    {"td", "cell", "name", "Customer number ", 3, true},
    {"td", "cell", "mail", "someone@example.org ", 4, true},
    {"td", "cell", "state", "", 5, false},
    {"span", "", "badge", "Open", 1, false},
    {"td", "cell", "actions", "", 7, false},
    {"button", "button", "edit", "Edit", 1, false},
    {"button", "button", "delete", "Delete", 2, false},
};

static enum err add_part(struct tree *tree, const struct part *part, int32_t table, int32_t row,
                         bool new)
{
    char text[TEXT_SIZE];
    int32_t node;
    int32_t up = part->up > 0 ? (int32_t)tree->count - part->up : table;
    enum err err = tree_add(tree, up, part->tag, &node);
    err = err == ERR_OK ? tree_attrs(tree, node, 2) : err;
    (void)snprintf(text, sizeof text, new ? "ui-%s-%d" : "%sOf%d", part->what, row);
    err = err == ERR_OK ? set(tree, node, 0, "id", text) : err;
    (void)snprintf(text, sizeof text, new ? "c-%s c-%s--wide" : "%s table-%s", part->what,
                   part->what);
    err = err == ERR_OK ? set(tree, node, 1, "class", text) : err;
    if (err == ERR_OK && part->text[0]) {
        (void)snprintf(text, sizeof text, part->numbered ? "%s%d" : "%s", part->text, row);
        const char *copy = tree_copy(tree, text, strlen(text));
        err = copy ? tree_add_text(tree, node, copy) : ERR_MEMORY;
        tree->nodes[node].name = copy && part->role[0] ? copy : "";
    }
    if (err == ERR_OK) {
        tree->nodes[node].role = part->role;
    }
    return err;
}

static enum err make_page(struct tree *tree, int32_t elements, bool new)
{
    int32_t root;
    int32_t table;
    enum err err = tree_add(tree, -1, "html", &root);
    err = err == ERR_OK ? tree_add(tree, root, "table", &table) : err;
    for (int32_t i = 0; err == ERR_OK && i < elements / ROW_ELEMENTS; i++) {
        for (size_t j = 0; j < ROW_ELEMENTS && err == ERR_OK; j++) {
            err = add_part(tree, &parts[j], table, i, new);
        }
    }
    return err == ERR_OK ? tree_finish(tree) : err;
}

/* How many elements became what stands in their place is the answer that is checked. */
static enum err match_once(const struct tree trees[2], double *ret_ms)
{
    struct match *match;
    struct match_found found;
    uint64_t began_ns = bench_now_ns();
    enum err err = match_make(&trees[0], &trees[1], MATCH_PAGES, &match);
    if (err != ERR_OK) {
        return err;
    }
    int32_t last = (int32_t)trees[0].count - 1;
    match_find(match, last, "click", &found);
    *ret_ms = (double)(bench_now_ns() - began_ns) / 1e6;
    match_destroy(&match);
    return found.node == last ? ERR_OK : ERR_NOT_FOUND;
}

enum err bench_heal(const struct bench_options *options, struct bench_result *ret_result)
{
    struct tree trees[2] = {{0}};
    double values[MATCHES_MAX];
    uint64_t count = options->count < MATCHES_MAX ? options->count : MATCHES_MAX;
    enum err err = make_page(&trees[0], (int32_t)options->actors, false);
    err = err == ERR_OK ? make_page(&trees[1], (int32_t)options->actors, true) : err;
    for (uint64_t i = 0; err == ERR_OK && i < count; i++) {
        err = match_once(trees, &values[i]);
    }
    tree_free(&trees[0]);
    tree_free(&trees[1]);
    if (err == ERR_OK) {
        ret_result->value = bench_median(values, count);
        ret_result->p99 = values[count * 99 / 100];
    }
    return err;
}
