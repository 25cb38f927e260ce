/* match_describe.c - elements in the terms of the matcher. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/aria.h"
#include "actors/healer/match_pair.h"

enum { NEAR_WORDS_MIN = 2, NEAR_LEVELS_MAX = 6, ATTRS_FIRST = 1024 };

static const uint32_t hash_start = 2166136261u;

static uint32_t hash_byte(uint32_t hash, unsigned char byte)
{
    return (hash ^ byte) * 16777619u;
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    size_t size = strlen(text);
    uint64_t wide = (hash + size) * factor;
    uint64_t piece;
    for (; size >= sizeof piece; size -= sizeof piece, text += sizeof piece) {
        memcpy(&piece, text, sizeof piece);
        wide = (wide ^ piece) * factor;
        wide ^= wide >> 29;
    }
    piece = 0;
    memcpy(&piece, text, size);
    wide = (wide ^ piece) * factor;
    return (uint32_t)(wide >> 32);
}

static uint32_t hash_number(uint32_t hash, uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        hash = hash_byte(hash, (unsigned char)(number >> (8 * i)));
    }
    return hash;
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Letters and digits only, folded; 0 when there are none. */
static uint32_t hash_words(const char *text)
{
    uint32_t hash = hash_start;
    bool any = false;
    for (; *text; text++) {
        unsigned char c = fold(*text);
        if (c == 0xc2 && text[1] == '\xa0') {
            text++;
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80) {
            hash = hash_byte(hash, c);
            any = true;
        }
    }
    return any ? hash | 1 : 0;
}

static uint32_t hash_or_none(const char *text)
{
    return text && text[0] ? hash_text(hash_start, text) | 1 : 0;
}

/* ---- attributes ---- */

enum attr_kind {
    ATTR_LABEL = 1,      /* what people read */
    ATTR_VALUE = 1 << 1, /* the same, of buttons */
    ATTR_NOISE = 1 << 2, /* says nothing of the meaning */
    ATTR_CLASS = 1 << 3,
    ATTR_ID = 1 << 4,
    ATTR_TESTID = 1 << 5,
    ATTR_HREF = 1 << 6,
    ATTR_TYPE = 1 << 7,
    ATTR_EDITABLE = 1 << 8
};

static const struct {
    const char *name;
    enum attr_kind kind;
} attr_kinds[] = {
    {"aria-label", ATTR_LABEL},
    {"placeholder", ATTR_LABEL},
    {"title", ATTR_LABEL},
    {"alt", ATTR_LABEL},
    {"label", ATTR_LABEL},
    {"value", ATTR_VALUE},
    {"style", ATTR_NOISE},
    {"tabindex", ATTR_NOISE},
    {"d", ATTR_NOISE},
    {"viewbox", ATTR_NOISE},
    {"xmlns", ATTR_NOISE},
    {"fill", ATTR_NOISE},
    {"width", ATTR_NOISE},
    {"height", ATTR_NOISE},
    {"target", ATTR_NOISE},
    {"rel", ATTR_NOISE},
    {"srcset", ATTR_NOISE},
    {"class", ATTR_CLASS},
    {"id", ATTR_ID},
    {"data-testid", ATTR_TESTID},
    {"data-test-id", ATTR_TESTID},
    {"data-test", ATTR_TESTID},
    {"data-cy", ATTR_TESTID},
    {"data-qa", ATTR_TESTID},
    {"data-e2e", ATTR_TESTID},
    {"href", ATTR_HREF},
    {"type", ATTR_TYPE},
    {"contenteditable", ATTR_EDITABLE},
};

static uint32_t kind_of_attr(const char *name)
{
    for (size_t i = 0; i < sizeof attr_kinds / sizeof attr_kinds[0]; i++) {
        if (strcmp(attr_kinds[i].name, name) == 0) {
            return attr_kinds[i].kind;
        }
    }
    return strncmp(name, "on", 2) == 0 ? ATTR_NOISE : 0;
}

/* What was found out of a name, by its hash: pages use few names, many times. */
struct known {
    uint32_t hash;
    uint32_t is;
};
enum { KNOWN_SLOTS = 256 };

struct describer {
    struct match_pages *pages;
    struct match_side *side;
    int side_index;
    struct known attrs[KNOWN_SLOTS]; /* enum attr_kind */
    struct known roles[KNOWN_SLOTS]; /* of roles, or tags where there is none: kin and abilities */
};

/* The slot of a name, and whether it is taken by it. */
static struct known *known_at(struct known *slots, uint32_t hash, bool *ret_is)
{
    struct known *slot = &slots[(hash ^ (hash >> 11)) & (KNOWN_SLOTS - 1)];
    *ret_is = slot->hash == hash;
    slot->hash = hash;
    return slot;
}

static uint32_t attr_kind(struct describer *self, const char *name, uint32_t hash)
{
    bool is;
    struct known *known = known_at(self->attrs, hash, &is);
    known->is = is ? known->is : kind_of_attr(name);
    return known->is;
}

static int by_attr(const void *a, const void *b)
{
    const struct match_attr *x = a;
    const struct match_attr *y = b;
    return x->name != y->name ? (x->name < y->name ? -1 : 1)
                              : (x->value < y->value ? -1 : x->value > y->value);
}

/* They are mostly few, and calling qsort() takes longer than this. */
static void sort_attrs(struct match_attr *attrs, size_t count)
{
    enum { FEW = 16 };
    if (count > FEW) {
        qsort(attrs, count, sizeof attrs[0], by_attr);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct match_attr attr = attrs[i];
        size_t at = i;
        for (; at > 0 && by_attr(&attrs[at - 1], &attr) > 0; at--) {
            attrs[at] = attrs[at - 1];
        }
        attrs[at] = attr;
    }
}

static void count_in(uint16_t *seen, uint32_t hash)
{
    uint16_t *at = &seen[hash & (ATTRS_SEEN - 1)];
    *at = (uint16_t)(*at + (hash != 0 && *at < UINT16_MAX));
}

static bool add_attr(struct match_side *side, uint32_t name, uint32_t value)
{
    if (side->attrs_count == side->attrs_capacity) {
        size_t capacity = side->attrs_capacity ? side->attrs_capacity * 2 : ATTRS_FIRST;
        struct match_attr *grown = reallocarray(side->attrs, capacity, sizeof *grown);
        if (!grown) {
            return false;
        }
        side->attrs = grown;
        side->attrs_capacity = capacity;
    }
    side->attrs[side->attrs_count++] = (struct match_attr){.name = name, .value = value};
    return true;
}

static void note_attr(struct match_node *node, const char *text, uint32_t value, uint32_t kind)
{
    char last = text[strlen(text) - 1];
    if (kind & ATTR_ID) {
        node->id = value;
        node->id_counted = last >= '0' && last <= '9';
    }
    node->testid = kind & ATTR_TESTID ? hash_or_none(text) : node->testid;
    node->href = kind & ATTR_HREF ? value : node->href;
    node->type = kind & ATTR_TYPE ? value : node->type;
    if ((kind & ATTR_EDITABLE) && strcmp(text, "false") != 0) {
        node->can |= CAN_FILL;
    }
}

/* Its attributes, and their words: those that people read, and others. */
static bool describe_attrs(struct describer *self, const struct tree_node *from,
                           struct match_node *node, struct gathering *label,
                           struct gathering *ident)
{
    struct lexicon *lexicon = &self->pages->lexicon;
    node->attrs = (uint32_t)self->side->attrs_count;
    for (size_t i = 0; i < from->attrs_count; i++) {
        const struct tree_attr *attr = &from->attrs[i];
        uint32_t name = hash_text(hash_start, attr->name);
        uint32_t value = hash_text(name, attr->value);
        uint32_t kind = attr_kind(self, attr->name, name);
        bool made = false;
        node->sign = hash_number(node->sign, value);
        if (attr->value[0] == '\0' || (kind & ATTR_NOISE)) {
            continue;
        }
        if ((kind & ATTR_LABEL) || ((kind & ATTR_VALUE) && strcmp(from->role, "button") == 0)) {
            lexicon_text(lexicon, label, attr->value);
            made = identifier_is_generated(attr->value);
        } else {
            made = lexicon_identifier(lexicon, ident, attr->value);
        }
        if (made || (kind & ATTR_CLASS)) {
            continue;
        }
        count_in(self->pages->attrs_seen[self->side_index], value);
        if (!add_attr(self->side, name, value)) {
            return false;
        }
        note_attr(node, attr->value, value, kind);
    }
    node->attrs_count = (uint16_t)(self->side->attrs_count - node->attrs);
    if (node->attrs_count > 0) { /* a page without any has no memory for them */
        sort_attrs(self->side->attrs + node->attrs, node->attrs_count);
    }
    return true;
}

/* ---- words ---- */

/* Whether some of its texts are the same, which most are. */
struct same_texts {
    bool own_name;
    bool text_own;
};

static bool describe_words(struct describer *self, const struct tree_node *from,
                           struct match_node *node, struct same_texts same)
{
    struct lexicon *lexicon = &self->pages->lexicon;
    uint32_t *bags = node->bags;
    struct gathering words; /* not cleared: that would take as long as filling it */
    struct gathering ident;
    words.count = ident.count = 0;
    bags[BAG_NAME] = lexicon_text_bag(lexicon, from->name);
    lexicon_bag(lexicon, &words, bags[BAG_NAME]);
    size_t name_count = words.count;
    if (!describe_attrs(self, from, node, &words, &ident)) {
        return false;
    }
    bags[BAG_LABEL] = words.count == name_count ? bags[BAG_NAME] : bag_make(lexicon, &words);
    bags[BAG_IDENT] = bag_make(lexicon, &ident);
    bags[BAG_OWN] = same.own_name ? bags[BAG_NAME] : lexicon_text_bag(lexicon, from->own);
    const uint32_t all[] = {bags[BAG_IDENT], bags[BAG_LABEL], bags[BAG_OWN]};
    bags[BAG_ALL] = bag_union(lexicon, all, sizeof all / sizeof all[0]);
    bags[BAG_TEXT] = same.text_own ? bags[BAG_OWN] : lexicon_text_bag(lexicon, from->text);
    bags[BAG_NEAR] = lexicon_text_bag(lexicon, from->near);
    bags[BAG_HEAD] = 0;
    return true;
}

/* The words of `bag` that are not in `without`. */
static void subtract(const struct lexicon *lexicon, struct gathering *words, const struct bag *bag,
                     const struct bag *without)
{
    size_t j = 0;
    words->count = 0;
    for (size_t i = 0; i < bag->count; i++) {
        uint32_t number = lexicon->pool[bag->first + i];
        while (j < without->count && lexicon->pool[without->first + j] < number) {
            j++;
        }
        if (j == without->count || lexicon->pool[without->first + j] != number) {
            words->at[words->count++] = number;
        }
    }
}

static void describe_near(struct lexicon *lexicon, struct match_side *side, int32_t index)
{
    struct match_node *node = &side->nodes[index];
    struct gathering words;
    int32_t up = side->tree->nodes[index].parent;
    if (node->bags[BAG_NEAR] > 0) {
        return; /* it was given */
    }
    words.count = 0;
    for (int level = 0; up >= 0 && level < NEAR_LEVELS_MAX; level++) {
        subtract(lexicon, &words, bag_at(lexicon, side->nodes[up].bags[BAG_TEXT]),
                 bag_at(lexicon, node->bags[BAG_TEXT]));
        if (words.count >= NEAR_WORDS_MIN) {
            break;
        }
        up = side->tree->nodes[up].parent;
    }
    node->bags[BAG_NEAR] = bag_make(lexicon, &words);
}

static bool is_heading(const struct tree_node *node)
{
    /* It is asked of every element. */
    return (node->role[0] == 'h' && strcmp(node->role, "heading") == 0) ||
           (strchr("lcs", node->tag[0]) &&
            (strcmp(node->tag, "legend") == 0 || strcmp(node->tag, "caption") == 0 ||
             strcmp(node->tag, "summary") == 0));
}

/* ---- roles and places ---- */

/* Roles that libraries put for each other. */
static const char *const kins[][12] = {
    {"button", "link", "menuitem", "tab", NULL},
    {"textbox", "searchbox", "spinbutton", "slider", NULL},
    {"checkbox", "switch", "radio", "menuitemcheckbox", "menuitemradio", NULL},
    {"combobox", "listbox", "radiogroup", "menu", NULL},
    {"row", "listitem", "article", "treeitem", NULL},
    {"table", "grid", "treegrid", "list", "tree", "feed", NULL},
    {"cell", "gridcell", "rowheader", NULL},
    {"alert", "status", "log", "note", NULL},
    {"navigation", "banner", "toolbar", "menubar", "tablist", NULL},
    {"form", "main", "region", "group", "search", "complementary", "dialog", NULL},
    {"img", "presentation", "none", "figure", NULL},
    {"option", NULL},
};

static uint32_t kin_of(const char *role)
{
    for (uint32_t i = 0; i < sizeof kins / sizeof kins[0]; i++) {
        for (const char *const *kin = kins[i]; *kin; kin++) {
            if (strcmp(role, *kin) == 0) {
                return i + 1;
            }
        }
    }
    return 0;
}

/* What may be done with it: 1 << i for actions[i] of match_actions. */
static uint8_t can_of(const struct tree_node *node)
{
    struct tree_node bare = {.tag = node->tag, .role = node->role};
    return (uint8_t)((action_fits(&bare, "fill") ? CAN_FILL : 0) |
                     (action_fits(&bare, "check") ? CAN_CHECK : 0) |
                     (action_fits(&bare, "selectOption") ? CAN_SELECT : 0));
}

static bool is_row_role(const char *role)
{
    return strcmp(role, "row") == 0 || strcmp(role, "listitem") == 0 ||
           strcmp(role, "article") == 0;
}

static void describe_role(struct describer *self, const struct tree_node *from,
                          struct match_node *node)
{
    enum { KIN_BITS = 8, ROW_BIT = 1 << 16 };
    bool is;
    uint32_t hash = node->role ? node->role : node->tag & ~UINT32_C(1); /* roles are odd */
    struct known *known = known_at(self->roles, hash, &is);
    if (!is) {
        known->is = can_of(from) | kin_of(from->role) << KIN_BITS;
        known->is |= is_row_role(from->role) ? ROW_BIT : 0;
    }
    node->can = (uint8_t)known->is;
    node->kin = (uint8_t)(known->is >> KIN_BITS);
    node->is_row = (known->is & ROW_BIT) != 0;
    node->in_row = from->parent >= 0 && (self->side->nodes[from->parent].is_row ||
                                         self->side->nodes[from->parent].in_row);
}

static uint32_t hash_step(const char *at, const char *end)
{
    uint32_t hash = hash_start;
    for (; at < end; at++) {
        hash = hash_byte(hash, (unsigned char)*at);
    }
    return hash;
}

/* What the path of its parent begins is not read again. */
static const char *inherit_path(const struct match_side *side, const struct tree_node *from,
                                struct match_node *node)
{
    const char *up = from->parent >= 0 ? side->tree->nodes[from->parent].path : "";
    size_t size = strlen(up);
    const char *last = strrchr(from->path, '/');
    if (size == 0 || last != from->path + size || memcmp(from->path, up, size) != 0) {
        return from->path;
    }
    const struct match_node *parent = &side->nodes[from->parent];
    uint16_t count = parent->steps_count;
    count = (uint16_t)(count < MATCH_STEPS ? count : MATCH_STEPS - 1);
    memcpy(node->steps + 1, parent->steps, count * sizeof node->steps[0]);
    node->steps_count = count;
    return last + 1;
}

static void describe_path(const struct match_side *side, const struct tree_node *from,
                          struct match_node *node)
{
    const char *path = inherit_path(side, from, node);
    const char *end = path + strlen(path);
    node->path = hash_or_none(from->path);
    if (path != from->path) {
        node->steps[0] = hash_step(path, end);
        node->steps_count++;
    }
    while (path == from->path && end > path && node->steps_count < MATCH_STEPS) {
        const char *begin = end;
        while (begin > path && begin[-1] != '/') {
            begin--;
        }
        node->steps[node->steps_count++] = hash_step(begin, end);
        end = begin > path ? begin - 1 : path;
    }
}

static void describe_letters(const char *name, struct match_node *node)
{
    unsigned char last[2] = {0, 0};
    for (; *name; name++) {
        unsigned char c = fold(*name);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c < 0x80) {
            continue;
        }
        uint32_t hash = hash_byte(hash_byte(hash_byte(hash_start, last[0]), last[1]), c);
        hash ^= hash >> 15;
        node->letters[(hash >> 6) & 1] |= UINT64_C(1) << (hash & 63);
        last[0] = last[1];
        last[1] = c;
    }
    node->letters_count =
        (uint8_t)(__builtin_popcountll(node->letters[0]) + __builtin_popcountll(node->letters[1]));
}

/* Says what its parent says, and is nothing by itself: the <span> of a <button>. */
static bool is_husk(const struct tree *tree, const struct tree_node *node)
{
    return node->parent >= 0 && node->role[0] == '\0' && node->text[0] != '\0' &&
           tree->nodes[node->parent].role[0] != '\0' &&
           strcmp(node->text, tree->nodes[node->parent].text) == 0;
}

static void describe_ranks(struct match_side *side)
{
    for (size_t i = 0; i < side->tree->count; i++) {
        uint16_t rank = 0;
        for (int32_t child = side->tree->nodes[i].first; child >= 0;
             child = side->tree->nodes[child].next) {
            side->nodes[child].rank = rank;
            rank = (uint16_t)(rank + (rank < UINT16_MAX));
        }
    }
}

static bool describe_node(struct describer *self, int32_t index)
{
    struct match_pages *pages = self->pages;
    const struct tree_node *from = &self->side->tree->nodes[index];
    struct match_node *node = &self->side->nodes[index];
    node->tag = hash_text(hash_start, from->tag);
    node->role = hash_or_none(from->role);
    node->name = hash_words(from->name);
    const struct same_texts same = {.own_name = strcmp(from->own, from->name) == 0,
                                    .text_own = strcmp(from->text, from->own) == 0};
    node->own = same.own_name ? node->name : hash_words(from->own);
    node->text = same.text_own ? node->own : hash_words(from->text);
    node->classes = hash_or_none(tree_attr(from, "class"));
    node->husk = is_husk(self->side->tree, from);
    describe_role(self, from, node);
    count_in(pages->texts_seen[self->side_index], node->name ? node->name ^ node->role : 0);
    count_in(pages->texts_seen[self->side_index], node->text ? node->text ^ node->tag : 0);
    node->sign = hash_text(hash_text(node->tag, from->name), from->text);
    describe_path(self->side, from, node);
    describe_letters(from->name, node);
    if (!describe_words(self, from, node, same)) {
        return false;
    }
    lexicon_count(&pages->lexicon, node->bags[BAG_ALL]);
    return true;
}

static bool describe(struct match_pages *pages, int side_index)
{
    struct match_side *side = &pages->sides[side_index];
    struct describer self = {.pages = pages, .side = side, .side_index = side_index};
    for (size_t i = 0; i < side->tree->count; i++) {
        if (!describe_node(&self, (int32_t)i)) {
            return false;
        }
    }
    describe_ranks(side);
    uint32_t head = 0;
    for (size_t i = 0; i < side->tree->count; i++) {
        describe_near(&pages->lexicon, side, (int32_t)i);
        side->nodes[i].bags[BAG_HEAD] = head;
        if (is_heading(&side->tree->nodes[i])) {
            head = side->nodes[i].bags[BAG_TEXT];
        }
    }
    return rows_describe(&pages->lexicon, side) == ERR_OK && !pages->lexicon.failed;
}

/* Signs tell equal elements apart by what they stand in. */
static void sign(struct match_side *side)
{
    for (size_t i = side->tree->count; i-- > 0;) {
        uint32_t signs = side->nodes[i].sign;
        int32_t up = side->tree->nodes[i].parent;
        for (int level = 0; up >= 0 && level < 3; level++, up = side->tree->nodes[up].parent) {
            /* Parents come before, so theirs is still without what they stand in. */
            signs = hash_number(signs, side->nodes[up].sign);
        }
        side->nodes[i].sign = signs;
    }
}

enum err pages_describe(struct match_pages *pages, const struct tree *old, const struct tree *new)
{
    const struct tree *trees[2] = {old, new};
    for (int i = 0; i < 2; i++) {
        pages->sides[i].tree = trees[i];
        pages->sides[i].nodes = calloc(trees[i]->count + 1, sizeof pages->sides[i].nodes[0]);
        pages->attrs_seen[i] = calloc(ATTRS_SEEN, sizeof pages->attrs_seen[i][0]);
        pages->texts_seen[i] = calloc(ATTRS_SEEN, sizeof pages->texts_seen[i][0]);
        if (!pages->sides[i].nodes || !pages->attrs_seen[i] || !pages->texts_seen[i] ||
            !describe(pages, i)) {
            return ERR_MEMORY;
        }
        sign(&pages->sides[i]);
    }
    lexicon_weigh(&pages->lexicon);
    return ERR_OK;
}

void pages_free(struct match_pages *pages)
{
    for (int i = 0; i < 2; i++) {
        free(pages->sides[i].nodes);
        free(pages->sides[i].attrs);
        free(pages->attrs_seen[i]);
        free(pages->texts_seen[i]);
    }
    lexicon_free(&pages->lexicon);
    *pages = (struct match_pages){0};
}
