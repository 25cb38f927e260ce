/* bench.c - troupe-bench: one benchmark, some runs, the median.
 *
 *     troupe-bench NAME [--json] [--runs N] [--workers N] [--count N] [--actors N] [--work-us N]
 *                  [--size BYTES] [--peers N] [--transport tcp|ipc]
 *
 * Each run is a process of its own.  Exit codes as those of troupe.
 */
#include "tools/bench/bench.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/exits.h"

enum { RUNS_MAX = 1000, RUNS = 5 };

struct row {
    const char *name;
    const char *unit;
    bench_function *run;
    uint64_t count, actors; /* 0: not one of its parameters */
    bool workers;           /* it runs actors */
    uint64_t size;          /* of a message; 0: not one of its parameters */
};

static const struct row rows[] = {
    {"ping-pong", "1/s", bench_ping_pong, 1000000, 0, true, 0},
    {"counting", "1/s", bench_counting, 4000000, 0, true, 0},
    {"thread-ring", "1/s", bench_thread_ring, 1000000, 100, true, 0},
    {"fork-join-throughput", "1/s", bench_fork_join_throughput, 20000, 60, true, 0},
    {"fork-join-create", "1/s", bench_fork_join_create, 200000, 0, true, 0},
    {"big", "1/s", bench_big, 5000, 120, true, 0},
    {"chameneos", "1/s", bench_chameneos, 200000, 100, true, 0},
    {"bank", "1/s", bench_bank, 200000, 1000, true, 0},
    {"actor-memory", "B", bench_actor_memory, 0, 100000, true, 0},
    {"link-throughput", "1/s", bench_link_throughput, 1000000, 0, false, 33},
    {"link-rtt", "us", bench_link_rtt, 10000, 0, false, 128},
    {"codec", "1/s", bench_codec, 2000000, 0, false, 0},
    {"classify", "us", bench_classify, 20000, 0, false, 400},
    {"partition", "1/s", bench_partition, 50, 5000, false, 0},
    {"heal", "ms", bench_heal, 20, 5000, false, 0},
};

uint64_t bench_now_ns(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, uint64_t count)
{
    qsort(values, count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* ---- runs ---- */

/* One run in a child; false when it failed, and has said why. */
static bool run_once(const struct row *row, const struct bench_options *options,
                     struct bench_result *ret_result)
{
    int fds[2];
    if (pipe(fds) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        struct bench_result result = {0};
        (void)close(fds[0]);
        enum err err = row->run(options, &result);
        if (err != ERR_OK) {
            (void)fprintf(stderr, "troupe-bench: %s: %s\n", row->name, err_text(err));
        }
        bool sent = write(fds[1], &result, sizeof result) == (ssize_t)sizeof result;
        _exit(err == ERR_OK && sent ? EXIT_DONE : EXIT_COULD_NOT);
    }
    (void)close(fds[1]);
    bool got =
        child > 0 && read(fds[0], ret_result, sizeof *ret_result) == (ssize_t)sizeof *ret_result;
    (void)close(fds[0]);
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return got && status == 0;
}

static void print_params(const struct row *row, const struct bench_options *options)
{
    const char *comma = "";
    const struct {
        const char *name;
        uint64_t value;
        bool has;
    } all[] = {{"count", options->count, row->count > 0},
               {"actors", options->actors, row->actors > 0},
               {"workers", options->workers, row->workers},
               {"work_ns", options->work_ns, options->work_ns > 0},
               {"size", options->size, row->size > 0},
               {"peers", options->peers, row->size > 0}};
    (void)printf("\"params\":{");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].has) {
            (void)printf("%s\"%s\":%" PRIu64, comma, all[i].name, all[i].value);
            comma = ",";
        }
    }
    if (row->size > 0) {
        (void)printf("%s\"transport\":\"%s\"", comma, options->transport);
    }
    (void)printf("}");
}

/* What the runs of a row came to. */
struct runs {
    double values[RUNS_MAX];
    double p99[RUNS_MAX];
    uint64_t count;
};

static void print(const struct row *row, const struct bench_options *options, struct runs *all,
                  bool json)
{
    double *values = all->values;
    uint64_t runs = all->count;
    double p99 = bench_median(all->p99, runs);
    if (json) {
        (void)printf("{\"name\":\"%s\",\"unit\":\"%s\",\"runs\":[", row->name, row->unit);
        for (uint64_t i = 0; i < runs; i++) {
            (void)printf("%s%.6g", i > 0 ? "," : "", values[i]);
        }
        (void)printf("],\"value\":%.6g,", bench_median(values, runs));
        if (p99 > 0) {
            (void)printf("\"p99\":%.6g,", p99);
        }
        print_params(row, options);
        (void)printf("}\n");
        return;
    }
    double value = bench_median(values, runs);
    (void)printf("%s: %.6g %s", row->name, value, row->unit);
    if (p99 > 0) {
        (void)printf(", p99 %.6g %s", p99, row->unit);
    }
    (void)printf(" (median of %" PRIu64 ", %.6g to %.6g)\n", runs, values[0], values[runs - 1]);
}

static int run_all(const struct row *row, const struct bench_options *options, uint64_t runs,
                   bool json)
{
    struct runs all = {.count = runs};
    for (uint64_t i = 0; i < runs; i++) {
        struct bench_result result;
        if (!run_once(row, options, &result)) {
            return EXIT_COULD_NOT;
        }
        all.values[i] = result.value;
        all.p99[i] = result.p99;
    }
    print(row, options, &all, json);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_COULD_NOT;
}

/* ---- the command line ---- */

static int usage(void)
{
    (void)fprintf(stderr, "usage: troupe-bench NAME [--json] [--runs N] [--workers N] [--count N] "
                          "[--actors N] [--work-us N] [--size BYTES] [--peers N] "
                          "[--transport tcp|ipc]\nnames:");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)fprintf(stderr, " %s", rows[i].name);
    }
    (void)fprintf(stderr, "\n");
    return EXIT_USAGE;
}

static bool read_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < min ||
        number > max) {
        return false;
    }
    *ret_number = number;
    return true;
}

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Reads one option; false when it makes no sense. */
static bool read_option(int option, const char *value, struct bench_options *options,
                        uint64_t *ret_runs)
{
    switch (option) {
    case 'r':
        return read_number(value, 1, RUNS_MAX, ret_runs);
    case 'w':
        return read_number(value, 1, 64, &options->workers);
    case 'c':
        return read_number(value, 1, 1000000000, &options->count);
    case 'a':
        return read_number(value, 3, 1000000, &options->actors);
    case 'u':
        options->work_ns = 0;
        if (!read_number(value, 0, 1000000, &options->work_ns)) {
            return false;
        }
        options->work_ns *= 1000;
        return true;
    case 's':
        return read_number(value, 1, 65536, &options->size);
    case 'p':
        return read_number(value, 1, 256, &options->peers);
    case 't':
        options->transport = value;
        return strcmp(value, "tcp") == 0 || strcmp(value, "ipc") == 0;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"json", no_argument, NULL, 'j'},
                                          {"runs", required_argument, NULL, 'r'},
                                          {"workers", required_argument, NULL, 'w'},
                                          {"count", required_argument, NULL, 'c'},
                                          {"actors", required_argument, NULL, 'a'},
                                          {"work-us", required_argument, NULL, 'u'},
                                          {"size", required_argument, NULL, 's'},
                                          {"peers", required_argument, NULL, 'p'},
                                          {"transport", required_argument, NULL, 't'},
                                          {NULL, 0, NULL, 0}};
    const struct row *row = argc > 1 ? find_row(argv[1]) : NULL;
    if (!row) {
        return usage();
    }
    struct bench_options options = {.count = row->count,
                                    .actors = row->actors,
                                    .workers = 1,
                                    .size = row->size,
                                    .peers = 1,
                                    .transport = "tcp"};
    uint64_t runs = RUNS;
    bool json = false;
    int option;
    optind = 2;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread yet */
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 'j') {
            json = true;
        } else if (!read_option(option, optarg, &options, &runs)) {
            return usage();
        }
    }
    return optind == argc ? run_all(row, &options, runs, json) : usage();
}
