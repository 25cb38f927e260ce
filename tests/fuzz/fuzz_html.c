/* fuzz_html.c - any bytes as what the process that parses HTML has written. */
#include "actors/healer/aria.h"
#include "tests/fuzz/must.h"
#include "tools/html_parse.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct tree tree = {0};
    if (html_rebuild((const char *)data, size, &tree) == ERR_OK) {
        MUST(tree.count > 0 && tree.nodes[0].parent == -1);
        MUST(aria_fill(&tree) == ERR_OK);
        for (size_t i = 0; i < tree.count; i++) {
            MUST(tree.nodes[i].path[0] == '/');
        }
        tree_free(&tree);
    }
    MUST(tree.count == 0);
    return 0;
}
