/* repair.c - whether the likeliest element is likely enough. */
#include "actors/healer/repair.h"

void repair_decide(const struct match *match, int32_t old, const char *action, bool guess,
                   struct repair *ret_repair)
{
    struct match_found found;
    match_find(match, old, action, &found);
    *ret_repair = (struct repair){.node = found.node, .confidence = found.confidence};
    if (found.node < 0) {
        ret_repair->reason = "nothing on the page is like it";
    } else if (guess || found.confidence >= repair_confidence_min) {
        ret_repair->healed = true;
        ret_repair->reason = "the likeliest of the page, each element explained once";
    } else {
        ret_repair->reason = "it may have been removed: what is likeliest is not likely enough";
    }
}
