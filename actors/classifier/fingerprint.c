/* fingerprint.c - hashes what stays the same. */
#include "actors/classifier/fingerprint.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "actors/classifier/line.h"

enum { WORD_SIZE_MAX = 64, MESSAGE_SIZE_MAX = 400, LINKS_MAX = 8 };

static uint64_t mix(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(1099511628211);
}

static uint64_t mix_text(uint64_t hash, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        hash = mix(hash, (unsigned char)text[i]);
    }
    return mix(hash, 0);
}

static bool is_quote(char c)
{
    return c == '\'' || c == '"' || c == '`';
}

/* The size of what stands between quotes at `text`, with them; 0 if none closes.  An apostrophe
 * within a word opens nothing: the caller asks at the beginning of words only. */
static size_t quoted_size(const char *text, size_t size)
{
    if (!is_quote(text[0])) {
        return 0;
    }
    const char *end = memchr(text + 1, text[0], size - 1);
    return end ? (size_t)(end - text) + 1 : 0;
}

static size_t word_size(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size && text[at] != ' ' && text[at] != '\n') {
        at++;
    }
    return at;
}

/* Paths differ from machine to machine; numbers and identities from run to run. */
static bool is_volatile(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (word[i] == '/' || word[i] == '\\' || (word[i] >= '0' && word[i] <= '9')) {
            return true;
        }
    }
    return size > WORD_SIZE_MAX;
}

/* "Minified React error #130;": such a number is a code, and all that is left of the message. */
static bool is_number_of_error(const char *text, size_t at)
{
    static const char before[] = "error ";
    size_t size = sizeof before - 1;
    return text[at] == '#' && at >= size && memcmp(text + at - size, before, size) == 0;
}

static uint64_t mix_message(uint64_t hash, const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        if (text[at] == ' ' || text[at] == '\n') {
            at++;
            continue;
        }
        size_t quoted = quoted_size(text + at, size - at);
        size_t word = quoted > 0 ? quoted : word_size(text + at, size - at);
        bool numbered = quoted == 0 && is_number_of_error(text, at);
        if (quoted > 0 || (!numbered && is_volatile(text + at, word))) {
            hash = mix_text(hash, "*", 1);
        } else {
            hash = mix_text(hash, text + at, word);
        }
        at += word;
    }
    return hash;
}

/* What an error was caused by, link by link, as Node and Java print it.  Python prints causes
 * first, so that there the primary error stands at the end already. */
static uint64_t mix_causes(uint64_t hash, const struct primary *primary)
{
    static const char *const marks[] = {"[cause]: ", "Caused by: "};
    const char *message = primary->text + primary->message.from;
    if (!memmem(message, primary->size - primary->message.from, "ause", 4)) {
        return hash; /* most have none */
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t mark = strlen(marks[i]);
        size_t at = primary->message.from;
        for (int links = 0; links < LINKS_MAX; links++) {
            const char *link = memmem(primary->text + at, primary->size - at, marks[i], mark);
            if (!link) {
                break;
            }
            at = (size_t)(link - primary->text) + mark;
            size_t size = line_size(primary->text + at, primary->size - at);
            hash = mix_message(hash, primary->text + at,
                               size < MESSAGE_SIZE_MAX ? size : MESSAGE_SIZE_MAX);
        }
    }
    return hash;
}

uint64_t fingerprint_of(const struct primary *primary)
{
    assert(primary);
    const char *message = primary->text + primary->message.from;
    size_t size = line_size(message, primary->message.to - primary->message.from);
    const char *name = strrchr(primary->file, '/');
    uint64_t hash = mix_text(UINT64_C(14695981039346656037), primary->code, strlen(primary->code));
    hash = mix_message(hash, message, size < MESSAGE_SIZE_MAX ? size : MESSAGE_SIZE_MAX);
    hash = mix_causes(hash, primary);
    name = name ? name + 1 : primary->file;
    hash = mix_text(hash, name, strlen(name));
    return hash == 0 ? 1 : hash;
}
