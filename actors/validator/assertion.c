/* assertion.c - see assertion.h. */
#include "actors/validator/assertion.h"

#include <string.h>

static const char expect[] = "expect(";

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '$';
}

/* Where the first "expect(" begins; the size of the line when there is none. */
static size_t find_expect(struct msg_str line)
{
    for (size_t at = 0; at + sizeof expect - 1 <= line.size; at++) {
        if (memcmp(line.at + at, expect, sizeof expect - 1) == 0 &&
            (at == 0 || !is_word(line.at[at - 1]))) {
            return at;
        }
    }
    return line.size;
}

/* Behind the quote that ends the string which begins at `at`. */
static size_t pass_string(struct msg_str line, size_t at)
{
    char quote = line.at[at++];
    while (at < line.size && line.at[at] != quote) {
        at += line.at[at] == '\\' && at + 1 < line.size ? 2 : 1;
    }
    return at < line.size ? at + 1 : at;
}

/* Behind the parenthesis that closes the one at `at`; 0 when it is not on this line. */
static size_t pass_parentheses(struct msg_str line, size_t at)
{
    size_t depth = 0;
    while (at < line.size) {
        char c = line.at[at];
        if (c == '"' || c == '\'' || c == '`') {
            at = pass_string(line, at);
            continue;
        }
        depth += c == '(';
        at++;
        if (c == ')' && --depth == 0) {
            return at;
        }
    }
    return 0;
}

/* The next matcher's word from *at on: .not, .resolves, .rejects, .toXxx; empty at the end. */
static struct msg_str next_matcher(struct msg_str line, size_t *at)
{
    static const char *const words[] = {"not", "resolves", "rejects"};
    while (*at < line.size) {
        size_t begin = (*at)++;
        if (line.at[begin] != '.') {
            continue;
        }
        while (*at < line.size && is_word(line.at[*at])) {
            (*at)++;
        }
        struct msg_str word = {line.at + begin + 1, (uint32_t)(*at - begin - 1)};
        if (word.size > 2 && word.at[0] == 't' && word.at[1] == 'o' && word.at[2] >= 'A' &&
            word.at[2] <= 'Z') {
            return word;
        }
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (msg_str_is(word, words[i])) {
                return word;
            }
        }
    }
    return msg_str("");
}

static bool same_matchers(struct msg_str a, struct msg_str b)
{
    size_t at_a = 0;
    size_t at_b = 0;
    struct msg_str word;
    do {
        word = next_matcher(a, &at_a);
        if (!msg_str_equal(word, next_matcher(b, &at_b))) {
            return false;
        }
    } while (word.size > 0);
    return true;
}

static struct msg_str rest(struct msg_str line, size_t at)
{
    return (struct msg_str){line.at + at, line.size - (uint32_t)at};
}

bool assertion_kept(struct msg_str removed, struct msg_str added)
{
    size_t was = find_expect(removed);
    size_t is = find_expect(added);
    if (was == removed.size || is == added.size) {
        return was == removed.size && is == added.size && same_matchers(removed, added);
    }
    if (was != is || memcmp(removed.at, added.at, was) != 0) {
        return false;
    }
    size_t removed_end = pass_parentheses(removed, was + sizeof expect - 2);
    size_t added_end = pass_parentheses(added, is + sizeof expect - 2);
    if (removed_end == 0 || added_end == 0) {
        return removed_end == added_end && same_matchers(removed, added);
    }
    return msg_str_equal(rest(removed, removed_end), rest(added, added_end));
}
