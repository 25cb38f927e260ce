/* rules_check.c - examples, rules that never win, expressions that run away. */
#include "actors/classifier/rules_check.h"

#include <assert.h>
#include <string.h>

/* ---- examples ---- */

const struct rule *rules_winner(const struct rules *rules, const struct rules_example *example,
                                struct classification *room)
{
    const struct judge judge = {.rules = rules};
    const struct classify_input input = {example->text, strlen(example->text), example->source,
                                         example->exit};
    classify_with(&judge, &input, room);
    return room->rule;
}

bool rules_holds(const struct rules_example *example, const struct rule *winner)
{
    return (strcmp(winner->name, example->rule) == 0) == example->wanted;
}

/* ---- shadows ---- */

/* Whether `wide` is found wherever `narrow` is. */
static bool is_within(enum rules_list list, const struct rules_check *narrow,
                      const struct rules_check *wide)
{
    if (strcmp(narrow->text, wide->text) == 0) {
        return true;
    }
    /* A word or a beginning of a line says more than its letters. */
    return !narrow->regex && !wide->regex && list < RULES_LIST_word && wide->text[0] != '^' &&
           strstr(narrow->text + (narrow->text[0] == '^'), wide->text) != NULL;
}

/* Whether each entry of `narrow` is within one of `wide`. */
static bool is_list_within(const struct rules *rules, enum rules_list list,
                           struct rules_span narrow, struct rules_span wide)
{
    for (size_t i = 0; i < narrow.count; i++) {
        bool within = false;
        for (size_t j = 0; j < wide.count && !within; j++) {
            within =
                is_within(list, &rules->checks[narrow.from + i], &rules->checks[wide.from + j]);
        }
        if (!within) {
            return false;
        }
    }
    return true;
}

static bool has_exits(const struct rule *rule, const struct rule *wide)
{
    for (size_t i = 0; i < rule->exits_count; i++) {
        if (!memchr(wide->exits, rule->exits[i], wide->exits_count)) {
            return false;
        }
    }
    return rule->exits_count > 0;
}

static bool is_shadowed(const struct rules *rules, const struct rule *rule, const struct rule *by)
{
    if ((by->tools != 0 && (rule->tools == 0 || (rule->tools & ~by->tools) != 0)) ||
        (by->exits_count > 0 && !has_exits(rule, by))) {
        return false;
    }
    for (enum rules_list list = 0; list < RULES_LISTS; list++) {
        struct rules_span narrow = rule->lists[list];
        struct rules_span wide = by->lists[list];
        bool is_not = list == RULES_LIST_not_message || list == RULES_LIST_not_text;
        if (wide.count == 0) {
            continue;
        }
        /* What the earlier rule excludes, the later one must exclude, too. */
        if (is_not ? !is_list_within(rules, list, wide, narrow)
                   : narrow.count == 0 || !is_list_within(rules, list, narrow, wide)) {
            return false;
        }
    }
    return true;
}

const struct rule *rules_shadow(const struct rules *rules, const struct rule *rule)
{
    for (const struct rule *by = rules->list; by < rule; by++) {
        if (is_shadowed(rules, rule, by)) {
            return by;
        }
    }
    return NULL;
}

/* ---- expressions that run away ---- */

/* One that an escape stands for. */
static char letter_of(char escaped)
{
    switch (escaped) {
    case 'd':
        return '7';
    case 's':
        return ' ';
    case 'w':
        return 'a';
    default:
        return escaped;
    }
}

/* The letters of an expression that stand for themselves, more or less. */
static size_t literals(const char *text, char *to, size_t room)
{
    size_t size = 0;
    for (const char *at = text + 1; at[0] != '\0' && size < room; at++) {
        if (at[0] == '\\' && at[1] != '\0') {
            at++;
            to[size++] = letter_of(*at);
        } else if (!strchr("^$()[]{}*+?|/.", at[0])) {
            to[size++] = at[0];
        }
    }
    return size;
}

static bool runs_on(const struct rules_check *check, char *room, const char *piece, size_t size)
{
    for (size_t i = 0; i < RULES_PROBE_SIZE; i++) {
        room[i] = piece[i % size];
    }
    if (regex_find(check->regex, room, RULES_PROBE_SIZE) == REGEX_RUNAWAY) {
        return true;
    }
    /* What almost matches costs most: a short run with an end that nothing expects. */
    enum { SHORT = 64 };
    room[SHORT] = '\x01';
    return regex_find(check->regex, room, SHORT + 1) == REGEX_RUNAWAY;
}

bool rules_runs_away(const struct rules_check *check, char *room)
{
    static const char *const pieces[] = {"a", "A", "0", " ", "/", ".", "ab ", "a.b/", "\"", "("};
    enum { LITERALS_MAX = 200 };
    char own[LITERALS_MAX];
    assert(check->regex);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (runs_on(check, room, pieces[i], strlen(pieces[i]))) {
            return true;
        }
    }
    size_t size = literals(check->text, own, sizeof own);
    for (size_t i = 0; i < size; i++) {
        if (runs_on(check, room, own + i, 1)) {
            return true;
        }
    }
    return size > 0 && runs_on(check, room, own, size);
}
