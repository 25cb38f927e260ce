/* regex.c - PCRE2 in a box: its memory is a piece of the stack, its time is counted. */
#include "actors/classifier/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <assert.h>
#include <pcre2.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

/* The matcher's memory doubles up to its limit, and what it leaves behind is not used again. */
enum { ROOM_SIZE = (2 * REGEX_HEAP_KIB_MAX + 24) * 1024, ALIGNMENT = 16 };

struct room {
    size_t used;
    alignas(ALIGNMENT) unsigned char bytes[ROOM_SIZE];
};

static void *take(size_t size, void *from)
{
    struct room *room = from;
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size > ROOM_SIZE || rounded > ROOM_SIZE - room->used) {
        return NULL;
    }
    void *memory = room->bytes + room->used;
    room->used += rounded;
    return memory;
}

static void give_back(void *memory, void *from)
{
    (void)memory;
    (void)from;
}

/* The size of what stands between the slashes; 0: none do. */
static size_t inner_size(const char *text)
{
    size_t size = strlen(text);
    size -= size > 0 && text[size - 1] == 'i' ? 1 : 0;
    return size > 2 && text[0] == '/' && text[size - 1] == '/' ? size - 2 : 0;
}

bool regex_is_written(const char *text)
{
    return inner_size(text) > 0;
}

/* A struct regex is PCRE2's own. */
static const pcre2_code *code_of(const struct regex *regex)
{
    return (const pcre2_code *)regex;
}

enum err regex_new(const char *text, struct regex **ret_regex, struct regex_problem *ret_problem)
{
    size_t size = inner_size(text);
    assert(size > 0);
    assert(ret_regex);
    assert(ret_problem);
    bool caseless = text[strlen(text) - 1] == 'i';
    int number = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text + 1, size,
                                     PCRE2_MULTILINE | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_UTF |
                                         PCRE2_NEVER_BACKSLASH_C | (caseless ? PCRE2_CASELESS : 0),
                                     &number, &offset, NULL);
    if (code) {
        *ret_regex = (struct regex *)code;
        return ERR_OK;
    }
    if (number == PCRE2_ERROR_HEAP_FAILED) {
        return ERR_MEMORY;
    }
    ret_problem->offset = offset + 1;
    PCRE2_UCHAR why[sizeof ret_problem->text];
    int length = pcre2_get_error_message(number, why, sizeof why);
    length = length > 0 ? length : 0;
    memcpy(ret_problem->text, why, (size_t)length);
    ret_problem->text[length] = '\0';
    return ERR_MALFORMED;
}

void regex_destroy(struct regex **regex)
{
    assert(regex);
    pcre2_code_free((pcre2_code *)*regex);
    *regex = NULL;
}

enum regex_found regex_find(const struct regex *regex, const char *text, size_t size)
{
    struct room room;
    room.used = 0;
    assert(regex);
    pcre2_general_context *general = pcre2_general_context_create(take, give_back, &room);
    pcre2_match_context *limits = pcre2_match_context_create(general);
    pcre2_match_data *data = pcre2_match_data_create(1, general);
    if (!limits || !data) {
        return REGEX_RUNAWAY; /* there is room for these: only the match itself grows */
    }
    (void)pcre2_set_match_limit(limits, REGEX_STEPS_MAX); /* these two return 0 always */
    (void)pcre2_set_depth_limit(limits, REGEX_DEPTH_MAX);
    (void)pcre2_set_heap_limit(limits, REGEX_HEAP_KIB_MAX);
    int found = pcre2_match(code_of(regex), (PCRE2_SPTR)text, size, 0, 0, data, limits);
    return found >= 0 ? REGEX_YES : found == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_RUNAWAY;
}
