/* parts.c - see parts.h. */
#include "actors/common/parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TESTS_MAX = 10000 };

/* What is left of a piece is worth a part of its own from so many set-ups on. */
enum { SETUPS_LEFT = 4 };

/* ---- names ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Without " #2" at its end, however often. */
static size_t base_size(struct msg_str name)
{
    size_t size = name.size;
    for (;;) {
        size_t at = size;
        while (at > 0 && is_digit(name.at[at - 1])) {
            at--;
        }
        if (at == size || at < 2 || name.at[at - 1] != '#' || name.at[at - 2] != ' ') {
            return size;
        }
        size = at - 2;
    }
}

/* The next character, with " > " as a space; -1 at the end. */
static int next(const char *at, size_t size, size_t *offset)
{
    if (*offset == size) {
        return -1;
    }
    if (size - *offset >= 3 && memcmp(at + *offset, " > ", 3) == 0) {
        *offset += 3;
        return ' ';
    }
    return (unsigned char)at[(*offset)++];
}

int parts_compare(struct msg_str a, struct msg_str b)
{
    size_t a_size = base_size(a);
    size_t b_size = base_size(b);
    size_t i = 0;
    size_t j = 0;
    for (;;) {
        int x = next(a.at, a_size, &i);
        int y = next(b.at, b_size, &j);
        if (x != y || x < 0) {
            return x - y;
        }
    }
}

static bool is_nameable(struct msg_str name)
{
    return base_size(name) > 0 && !memchr(name.at, '\n', name.size) &&
           !memchr(name.at, '\0', name.size);
}

/* Those that cannot stand in a list last: they are in whatever is "all but the others". */
static int by_name(const void *a, const void *b)
{
    const struct parts_test *x = a;
    const struct parts_test *y = b;
    int unnameable = is_nameable(y->name) - is_nameable(x->name);
    return unnameable ? unnameable : parts_compare(x->name, y->name);
}

static int exactly(const void *a, const void *b)
{
    const struct msg_str *x = a;
    const struct msg_str *y = b;
    size_t size = x->size < y->size ? x->size : y->size;
    int differ = size > 0 ? memcmp(x->at, y->at, size) : 0;
    return differ ? differ : (x->size > y->size) - (x->size < y->size);
}

bool parts_distinct(struct msg_str *names, size_t count)
{
    if (count > 0) {
        qsort(names, count, sizeof *names, exactly);
    }
    for (size_t i = 1; i < count; i++) {
        if (exactly(&names[i - 1], &names[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* ---- a file ---- */

enum err parts_init(struct parts *parts, const struct parts_test *tests, size_t count,
                    uint64_t expected_us)
{
    *parts = (struct parts){.tests = NULL};
    uint64_t sum_us = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        sum_us += tests[i].duration_us;
        bytes += (size_t)tests[i].name.size + 1;
    }
    if (count < 2 || count > TESTS_MAX || bytes > MSG_MAX_lease_tests || sum_us == 0) {
        return ERR_LIMIT;
    }
    struct parts self = {.tests = malloc(count * sizeof *tests), .count = (uint32_t)count};
    if (!self.tests) {
        return ERR_MEMORY;
    }
    memcpy(self.tests, tests, count * sizeof *tests);
    qsort(self.tests, count, sizeof *tests, by_name);
    while (self.nameable < self.count && is_nameable(self.tests[self.nameable].name)) {
        self.nameable++;
    }
    /* Tests that run beside each other take longer in sum than their file. */
    self.scale = sum_us > expected_us ? (double)expected_us / (double)sum_us : 1.0;
    self.setup_us = expected_us > sum_us ? expected_us - sum_us : 0;
    *parts = self;
    return ERR_OK;
}

void parts_fini(struct parts *parts)
{
    free(parts->tests);
    *parts = (struct parts){.tests = NULL};
}

uint64_t parts_us(const struct parts *parts, uint32_t first, uint32_t count)
{
    assert(first + count <= parts->count);
    uint64_t sum_us = 0;
    for (uint32_t i = first; i < first + count; i++) {
        sum_us += parts->tests[i].duration_us;
    }
    return (uint64_t)((double)sum_us * parts->scale);
}

uint32_t parts_cut(const struct parts *parts, uint32_t first, uint32_t count, uint64_t target_us)
{
    uint32_t end = first;
    uint32_t last = first + count < parts->nameable ? first + count : parts->nameable;
    double taken_us = 0;
    while (end < last && taken_us < (double)target_us) {
        do {
            taken_us += (double)parts->tests[end].duration_us * parts->scale;
            end++;
        } while (end < last &&
                 parts_compare(parts->tests[end].name, parts->tests[end - 1].name) == 0);
    }
    if (end == first || end == first + count) {
        return count;
    }
    uint64_t left_us = parts_us(parts, end, first + count - end);
    return left_us < SETUPS_LEFT * parts->setup_us || left_us < target_us / 2 ? count : end - first;
}

enum err parts_select(const struct parts *parts, uint32_t first, uint32_t count,
                      enum term *ret_select, char **ret_names)
{
    bool rest = first + count == parts->count;
    uint32_t from = rest ? 0 : first;
    uint32_t to = rest ? first : first + count;
    assert(to <= parts->nameable);
    size_t size = 1;
    for (uint32_t i = from; i < to; i++) {
        size += (size_t)parts->tests[i].name.size + 1;
    }
    char *names = malloc(size);
    if (!names) {
        return ERR_MEMORY;
    }
    char *at = names;
    for (uint32_t i = from; i < to; i++) {
        memcpy(at, parts->tests[i].name.at, parts->tests[i].name.size);
        at += parts->tests[i].name.size;
        *at++ = '\n';
    }
    *at = '\0';
    *ret_select = rest ? TERM_select_BUT : TERM_select_ONLY;
    *ret_names = names;
    return ERR_OK;
}
