/* ending.c - words about how a command ended. */
#include "actors/common/ending.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What ending_text begins with, and ending_code reads. */
#define BY_SIGNAL "was ended by signal "
#define WITH_CODE "ended with code "

void tail_add(struct tail *tail, struct msg_str bytes)
{
    const char *at = bytes.at;
    size_t size = bytes.size;
    if (size > TAIL_BYTES) {
        at += size - TAIL_BYTES;
        size = TAIL_BYTES;
    }
    size_t keep = tail->size + size > TAIL_BYTES ? TAIL_BYTES - size : tail->size;
    memmove(tail->bytes, tail->bytes + (tail->size - keep), keep);
    memcpy(tail->bytes + keep, at, size);
    tail->size = keep + size;
}

/* Bytes of the UTF-8 character at `at`; 0 when it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char mask, lead;
        size_t size;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 1, 0},
                 {0xe0, 0xc0, 2, 0x80},
                 {0xf0, 0xe0, 3, 0x800},
                 {0xf8, 0xf0, 4, 0x10000}};
    for (size_t i = 0; i < 4; i++) {
        if ((at[0] & forms[i].mask) != forms[i].lead || forms[i].size > left) {
            continue;
        }
        uint32_t code = at[0] & (unsigned char)~forms[i].mask;
        for (size_t j = 1; j < forms[i].size; j++) {
            if ((at[j] & 0xc0) != 0x80) {
                return 0;
            }
            code = code << 6 | (at[j] & 0x3f);
        }
        bool sound = code >= forms[i].least && code <= 0x10ffff && (code & ~0x7ffu) != 0xd800;
        return sound ? forms[i].size : 0;
    }
    return 0;
}

/* Appends what people can read of the bytes. */
static void add_readable(char *text, size_t size, const struct tail *tail)
{
    size_t used = strlen(text);
    const unsigned char *at = (const unsigned char *)tail->bytes;
    size_t left = tail->size;
    while (left > 0 && (at[0] & 0xc0) == 0x80) { /* the rest of a character that was cut */
        at++;
        left--;
    }
    while (left > 0 && used + 4 < size) {
        size_t count = character(at, left);
        bool plain =
            count > 1 || at[0] == '\n' || at[0] == '\t' || (at[0] >= 0x20 && at[0] != 0x7f);
        count = count ? count : 1;
        if (plain && character(at, left)) {
            memcpy(text + used, at, count);
            used += count;
        } else if (at[0] != '\r') {
            text[used++] = '?';
        }
        at += count;
        left -= count;
    }
    text[used] = '\0';
}

void ending_text(const struct msg_exec_exited *exited, const struct tail *out,
                 const struct tail *err, char *text, size_t size)
{
    if (!exited) {
        text[0] = '\0';
    } else if (exited->error.size > 0) {
        (void)snprintf(text, size, "could not be started: %.*s", (int)exited->error.size,
                       exited->error.at);
    } else if (exited->timed_out) {
        (void)snprintf(text, size, "was killed at its time limit");
    } else if (exited->outgrown) {
        (void)snprintf(text, size, "was killed: it held more memory than sandbox.memory_bytes_max");
    } else if (exited->signal != 0) {
        const char *signal = sigdescr_np((int)exited->signal);
        (void)snprintf(text, size, BY_SIGNAL "%llu (%s)", (unsigned long long)exited->signal,
                       signal ? signal : "unknown");
    } else {
        (void)snprintf(text, size, WITH_CODE "%llu", (unsigned long long)exited->code);
    }
    const struct tail *said = err && err->size > 0 ? err : out;
    size_t used = strlen(text);
    if (said && said->size > 0 && used + 1 < size) {
        text[used] = '\n';
        text[used + 1] = '\0';
        add_readable(text, size, said);
    }
}

/* The number behind `before`, at most 255; negative: the text does not begin like that. */
static int number_behind(struct msg_str text, const char *before)
{
    size_t at = strlen(before);
    if (text.size <= at || memcmp(text.at, before, at) != 0) {
        return -1;
    }
    int number = -1;
    for (; at < text.size && isdigit((unsigned char)text.at[at]) && number <= 255; at++) {
        number = (number < 0 ? 0 : number * 10) + (text.at[at] - '0');
    }
    return number <= 255 ? number : -1;
}

int ending_code(struct msg_str text)
{
    int signal = number_behind(text, BY_SIGNAL);
    return signal >= 0 ? 128 + signal : number_behind(text, WITH_CODE);
}

enum err env_split(const char *env, const char ***ret_list, char **ret_text)
{
    size_t count = 1;
    for (const char *at = env; *at; at++) {
        count += *at == '\n';
    }
    const char **list = calloc(count + 1, sizeof *list);
    char *text = strdup(env);
    if (!list || !text) {
        free(list);
        free(text);
        return ERR_MEMORY;
    }
    char *rest = NULL;
    size_t used = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strchr(line, '=')) {
            list[used++] = line;
        }
    }
    *ret_list = list;
    *ret_text = text;
    return ERR_OK;
}
