/* xpath_priv.h - expressions of XPath 1.0 that were read; for xpath*.c. */
#ifndef ACTORS_HEALER_XPATH_PRIV_H
#define ACTORS_HEALER_XPATH_PRIV_H

#include "actors/healer/selector_priv.h"

enum { XPATH_PREDICATES_MAX = 8, XPATH_STEPS_MAX = 64, XPATH_ARGS_MAX = 8 };

enum xpath_axis {
    AXIS_CHILD,
    AXIS_DESCENDANT,
    AXIS_DESCENDANT_OR_SELF,
    AXIS_SELF,
    AXIS_PARENT,
    AXIS_ANCESTOR,
    AXIS_ANCESTOR_OR_SELF,
    AXIS_FOLLOWING_SIBLING,
    AXIS_PRECEDING_SIBLING,
    AXIS_FOLLOWING,
    AXIS_PRECEDING,
    AXIS_ATTRIBUTE,
    AXIS_COUNT
};

enum xpath_test { TEST_NAME, TEST_ANY, TEST_NODE, TEST_TEXT, TEST_OTHER };

enum xpath_kind {
    XPATH_OR,
    XPATH_AND,
    XPATH_EQUAL,
    XPATH_UNEQUAL,
    XPATH_LESS,
    XPATH_LESS_EQUAL,
    XPATH_GREATER,
    XPATH_GREATER_EQUAL,
    XPATH_PLUS,
    XPATH_MINUS,
    XPATH_TIMES,
    XPATH_DIV,
    XPATH_MOD,
    XPATH_UNION,
    XPATH_NEGATIVE,
    XPATH_LITERAL,
    XPATH_NUMBER,
    XPATH_CALL,
    XPATH_PATH
};

struct xpath_step {
    enum xpath_axis axis;
    enum xpath_test test;
    const char *name;
    struct xpath *predicates[XPATH_PREDICATES_MAX];
    size_t predicates_count;
};

struct xpath {
    enum xpath_kind kind;
    struct xpath *left, *right;
    const char *text; /* literal, or name of the function */
    double number;
    struct xpath *args[XPATH_ARGS_MAX];
    size_t args_count;
    /* XPATH_PATH: from the root, from the context, or from what `left` gives. */
    bool absolute;
    struct xpath *filters[XPATH_PREDICATES_MAX]; /* of what `left` gives */
    size_t filters_count;
    struct xpath_step *steps;
    size_t steps_count;
};

#endif
