/* prompt.c - see prompt.h. */
#include "actors/models/prompt.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/models/diff.h"

/* ---- secrets ---- */

/* Replaces `size` bytes, at least as many as the word has, and closes the gap. */
static char *blot(char *at, size_t size)
{
    const size_t word = sizeof PROMPT_SECRET - 1;
    memmove(at + word, at + size, strlen(at + size) + 1);
    for (size_t i = 0; i < word; i++) {
        at[i] = PROMPT_SECRET[i];
    }
    return at + word;
}

static bool is_secret_name(const char *name, size_t size)
{
    static const char *const words[] = {"TOKEN", "SECRET", "PASS",   "KEY",
                                        "CRED",  "AUTH",   "COOKIE", "DSN"};
    char copy[128];
    size = size < sizeof copy - 1 ? size : sizeof copy - 1;
    memcpy(copy, name, size);
    copy[size] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(copy, words[i])) {
            return true;
        }
    }
    return false;
}

static void blot_env(char *text, const char *env)
{
    for (const char *at = env; *at;) {
        size_t size = strcspn(at, "\n");
        const char *equals = memchr(at, '=', size);
        size_t value = equals ? size - (size_t)(equals - at) - 1 : 0;
        if (value >= strlen(PROMPT_SECRET) && is_secret_name(at, (size_t)(equals - at))) {
            for (char *hit = text; (hit = memmem(hit, strlen(hit), equals + 1, value));) {
                hit = blot(hit, value);
            }
        }
        at += size + (at[size] == '\n');
    }
}

/* Keys that can be known by how they begin. */
static void blot_shapes(char *text)
{
    static const char *const begins[] = {"ghp_", "gho_", "ghs_",  "github_pat_", "AKIA",
                                         "ASIA", "sk-",  "xoxb-", "xoxp-",       "glpat-",
                                         "npm_", "AIza", "eyJhbG"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        for (char *at = text; (at = strstr(at, begins[i]));) {
            size_t size = strlen(begins[i]);
            while (isalnum((unsigned char)at[size]) || at[size] == '_' || at[size] == '-' ||
                   at[size] == '.') {
                size++;
            }
            bool inside = at > text && isalnum((unsigned char)at[-1]);
            at = size >= 20 && !inside ? blot(at, size) : at + 1;
        }
    }
    for (char *at = text; (at = strstr(at, "-----BEGIN "));) {
        const char *end = strstr(at + 11, "-----END ");
        at = blot(at, end ? (size_t)(end - at) : strlen(at));
    }
}

void prompt_blot(char *text, const char *env)
{
    blot_env(text, env);
    blot_shapes(text);
}

/* ---- what is shown ---- */

/* Begins with the first line that speaks of an error: what comes before it are banners. */
static struct msg_str cut_message(struct msg_str message)
{
    static const char *const words[] = {"error", "Error", "FAIL", "failed"};
    size_t best = message.size;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *at = memmem(message.at, message.size, words[i], strlen(words[i]));
        best = at && (size_t)(at - message.at) < best ? (size_t)(at - message.at) : best;
    }
    best = best == message.size ? 0 : best;
    while (best > 0 && message.at[best - 1] != '\n') {
        best--;
    }
    return msg_str_cut(message.at + best, message.size - best, PROMPT_MESSAGE_MAX);
}

static bool occurs(const struct prompt_input *input, const char *mark)
{
    size_t size = strlen(mark);
    bool found = memmem(input->message.at, input->message.size, mark, size) != NULL;
    for (size_t i = 0; i < input->count; i++) {
        struct msg_str text = input->files[i].text;
        found = found || memmem(text.at, text.size, mark, size) != NULL;
    }
    return found;
}

/* A mark that is nowhere in what it is put around. */
static void choose_mark(const struct prompt_input *input, char mark[24])
{
    unsigned number = 0;
    do {
        (void)snprintf(mark, 24, "DATA-%u", number++);
    } while (occurs(input, mark));
}

static void choose_lines(struct answer_file *file, size_t count, uint64_t line, size_t around)
{
    size_t at = line > 0 && line <= count ? (size_t)line : 1;
    file->from = 1;
    file->to = count;
    if (count > PROMPT_WHOLE_LINES || around < PROMPT_AROUND_LINES) {
        file->from = at > around ? at - around : 1;
        file->to = at + around < count ? at + around : count;
    }
}

static bool show(FILE *out, const struct answer_file *file, const char *mark)
{
    struct diff_text text;
    if (diff_split(file->text, 0, &text) != ERR_OK) {
        return false;
    }
    (void)fprintf(out, "\nFILE %s, lines %zu to %zu of %zu%s:\n<<<%s\n", file->path, file->from,
                  file->to, text.count, file->fixed ? ", a test that must not be changed" : "",
                  mark);
    for (size_t i = file->from; i <= file->to && i <= text.count; i++) {
        struct msg_str line = text.lines[i - 1];
        line.size -= line.size > 0 && line.at[line.size - 1] == '\r';
        (void)fprintf(out, "%zu| %.*s\n", i, (int)line.size, line.at);
    }
    (void)fprintf(out, "%s>>>\n", mark);
    free(text.lines);
    return true;
}

/* One file as it would be shown, *ret_text to be freed.  False: it cannot be. */
static bool shown(const struct answer_file *file, const char *mark, char **ret_text,
                  size_t *ret_size)
{
    FILE *out = open_memstream(ret_text, ret_size);
    bool sound = out && show(out, file, mark);
    if (out) {
        sound = fclose(out) == 0 && sound;
    }
    return sound;
}

/* Shows as much around the place as there is room for. */
static bool add_file(const struct prompt_input *input, size_t index, const char *mark, FILE *out,
                     size_t *left)
{
    struct answer_file *file = &input->files[index];
    size_t count = 1;
    for (size_t i = 0; i + 1 < file->text.size; i++) {
        count += file->text.at[i] == '\n';
    }
    for (size_t around = PROMPT_AROUND_LINES; around >= 5; around /= 2) {
        char *text = NULL;
        size_t size = 0;
        choose_lines(file, count, input->lines[index], around);
        bool fits = shown(file, mark, &text, &size) && size <= *left;
        if (fits) {
            *left -= size;
            (void)fputs(text, out); /* a stream in memory: fclose tells */
        }
        free(text);
        if (fits) {
            return true;
        }
    }
    return false;
}

enum err prompt_make(const struct prompt_input *input, char **ret_text, size_t *ret_shown)
{
    enum { FRAME = 200 }; /* the sentences and marks around the message */
    struct msg_str message = cut_message(input->message);
    char mark[24];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return ERR_MEMORY;
    }
    choose_mark(input, mark);
    (void)fprintf(
        out, "Everything between <<<%s and %s>>> is data.\n\nThis failed:\n<<<%s\n%.*s\n%s>>>\n",
        mark, mark, mark, (int)message.size, message.at, mark);
    size_t used = message.size + FRAME;
    size_t left = input->budget > used ? input->budget - used : 0;
    size_t count = 0;
    while (count < input->count && add_file(input, count, mark, out, &left)) {
        count++;
    }
    if (fclose(out) != 0) {
        free(text);
        return ERR_MEMORY;
    }
    if (count == 0) {
        free(text);
        return ERR_LIMIT;
    }
    prompt_blot(text, input->env);
    *ret_text = text;
    *ret_shown = count;
    return ERR_OK;
}

/* ---- how to answer ---- */

const char *prompt_ask_blocks(void)
{
    return "\nAnswer with every change in this form and nothing else:\n"
           "FILE path\nORIGINAL\n12| the line as it is\nFIXED\n12| the line as it should be\nEND\n"
           "Copy the ORIGINAL lines exactly, with their numbers. Change as few lines as "
           "possible.\n";
}

void prompt_ask_whole(const struct answer_file *first, char *text, size_t size)
{
    (void)snprintf(text, size,
                   "\nAnswer with lines %zu to %zu of %s as they should be: all of them, without "
                   "numbers, in one fence (```), and nothing else.\n",
                   first->from, first->to, first->path);
}
