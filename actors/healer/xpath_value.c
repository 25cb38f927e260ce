/* xpath_value.c - values of XPath, and the functions that every XPath 1.0 has. */
#include "actors/healer/xpath_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_FIRST = 16, ITEMS_MAX = 1000000, NUMBER_SIZE = 64 };

void xpath_value_free(struct xpath_value *value)
{
    free(value->set.at);
    value->set = (struct xpath_set){.at = NULL};
}

void xpath_set_add(struct xpath_run *run, struct xpath_set *set, struct xpath_item item)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : ITEMS_FIRST;
        struct xpath_item *grown =
            capacity <= ITEMS_MAX ? reallocarray(set->at, capacity, sizeof *grown) : NULL;
        if (!grown) {
            run->search->err = run->search->err == ERR_OK ? ERR_LIMIT : run->search->err;
            return;
        }
        set->at = grown;
        set->capacity = capacity;
    }
    set->at[set->count++] = item;
}

static int by_order(const void *a, const void *b)
{
    const struct xpath_item *x = a;
    const struct xpath_item *y = b;
    if (x->node != y->node) {
        return x->node < y->node ? -1 : 1;
    }
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : x->sub - y->sub;
}

void xpath_set_sort(struct xpath_set *set)
{
    size_t kept = 0;
    if (set->count > 1) {
        qsort(set->at, set->count, sizeof set->at[0], by_order);
    }
    for (size_t i = 0; i < set->count; i++) {
        if (kept == 0 || by_order(&set->at[kept - 1], &set->at[i]) != 0) {
            set->at[kept++] = set->at[i];
        }
    }
    set->count = kept;
}

/* ---- conversions ---- */

static const char *kept(struct xpath_run *run, const char *text, size_t size)
{
    const char *copy = arena_copy(&run->search->arena, text, size);
    if (!copy && run->search->err == ERR_OK) {
        run->search->err = ERR_LIMIT;
    }
    return copy ? copy : "";
}

struct raw {
    struct xpath_run *run;
    char *at;
    size_t size, capacity;
};

/* Texts as they are, unlike in Playwright's engines. */
static void append(struct raw *raw, const char *text)
{
    size_t size = strlen(text);
    if (raw->size + size + 1 > raw->capacity) {
        size_t capacity = (raw->size + size + 1) * 2;
        char *grown = capacity <= TREE_BYTES_MAX ? realloc(raw->at, capacity) : NULL;
        if (!grown) {
            raw->run->search->err = ERR_LIMIT;
            return;
        }
        raw->at = grown;
        raw->capacity = capacity;
    }
    memcpy(raw->at + raw->size, text, size);
    raw->size += size;
}

static void append_node(struct raw *raw, int32_t node)
{
    const struct tree *tree = raw->run->search->tree;
    int32_t t = tree->nodes[node].texts;
    for (int32_t child = tree->nodes[node].first; raw->run->search->err == ERR_OK;
         child = tree->nodes[child].next) {
        for (; t >= 0 && (child < 0 || tree->texts[t].before == child); t = tree->texts[t].next) {
            append(raw, tree->texts[t].text);
        }
        if (child < 0 || !sel_work(raw->run->search, 1)) {
            break;
        }
        if (!tree->nodes[child].shadow) {
            append_node(raw, child);
        }
    }
}

const char *xpath_item_text(struct xpath_run *run, struct xpath_item item)
{
    const struct tree *tree = run->search->tree;
    if (item.kind == ITEM_ATTR) {
        return tree->nodes[item.node].attrs[item.sub].value;
    }
    if (item.kind == ITEM_TEXT) {
        return tree->texts[item.sub].text;
    }
    int32_t node = item.kind == ITEM_ROOT ? run->root : item.node;
    if (tree->json) {
        return tree->nodes[node].text; /* the best that a snapshot has */
    }
    struct raw raw = {.run = run};
    append_node(&raw, node);
    const char *text = raw.size > 0 ? kept(run, raw.at, raw.size) : "";
    free(raw.at);
    return text;
}

bool xpath_truth(const struct xpath_value *value)
{
    return value->kind == VALUE_SET      ? value->set.count > 0
           : value->kind == VALUE_TRUTH  ? value->truth
           : value->kind == VALUE_NUMBER ? value->number != 0 && !isnan(value->number)
                                         : value->text[0] != '\0';
}

static double number_of(const char *text)
{
    text += strspn(text, " \t\r\n");
    size_t size = strspn(text, "-.0123456789");
    if (size == 0 || text[size + strspn(text + size, " \t\r\n")] != '\0') {
        return NAN;
    }
    char *end;
    double number = strtod(text, &end);
    return end == text + size ? number : NAN;
}

double xpath_number(struct xpath_run *run, const struct xpath_value *value)
{
    return value->kind == VALUE_NUMBER  ? value->number
           : value->kind == VALUE_TRUTH ? (double)value->truth
                                        : number_of(xpath_text(run, value));
}

const char *xpath_text(struct xpath_run *run, const struct xpath_value *value)
{
    char number[NUMBER_SIZE];
    switch (value->kind) {
    case VALUE_TEXT:
        return value->text;
    case VALUE_TRUTH:
        return value->truth ? "true" : "false";
    case VALUE_SET:
        return value->set.count > 0 ? xpath_item_text(run, value->set.at[0]) : "";
    case VALUE_NUMBER:
        break;
    }
    if (isnan(value->number)) {
        return "NaN";
    }
    int size = snprintf(number, sizeof number, "%.12g", value->number);
    return kept(run, number, size > 0 ? (size_t)size : 0);
}

/* ---- functions ---- */

enum { ARGS = 3 };

struct call {
    struct xpath_run *run;
    const struct xpath_focus *focus;
    struct xpath_value args[ARGS];
    const char *text[ARGS]; /* of the arguments; of the first, without any, of the focus */
    size_t count;
};

static struct xpath_value truth(bool truth)
{
    return (struct xpath_value){.kind = VALUE_TRUTH, .truth = truth};
}

static struct xpath_value number(double number)
{
    return (struct xpath_value){.kind = VALUE_NUMBER, .number = number};
}

static struct xpath_value text(const char *text)
{
    return (struct xpath_value){.kind = VALUE_TEXT, .text = text};
}

static struct xpath_value do_normalize(struct call *call)
{
    char *to = arena_copy(&call->run->search->arena, call->text[0], strlen(call->text[0]));
    size_t size = 0;
    for (const char *at = call->text[0]; to && *at; at++) {
        bool blank = strchr(" \t\r\n", *at) != NULL;
        if (!blank || (size > 0 && to[size - 1] != ' ')) {
            to[size++] = (char)(blank ? ' ' : *at);
        }
    }
    if (to) {
        size -= size > 0 && to[size - 1] == ' ';
        to[size] = '\0';
    }
    return text(to ? to : "");
}

static struct xpath_value do_translate(struct call *call)
{
    char *to = arena_copy(&call->run->search->arena, call->text[0], strlen(call->text[0]));
    size_t size = 0;
    size_t with = strlen(call->text[2]);
    for (const char *at = call->text[0]; to && *at; at++) {
        const char *found = strchr(call->text[1], *at);
        size_t rank = found ? (size_t)(found - call->text[1]) : 0;
        if (!found || rank < with) {
            to[size++] = (char)(found ? call->text[2][rank] : *at);
        }
    }
    if (to) {
        to[size] = '\0';
    }
    return text(to ? to : "");
}

static struct xpath_value do_substring(struct call *call)
{
    size_t size = strlen(call->text[0]);
    double first = round(xpath_number(call->run, &call->args[1]));
    double length = call->count > 2 ? round(xpath_number(call->run, &call->args[2])) : INFINITY;
    size_t begin = size;
    size_t end = 0;
    for (size_t i = 0; i < size; i++) { /* bytes; what is not ASCII is rare here */
        double at = (double)i + 1;
        if (at >= first && at < first + length) {
            begin = i < begin ? i : begin;
            end = i + 1;
        }
    }
    return text(begin < end ? kept(call->run, call->text[0] + begin, end - begin) : "");
}

static struct xpath_value do_name(struct call *call)
{
    struct xpath_item item = call->count > 0 && call->args[0].set.count > 0
                                 ? call->args[0].set.at[0]
                                 : call->focus->item;
    const struct tree_node *node =
        item.node >= 0 ? &call->run->search->tree->nodes[item.node] : NULL;
    if (!node || (item.kind != ITEM_ELEMENT && item.kind != ITEM_ATTR)) {
        return text("");
    }
    return text(item.kind == ITEM_ELEMENT ? node->tag : node->attrs[item.sub].name);
}

static struct xpath_value do_id(struct call *call)
{
    struct xpath_value value = {.kind = VALUE_SET};
    const struct tree *tree = call->run->search->tree;
    for (int32_t i = call->run->root; i < tree->nodes[call->run->root].end; i++) {
        const char *id = tree_attr(&tree->nodes[i], "id");
        if (id && strcmp(id, call->text[0]) == 0) {
            xpath_set_add(call->run, &value.set,
                          (struct xpath_item){.kind = ITEM_ELEMENT, .node = i});
        }
    }
    return value;
}

static struct xpath_value do_sum(struct call *call)
{
    double sum = 0;
    for (size_t i = 0; i < call->args[0].set.count; i++) {
        sum += number_of(xpath_item_text(call->run, call->args[0].set.at[i]));
    }
    return number(sum);
}

static struct xpath_value do_text(struct call *call, const char *name)
{
    const char *a = call->text[0];
    const char *found = call->count > 1 ? strstr(a, call->text[1]) : NULL;
    if (strcmp(name, "contains") == 0) {
        return truth(found != NULL);
    }
    if (strcmp(name, "starts-with") == 0) {
        return truth(found == a);
    }
    if (strcmp(name, "substring-before") == 0) {
        return text(found ? kept(call->run, a, (size_t)(found - a)) : "");
    }
    return text(found ? found + strlen(call->text[1]) : "");
}

static struct xpath_value do_rest(struct call *call, const char *name)
{
    double first = call->count > 0 ? xpath_number(call->run, &call->args[0]) : 0;
    if (strcmp(name, "not") == 0) {
        return truth(!xpath_truth(&call->args[0]));
    }
    if (strcmp(name, "boolean") == 0) {
        return truth(xpath_truth(&call->args[0]));
    }
    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0) {
        return truth(name[0] == 't');
    }
    if (strcmp(name, "position") == 0) {
        return number((double)call->focus->position);
    }
    if (strcmp(name, "last") == 0) {
        return number((double)call->focus->size);
    }
    if (strcmp(name, "count") == 0) {
        return number((double)call->args[0].set.count);
    }
    if (strcmp(name, "floor") == 0) {
        return number(floor(first));
    }
    if (strcmp(name, "ceiling") == 0) {
        return number(ceil(first));
    }
    if (strcmp(name, "round") == 0) {
        return number(floor(first + 0.5));
    }
    if (strcmp(name, "number") == 0) {
        return number(call->count > 0 ? first : number_of(call->text[0]));
    }
    if (strcmp(name, "string-length") == 0) {
        return number((double)strlen(call->text[0]));
    }
    return text(call->text[0]); /* string() */
}

static struct xpath_value do_concat(struct xpath_run *run, const struct xpath *xpath,
                                    const struct xpath_focus *focus)
{
    struct raw raw = {.run = run};
    for (size_t i = 0; i < xpath->args_count; i++) {
        struct xpath_value value = xpath_eval(run, xpath->args[i], focus);
        append(&raw, xpath_text(run, &value));
        xpath_value_free(&value);
    }
    struct xpath_value value = text(raw.size > 0 ? kept(run, raw.at, raw.size) : "");
    free(raw.at);
    return value;
}

static const struct {
    const char *name;
    size_t least, most;                           /* arguments */
    struct xpath_value (*run)(struct call *call); /* or one of the above, by name */
} functions[] = {
    {"contains", 2, 2, NULL},
    {"starts-with", 2, 2, NULL},
    {"substring-before", 2, 2, NULL},
    {"substring-after", 2, 2, NULL},
    {"not", 1, 1, NULL},
    {"boolean", 1, 1, NULL},
    {"true", 0, 0, NULL},
    {"false", 0, 0, NULL},
    {"position", 0, 0, NULL},
    {"last", 0, 0, NULL},
    {"count", 1, 1, NULL},
    {"floor", 1, 1, NULL},
    {"ceiling", 1, 1, NULL},
    {"round", 1, 1, NULL},
    {"number", 0, 1, NULL},
    {"string", 0, 1, NULL},
    {"string-length", 0, 1, NULL},
    {"normalize-space", 0, 1, do_normalize},
    {"translate", 3, 3, do_translate},
    {"substring", 2, 3, do_substring},
    {"name", 0, 1, do_name},
    {"local-name", 0, 1, do_name},
    {"id", 1, 1, do_id},
    {"sum", 1, 1, do_sum},
};

struct xpath_value xpath_call(struct xpath_run *run, const struct xpath *xpath,
                              const struct xpath_focus *focus)
{
    struct call call = {.run = run, .focus = focus, .count = xpath->args_count};
    struct xpath_value value = {.kind = VALUE_TRUTH};
    size_t at = 0;
    if (strcmp(xpath->text, "concat") == 0) {
        return do_concat(run, xpath, focus);
    }
    while (at < sizeof functions / sizeof functions[0] &&
           strcmp(functions[at].name, xpath->text) != 0) {
        at++;
    }
    if (at == sizeof functions / sizeof functions[0] || call.count < functions[at].least ||
        call.count > functions[at].most) {
        run->search->err = ERR_MALFORMED;
        return value;
    }
    for (size_t i = 0; i < ARGS; i++) {
        call.text[i] = "";
        if (i < call.count) {
            call.args[i] = xpath_eval(run, xpath->args[i], focus);
            call.text[i] = call.args[i].kind == VALUE_SET && functions[at].run == do_sum
                               ? ""
                               : xpath_text(run, &call.args[i]);
        }
    }
    if (call.count == 0 && functions[at].most == 1) {
        call.text[0] = xpath_item_text(run, focus->item);
    }
    if (run->search->err == ERR_OK) {
        value = functions[at].run ? functions[at].run(&call)
                : at < 4          ? do_text(&call, xpath->text)
                                  : do_rest(&call, xpath->text);
    }
    for (size_t i = 0; i < call.count; i++) {
        xpath_value_free(&call.args[i]);
    }
    return value;
}
