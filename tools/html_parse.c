/* html_parse.c - HTML to a stream of elements; the one file that knows gumbo. */
#include "tools/html_parse.h"

#include <errno.h>
#include <gumbo.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_BYTES = 65536, TAG_SIZE = 128 };

/* Memory that is never given back; the process ends soon. */
struct pool {
    char *at;
    size_t left;
    jmp_buf none_left;
};

static void *pool_alloc(void *data, size_t size)
{
    struct pool *pool = data;
    size = (size + 15) & ~(size_t)15;
    if (size > pool->left) {
        longjmp(pool->none_left, 1); /* gumbo cannot do without */
    }
    void *memory = pool->at;
    pool->at += size;
    pool->left -= size;
    return memory;
}

static void pool_free(void *data, void *memory)
{
    (void)data;
    (void)memory;
}

struct out {
    int fd;
    bool failed;
    size_t used;
    char buffer[BUFFER_BYTES];
};

static void flush(struct out *out)
{
    size_t done = 0;
    while (done < out->used && !out->failed) {
        ssize_t size = write(out->fd, out->buffer + done, out->used - done);
        out->failed = size < 0 && errno != EINTR;
        done += size > 0 ? (size_t)size : 0;
    }
    out->used = 0;
}

static void put(struct out *out, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0 && !out->failed) {
        size_t part = BUFFER_BYTES - out->used < size ? BUFFER_BYTES - out->used : size;
        memcpy(out->buffer + out->used, at, part);
        out->used += part;
        at += part;
        size -= part;
        if (out->used == BUFFER_BYTES) {
            flush(out);
        }
    }
}

static void put_number(struct out *out, size_t number)
{
    uint32_t as = (uint32_t)number;
    put(out, &as, sizeof as);
}

static void put_text(struct out *out, const char *text, size_t size)
{
    put_number(out, size);
    put(out, text, size);
}

static void put_tag(struct out *out, const GumboElement *element)
{
    char tag[TAG_SIZE];
    const char *known = gumbo_normalized_tagname(element->tag);
    GumboStringPiece original = element->original_tag;
    if (known[0] != '\0') {
        put_text(out, known, strlen(known));
        return;
    }
    gumbo_tag_from_original_text(&original);
    size_t size = original.length < TAG_SIZE ? original.length : TAG_SIZE;
    for (size_t i = 0; i < size; i++) {
        char c = original.data[i];
        tag[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    put_text(out, tag, size);
}

static bool is_shadow(const GumboNode *node)
{
    const GumboVector *attrs = &node->v.element.attributes;
    return node->type == GUMBO_NODE_TEMPLATE && (gumbo_get_attribute(attrs, "shadowrootmode") ||
                                                 gumbo_get_attribute(attrs, "shadowroot"));
}

static void put_element(struct out *out, const GumboNode *node)
{
    const GumboElement *element = &node->v.element;
    const GumboVector *attrs = &element->attributes;
    unsigned flags = element->tag_namespace != GUMBO_NAMESPACE_HTML ? HTML_FOREIGN : 0;
    flags |= node->parent && is_shadow(node->parent) ? HTML_SHADOW : 0;
    put(out, "e", 1);
    put_number(out, flags);
    put_tag(out, element);
    put_number(out, attrs->length);
    for (unsigned i = 0; i < attrs->length; i++) {
        const GumboAttribute *attr = attrs->data[i];
        put_text(out, attr->name, strlen(attr->name));
        put_text(out, attr->value, strlen(attr->value));
    }
}

static bool has_children(const GumboNode *node)
{
    return node->type == GUMBO_NODE_ELEMENT || is_shadow(node);
}

static void enter(struct out *out, const GumboNode *node)
{
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
        node->type == GUMBO_NODE_CDATA) {
        put(out, "t", 1);
        put_text(out, node->v.text.text, strlen(node->v.text.text));
    } else if (node->type == GUMBO_NODE_ELEMENT) {
        put_element(out, node);
    } else if (node->type == GUMBO_NODE_TEMPLATE && !is_shadow(node)) {
        put_element(out, node);
        put(out, "x", 1);
    }
}

/* Without recursion: the tree may be as deep as the text is long. */
static void walk(struct out *out, const GumboNode *root)
{
    const GumboNode *node = root;
    enter(out, node);
    while (!out->failed) {
        if (has_children(node) && node->v.element.children.length > 0) {
            node = node->v.element.children.data[0];
            enter(out, node);
            continue;
        }
        for (;;) {
            if (node->type == GUMBO_NODE_ELEMENT) {
                put(out, "x", 1);
            }
            const GumboVector *siblings = node == root ? NULL : &node->parent->v.element.children;
            if (!siblings) {
                return;
            }
            if (node->index_within_parent + 1 < siblings->length) {
                node = siblings->data[node->index_within_parent + 1];
                break;
            }
            node = node->parent;
        }
        enter(out, node);
    }
}

bool html_parse(const char *html, size_t size, int fd, void *memory, size_t memory_size)
{
    struct pool *pool = memory;
    struct out *out = (struct out *)(void *)(pool + 1);
    if (memory_size < sizeof *pool + sizeof *out) {
        return false;
    }
    pool->at = (char *)(out + 1);
    pool->left = memory_size - sizeof *pool - sizeof *out;
    out->fd = fd;
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = pool_alloc;
    options.deallocator = pool_free;
    options.userdata = pool;
    options.max_errors = 0;
    if (setjmp(pool->none_left) != 0) {
        return false;
    }
    const GumboOutput *output = gumbo_parse_with_options(&options, html, size);
    walk(out, output->root);
    put(out, ".", 1);
    flush(out);
    return !out->failed;
}
