/* page_tree.c - what a browser test saw, as the matcher wants it. */
#include "actors/healer/page_tree.h"

#include <string.h>

static const struct {
    enum element_field field;
    const char *name;
} attrs[] = {
    {ELEMENT_TESTID, "data-testid"}, {ELEMENT_ID, "id"},   {ELEMENT_PLACEHOLDER, "placeholder"},
    {ELEMENT_TITLE, "title"},        {ELEMENT_ALT, "alt"}, {ELEMENT_LABEL, "aria-label"},
};
enum { ATTRS = sizeof attrs / sizeof attrs[0] };

static enum err add(struct tree *tree, const struct element *element)
{
    int32_t index;
    size_t count = 0;
    const char *tag = element->of[ELEMENT_TAG];
    enum err err = tree_add(tree, 0, tag[0] ? tag : "div", &index);
    if (err == ERR_OK) {
        err = tree_attrs(tree, index, ATTRS);
    }
    if (err != ERR_OK) {
        return err;
    }
    struct tree_node *node = &tree->nodes[index];
    for (size_t i = 0; i < ATTRS; i++) {
        if (element->of[attrs[i].field][0] != '\0') {
            node->attrs[count++] =
                (struct tree_attr){.name = attrs[i].name, .value = element->of[attrs[i].field]};
        }
    }
    node->attrs_count = (uint16_t)count;
    node->role = element->of[ELEMENT_ROLE];
    node->name = element->of[ELEMENT_NAME];
    node->own = element->of[ELEMENT_TEXT];
    node->text = element->of[ELEMENT_TEXT];
    return ERR_OK;
}

enum err page_tree(const struct page *page, const struct element *more, struct tree *ret_tree)
{
    struct tree tree = {0};
    int32_t root;
    enum err err = tree_add(&tree, -1, "html", &root);
    for (size_t i = 0; err == ERR_OK && i < page->elements_count; i++) {
        err = add(&tree, &page->elements[i]);
    }
    if (err == ERR_OK && more) {
        err = add(&tree, more);
    }
    if (err == ERR_OK) {
        err = tree_finish(&tree);
    }
    if (err == ERR_OK) {
        *ret_tree = tree;
    } else {
        tree_free(&tree);
    }
    return err;
}
