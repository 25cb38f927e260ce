/* fuzz_config.c - any bytes as troupe.yml.
 *
 * Refused bytes leave the config alone and are told in the report; accepted ones survive being
 * printed and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "tests/fuzz/must.h"

static void check_refused(const struct config *config, const struct config_report *report)
{
    struct config untouched;
    memset(&untouched, 0x5a, sizeof untouched);
    MUST(memcmp(config, &untouched, sizeof untouched) == 0);
    MUST(report->count > 0);
    for (size_t i = 0; i < config_report_lines(report); i++) {
        MUST(memchr(report->lines[i], '\0', CONFIG_PROBLEM_SIZE));
        MUST(!strpbrk(report->lines[i], "\n\r\x1b"));
    }
}

static void check_accepted(const struct config *config, struct config_report *report)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    MUST(out);
    MUST(config_print_yaml(out, config, false) == ERR_OK);
    (void)fclose(out);
    struct config again;
    MUST(config_load_text("printed", text, size, &again, report) == ERR_OK);
    MUST(memcmp(&again, config, sizeof again) == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct config config;
    struct config_report report;
    memset(&config, 0x5a, sizeof config);
    enum err err = config_load_text("fuzz", (const char *)data, size, &config, &report);
    if (err == ERR_OK) {
        check_accepted(&config, &report);
    } else {
        MUST(err == ERR_CONFIG);
        check_refused(&config, &report);
    }
    return 0;
}
