/* fuzz_models.c - any bytes as what a model server sends, and as what a model writes.
 *
 * An answer that is taken has a text; a change that is made of it is a diff that the validator's
 * reader takes, of the file that was shown, and fits on it.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/models/answer.h"
#include "actors/models/place.h"
#include "actors/models/wire.h"
#include "actors/validator/patch.h"
#include "tests/fuzz/must.h"

static const char shown[] = "import a from './a'\n\nexport const b = 1\nexport function c() {\n"
                            "  return b\n}\n// last";

static void check_wire(struct msg_str body, enum plan_dialect dialect)
{
    struct plan plan = {.models_count = 1, .models = {{.name = "m"}}};
    struct wire_answer answer;
    char why[WIRE_WHY_SIZE];
    uint32_t models = 0;
    if (wire_read(dialect, 200, body, &answer, why) == WIRE_DONE) {
        MUST(answer.size > 0 && answer.size <= WIRE_TEXT_MAX && answer.text[answer.size] == '\0');
        free(answer.text);
    } else {
        MUST(why[0] != '\0' && strlen(why) < sizeof why);
    }
    if (wire_list(&plan, dialect, body, &models) == ERR_OK) {
        MUST(models <= 1);
    }
}

static void check_answer(struct msg_str text, bool whole)
{
    static struct patch patch;
    const struct answer_file file = {
        .path = "src/x.ts", .text = {shown, sizeof shown - 1}, .from = 1, .to = 7};
    const struct answer_input input = {.files = &file, .count = 1, .text = text, .whole = whole};
    char why[ANSWER_WHY_SIZE] = "";
    char patch_why[PATCH_WHY_SIZE];
    char *diff = NULL;
    enum err err = answer_read(&input, &diff, why);
    MUST((err == ERR_OK) == (why[0] == '\0'));
    if (err != ERR_OK) {
        return;
    }
    struct msg_str bytes = {diff, (uint32_t)strlen(diff)};
    err = patch_read(bytes, &patch, patch_why);
    /* Zeros cut a line, and carriage returns within one are refused later. */
    if (err == ERR_OK) {
        MUST(patch.files_count == 1 && strcmp(patch.files[0].path, file.path) == 0);
        MUST(patch_fits(&patch, &patch.files[0], file.text, patch_why));
        patch_free(&patch);
    } else {
        MUST(memchr(text.at, '\0', text.size) || memchr(text.at, '\r', text.size));
    }
    free(diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct places places;
    struct msg_str text = {(const char *)data, (uint32_t)size};
    if (size == 0) {
        return 0;
    }
    check_wire(text, PLAN_OLLAMA);
    check_wire(text, PLAN_OPENAI);
    check_answer(text, false);
    check_answer(text, true);
    places.count = 0;
    places_find(&places, "/p", text, 8);
    places_import(&places, "src/x.ts", text);
    for (size_t i = 0; i < places.count; i++) {
        MUST(place_is_source(places.list[i].path));
    }
    return 0;
}
