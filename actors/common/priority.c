/* priority.c - one line a term. */
#include "actors/common/priority.h"

#include <assert.h>
#include <stdio.h>

enum {
    KIND_POINTS = 9,    /* of 16: what stops everybody (80) is worth 45 */
    FAN_OUT_POINTS = 4, /* for each doubling */
    FAN_OUT_MAX = 24,
    NEW_POINTS = 12,
    FIX_POINTS = 10, /* cheap to be rid of */
    FLAKE_POINTS = 20,
    ATTEMPT_POINTS = 6,
    ATTEMPTS_MAX = 24
};

static int least(uint64_t a, int b)
{
    return a < (uint64_t)b ? (int)a : b;
}

/* Doublings up to `number`: 0 for 0 and 1. */
static uint64_t doublings(uint64_t number)
{
    uint64_t count = 0;
    while (number > 1) {
        number /= 2;
        count++;
    }
    return count;
}

const char *priority_term_name(enum priority_term term)
{
    static const char *const names[PRIORITY_TERMS] = {
        [PRIORITY_TERM_kind] = "kind",   [PRIORITY_TERM_fan_out] = "fan-out",
        [PRIORITY_TERM_new] = "new",     [PRIORITY_TERM_fix] = "fix",
        [PRIORITY_TERM_flake] = "flake", [PRIORITY_TERM_attempts] = "attempts",
        [PRIORITY_TERM_age] = "age",
    };
    assert(term < PRIORITY_TERMS);
    return names[term];
}

void priority_of(const struct priority_facts *facts, struct priority *ret_priority)
{
    assert(facts);
    assert(facts->kind <= PRIORITY_KIND_MAX);
    assert(facts->flake >= 0);
    assert(facts->flake <= 1);
    int *terms = ret_priority->terms;
    terms[PRIORITY_TERM_kind] = (int)facts->kind * KIND_POINTS / 16;
    terms[PRIORITY_TERM_fan_out] =
        least(FAN_OUT_POINTS * doublings(facts->occurrences), FAN_OUT_MAX);
    terms[PRIORITY_TERM_new] = facts->is_new ? NEW_POINTS : 0;
    terms[PRIORITY_TERM_fix] = facts->has_fix ? FIX_POINTS : 0;
    terms[PRIORITY_TERM_flake] = -(int)(FLAKE_POINTS * facts->flake);
    terms[PRIORITY_TERM_attempts] =
        -least((uint64_t)ATTEMPT_POINTS * facts->attempts, ATTEMPTS_MAX);
    /* What flakes and failed attempts take away, waiting gives back. */
    terms[PRIORITY_TERM_age] = least(facts->waited_ms / PRIORITY_AGE_POINT_MS, 2 * PRIORITY_MAX);
    int sum = 0;
    for (size_t i = 0; i < PRIORITY_TERMS; i++) {
        sum += terms[i];
    }
    sum = sum < 0 ? 0 : sum;
    ret_priority->value = sum > PRIORITY_MAX ? PRIORITY_MAX : sum;
}

void priority_explain(const struct priority *priority, char *text, size_t size)
{
    assert(size > 0);
    size_t used = 0;
    text[0] = '\0';
    for (enum priority_term term = 0; term < PRIORITY_TERMS; term++) {
        if (priority->terms[term] == 0 || used >= size) {
            continue;
        }
        int wrote = snprintf(text + used, size - used, "%s%s %+d", used > 0 ? ", " : "",
                             priority_term_name(term), priority->terms[term]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}
