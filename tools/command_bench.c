/* command_bench.c - troupe bench: hands over to troupe-bench, which brings what it measures. */
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/place.h"

enum { BENCH_ARGS_MAX = 24, BENCH_ARG_SIZE = 64 };

int command_bench(struct invocation *invocation)
{
    static const char *const passed[] = {"runs",    "workers", "count", "actors",
                                         "work-us", "size",    "peers", "transport"};
    char path[PATH_MAX];
    char texts[sizeof passed / sizeof passed[0]][BENCH_ARG_SIZE];
    const char *argv[BENCH_ARGS_MAX] = {"troupe-bench"};
    size_t count = 1;
    if (invocation->words_count == 0) {
        return complain(EXIT_USAGE, "say what to measure: troupe bench NAME",
                        "troupe help bench lists the names.");
    }
    argv[count++] = invocation->words[0];
    if (invocation->json) {
        argv[count++] = "--json";
    }
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        const char *value = invocation_value(invocation, passed[i]);
        if (value) {
            (void)snprintf(texts[i], sizeof texts[i], "--%s=%.40s", passed[i], value);
            argv[count++] = texts[i];
        }
    }
    argv[count] = NULL;
    if (place_bench_program(path) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "there is no troupe-bench beside this program", NULL);
    }
    (void)execv(path, (char *const *)(void *)argv);
    return complain(EXIT_COULD_NOT, "troupe-bench cannot be started", NULL);
}
