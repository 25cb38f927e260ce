/* rules.h - the rules that name the kind of an error, from error-routing-rules.yml.
 *
 * A file is believed as a whole or not at all, and the report lists every problem of it.  A loaded
 * set is never changed: any number of threads may read it at once, until one destroys it.
 *
 * Patterns are plain texts, whole words, beginnings of lines, globs on file names, and between
 * slashes regular expressions.  All plain texts are searched in one pass (needles.h), however many
 * there are; an expression is matched by itself, within limits (regex.h), and only where everything
 * else of its list has not decided.
 *
 * A project's own file stands alone when it has the section "otherwise".  Else it is laid over the
 * shipped one: its rules are asked first, and what it names anew stands for the shipped.
 */
#ifndef ACTORS_CLASSIFIER_RULES_H
#define ACTORS_CLASSIFIER_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/classifier/needles.h"
#include "actors/classifier/regex.h"
#include "config/report.h"
#include "proto/error.h"

#define RULES_FILE_NAME     "error-routing-rules.yml"
#define RULES_FILE_SIZE_MAX (256 * 1024) /* bytes */

enum {
    RULES_MAX = 256,
    RULES_TOOLS_MAX = 64,
    RULES_ROUTES_MAX = 32,
    RULES_LIST_MAX = 128,    /* patterns of one list */
    RULES_CHECKS_MAX = 4096, /* patterns of all lists */
    RULES_REGEX_MAX = 256,   /* of them regular expressions */
    RULES_REGEX_SIZE_MAX = 500,
    RULES_EXITS_MAX = 16,
    RULES_EXAMPLES_MAX = 1024,
    RULES_EXAMPLE_SIZE_MAX = 4000, /* bytes */
    RULES_NAME_SIZE_MAX = 64,      /* bytes of a name, a queue, a model */
    RULES_PRIORITY_MAX = 100,
    RULES_CONFIDENCE_MAX = 100 /* per cent */
};

/* In the order in which the majority of a linter's findings is decided when it is a tie. */
enum rules_label { RULES_TYPESCRIPT, RULES_REACT, RULES_TEST, RULES_GENERAL, RULES_LABELS };

/* "typescript", "react", "test", "general"; static. */
const char *rules_label_name(enum rules_label label);

/* The lists of a rule; any entry of a list is enough, and all lists must agree. */
enum rules_list {
    RULES_LIST_message,     /* texts in the primary error */
    RULES_LIST_text,        /* texts anywhere */
    RULES_LIST_word,        /* whole words in the primary error */
    RULES_LIST_not_message, /* texts, none of which may stand in the primary error */
    RULES_LIST_not_text,    /* texts, none of which may stand anywhere */
    RULES_LIST_code,        /* globs on the code */
    RULES_LIST_file,        /* globs on the file */
    RULES_LISTS
};

/* One pattern. */
struct rules_check {
    const char *text;          /* as written; terminated */
    uint16_t needle;           /* of texts: its number in `needles` */
    uint8_t bits;              /* of texts: enum needle_hit, one of which must be set */
    const struct regex *regex; /* or NULL: not written as an expression */
};

/* Some of rules.checks. */
struct rules_span {
    uint16_t from;
    uint16_t count;
};

struct rules_route {
    const char *name;
    const char *queue;
    const char *model;
};

struct rules_tool {
    const char *name;
    struct rules_span texts;
};

struct rule {
    const char *name;
    const char *file;
    size_t line; /* in the file, from 1; where its name stands */
    size_t column;
    bool is_own;  /* of a file laid over the shipped one: no model overrules it */
    bool decides; /* no model overrules it; each of its own does */
    size_t exits_count;
    uint8_t exits[RULES_EXITS_MAX]; /* how the command ended; no count: any or unknown */
    uint64_t tools;                 /* a bit for each tool of rules.tools; 0: any or none */
    struct rules_span lists[RULES_LISTS];
    enum rules_label label;
    unsigned priority;   /* 0 to RULES_PRIORITY_MAX */
    unsigned confidence; /* per cent */
    const struct rules_route *route;
};

/* A text that a rule is to win, or is not to. */
struct rules_example {
    const char *rule;   /* its name */
    const char *text;   /* may have newlines */
    const char *source; /* file that the caller knows, or NULL */
    int exit;           /* negative: unknown */
    bool wanted;
    const char *file; /* where it stands */
    size_t line;
    size_t column;
};

struct rules {
    size_t count;
    struct rule list[RULES_MAX];
    struct rule otherwise; /* when no rule matches */
    bool is_over;          /* some are a project's own, laid over the shipped ones */
    size_t tools_count;
    struct rules_tool tools[RULES_TOOLS_MAX];
    size_t routes_count;
    struct rules_route routes[RULES_ROUTES_MAX];
    size_t checks_count;
    struct rules_check checks[RULES_CHECKS_MAX];
    size_t needles_count;
    struct needles *needles;
    size_t regexes_count;
    struct regex *regexes[RULES_REGEX_MAX]; /* owned */
    size_t examples_count;
    struct rules_example examples[RULES_EXAMPLES_MAX];
    struct config_report warnings; /* what is accepted, but should be written otherwise */
    char *strings;                 /* where all texts lie */
};

/* A file that was read, or a text that stands for one. */
struct rules_source {
    const char *name; /* in reports */
    const char *text;
    size_t size;
};

/* Reads the file at `path`; with `base_or_null`, the shipped file, one that does not stand alone is
 * laid over it.  The caller owns *ret_rules, which is written on ERR_OK only.
 *
 * ERR_CONFIG: the report says what is wrong, where, and what to do.
 * ERR_IO: it could not be read; the report says why.
 * ERR_MEMORY. */
enum err rules_load(const char *path, const char *base_or_null, struct rules **ret_rules,
                    struct config_report *report) MUST_CHECK;

/* The same for texts. */
enum err rules_load_over(const struct rules_source *own, const struct rules_source *base_or_null,
                         struct rules **ret_rules, struct config_report *report) MUST_CHECK;
enum err rules_load_text(const char *name, const char *text, size_t size, struct rules **ret_rules,
                         struct config_report *report) MUST_CHECK;

/* NULL is fine; *rules is NULL afterwards. */
void rules_destroy(struct rules **rules);

#endif
