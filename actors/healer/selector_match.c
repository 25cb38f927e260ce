/* selector_match.c - whether an element is one that CSS means. */
#include <string.h>
#include <strings.h>

#include "actors/healer/selector_priv.h"

bool sel_work(struct sel_search *search, size_t steps)
{
    search->work += steps;
    if (search->work > SELECTOR_WORK_MAX && search->err == ERR_OK) {
        search->err = ERR_LIMIT;
    }
    return search->err == ERR_OK;
}

static const struct tree_node *at(const struct sel_search *search, int32_t node)
{
    return &search->tree->nodes[node];
}

/* ---- one of a compound ---- */

static bool has_word(const char *words, const char *word, bool folded)
{
    size_t size = strlen(word);
    while (size > 0 && *words) {
        words += strspn(words, " \t\r\n\f");
        size_t length = strcspn(words, " \t\r\n\f");
        if (length == size &&
            (folded ? strncasecmp(words, word, size) == 0 : strncmp(words, word, size) == 0)) {
            return true;
        }
        words += length;
    }
    return false;
}

static bool begins(const char *text, const char *with, bool folded)
{
    size_t size = strlen(with);
    return size > 0 &&
           (folded ? strncasecmp(text, with, size) == 0 : strncmp(text, with, size) == 0);
}

/* Attributes whose values HTML compares without case. */
static bool is_folded_name(const char *name)
{
    static const char *const names[] = {"type",     "checked", "disabled", "dir",      "lang",
                                        "method",   "rel",     "scope",    "selected", "shape",
                                        "multiple", "media",   "enctype",  "target",   "valign",
                                        "align",    "charset"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool attr_matches(const struct tree_node *node, const struct sel_simple *want)
{
    const char *value = tree_attr(node, want->name);
    bool folded = want->folded || is_folded_name(want->name);
    if (!value || want->op == '\0') {
        return value != NULL;
    }
    size_t size = strlen(value);
    size_t wanted = strlen(want->value);
    switch (want->op) {
    case '~':
        return has_word(value, want->value, folded);
    case '|':
        return size >= wanted && (wanted == 0 || begins(value, want->value, folded)) &&
               (value[wanted] == '\0' || value[wanted] == '-');
    case '^':
        return begins(value, want->value, folded);
    case '$':
        return size >= wanted && begins(value + size - wanted, want->value, folded);
    case '*':
        return wanted > 0 && (folded ? strcasestr(value, want->value) != NULL
                                     : strstr(value, want->value) != NULL);
    default:
        return folded ? strcasecmp(value, want->value) == 0 : strcmp(value, want->value) == 0;
    }
}

/* Siblings are the children of the same parent on the same side of its shadow root. */
static int32_t first_sibling(const struct sel_search *search, int32_t node)
{
    int32_t parent = at(search, node)->parent;
    return parent < 0 ? node : at(search, parent)->first;
}

static bool is_counted(struct sel_search *search, const struct sel_simple *want, int32_t node,
                       int32_t other)
{
    return at(search, other)->shadow == at(search, node)->shadow &&
           (!want->of_type || strcmp(at(search, other)->tag, at(search, node)->tag) == 0) &&
           (!want->list || css_matches(search, want->list, other, -1));
}

static bool nth_matches(struct sel_search *search, const struct sel_simple *want, int32_t node)
{
    int32_t before = 0;
    int32_t all = 0;
    for (int32_t i = first_sibling(search, node); i >= 0; i = at(search, i)->next) {
        if (!sel_work(search, 1)) {
            return false;
        }
        bool counted = is_counted(search, want, node, i);
        before += counted && i <= node;
        all += counted;
        if (!want->last && i == node) {
            break;
        }
    }
    if (want->list && !css_matches(search, want->list, node, -1)) {
        return false;
    }
    int32_t rank = want->last ? all - before + 1 : before;
    int32_t rest = rank - want->b;
    return want->a == 0 ? rest == 0 : rest / want->a >= 0 && rest % want->a == 0;
}

static bool is_only(struct sel_search *search, const struct sel_simple *want, int32_t node)
{
    for (int32_t i = first_sibling(search, node); i >= 0; i = at(search, i)->next) {
        if (!sel_work(search, 1) || (i != node && is_counted(search, want, node, i))) {
            return false;
        }
    }
    return true;
}

static bool is_tag_of(const struct tree_node *node, const char *tags)
{
    size_t size = strlen(node->tag);
    for (const char *tag = strstr(tags, node->tag); tag; tag = strstr(tag + 1, node->tag)) {
        if (tag > tags && tag[-1] == ' ' && tag[size] == ' ') {
            return true;
        }
    }
    return false;
}

static bool is_disabled(const struct sel_search *search, int32_t node)
{
    if (!is_tag_of(at(search, node), " button input select textarea option optgroup fieldset ")) {
        return false;
    }
    if (tree_attr(at(search, node), "disabled")) {
        return true;
    }
    for (int32_t up = at(search, node)->parent; up >= 0; up = at(search, up)->parent) {
        if (strcmp(at(search, up)->tag, "fieldset") == 0 && tree_attr(at(search, up), "disabled")) {
            return true;
        }
    }
    return false;
}

static bool is_field(const struct tree_node *node)
{
    return is_tag_of(node, " input select textarea ");
}

static bool is_written(const struct sel_search *search, int32_t node)
{
    const char *editable = tree_attr(at(search, node), "contenteditable");
    return (is_tag_of(at(search, node), " input textarea ") &&
            !tree_attr(at(search, node), "readonly") && !is_disabled(search, node)) ||
           (editable && strcmp(editable, "false") != 0);
}

/* As the page was written: what a user has changed since is not known. */
static bool state_matches(const struct sel_search *search, const char *state, int32_t node)
{
    const struct tree_node *n = at(search, node);
    const char *value = tree_attr(n, "value");
    if (strcmp(state, "checked") == 0) {
        return tree_attr(n, strcmp(n->tag, "option") == 0 ? "selected" : "checked") != NULL;
    }
    if (strcmp(state, "disabled") == 0) {
        return is_disabled(search, node);
    }
    if (strcmp(state, "enabled") == 0) {
        return is_tag_of(n, " button input select textarea option optgroup fieldset ") &&
               !is_disabled(search, node);
    }
    if (strcmp(state, "required") == 0) {
        return is_field(n) && tree_attr(n, "required");
    }
    if (strcmp(state, "optional") == 0) {
        return is_field(n) && !tree_attr(n, "required");
    }
    if (strcmp(state, "read-only") == 0) {
        return !is_written(search, node);
    }
    if (strcmp(state, "read-write") == 0) {
        return is_written(search, node);
    }
    if (strcmp(state, "link") == 0 || strcmp(state, "any-link") == 0) {
        return is_tag_of(n, " a area ") && tree_attr(n, "href");
    }
    if (strcmp(state, "placeholder-shown") == 0) {
        return tree_attr(n, "placeholder") && (!value || value[0] == '\0');
    }
    return false; /* :hover, :focus and their like: nobody is there */
}

static bool has_matches(struct sel_search *search, const struct sel_list *list, int32_t node)
{
    /* With a sibling combinator what is had may stand behind the element. */
    int32_t parent = at(search, node)->parent;
    int32_t end = at(search, node)->end;
    for (size_t i = 0; i < list->count; i++) {
        char combinator = list->items[i].parts[0].combinator;
        if ((combinator == '+' || combinator == '~') && parent >= 0) {
            end = at(search, parent)->end;
        }
    }
    for (int32_t i = node + 1; i < end; i++) {
        if (css_matches(search, list, i, node)) {
            return true;
        }
    }
    return false;
}

static bool is_nth_match(struct sel_search *search, const struct sel_simple *want, int32_t node)
{
    int32_t begin = search->tree->frames[at(search, node)->frame].root;
    int32_t count = 0;
    if (!css_matches(search, want->list, node, -1)) {
        return false;
    }
    for (int32_t i = begin; i <= node; i++) {
        count += css_matches(search, want->list, i, -1);
    }
    return count == want->b;
}

static bool is_type(const struct tree_node *node, const char *name)
{
    return !name || strcasecmp(node->tag, name) == 0;
}

static bool simple_matches(struct sel_search *search, const struct sel_simple *want, int32_t node,
                           int32_t scope)
{
    const struct tree_node *n = at(search, node);
    const char *value;
    struct sel_step innermost;
    switch (want->kind) {
    case SEL_TYPE:
        return is_type(n, want->name);
    case SEL_ID:
        value = tree_attr(n, "id");
        return value && strcmp(value, want->value) == 0;
    case SEL_CLASS:
        value = tree_attr(n, "class");
        return value && has_word(value, want->value, false);
    case SEL_ATTR:
        return attr_matches(n, want);
    case SEL_IS:
        return css_matches(search, want->list, node, scope);
    case SEL_NOT:
        return !css_matches(search, want->list, node, scope);
    case SEL_HAS:
        return has_matches(search, want->list, node);
    case SEL_NTH:
        return nth_matches(search, want, node);
    case SEL_ONLY:
        return is_only(search, want, node);
    case SEL_EMPTY:
        return n->first < 0 && n->texts < 0 && n->own[0] == '\0';
    case SEL_ROOT:
        return n->parent < 0;
    case SEL_SCOPE:
        return scope < 0 ? n->parent < 0 : node == scope;
    case SEL_STATE:
        return state_matches(search, want->name, node);
    case SEL_HAS_TEXT:
        return sel_text_in(search, &want->text, node);
    case SEL_TEXT:
    case SEL_TEXT_IS:
        innermost = (struct sel_step){.kind = want->kind == SEL_TEXT ? STEP_TEXT : STEP_TEXT_OWN,
                                      .text = want->text};
        return sel_text_innermost(search, &innermost, node);
    case SEL_VISIBLE:
        return sel_is_visible(search->tree, node);
    case SEL_NTH_MATCH:
        return is_nth_match(search, want, node);
    }
    return false;
}

static bool compound_matches(struct sel_search *search, const struct sel_compound *compound,
                             int32_t node, int32_t scope)
{
    if (!sel_work(search, 1)) {
        return false;
    }
    for (size_t i = 0; i < compound->count; i++) {
        if (!simple_matches(search, &compound->simples[i], node, scope)) {
            return false;
        }
    }
    return true;
}

/* ---- from the right to the left ---- */

static int32_t sibling_before(const struct sel_search *search, int32_t node)
{
    int32_t before = -1;
    for (int32_t i = first_sibling(search, node); i >= 0 && i != node; i = at(search, i)->next) {
        before = at(search, i)->shadow == at(search, node)->shadow ? i : before;
    }
    return before;
}

/* Whether parts[0 … count - 1] stand to the left of `node`; before them the scope, if relative. */
static bool left_matches(struct sel_search *search, const struct sel_complex *complex, size_t count,
                         int32_t node, int32_t scope)
{
    /* The combinator of a part is what stands before it. */
    char combinator = complex->parts[count].combinator;
    bool up = combinator == ' ' || combinator == '>';
    if (count == 0 && !complex->relative) {
        return true;
    }
    int32_t other = node;
    for (;;) {
        if (other == scope) {
            return false;
        }
        other = up ? at(search, other)->parent : sibling_before(search, other);
        if (other < 0 || !sel_work(search, 1)) {
            return false;
        }
        if (count == 0 ? other == scope
                       : compound_matches(search, &complex->parts[count - 1], other, scope) &&
                             left_matches(search, complex, count - 1, other, scope)) {
            return true;
        }
        if (combinator == '>' || combinator == '+') {
            return false;
        }
    }
}

bool css_matches(struct sel_search *search, const struct sel_list *list, int32_t node,
                 int32_t scope)
{
    for (size_t i = 0; i < list->count && search->err == ERR_OK; i++) {
        const struct sel_complex *complex = &list->items[i];
        size_t last = complex->count - 1;
        if (compound_matches(search, &complex->parts[last], node, scope) &&
            left_matches(search, complex, last, node, scope)) {
            return true;
        }
    }
    return false;
}
