/* choose.c - candidates among the elements of a page, and which of them is clearly the best. */
#include "actors/healer/choose.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "actors/healer/match.h"
#include "actors/healer/page_tree.h"
#include "actors/healer/repair.h"
#include "actors/healer/words.h"

enum { AGREEMENT_MARGIN = 2, TEXT_FOR_WORDS_MAX = 80 };

static const char several[] = "several elements could be meant";
static const double dice_min = 0.6;
static const double dice_margin = 0.2;
static const double grave_confidence_min = 0.97; /* of what cannot be undone */
static const double match_confidence_min = 0.9;  /* less is known of a failed test's page */

/* ---- what an action wants ---- */

static const char entry_roles[] = " textbox searchbox spinbutton combobox slider input textarea ";

static bool is_in(const char *list, const char *word)
{
    char padded[LOCATOR_ROLE_SIZE + 3];
    int size = snprintf(padded, sizeof padded, " %s ", word);
    return word[0] != '\0' && size > 0 && (size_t)size < sizeof padded && strstr(list, padded);
}

static const char *of(const struct element *element, enum element_field field)
{
    return element->of[field];
}

static bool fits_action(const struct element *element, const char *action)
{
    const struct tree_node node = {.tag = of(element, ELEMENT_TAG),
                                   .role = of(element, ELEMENT_ROLE)};
    return action_fits(&node, action);
}

bool action_is_assertion(const char *action)
{
    return strncmp(action, "not.", 4) == 0 ||
           (strncmp(action, "to", 2) == 0 && action[2] >= 'A' && action[2] <= 'Z');
}

bool action_is_absence(const char *action)
{
    return strncmp(action, "not.", 4) == 0 || strcmp(action, "toBeHidden") == 0 ||
           strcmp(action, "toHaveCount") == 0;
}

/* ---- the same element ---- */

/* Both have it, and it is the same. */
static bool same(const struct element *a, const struct element *b, enum element_field field)
{
    return of(a, field)[0] != '\0' && strcmp(of(a, field), of(b, field)) == 0;
}

static bool same_or_none(const struct element *a, const struct element *b, enum element_field field)
{
    return strcmp(of(a, field), of(b, field)) == 0;
}

bool element_resembles(const struct element *a, const struct element *b)
{
    if (of(a, ELEMENT_TESTID)[0] && of(b, ELEMENT_TESTID)[0]) {
        return same(a, b, ELEMENT_TESTID);
    }
    return same_or_none(a, b, ELEMENT_ROLE) && same_or_none(a, b, ELEMENT_LABEL) &&
           same(a, b, ELEMENT_NAME);
}

static bool is_another(const struct search *search, const struct element *then,
                       const struct element *element)
{
    return element_resembles(then, element) && !element_resembles(then, search->target);
}

/* Whether the element was already there as another one, or is what another locator means. */
static bool is_claimed(const struct search *search, const struct element *element)
{
    const struct page *known = search->known;
    for (size_t i = 0; search->target && i < known->used_count; i++) {
        if (is_another(search, &known->used[i].element, element)) {
            return true;
        }
    }
    for (size_t i = 0; search->target && i < known->elements_count; i++) {
        if (is_another(search, &known->elements[i], element)) {
            return true;
        }
    }
    for (size_t i = 0; !search->target && i < search->page->used_count; i++) {
        if (element_resembles(&search->page->used[i].element, element)) {
            return true;
        }
    }
    return false;
}

static bool is_candidate(const struct search *search, const struct element *element)
{
    return fits_action(element, search->action) && !is_claimed(search, element);
}

/* ---- by what it was ---- */

static bool names_conflict(const struct element *a, const struct element *b)
{
    struct words of_a = {.count = 0};
    struct words of_b = {.count = 0};
    words_add_text(&of_a, of(a, ELEMENT_NAME));
    words_add_text(&of_b, of(b, ELEMENT_NAME));
    return words_conflict(&of_a, &of_b);
}

static bool by_testid(const struct search *search, const struct element *element)
{
    const struct element *target = search->target;
    bool same_name = same(target, element, ELEMENT_NAME);
    return same(target, element, ELEMENT_TESTID) &&
           (same_name ||
            (same_or_none(target, element, ELEMENT_ROLE) && !action_is_assertion(search->action) &&
             !names_conflict(target, element)));
}

static bool by_name(const struct search *search, const struct element *element)
{
    return same(search->target, element, ELEMENT_ROLE) &&
           same(search->target, element, ELEMENT_NAME);
}

static bool by_label(const struct search *search, const struct element *element)
{
    return same(search->target, element, ELEMENT_ROLE) &&
           same(search->target, element, ELEMENT_LABEL);
}

static const struct tier {
    bool (*is)(const struct search *search, const struct element *element);
    double confidence;
    bool alone; /* nothing else was like that then, or it says nothing */
    const char *why;
} tiers[] = {
    {by_testid, 0.95, false, "it has the test id of the element that passed last"},
    {by_name, 0.90, true, "it has the role and name of the element that passed last"},
    {by_label, 0.80, true, "it has the role and label of the element that passed last"},
};

static const struct tier named = {by_name, 0, true, ""};

static size_t agreement(const struct element *a, const struct element *b)
{
    static const enum element_field fields[] = {ELEMENT_TEXT,        ELEMENT_TAG,   ELEMENT_ID,
                                                ELEMENT_PLACEHOLDER, ELEMENT_TITLE, ELEMENT_ALT};
    size_t count = 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        count += same(a, b, fields[i]);
    }
    return count;
}

/* Whether the property told the target from all others at that time. */
static bool tells_apart(const struct search *search, const struct tier *tier)
{
    size_t count = 0;
    for (size_t i = 0; tier->alone && i < search->known->elements_count; i++) {
        count += tier->is(search, &search->known->elements[i]);
    }
    return !tier->alone || (count <= 1 && !search->known->truncated);
}

static struct choice choose_in_tier(const struct search *search, const struct tier *tier)
{
    struct choice choice = {.element = NULL};
    size_t count = 0;
    size_t best = 0;
    size_t second = 0;
    for (size_t i = 0; i < search->page->elements_count; i++) {
        const struct element *element = &search->page->elements[i];
        if (!tier->is(search, element) || !is_candidate(search, element)) {
            continue;
        }
        size_t points = agreement(search->target, element);
        if (!choice.element || points > best) {
            second = best;
            best = points;
            choice.element = element;
        } else if (points > second) {
            second = points;
        }
        count++;
    }
    if (count == 0) {
        return choice;
    }
    if (count > 1 && best < second + AGREEMENT_MARGIN) {
        return (struct choice){.why = "several elements could be the one that passed last"};
    }
    choice.confidence = tier->confidence + 0.02 * (double)best - (count > 1 ? 0.1 : 0);
    choice.confidence = choice.confidence > 0.99 ? 0.99 : choice.confidence;
    choice.why = tier->why;
    return choice;
}

struct choice choose_by_target(const struct search *search)
{
    assert(search->target);
    assert(search->known);
    for (size_t i = 0; i < sizeof tiers / sizeof tiers[0]; i++) {
        if (!tells_apart(search, &tiers[i])) {
            continue;
        }
        struct choice choice = choose_in_tier(search, &tiers[i]);
        if (choice.why) {
            return choice;
        }
    }
    return (struct choice){.element = NULL};
}

/* ---- by what the locator says ---- */

/* The plain text of /^save$/i; false when it is more than that. */
static bool plain_regex(const char *source, char *text, size_t size)
{
    const char *end = strrchr(source, '/');
    size_t used = 0;
    assert(end);
    for (const char *at = source; at < end; at++) {
        bool anchor = (*at == '^' && at == source) || (*at == '$' && at + 1 == end);
        if (!anchor && strchr("\\^$.|?*+()[]{}", *at)) {
            return false;
        }
        if (!anchor && used + 1 < size) {
            text[used++] = *at;
        }
    }
    text[used] = '\0';
    return true;
}

/* The identifier in "#save" and "button#save". */
static const char *css_identifier(const char *css)
{
    const char *hash = strchr(css, '#');
    if (!hash || strcspn(css, " .:>[=/()+~,\"'*|") < strlen(css)) {
        return NULL;
    }
    return hash + 1;
}

static bool is_by_identifier(const struct locator *locator)
{
    return locator->kind == LOCATOR_TESTID || locator->kind == LOCATOR_CSS;
}

/* What the locator says, as words.  False when that cannot be told. */
static bool read_locator(const struct locator *locator, struct words *words)
{
    char text[LOCATOR_TEXT_SIZE];
    const char *from = locator->text;
    if (locator->regex) {
        if (!plain_regex(from, text, sizeof text)) {
            return false;
        }
        from = text;
    }
    if (locator->kind == LOCATOR_CSS) {
        from = css_identifier(from);
    }
    if (!from) {
        return false;
    }
    if (is_by_identifier(locator)) {
        words_add_identifier(words, from);
    } else {
        words_add_text(words, from);
    }
    return words->count > 0 && !words->overflow;
}

/* An element's words: those of the property that is compared, and all others that name it. */
struct meaning {
    struct words compared;
    struct words others;
    bool whole; /* all words have to be the same: another property than the locator's */
};

static void read_compared(const struct locator *locator, const struct element *element,
                          struct meaning *meaning)
{
    static const enum element_field fields[LOCATOR_KINDS][3] = {
        [LOCATOR_TESTID] = {ELEMENT_TESTID, ELEMENT_ID, ELEMENT_NAME},
        [LOCATOR_ROLE] = {ELEMENT_NAME, ELEMENT_NAME, ELEMENT_NAME},
        [LOCATOR_LABEL] = {ELEMENT_LABEL, ELEMENT_NAME, ELEMENT_PLACEHOLDER},
        [LOCATOR_PLACEHOLDER] = {ELEMENT_PLACEHOLDER, ELEMENT_LABEL, ELEMENT_NAME},
        [LOCATOR_TEXT] = {ELEMENT_TEXT, ELEMENT_TEXT, ELEMENT_TEXT}, /* an image has none */
        [LOCATOR_TITLE] = {ELEMENT_TITLE, ELEMENT_NAME, ELEMENT_LABEL},
        [LOCATOR_ALT] = {ELEMENT_ALT, ELEMENT_NAME, ELEMENT_LABEL},
        [LOCATOR_CSS] = {ELEMENT_ID, ELEMENT_TESTID, ELEMENT_NAME},
    };
    size_t i = 0;
    while (i < 2 && of(element, fields[locator->kind][i])[0] == '\0') {
        i++;
    }
    const char *text = of(element, fields[locator->kind][i]);
    meaning->whole = i > 0;
    if (is_by_identifier(locator) && i < 2) {
        words_add_identifier(&meaning->compared, text);
    } else {
        words_add_text(&meaning->compared, text);
    }
}

static void read_element(const struct locator *locator, const struct element *element,
                         struct meaning *meaning)
{
    static const enum element_field fields[] = {ELEMENT_NAME,  ELEMENT_LABEL, ELEMENT_PLACEHOLDER,
                                                ELEMENT_TITLE, ELEMENT_ALT,   ELEMENT_TEXT};
    *meaning = (struct meaning){.whole = false};
    read_compared(locator, element, meaning);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *text = of(element, fields[i]);
        if (strlen(text) <= TEXT_FOR_WORDS_MAX) {
            words_add_text(&meaning->others, text);
        }
    }
}

/* How the words of a locator and of an element overlap. */
struct overlap {
    size_t common;
    size_t elsewhere;      /* not in what is compared, but in other properties */
    size_t missing;        /* nowhere in the element */
    size_t extra;          /* only in the element */
    bool action;           /* what is done is among the common ones */
    bool action_unmatched; /* what is done is missing, or only in the element */
};

static struct overlap overlap_of(const struct words *said, const struct meaning *meaning)
{
    struct overlap overlap = {.common = 0};
    for (size_t i = 0; i < said->count; i++) {
        bool is_action = word_is_action(said->at[i]);
        if (words_has(&meaning->compared, said->at[i])) {
            overlap.common++;
            overlap.action |= is_action;
        } else if (words_has(&meaning->others, said->at[i])) {
            overlap.elsewhere++;
        } else {
            overlap.missing++;
            overlap.action_unmatched |= is_action;
        }
    }
    for (size_t i = 0; i < meaning->compared.count; i++) {
        if (!words_has(said, meaning->compared.at[i])) {
            overlap.extra++;
            overlap.action_unmatched |= !overlap.action && word_is_action(meaning->compared.at[i]);
        }
    }
    return overlap;
}

/* Words were added or dropped, not exchanged, and enough of them agree. */
static bool is_near(const struct overlap *overlap)
{
    bool firm = overlap->action || overlap->common >= 2;
    return !overlap->action_unmatched && !(overlap->missing > 0 && overlap->extra > 0) &&
           overlap->common > 0 && (firm || (overlap->missing == 0 && overlap->extra == 0));
}

/* Dice of the words, 0 to 1; 0 when it cannot be meant. */
static double rank(const struct search *search, const struct words *said,
                   const struct element *element)
{
    struct meaning meaning;
    struct words name = {.count = 0};
    read_element(&search->locator, element, &meaning);
    words_add_text(&name, of(element, ELEMENT_NAME));
    if (meaning.compared.overflow || words_conflict(said, &meaning.compared) ||
        (name.count > 0 && words_reverse(said, &name))) {
        return 0;
    }
    struct overlap overlap = overlap_of(said, &meaning);
    bool strict = meaning.whole || action_is_assertion(search->action) || words_are_grave(said) ||
                  words_are_grave(&meaning.compared);
    if (!is_near(&overlap) || (strict && overlap.elsewhere + overlap.missing + overlap.extra > 0)) {
        return 0;
    }
    return 2.0 * (double)(overlap.common + overlap.elsewhere) /
           (double)(said->count + meaning.compared.count + overlap.elsewhere);
}

/* The role that the element must have; NULL when nothing says which. */
static const char *wanted_role(const struct search *search, const struct words *said)
{
    if (search->locator.kind == LOCATOR_ROLE) {
        return search->locator.role;
    }
    if (search->target) {
        return of(search->target, ELEMENT_ROLE);
    }
    return said->role;
}

static bool has_role(const struct element *element, const char *wanted, bool guessed)
{
    const char *role = of(element, ELEMENT_ROLE);
    if (!wanted || strcmp(role, wanted) == 0) {
        return true;
    }
    /* A name part such as "input" says no more than this. */
    return guessed && ((strcmp(wanted, "textbox") == 0 && is_in(entry_roles, role)) ||
                       (strcmp(wanted, "combobox") == 0 && strcmp(role, "listbox") == 0));
}

struct choice choose_by_words(const struct search *search)
{
    struct words said = {.count = 0};
    if (!read_locator(&search->locator, &said)) {
        return (struct choice){
            .why = search->target
                       ? "removed element, or changed too much: nothing is surely what it hit last"
                       : "the locator does not say what the element is for"};
    }
    if (search->locator.kind == LOCATOR_TEXT && action_is_assertion(search->action)) {
        return (struct choice){.why = "the text is what the test asserts"};
    }
    const char *role = wanted_role(search, &said);
    bool guessed = role && role == said.role;
    struct choice choice = {.element = NULL};
    double best = 0;
    double second = 0;
    for (size_t i = 0; i < search->page->elements_count; i++) {
        const struct element *element = &search->page->elements[i];
        bool fits = has_role(element, role, guessed) && fits_action(element, search->action);
        double dice = fits ? rank(search, &said, element) : 0;
        if (dice > second && is_claimed(search, element)) {
            continue; /* looked at last: it compares with all that was known */
        }
        if (dice > best) {
            second = best;
            best = dice;
            choice.element = element;
        } else if (dice > second) {
            second = dice;
        }
    }
    if (best < dice_min) {
        return (struct choice){.why = "removed element: nothing on the page means the same"};
    }
    if (best < second + dice_margin) {
        return (struct choice){.why = several};
    }
    choice.confidence = 0.9 * best;
    choice.why = "its words are those of the locator";
    return choice;
}

/* ---- by all that is known of all elements ---- */

static int32_t index_of(const struct page *known, const struct element *target)
{
    for (size_t i = 0; i < known->elements_count; i++) {
        size_t equal = 0;
        for (size_t j = 0; j < ELEMENT_FIELDS; j++) {
            equal += strcmp(known->elements[i].of[j], target->of[j]) == 0;
        }
        if (equal == ELEMENT_FIELDS) {
            return (int32_t)i + 1; /* the root of the tree is 0 */
        }
    }
    return -1;
}

static bool is_grave(const struct search *search)
{
    struct words name = {.count = 0};
    words_add_text(&name, of(search->target, ELEMENT_NAME));
    return words_are_grave(&name);
}

static struct choice choose_matched(const struct search *search, const struct match *match,
                                    int32_t old)
{
    struct match_found found;
    double least = is_grave(search) ? grave_confidence_min : match_confidence_min;
    match_find(match, old, search->action, &found);
    if (found.node < 1 || found.confidence < least) {
        return (struct choice){.element = NULL};
    }
    const struct element *element = &search->page->elements[found.node - 1];
    if (!same_or_none(search->target, element, ELEMENT_ROLE) || !is_candidate(search, element) ||
        names_conflict(search->target, element)) {
        return (struct choice){.element = NULL};
    }
    return (struct choice){.element = element,
                           .confidence = found.confidence < 0.99 ? found.confidence : 0.99,
                           .why = "of all elements it is what the one that passed last became"};
}

struct choice choose_by_match(const struct search *search)
{
    struct tree old = {0};
    struct tree new = {0};
    struct match *match = NULL;
    struct choice choice = {.element = NULL};
    assert(search->target);
    int32_t index = index_of(search->known, search->target);
    /* What is asserted must be named as it was; of two of a name nobody knows which it was. */
    bool good = !action_is_assertion(search->action) && !search->known->truncated &&
                tells_apart(search, &named) &&
                page_tree(search->known, index < 0 ? search->target : NULL, &old) == ERR_OK &&
                page_tree(search->page, NULL, &new) == ERR_OK &&
                match_make(&old, &new, MATCH_FINGERPRINTS, &match) == ERR_OK;
    if (good) {
        choice = choose_matched(search, match, index < 0 ? (int32_t)old.count - 1 : index);
    }
    match_destroy(&match);
    tree_free(&old);
    tree_free(&new);
    return choice;
}

struct choice choose_by_old_name(const struct search *search)
{
    assert(search->target);
    const char *role = of(search->target, ELEMENT_ROLE);
    const char *name = of(search->target, ELEMENT_NAME);
    struct search by_old_name = *search;
    struct locator *locator = &by_old_name.locator;
    if (role[0] == '\0' || strlen(role) >= sizeof locator->role || name[0] == '\0' ||
        strlen(name) >= sizeof locator->text || !tells_apart(search, &named) ||
        action_is_assertion(search->action)) {
        return (struct choice){.element = NULL};
    }
    *locator = (struct locator){.kind = LOCATOR_ROLE};
    memcpy(locator->role, role, strlen(role) + 1);
    memcpy(locator->text, name, strlen(name) + 1);
    struct choice choice = choose_by_words(&by_old_name);
    if (choice.element) {
        choice.why = "its role is that of the element that passed last, and its name is like that";
    }
    return choice.element || choice.why == several ? choice : (struct choice){.element = NULL};
}
