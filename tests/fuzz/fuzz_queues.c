/* fuzz_queues.c - any bytes as distributed-queues.yml, and as what SQS says of a queue.
 *
 * The first byte says which.  A file that is taken has sound queues, dead letters before their
 * users; a talk with a server ends, whatever that says.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/queues_apply.h"
#include "tests/fuzz/must.h"

static void try_file(const char *text, size_t size)
{
    static struct config_report reports[2];
    struct queues *queues = NULL;
    enum err err = queues_load_text("q", text, size, &queues, reports);
    MUST((err == ERR_OK) == (reports[QUEUES_PROBLEMS].count == 0));
    if (err != ERR_OK) {
        return;
    }
    MUST(queues->count > 0 && queues->count <= QUEUES_MAX);
    for (size_t i = 0; i < queues->count; i++) {
        const struct queue_spec *spec = &queues->list[i];
        MUST(spec->name[0] && strlen(spec->name) <= QUEUE_NAME_MAX);
        MUST(!spec->dead_letter || spec->dead_letter_at < i);
        for (size_t j = 0; j < QUEUE_NUMBERS; j++) {
            MUST(!spec->has[j] || (spec->numbers[j] >= queue_numbers[j].least &&
                                   spec->numbers[j] <= queue_numbers[j].most));
        }
    }
    queues_destroy(&queues);
}

/* The same answer to everything, with 200. */
static void try_answer(const char *text, size_t size, bool check)
{
    static struct queues_apply apply;
    const struct queues queues = {.count = 2,
                                  .list = {{.name = "b", .has = {true}, .numbers = {1}},
                                           {.name = "a", .dead_letter = "b", .receives_max = 1}}};
    queues_apply_start(&apply, &queues, check);
    for (int i = 0; i < 16; i++) {
        char *body = NULL;
        MUST(queues_apply_next(&apply, &body) == ERR_OK);
        if (!body) {
            return;
        }
        free(body);
        MUST(!queues_apply_take(&apply, 200, (struct sqs_text){text, size}));
    }
    MUST(false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    if (data[0] % 3 == 0) {
        try_file(text, size - 1);
    } else {
        try_answer(text, size - 1, data[0] % 3 == 1);
    }
    return 0;
}
