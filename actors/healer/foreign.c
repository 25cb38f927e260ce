/* foreign.c - see foreign.h. */
#include "actors/healer/foreign.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 512 };

const char *foreign_word(enum foreign_tool tool)
{
    static const char *const words[] = {"cypress", "testing-library", "selenium"};
    return words[tool];
}

bool foreign_is_css(enum foreign_tool tool)
{
    return tool != FOREIGN_TESTING_LIBRARY;
}

/* ---- texts ---- */

/* What is left to read of a message. */
struct rest {
    const char *at;
    const char *end;
};

/* Moves behind `words`, wherever they stand. */
static bool skip_to(struct rest *rest, const char *words)
{
    const char *found = memmem(rest->at, (size_t)(rest->end - rest->at), words, strlen(words));
    if (found) {
        rest->at = found + strlen(words);
    }
    return found != NULL;
}

/* Moves behind `words` if they are next. */
static bool skip(struct rest *rest, const char *words)
{
    size_t size = strlen(words);
    bool next = (size_t)(rest->end - rest->at) >= size && memcmp(rest->at, words, size) == 0;
    rest->at += next ? size : 0;
    return next;
}

/* Takes what stands before `words`, in this line. */
static bool take_before(struct rest *rest, const char *words, char text[TEXT_SIZE])
{
    struct rest behind = *rest;
    const char *line = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
    behind.end = line ? line : rest->end;
    if (!skip_to(&behind, words)) {
        return false;
    }
    size_t size = (size_t)(behind.at - rest->at) - strlen(words);
    if (size == 0 || size >= TEXT_SIZE || strnlen(rest->at, size) < size) {
        return false;
    }
    memcpy(text, rest->at, size);
    text[size] = '\0';
    rest->at = behind.at;
    return true;
}

/* The rest of the line. */
static bool take_line(struct rest *rest, char text[TEXT_SIZE])
{
    const char *line = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
    size_t size = (size_t)((line ? line : rest->end) - rest->at);
    if (size == 0 || size >= TEXT_SIZE || strnlen(rest->at, size) < size) {
        return false;
    }
    memcpy(text, rest->at, size);
    text[size] = '\0';
    rest->at += size;
    return true;
}

static bool put(struct foreign *to, const char *before, const char *text, const char *after)
{
    int size = snprintf(to->selector, sizeof to->selector, "%s%s%s", before, text, after);
    return size > 0 && (size_t)size < sizeof to->selector;
}

/* `text` as a literal: a pattern as it is, all else as a string. */
static void quote(const char *text, char to[2 * TEXT_SIZE + 2])
{
    size_t used = 0;
    if (text[0] == '/' && strrchr(text, '/') > text) {
        memcpy(to, text, strlen(text) + 1);
        return;
    }
    to[used++] = '\'';
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') {
            to[used++] = '\\';
        }
        to[used++] = *text;
    }
    to[used++] = '\'';
    to[used] = '\0';
}

/* ---- Cypress ---- */

static bool read_cypress(struct rest rest, struct foreign *to)
{
    char text[TEXT_SIZE];
    char within[TEXT_SIZE];
    char quoted[2 * TEXT_SIZE + 2];
    to->tool = FOREIGN_CYPRESS;
    if (skip_to(&rest, "Expected to find element: ")) {
        return ((skip(&rest, "`") && take_before(&rest, "`, but", text)) ||
                (skip(&rest, "'") && take_before(&rest, "', but", text))) &&
               put(to, "", text, "");
    }
    if (!skip_to(&rest, "Expected to find content: '")) {
        return false;
    }
    struct rest selector = rest;
    if (take_before(&selector, "' within the selector: '", text) &&
        take_before(&selector, "' but", within)) {
        quote(text, quoted);
        char filter[sizeof quoted + 32];
        (void)snprintf(filter, sizeof filter, ":has-text(%s)", quoted); /* it has room */
        return put(to, within, filter, "");
    }
    bool found =
        take_before(&rest, "' within the element", text) || take_before(&rest, "' but", text);
    quote(found ? text : "", quoted);
    return found && put(to, "page.getByText(", quoted, ")");
}

/* ---- Testing Library ---- */

static const struct query {
    const char *words;
    const char *call;
} queries[] = {
    {" a label with the text of: ", "page.getByLabel("},
    {" with the placeholder text of: ", "page.getByPlaceholder("},
    {" with the text: ", "page.getByText("},
    {" with the alt text: ", "page.getByAltText("},
    {" with the title: ", "page.getByTitle("},
};

static bool read_role(struct rest rest, struct foreign *to)
{
    char role[TEXT_SIZE];
    char name[TEXT_SIZE];
    char quoted[2 * TEXT_SIZE + 2];
    char both[3 * TEXT_SIZE + 64];
    if (!take_before(&rest, "\"", role) || strpbrk(role, "'\\")) {
        return false;
    }
    if (!skip(&rest, " and name ")) {
        return put(to, "page.getByRole('", role, "')");
    }
    if (!(skip(&rest, "\"") && take_before(&rest, "\"", name)) &&
        !(skip(&rest, "`") && take_before(&rest, "`", name))) {
        return false;
    }
    quote(name, quoted);
    (void)snprintf(both, sizeof both, "%s', { name: %s%s })", role, quoted,
                   quoted[0] == '/' ? "" : ", exact: true"); /* it has room */
    return put(to, "page.getByRole('", both, "");
}

/* The body, printed as HTML; cut when it is too long. */
static void find_page(struct rest rest, struct foreign *to)
{
    static const char close[] = "</body>";
    const char *begin = memmem(rest.at, (size_t)(rest.end - rest.at), "<body", 5);
    const char *end =
        begin ? memmem(begin, (size_t)(rest.end - begin), close, sizeof close - 1) : NULL;
    to->page = end ? begin : NULL;
    to->page_size = end ? (size_t)(end - begin) + sizeof close - 1 : 0;
}

static bool read_testing_library(struct rest rest, struct foreign *to)
{
    char text[TEXT_SIZE];
    char quoted[2 * TEXT_SIZE + 2];
    to->tool = FOREIGN_TESTING_LIBRARY;
    if (!skip_to(&rest, "Unable to find a") && !skip_to(&rest, "Found multiple elements")) {
        return false;
    }
    rest.at -= rest.at[-1] == 'a' ? 2 : 0; /* the words of a query begin with the blank */
    find_page(rest, to);
    const char *line = memchr(rest.at, '\n', (size_t)(rest.end - rest.at));
    rest.end = line ? line : rest.end;
    struct rest at = rest;
    if (skip_to(&at, " with the role \"")) {
        return read_role(at, to);
    }
    at = rest;
    if (skip_to(&at, " by: ")) {
        return take_line(&at, text) && put(to, "", text, "");
    }
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        at = rest;
        if (!skip_to(&at, queries[i].words)) {
            continue;
        }
        if (!take_before(&at, ". This could be", text) && !take_line(&at, text)) {
            return false;
        }
        size_t size = strlen(text);
        bool point = size > 1 && text[size - 1] == '.' && i == 4; /* behind titles stands one */
        text[size - point] = '\0';
        quote(text, quoted);
        return put(to, queries[i].call, quoted, quoted[0] == '/' ? ")" : ", { exact: true })");
    }
    return false;
}

/* ---- Selenium ---- */

/* A string of JSON behind its quote; what is written with \u is left to people. */
static bool take_json(struct rest *rest, char text[TEXT_SIZE])
{
    size_t used = 0;
    while (rest->at < rest->end && *rest->at != '"' && *rest->at != '\0' && used + 1 < TEXT_SIZE) {
        if (*rest->at == '\\' &&
            (++rest->at == rest->end || !*rest->at || !strchr("\"\\/", *rest->at))) {
            return false;
        }
        text[used++] = *rest->at++;
    }
    text[used] = '\0';
    return used > 0 && rest->at < rest->end && *rest->at == '"';
}

static bool read_selenium(struct rest rest, struct foreign *to)
{
    static const struct {
        const char *method, *before, *after;
    } methods[] = {
        {"css selector", "", ""},
        {"xpath", "xpath=", ""},
        {"id", "[id=\"", "\"]"},
        {"name", "[name=\"", "\"]"},
        {"class name", ".", ""},
        {"tag name", "", ""},
        {"link text", "a:text-is(\"", "\")"},
        {"partial link text", "a:has-text(\"", "\")"},
    };
    char method[TEXT_SIZE];
    char text[TEXT_SIZE];
    to->tool = FOREIGN_SELENIUM;
    if (!skip_to(&rest, "Unable to locate element: ")) {
        return false;
    }
    if (!skip(&rest, "{")) {
        return take_line(&rest, text) && put(to, text[0] == '/' ? "xpath=" : "", text, "");
    }
    struct rest selector = rest;
    if (!skip_to(&rest, "\"method\":\"") || !take_json(&rest, method) ||
        !skip_to(&selector, "\"selector\":\"") || !take_json(&selector, text)) {
        return false;
    }
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i].method, method) == 0) {
            bool quoted = methods[i].after[0] != '\0';
            return !(quoted && strpbrk(text, "\"\\")) &&
                   put(to, methods[i].before, text, methods[i].after);
        }
    }
    return false;
}

bool foreign_read(const char *message, size_t size, struct foreign *ret_foreign)
{
    struct rest rest = {message, message + size};
    *ret_foreign = (struct foreign){.page = NULL};
    return read_cypress(rest, ret_foreign) || read_testing_library(rest, ret_foreign) ||
           read_selenium(rest, ret_foreign);
}

/* ---- in their terms ---- */

static bool print_screen(const char *selector, char *to, size_t size)
{
    static const char *const longer[][2] = {{"getByLabel(", "getByLabelText("},
                                            {"getByPlaceholder(", "getByPlaceholderText("},
                                            {"getBy", "getBy"}};
    if (strstr(selector, ").")) {
        return false; /* a chain */
    }
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) {
        size_t begin = strlen(longer[i][0]);
        if (strncmp(selector, longer[i][0], begin) == 0) {
            int length = snprintf(to, size, "screen.%s%s", longer[i][1], selector + begin);
            return length > 0 && (size_t)length < size;
        }
    }
    return false;
}

bool foreign_print(enum foreign_tool tool, const char *selector, char *to, size_t size)
{
    static const char page[] = "page.";
    static const char locator[] = "locator('";
    if (strncmp(selector, page, sizeof page - 1) != 0) {
        return false;
    }
    selector += sizeof page - 1;
    if (tool == FOREIGN_TESTING_LIBRARY) {
        return print_screen(selector, to, size);
    }
    size_t length = strlen(selector);
    if (strncmp(selector, locator, sizeof locator - 1) != 0 ||
        strcmp(selector + length - 2, "')") != 0 || strstr(selector, "').")) {
        return false;
    }
    selector += sizeof locator - 1;
    length -= sizeof locator - 1 + 2;
    int written = snprintf(to, size, tool == FOREIGN_CYPRESS ? "cy.get('%.*s')" : "%.*s",
                           (int)length, selector);
    return written > 0 && (size_t)written < size;
}
