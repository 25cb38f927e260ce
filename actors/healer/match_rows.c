/* match_rows.c - rows, cards and the like: which of several alike an element stands in, and by
 * which words that one can be told from the others.
 *
 * The same button in another row is another button, so what makes a row this row is worth more than
 * all that its elements say of themselves.
 */
#include <stdlib.h>

#include "actors/healer/match_pair.h"

enum { ROW_PARTS_MIN = 3, ROW_PARTS_LOOKED_AT = 64, FORMS_MAX = 16 };

struct rows {
    struct lexicon *lexicon;
    struct match_side *side;
    uint16_t *seen; /* of each word: in how many of these rows */
    uint32_t *all;  /* of each of these rows: its words */
};

static bool is_row_size(const struct tree *tree, int32_t node)
{
    return tree->nodes[node].end - node >= ROW_PARTS_MIN;
}

/* Cells of one row are not alike by this, rows of one table are. */
static uint32_t form_of(const struct match_side *side, int32_t node)
{
    int32_t first = side->tree->nodes[node].first;
    int32_t last = first;
    for (int32_t i = first; i >= 0; i = side->tree->nodes[i].next) {
        last = i;
    }
    const struct match_node *nodes = side->nodes;
    return (((nodes[node].tag * 31 + nodes[node].role) * 31) + nodes[first].tag) * 31 +
           nodes[last].tag;
}

/* All words in a row, but the numbers of identifiers, which count rows. */
static void gather(const struct rows *self, int32_t row, struct gathering *words)
{
    int32_t end = self->side->tree->nodes[row].end;
    end = end - row > ROW_PARTS_LOOKED_AT ? row + ROW_PARTS_LOOKED_AT : end;
    words->count = 0;
    for (int32_t i = row; i < end; i++) {
        lexicon_bag(self->lexicon, words, self->side->nodes[i].bags[BAG_OWN]);
        lexicon_bag(self->lexicon, words, self->side->nodes[i].bags[BAG_LABEL]);
    }
    for (int32_t i = row; i < end; i++) {
        const struct bag *bag = bag_at(self->lexicon, self->side->nodes[i].bags[BAG_IDENT]);
        for (size_t j = 0; j < bag->count; j++) {
            uint32_t word = self->lexicon->pool[bag->first + j];
            if (!self->lexicon->words[word].number) {
                gathering_add(words, word);
            }
        }
    }
}

static bool is_key(const struct rows *self, uint32_t word, uint16_t rows)
{
    return self->seen[word] == 1 || self->seen[word] * 3 <= rows;
}

/* The words of the first text in the row that others do not have: mostly its name. */
static uint32_t lead_of(const struct rows *self, int32_t row, uint16_t rows)
{
    const struct match_side *side = self->side;
    uint32_t lead = 0;
    int32_t end = side->tree->nodes[row].end;
    for (int32_t i = row; i < end && i < row + ROW_PARTS_LOOKED_AT; i++) {
        uint32_t own = side->nodes[i].bags[BAG_OWN];
        const struct bag *bag = bag_at(self->lexicon, own);
        for (size_t j = 0; j < bag->count; j++) {
            uint32_t word = self->lexicon->pool[bag->first + j];
            if (is_key(self, word, rows) && !self->lexicon->words[word].number) {
                return own;
            }
            lead = lead == 0 && is_key(self, word, rows) ? own : lead;
        }
    }
    return lead;
}

/* `all` are the words of the row. */
static void describe_row(struct rows *self, int32_t row, uint16_t rows, const struct bag *all)
{
    struct gathering key = {.count = 0};
    bool shares = false;
    for (size_t i = 0; i < all->count; i++) {
        uint32_t word = self->lexicon->pool[all->first + i];
        shares |= self->seen[word] * 2 > rows;
        if (is_key(self, word, rows)) {
            key.at[key.count++] = word;
        }
    }
    if (!shares) {
        return; /* a field and its label stand like this, too, and are no rows of data */
    }
    self->side->nodes[row].row = row;
    self->side->nodes[row].bags[BAG_KEY] = bag_make(self->lexicon, &key);
    self->side->nodes[row].bags[BAG_LEAD] = lead_of(self, row, rows);
}

/* The next sibling from `node` on that is large enough and like the others; -1. */
static int32_t next_alike(const struct match_side *side, int32_t node, uint32_t form)
{
    while (node >= 0 && (!is_row_size(side->tree, node) || form_of(side, node) != form)) {
        node = side->tree->nodes[node].next;
    }
    return node;
}

/* Adds `by` to how often each word of the bag was seen. */
static void see(struct rows *self, uint32_t number, int by)
{
    const struct bag *bag = bag_at(self->lexicon, number);
    for (size_t i = 0; i < bag->count; i++) {
        uint16_t *seen = &self->seen[self->lexicon->pool[bag->first + i]];
        *seen = (uint16_t)(*seen + by);
    }
}

/* Describes the siblings that are like `first`, which is the first of them.  What tells a row is
 * made of all its words. */
static void describe_alike(struct rows *self, int32_t first, uint32_t form)
{
    const struct tree_node *nodes = self->side->tree->nodes;
    struct gathering words;
    uint16_t rows = 0;
    size_t at = 0;
    if (next_alike(self->side, nodes[first].next, form) < 0) {
        return;
    }
    for (int32_t i = first; i >= 0; i = next_alike(self->side, nodes[i].next, form)) {
        gather(self, i, &words);
        self->all[at] = bag_make(self->lexicon, &words);
        see(self, self->all[at++], 1);
        rows++;
    }
    at = 0;
    for (int32_t i = first; i >= 0; i = next_alike(self->side, nodes[i].next, form)) {
        describe_row(self, i, rows, bag_at(self->lexicon, self->all[at++]));
    }
    for (size_t i = 0; i < at; i++) {
        see(self, self->all[i], -1);
    }
}

/* Describes the rows among the children of `parent`, of at most FORMS_MAX kinds. */
static void describe_children(struct rows *self, int32_t parent)
{
    const struct tree *tree = self->side->tree;
    uint32_t forms[FORMS_MAX];
    size_t count = 0;
    for (int32_t i = tree->nodes[parent].first; i >= 0 && count < FORMS_MAX;
         i = tree->nodes[i].next) {
        uint32_t form = is_row_size(tree, i) ? form_of(self->side, i) : 0;
        size_t at = 0;
        while (at < count && forms[at] != form) {
            at++;
        }
        if (at == count && is_row_size(tree, i)) {
            forms[count++] = form;
            describe_alike(self, i, form);
        }
    }
}

enum err rows_describe(struct lexicon *lexicon, struct match_side *side)
{
    struct rows self = {.lexicon = lexicon, .side = side};
    self.seen = calloc(lexicon->words_count + 1, sizeof self.seen[0]);
    self.all = calloc(side->tree->count + 1, sizeof self.all[0]);
    if (!self.seen || !self.all) {
        free(self.seen);
        free(self.all);
        return ERR_MEMORY;
    }
    for (int32_t i = 0; i < (int32_t)side->tree->count; i++) {
        side->nodes[i].row = -1;
    }
    for (int32_t i = 0; i < (int32_t)side->tree->count; i++) {
        int32_t up = side->tree->nodes[i].parent;
        if (side->nodes[i].row < 0 && up >= 0) { /* parents come before */
            side->nodes[i].row = side->nodes[up].row;
            side->nodes[i].bags[BAG_KEY] = side->nodes[up].bags[BAG_KEY];
            side->nodes[i].bags[BAG_LEAD] = side->nodes[up].bags[BAG_LEAD];
        }
        describe_children(&self, i);
    }
    free(self.seen);
    free(self.all);
    return ERR_OK;
}
