/* selector_priv.h - selectors that were read; for selector*.c. */
#ifndef ACTORS_HEALER_SELECTOR_PRIV_H
#define ACTORS_HEALER_SELECTOR_PRIV_H

#include <regex.h>

#include "actors/healer/arena.h"
#include "actors/healer/selector.h"

/* What a text must be like. */
struct sel_text {
    const char *text; /* blanks collapsed; with small letters where case does not matter */
    bool exact;       /* else part of it, whatever the case */
    bool cased;       /* the case matters in parts too */
    regex_t *regex;   /* or this */
};

enum sel_kind {
    SEL_TYPE,
    SEL_ID,
    SEL_CLASS,
    SEL_ATTR,
    SEL_IS, /* :is, :where */
    SEL_NOT,
    SEL_HAS,
    SEL_NTH, /* :nth-child and its kin */
    SEL_ONLY,
    SEL_EMPTY,
    SEL_ROOT,
    SEL_SCOPE,
    SEL_STATE,    /* :checked, … by `name` */
    SEL_HAS_TEXT, /* Playwright's */
    SEL_TEXT,
    SEL_TEXT_IS,
    SEL_VISIBLE,
    SEL_NTH_MATCH
};

struct sel_simple {
    enum sel_kind kind;
    const char *name;
    const char *value;
    char op; /* of [name op value]; '=' ~ | ^ $ *, 0: it is there */
    bool folded;
    bool last;    /* of SEL_NTH: counted from the end */
    bool of_type; /* of SEL_NTH, SEL_ONLY */
    int32_t a, b; /* of an+b */
    struct sel_list *list;
    struct sel_text text;
};

struct sel_compound {
    struct sel_simple *simples;
    size_t count;
    char combinator; /* to the one before: ' ' > + ~; of the first one in :has: to the scope */
};

struct sel_complex {
    struct sel_compound *parts;
    size_t count;
    bool relative; /* of :has: the first part stands to the scope as its combinator says */
};

struct sel_list {
    struct sel_complex *items;
    size_t count;
};

enum step_kind {
    STEP_CSS,
    STEP_XPATH,
    STEP_TEXT,     /* text=, getByText: the innermost elements with that text */
    STEP_TEXT_OWN, /* text="…": one of its own texts is exactly that */
    STEP_ROLE,
    STEP_LABEL,
    STEP_ATTR, /* getByPlaceholder, -AltText, -Title, id=, data-testid= */
    STEP_TESTID,
    STEP_NTH,
    STEP_VISIBLE,
    STEP_HAS_TEXT, /* filters */
    STEP_HAS_NOT_TEXT,
    STEP_HAS,
    STEP_HAS_NOT,
    STEP_AND,
    STEP_OR,
    STEP_FRAME,
    STEP_SELF /* filter(), describe(): the same elements */
};

enum { SEL_FLAGS = 6 };
extern const char *const sel_flags[SEL_FLAGS]; /* checked disabled expanded pressed selected … */

struct sel_step {
    enum step_kind kind;
    const char *name; /* role, attribute */
    struct sel_text text;
    bool named;               /* of STEP_ROLE: text matters */
    bool hidden;              /* of STEP_ROLE: includeHidden */
    bool wanted;              /* of STEP_VISIBLE */
    int32_t flags[SEL_FLAGS]; /* -1 does not matter, 0 no, 1 yes; level: the number */
    int32_t nth;              /* negative: from the end */
    struct sel_list *list;
    struct xpath *xpath;
    struct selector *inner;
};

struct selector {
    struct arena arena;
    struct sel_step *steps;
    size_t count;
    size_t capacity;
};

/* A text that is being read. */
struct sel_reader {
    struct selector *selector; /* whose memory is used */
    const char *at;
    const char *end;
    int depth;
    enum err err;
    const char *why;
};

/* Sets the error, unless there is one; returns false. */
bool sel_fail(struct sel_reader *reader, enum err err, const char *why);
void *sel_alloc(struct sel_reader *reader, size_t count, size_t size);
const char *sel_copy(struct sel_reader *reader, const char *text, size_t size);
void sel_skip_blanks(struct sel_reader *reader);
bool sel_take(struct sel_reader *reader, const char *what);

/* Reads 'text', "text" or `text`; false without an error when there is none. */
bool sel_string(struct sel_reader *reader, const char **ret_text);

/* Makes what a text must be like; sel_regex() out of the source and flags of a regular
 * expression, which JavaScript and POSIX understand alike as far as it goes. */
bool sel_text_make(struct sel_reader *reader, const char *text, bool exact, struct sel_text *ret);
bool sel_regex(struct sel_reader *reader, struct sel_text *ret);

/* selector_css.c: reads a list up to `until` or the end. */
struct sel_list *css_read(struct sel_reader *reader, char until, bool relative);

/* selector_chain.c: reads engine=body >> …; selector_locator.c: page.locator()…. */
bool chain_read(struct sel_reader *reader);
bool locator_read(struct sel_reader *reader);
struct sel_step *step_add(struct sel_reader *reader, enum step_kind kind);

/* One search. */
struct sel_search {
    const struct tree *tree;
    const char *testid;
    struct arena arena;
    const char **texts; /* by element: what it says, blanks collapsed; NULL: not known yet */
    uint64_t work;
    enum err err;
};

/* selector_match.c: `scope` is what :scope means, and nothing above it counts; -1: none. */
bool css_matches(struct sel_search *search, const struct sel_list *list, int32_t node,
                 int32_t scope);
bool sel_work(struct sel_search *search, size_t steps);

/* selector_text.c */
const char *sel_text_of(struct sel_search *search, int32_t node);
bool sel_text_fits(const struct sel_text *want, const char *text);
bool sel_text_in(struct sel_search *search, const struct sel_text *want, int32_t node);
bool sel_text_own(struct sel_search *search, const struct sel_text *want, int32_t node);
bool sel_text_innermost(struct sel_search *search, const struct sel_step *step, int32_t node);
bool sel_label_fits(struct sel_search *search, const struct sel_text *want, int32_t node);
bool sel_is_visible(const struct tree *tree, int32_t node);

/* xpath.c, xpath_eval.c: XPath 1.0; the result is a set of elements in document order. */
struct xpath;
struct xpath *xpath_read(struct sel_reader *reader);
enum err xpath_find(struct sel_search *search, const struct xpath *xpath, int32_t context,
                    struct selector_matches *matches) MUST_CHECK;

bool matches_add(struct selector_matches *matches, int32_t node);

#endif
