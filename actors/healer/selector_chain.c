/* selector_chain.c - reads chains of engines: css=.row >> text=Ada >> nth=0. */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/selector_priv.h"

enum { NTH_MAX = 1000000 };

/* Where this part of the chain ends: before >> that stands in no text. */
static const char *part_end(const char *at, const char *end)
{
    char quote = '\0';
    for (; at < end; at++) {
        if (*at == '\\' && end - at > 1) {
            at++;
        } else if (quote) {
            quote = (char)(*at == quote ? '\0' : quote);
        } else if (*at == '"' || *at == '\'' || *at == '`') {
            quote = *at;
        } else if (*at == '>' && end - at > 1 && at[1] == '>') {
            return at;
        }
    }
    return end;
}

static const char *trimmed(struct sel_reader *part)
{
    sel_skip_blanks(part);
    while (part->end > part->at && strchr(" \t\r\n\f", part->end[-1])) {
        part->end--;
    }
    return sel_copy(part, part->at, (size_t)(part->end - part->at));
}

/* text=Ada, text="Ada", text=/ada/i */
static bool read_text(struct sel_reader *part)
{
    const char *text = NULL;
    const char *whole = trimmed(part);
    struct sel_step *step = whole ? step_add(part, STEP_TEXT) : NULL;
    if (!step) {
        return false;
    }
    if (part->at < part->end && *part->at == '/' && strchr(whole + 1, '/')) {
        return sel_regex(part, &step->text);
    }
    bool quoted = sel_string(part, &text);
    step->kind = quoted ? STEP_TEXT_OWN : STEP_TEXT;
    if (part->err != ERR_OK) {
        return false;
    }
    return sel_text_make(part, quoted ? text : whole, quoted, &step->text);
}

static bool read_nth(struct sel_reader *part)
{
    char *end;
    const char *text = trimmed(part);
    struct sel_step *step = text ? step_add(part, STEP_NTH) : NULL;
    long nth = step ? strtol(text, &end, 10) : 0;
    if (!step || end == text || *end != '\0' || labs(nth) > NTH_MAX) {
        return sel_fail(part, ERR_MALFORMED, "nth= without its number");
    }
    step->nth = (int32_t)nth;
    return true;
}

static bool read_css(struct sel_reader *part)
{
    struct sel_step *step = step_add(part, STEP_CSS);
    struct sel_list *list = step ? css_read(part, '\0', false) : NULL;
    if (list) {
        step->list = list;
    }
    return list != NULL;
}

static bool read_xpath(struct sel_reader *part)
{
    struct sel_step *step = step_add(part, STEP_XPATH);
    struct xpath *xpath = step ? xpath_read(part) : NULL;
    if (xpath) {
        step->xpath = xpath;
    }
    return xpath != NULL;
}

static bool read_attr(struct sel_reader *part, const char *name)
{
    const char *value = NULL;
    const char *whole = trimmed(part);
    struct sel_step *step = whole ? step_add(part, STEP_ATTR) : NULL;
    if (!step) {
        return false;
    }
    step->name = name;
    step->text = (struct sel_text){.text = sel_string(part, &value) ? value : whole, .exact = true};
    return part->err == ERR_OK;
}

/* role=button[name="Save" i][pressed=true] */
static bool read_role(struct sel_reader *part)
{
    struct sel_list *list = css_read(part, '\0', false);
    struct sel_step *step = list ? step_add(part, STEP_ROLE) : NULL;
    if (!step || list->count != 1 || list->items[0].count != 1) {
        return sel_fail(part, ERR_MALFORMED, "role= is followed by a role");
    }
    const struct sel_compound *compound = &list->items[0].parts[0];
    step->name = compound->simples[0].name ? compound->simples[0].name : "";
    for (size_t i = 1; i < compound->count; i++) {
        const struct sel_simple *simple = &compound->simples[i];
        const char *name = simple->kind == SEL_ATTR ? simple->name : "";
        const char *value = simple->op && simple->kind == SEL_ATTR ? simple->value : "true";
        size_t flag = 0;
        while (flag < SEL_FLAGS && strcmp(sel_flags[flag], name) != 0) {
            flag++;
        }
        if (strcmp(name, "name") == 0) {
            step->named = true;
            if (!sel_text_make(part, value, simple->op == '=' && !simple->folded, &step->text)) {
                return false;
            }
        } else if (strcmp(name, "include-hidden") == 0) {
            step->hidden = strcmp(value, "true") == 0;
        } else if (flag < SEL_FLAGS) {
            step->flags[flag] = strcmp(value, "true") == 0 ? 1 : (int32_t)strtol(value, NULL, 10);
        } else {
            return sel_fail(part, ERR_UNSUPPORTED, "role= with something that is not known");
        }
    }
    return true;
}

static bool read_visible(struct sel_reader *part)
{
    const char *value = trimmed(part);
    struct sel_step *step = value ? step_add(part, STEP_VISIBLE) : NULL;
    if (step) {
        step->wanted = strcmp(value, "false") != 0;
    }
    return step != NULL;
}

static bool read_part(struct sel_reader *part)
{
    static const char *const ids[] = {"id", "data-testid", "data-test-id", "data-test"};
    sel_skip_blanks(part);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        size_t size = strlen(ids[i]);
        if ((size_t)(part->end - part->at) > size && strncmp(part->at, ids[i], size) == 0 &&
            part->at[size] == '=') {
            part->at += size + 1;
            return read_attr(part, ids[i]);
        }
    }
    if (sel_take(part, "css=") || sel_take(part, "css:light=")) {
        return read_css(part);
    }
    if (sel_take(part, "xpath=")) {
        return read_xpath(part);
    }
    if (sel_take(part, "text=") || sel_take(part, "text:light=")) {
        return read_text(part);
    }
    if (sel_take(part, "role=")) {
        return read_role(part);
    }
    if (sel_take(part, "nth=")) {
        return read_nth(part);
    }
    if (sel_take(part, "visible=")) {
        return read_visible(part);
    }
    size_t size = (size_t)(part->end - part->at);
    size_t brackets = 0;
    while (brackets < size && part->at[brackets] == '(') {
        brackets++;
    }
    if ((size > brackets + 1 && strncmp(part->at + brackets, "//", 2) == 0) ||
        (size > 1 && strncmp(part->at, "..", 2) == 0)) {
        return read_xpath(part);
    }
    if (size > 1 && (*part->at == '"' || *part->at == '\'')) {
        return read_text(part);
    }
    return read_css(part);
}

bool chain_read(struct sel_reader *reader)
{
    while (reader->err == ERR_OK) {
        struct sel_reader part = *reader;
        part.end = part_end(reader->at, reader->end);
        reader->at = part.end;
        if (!read_part(&part)) {
            return sel_fail(reader, part.err == ERR_OK ? ERR_MALFORMED : part.err,
                            part.why ? part.why : "not a selector");
        }
        if (reader->at == reader->end) {
            return true;
        }
        reader->at += 2;
    }
    return false;
}
