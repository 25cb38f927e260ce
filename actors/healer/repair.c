/* repair.c - whether the likeliest element is likely enough. */
#include "actors/healer/repair.h"

#include "actors/healer/choose.h"
#include "actors/healer/selector.h"
#include "actors/healer/words.h"

static double confidence_wanted(const struct match *match, int32_t old, const char *action)
{
    struct words words = {.count = 0};
    words_add_text(&words, match_old(match, old)->name);
    return action_is_assertion(action) || words_are_grave(&words) ? repair_confidence_grave
                                                                  : repair_confidence_min;
}

void repair_decide(const struct match *match, int32_t old, const char *action, bool guess,
                   struct repair *ret_repair)
{
    struct match_found found;
    match_find(match, old, action, &found);
    *ret_repair = (struct repair){.node = found.node, .confidence = found.confidence};
    if (found.node < 0) {
        ret_repair->reason = "nothing on the page is like it";
    } else if (guess || found.confidence >= confidence_wanted(match, old, action)) {
        ret_repair->healed = true;
        ret_repair->reason = "the likeliest of the page, each element explained once";
    } else {
        ret_repair->reason = "it may have been removed: what is likeliest is not likely enough";
    }
}

void repair_check(const struct tree *tree, const char *text, struct repair *repair)
{
    struct selector *selector;
    struct selector_matches matches = {.at = NULL};
    const char *why;
    if (!repair->healed || selector_parse(text, &selector, &why) != ERR_OK) {
        return; /* a selector that is not understood is not known to be intact */
    }
    if (selector_find(selector, tree, NULL, &matches) == ERR_OK) {
        repair->intact = matches.count == 1 && matches.at[0] == repair->node;
    }
    selector_matches_free(&matches);
    selector_destroy(&selector);
    if (repair->intact) {
        repair->reason = "the selector hits it as it is";
    }
}
