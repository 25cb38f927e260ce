/* heal.c - whether there is anything to heal, and the locator for what was chosen. */
#include "actors/healer/heal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "actors/healer/choose.h"

enum { NAME_MAX_SIZE = 80, DIGITS_RUN_MAX = 3, MIXED_MIN = 6 };

__attribute__((format(printf, 2, 3))) static void say(struct healing *healing, const char *format,
                                                      ...)
{
    va_list args;
    va_start(args, format);
    /* A reason that is too long is cut. */
    (void)vsnprintf(healing->reason, sizeof healing->reason, format, args);
    va_end(args);
}

/* ---- is it ours? ---- */

static bool is_mentioned(const struct heal_input *input, const char *locator)
{
    size_t size = strlen(locator);
    return size > 0 && input->message_size >= size &&
           memmem(input->message, input->message_size, locator, size);
}

static bool is_error_page(const char *url)
{
    return url[0] == '\0' || strncmp(url, "about:", 6) == 0 ||
           strncmp(url, "chrome-error:", 13) == 0;
}

/* Says why not when it is not. */
static bool is_locator_failure(const struct heal_input *input, struct healing *healing)
{
    const struct page *page = input->page;
    if (!page->has_failed) {
        say(healing, "not a locator failure: no call failed because of its locator");
    } else if (!is_mentioned(input, page->failed.locator)) {
        say(healing, "not a locator failure: the error does not mention the locator");
    } else if (page->failed.count == 1) {
        say(healing, "the locator finds its element: it fails for another reason");
    } else if (is_error_page(page->url)) {
        say(healing, "no page was open");
    } else if (page->truncated) {
        say(healing, "the page is not known whole: nothing on it is known to be unique");
    } else if (page->elements_count == 0) {
        say(healing, "the page has no elements");
    } else if (action_is_absence(page->failed.action)) {
        say(healing, "the test asserts that something is absent, or how many there are");
    } else {
        return true;
    }
    return false;
}

/* Reads the failed locator into search->locator; says why not when that is of no use. */
static bool read_failed(const struct heal_input *input, struct search *search,
                        struct healing *healing)
{
    const struct page_call *failed = &input->page->failed;
    struct locator *locator = &search->locator;
    size_t size = strlen(failed->locator);
    if (locator_parse(failed->locator, size, locator) != ERR_OK) {
        say(healing, "the locator is of a kind that is not healed");
    } else if (locator->chained || locator->size != size) {
        say(healing, "the locator is a chain: which step is broken is not known");
    } else if (locator->other) {
        say(healing, "the locator has options that would be lost");
    } else if (failed->count == 0 && locator_is_judged(locator) &&
               locator_count(locator, input->page) > 0) {
        say(healing, "the locator finds something by now: a matter of timing");
    } else {
        return true;
    }
    return false;
}

/* ---- what it hit when the test passed last ---- */

/* Says why not when that is contradictory; without any knowledge the target stays NULL. */
static bool find_target(const struct page_call *failed, struct search *search,
                        struct healing *healing)
{
    const struct page *known = search->known;
    const struct element *target = NULL;
    for (size_t i = 0; known && i < known->used_count; i++) {
        const struct page_call *call = &known->used[i];
        if (strcmp(call->locator, failed->locator) != 0) {
            continue;
        }
        if (call->line == failed->line && strcmp(call->file, failed->file) == 0) {
            search->target = &call->element;
            return true;
        }
        if (target && !element_resembles(target, &call->element)) {
            say(healing, "the locator found different elements when the test passed last");
            return false;
        }
        target = &call->element;
    }
    search->target = target;
    return true;
}

static struct choice choose(const struct search *search)
{
    struct choice choice = {.element = NULL};
    if (search->target) {
        choice = choose_by_target(search);
    }
    if (search->target && !choice.why) {
        choice = choose_by_old_name(search);
    }
    if (search->target && !choice.why) {
        choice = choose_by_match(search);
    }
    if (!choice.why && search->page->failed.count > 1) {
        choice.why = "the locator finds several elements: which one is meant is not known";
    }
    return choice.why ? choice : choose_by_words(search);
}

/* ---- the new locator ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Short enough, and without bytes that do something to a terminal. */
static bool is_plain(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return size > 0 && size <= NAME_MAX_SIZE;
}

/* "item-4711", "x8f3a2b": made by a program, another one at the next build or start. */
static bool is_generated(const char *text)
{
    size_t run = 0;
    size_t part = 0;
    size_t digits = 0;
    for (const char *at = text; *at; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        run = is_digit(*at) ? run + 1 : 0;
        digits = letter || is_digit(*at) ? digits + is_digit(*at) : 0;
        part = letter || is_digit(*at) ? part + 1 : 0;
        if (run > DIGITS_RUN_MAX || (part >= MIXED_MIN && digits >= 2 && part > digits)) {
            return true;
        }
    }
    return text[0] == ':';
}

/* Whether the text may change from run to run; a number may stay when somebody meant it. */
static bool is_volatile(const struct search *search, const char *text, enum element_field field)
{
    bool meant = (search->target && strcmp(search->target->of[field], text) == 0) ||
                 (search->locator.kind != LOCATOR_TESTID && search->locator.kind != LOCATOR_CSS);
    return strpbrk(text, "0123456789") && !meant;
}

static bool is_unique(const struct locator *locator, const struct search *search,
                      const struct element *element)
{
    return locator_matches(locator, element) && locator_count(locator, search->page) == 1;
}

static bool with_text(struct locator *locator, enum locator_kind kind, const char *text)
{
    *locator = (struct locator){.kind = kind, .quote = '\''};
    if (!is_plain(text)) {
        return false;
    }
    memcpy(locator->text, text, strlen(text) + 1);
    return true;
}

/* The plain form if it is unique, else the exact one if that is. */
static bool is_unique_somehow(struct locator *locator, const struct search *search,
                              const struct element *element)
{
    if (!search->locator.exact && is_unique(locator, search, element)) {
        return true;
    }
    locator->exact = true;
    return is_unique(locator, search, element);
}

static bool by_role(struct locator *locator, const struct search *search,
                    const struct element *element)
{
    const char *role = element->of[ELEMENT_ROLE];
    const char *name = element->of[ELEMENT_NAME];
    if (!with_text(locator, LOCATOR_ROLE, name) || role[0] == '\0' ||
        strlen(role) >= sizeof locator->role || !is_plain(role) ||
        is_volatile(search, name, ELEMENT_NAME)) {
        return false;
    }
    memcpy(locator->role, role, strlen(role) + 1);
    return is_unique_somehow(locator, search, element);
}

/* Writes a locator that matches the element and nothing else; false when there is none. */
static bool make_locator(const struct search *search, const struct element *element,
                         struct locator *locator)
{
    const char *testid = element->of[ELEMENT_TESTID];
    const char *label = element->of[ELEMENT_LABEL];
    if (with_text(locator, LOCATOR_TESTID, testid) && !is_generated(testid) &&
        is_unique(locator, search, element)) {
        return true;
    }
    if (by_role(locator, search, element)) {
        return true;
    }
    return with_text(locator, LOCATOR_LABEL, label) && !is_volatile(search, label, ELEMENT_LABEL) &&
           is_unique_somehow(locator, search, element);
}

static void propose(const struct search *search, const struct choice *choice,
                    struct healing *healing)
{
    healing->element = choice->element;
    healing->before = search->locator;
    if (!make_locator(search, choice->element, &healing->after)) {
        say(healing, "found (%s), but neither test id, role and name nor label tell it apart",
            choice->why);
    } else if (locator_equal(&healing->before, &healing->after)) {
        say(healing, "the element is there under the same locator: a matter of timing");
    } else {
        healing->after.quote = healing->before.quote;
        healing->confidence = choice->confidence;
        healing->proposed = true;
        say(healing, "%s", choice->why);
    }
}

void heal(const struct heal_input *input, struct healing *ret_healing)
{
    assert(input->page);
    struct healing *healing = ret_healing;
    *healing = (struct healing){.proposed = false};
    if (!is_locator_failure(input, healing)) {
        return;
    }
    struct search search = {
        .page = input->page, .known = input->known, .action = input->page->failed.action};
    if (!read_failed(input, &search, healing) ||
        !find_target(&input->page->failed, &search, healing)) {
        return;
    }
    struct choice choice = choose(&search);
    if (!choice.element) {
        say(healing, "%s", choice.why);
        return;
    }
    propose(&search, &choice, healing);
}
