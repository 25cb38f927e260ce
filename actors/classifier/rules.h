/* rules.h - the rules that name the kind of an error, from error-routing-rules.yml.
 *
 * A file is believed as a whole or not at all, and the report lists every problem of it.  A loaded
 * set is never changed: any number of threads may read it at once, until one destroys it.
 *
 * Patterns are plain texts, whole words, beginnings of lines and globs on file names.  There are no
 * regular expressions: the texts come from strangers, and the time that an expression takes can
 * grow exponentially on them.  Texts are searched in one pass (needles.h); a glob has its stars
 * only, and looks at a path of at most 255 bytes.
 */
#ifndef ACTORS_CLASSIFIER_RULES_H
#define ACTORS_CLASSIFIER_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "actors/classifier/needles.h"
#include "config/report.h"
#include "proto/error.h"

#define RULES_FILE_NAME     "error-routing-rules.yml"
#define RULES_FILE_SIZE_MAX (256 * 1024) /* bytes */

enum {
    RULES_MAX = 256,
    RULES_TOOLS_MAX = 64,
    RULES_ROUTES_MAX = 32,
    RULES_LIST_MAX = 128,     /* patterns of one list */
    RULES_CHECKS_MAX = 4096,  /* patterns of all lists */
    RULES_NAME_SIZE_MAX = 64, /* bytes of a name, a queue, a model */
    RULES_PRIORITY_MAX = 100,
    RULES_CONFIDENCE_MAX = 100 /* per cent */
};

/* In the order in which the majority of a linter's findings is decided when it is a tie. */
enum rules_label { RULES_TYPESCRIPT, RULES_REACT, RULES_TEST, RULES_GENERAL, RULES_LABELS };

/* "typescript", "react", "test", "general"; static. */
const char *rules_label_name(enum rules_label label);

/* The lists of a rule; any entry of a list is enough, and all lists must agree. */
enum rules_list {
    RULES_LIST_message, /* texts in the primary error */
    RULES_LIST_text,    /* texts anywhere */
    RULES_LIST_word,    /* whole words in the primary error */
    RULES_LIST_unless,  /* texts, none of which may stand anywhere */
    RULES_LIST_code,    /* globs on the code */
    RULES_LIST_file,    /* globs on the file */
    RULES_LISTS
};

/* One pattern. */
struct rules_check {
    const char *text; /* as written; terminated */
    uint16_t needle;  /* of texts: its number in `needles` */
    uint8_t bits;     /* of texts: enum needle_hit, one of which must be set */
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
    size_t line;    /* in the file, from 1 */
    uint64_t tools; /* a bit for each tool of rules.tools; 0: any or none */
    struct rules_span lists[RULES_LISTS];
    enum rules_label label;
    unsigned priority;   /* 0 to RULES_PRIORITY_MAX */
    unsigned confidence; /* per cent */
    const struct rules_route *route;
};

struct rules {
    size_t count;
    struct rule list[RULES_MAX];
    struct rule otherwise; /* when no rule matches */
    size_t tools_count;
    struct rules_tool tools[RULES_TOOLS_MAX];
    size_t routes_count;
    struct rules_route routes[RULES_ROUTES_MAX];
    size_t checks_count;
    struct rules_check checks[RULES_CHECKS_MAX];
    size_t needles_count;
    struct needles *needles;
    char *strings; /* where all texts lie */
};

/* Reads the file at `path`.  The caller owns *ret_rules, which is written on ERR_OK only.
 *
 * ERR_CONFIG: the report says what is wrong, where, and what to do.
 * ERR_IO: it could not be read; the report says why.
 * ERR_MEMORY. */
enum err rules_load(const char *path, struct rules **ret_rules,
                    struct config_report *report) MUST_CHECK;

/* The same for `size` bytes of text; `name` stands for the file in the report. */
enum err rules_load_text(const char *name, const char *text, size_t size, struct rules **ret_rules,
                         struct config_report *report) MUST_CHECK;

/* NULL is fine; *rules is NULL afterwards. */
void rules_destroy(struct rules **rules);

#endif
