/* xpath_value.h - values of XPath and its functions; for xpath*.c. */
#ifndef ACTORS_HEALER_XPATH_VALUE_H
#define ACTORS_HEALER_XPATH_VALUE_H

#include "actors/healer/xpath_priv.h"

enum item_kind { ITEM_ROOT, ITEM_ELEMENT, ITEM_ATTR, ITEM_TEXT };

/* A node in the words of XPath. */
struct xpath_item {
    enum item_kind kind;
    int32_t node; /* the element, or whose attribute or text it is; -1: the document */
    int32_t sub;  /* number of the attribute, or of the text in tree.texts */
};

struct xpath_set {
    struct xpath_item *at;
    size_t count;
    size_t capacity;
};

enum value_kind { VALUE_SET, VALUE_TRUTH, VALUE_NUMBER, VALUE_TEXT };

struct xpath_value {
    enum value_kind kind;
    struct xpath_set set; /* empty in the other kinds */
    bool truth;
    double number;
    const char *text; /* of the expression or of the search's memory */
};

struct xpath_run {
    struct sel_search *search;
    int32_t root;           /* of the frame */
    struct xpath_item base; /* where a path that begins with / does; Playwright chains so */
};

struct xpath_focus {
    struct xpath_item item;
    size_t position;
    size_t size;
};

/* Errors are in search->err; the value is then of no use, but to be freed. */
struct xpath_value xpath_eval(struct xpath_run *run, const struct xpath *xpath,
                              const struct xpath_focus *focus);
struct xpath_value xpath_call(struct xpath_run *run, const struct xpath *call,
                              const struct xpath_focus *focus);
void xpath_value_free(struct xpath_value *value);

void xpath_set_add(struct xpath_run *run, struct xpath_set *set, struct xpath_item item);

/* Into document order, each once. */
void xpath_set_sort(struct xpath_set *set);

bool xpath_truth(const struct xpath_value *value);
double xpath_number(struct xpath_run *run, const struct xpath_value *value);
const char *xpath_text(struct xpath_run *run, const struct xpath_value *value);
const char *xpath_item_text(struct xpath_run *run, struct xpath_item item);

#endif
