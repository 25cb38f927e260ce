/* aria_role.c - which role an element has. */
#include "actors/healer/aria.h"

#include <string.h>

static const char *const roles[] = {"alert",
                                    "alertdialog",
                                    "application",
                                    "article",
                                    "banner",
                                    "blockquote",
                                    "button",
                                    "caption",
                                    "cell",
                                    "checkbox",
                                    "code",
                                    "columnheader",
                                    "combobox",
                                    "complementary",
                                    "contentinfo",
                                    "definition",
                                    "deletion",
                                    "dialog",
                                    "directory",
                                    "document",
                                    "emphasis",
                                    "feed",
                                    "figure",
                                    "form",
                                    "generic",
                                    "grid",
                                    "gridcell",
                                    "group",
                                    "heading",
                                    "img",
                                    "insertion",
                                    "link",
                                    "list",
                                    "listbox",
                                    "listitem",
                                    "log",
                                    "main",
                                    "marquee",
                                    "math",
                                    "menu",
                                    "menubar",
                                    "menuitem",
                                    "menuitemcheckbox",
                                    "menuitemradio",
                                    "meter",
                                    "navigation",
                                    "none",
                                    "note",
                                    "option",
                                    "paragraph",
                                    "presentation",
                                    "progressbar",
                                    "radio",
                                    "radiogroup",
                                    "region",
                                    "row",
                                    "rowgroup",
                                    "rowheader",
                                    "scrollbar",
                                    "search",
                                    "searchbox",
                                    "separator",
                                    "slider",
                                    "spinbutton",
                                    "status",
                                    "strong",
                                    "subscript",
                                    "superscript",
                                    "switch",
                                    "tab",
                                    "table",
                                    "tablist",
                                    "tabpanel",
                                    "term",
                                    "textbox",
                                    "time",
                                    "timer",
                                    "toolbar",
                                    "tooltip",
                                    "tree",
                                    "treegrid",
                                    "treeitem"};

/* Tags whose role depends on nothing else. */
static const char *const by_tag[][2] = {
    {"article", "article"},
    {"aside", "complementary"},
    {"blockquote", "blockquote"},
    {"button", "button"},
    {"caption", "caption"},
    {"code", "code"},
    {"datalist", "listbox"},
    {"dd", "definition"},
    {"del", "deletion"},
    {"details", "group"},
    {"dfn", "term"},
    {"dialog", "dialog"},
    {"dt", "term"},
    {"em", "emphasis"},
    {"fieldset", "group"},
    {"figure", "figure"},
    {"h1", "heading"},
    {"h2", "heading"},
    {"h3", "heading"},
    {"h4", "heading"},
    {"h5", "heading"},
    {"h6", "heading"},
    {"hr", "separator"},
    {"html", "document"},
    {"ins", "insertion"},
    {"li", "listitem"},
    {"main", "main"},
    {"math", "math"},
    {"menu", "list"},
    {"meter", "meter"},
    {"nav", "navigation"},
    {"ol", "list"},
    {"optgroup", "group"},
    {"option", "option"},
    {"output", "status"},
    {"p", "paragraph"},
    {"progress", "progressbar"},
    {"search", "search"},
    {"strong", "strong"},
    {"sub", "subscript"},
    {"sup", "superscript"},
    {"svg", "img"},
    {"table", "table"},
    {"tbody", "rowgroup"},
    {"textarea", "textbox"},
    {"tfoot", "rowgroup"},
    {"thead", "rowgroup"},
    {"time", "time"},
    {"tr", "row"},
    {"ul", "list"},
};

static const char *const by_type[][2] = {
    {"button", "button"},     {"submit", "button"}, {"reset", "button"}, {"image", "button"},
    {"checkbox", "checkbox"}, {"radio", "radio"},   {"range", "slider"}, {"number", "spinbutton"},
    {"search", "searchbox"},  {"hidden", ""},
};

/* Elements that take the edge off banner and contentinfo. */
static const char sectioning[] = " article aside main nav section ";

static bool is_in(const char *list, const char *word, size_t size)
{
    for (const char *at = list; size > 0 && (at = strstr(at + 1, " "));) {
        if (strncmp(at + 1, word, size) == 0 && at[1 + size] == ' ') {
            return true;
        }
    }
    return size > 0 && strncmp(list + 1, word, size) == 0 && list[1 + size] == ' ';
}

static bool is_tag(const struct tree_node *node, const char *tag)
{
    return strcmp(node->tag, tag) == 0;
}

static bool is_within(const struct tree *tree, const struct tree_node *node, const char *tags)
{
    for (int32_t i = node->parent; i >= 0; i = tree->nodes[i].parent) {
        if (is_in(tags, tree->nodes[i].tag, strlen(tree->nodes[i].tag))) {
            return true;
        }
    }
    return false;
}

static bool has_name_attribute(const struct tree_node *node)
{
    return tree_attr(node, "aria-label") || tree_attr(node, "aria-labelledby");
}

static const char *role_of_input(const struct tree_node *node)
{
    const char *type = tree_attr(node, "type");
    bool listed = tree_attr(node, "list") != NULL;
    for (size_t i = 0; type && i < sizeof by_type / sizeof by_type[0]; i++) {
        if (strcasecmp(type, by_type[i][0]) == 0) {
            return listed && strcasecmp(type, "search") == 0 ? "combobox" : by_type[i][1];
        }
    }
    if (type && strcasecmp(type, "file") == 0) {
        return "button"; /* Chromium and Playwright say so */
    }
    return listed ? "combobox" : "textbox";
}

static const char *role_of_cell(const struct tree *tree, const struct tree_node *node)
{
    const char *scope = tree_attr(node, "scope");
    if (is_tag(node, "th") && scope && strncasecmp(scope, "row", 3) == 0) {
        return "rowheader";
    }
    if (is_tag(node, "th")) {
        return "columnheader";
    }
    for (int32_t i = node->parent; i >= 0; i = tree->nodes[i].parent) {
        if (is_tag(&tree->nodes[i], "table")) {
            const char *role = tree_attr(&tree->nodes[i], "role");
            return role && strstr(role, "grid") ? "gridcell" : "cell";
        }
    }
    return "cell";
}

static const char *role_of_select(const struct tree_node *node)
{
    const char *size = tree_attr(node, "size");
    bool many = size && strspn(size, "0123456789") == strlen(size) && strlen(size) > 0 &&
                strcmp(size, "0") != 0 && strcmp(size, "1") != 0;
    return tree_attr(node, "multiple") || many ? "listbox" : "combobox";
}

static const char *implicit_role(const struct tree *tree, const struct tree_node *node)
{
    if (is_tag(node, "input")) {
        return role_of_input(node);
    }
    if (is_tag(node, "a") || is_tag(node, "area")) {
        return tree_attr(node, "href") ? "link" : "";
    }
    if (is_tag(node, "select")) {
        return role_of_select(node);
    }
    if (is_tag(node, "td") || is_tag(node, "th")) {
        return role_of_cell(tree, node);
    }
    if (is_tag(node, "img")) {
        const char *alt = tree_attr(node, "alt");
        return alt && alt[0] == '\0' && !has_name_attribute(node) && !tree_attr(node, "title")
                   ? "presentation"
                   : "img";
    }
    if (is_tag(node, "section")) {
        return has_name_attribute(node) ? "region" : "";
    }
    if (is_tag(node, "header") || is_tag(node, "footer")) {
        return is_within(tree, node, sectioning) ? ""
               : is_tag(node, "header")          ? "banner"
                                                 : "contentinfo";
    }
    if (is_tag(node, "form")) {
        return has_name_attribute(node) ? "form" : "";
    }
    for (size_t i = 0; i < sizeof by_tag / sizeof by_tag[0]; i++) {
        if (is_tag(node, by_tag[i][0])) {
            return by_tag[i][1];
        }
    }
    return "";
}

const char *aria_role(const struct tree *tree, const struct tree_node *node)
{
    const char *given = tree_attr(node, "role");
    while (given && *given) {
        given += strspn(given, " \t\r\n\f");
        size_t size = strcspn(given, " \t\r\n\f");
        for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
            if (strlen(roles[i]) == size && strncmp(roles[i], given, size) == 0) {
                return roles[i];
            }
        }
        given += size;
    }
    return implicit_role(tree, node);
}
