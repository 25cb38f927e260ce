/* plan.h - which models serve which class of errors, and where, from model-specialization.yml.
 *
 * Pure but for plan_load and plan_load_prompt.  A file is believed as a whole or not at all, and
 * the report lists every problem of it.  A loaded plan is never changed: any number of threads may
 * read it at once.
 */
#ifndef ACTORS_MODELS_PLAN_H
#define ACTORS_MODELS_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "config/report.h"
#include "proto/error.h"

#define PLAN_FILE_NAME "model-specialization.yml"

enum {
    PLAN_FILE_SIZE_MAX = 64 * 1024, /* bytes */
    PLAN_PROMPT_SIZE_MAX = 8 * 1024,
    PLAN_BACKENDS_MAX = 8,
    PLAN_INSTANCES_MAX = 16, /* of all backends */
    PLAN_MODELS_MAX = 32,
    PLAN_HOSTS_MAX = 16,
    PLAN_CHAIN_MAX = 8,
    PLAN_SAMPLES_MAX = 4, /* candidates asked of one class */
    PLAN_NAME_MAX = 57,   /* bytes; "model:" and it are the source of a candidate */
    PLAN_URL_MAX = 255,
    PLAN_NUM_CTX_MAX = 131072,
    PLAN_START_MAX = 24, /* words of a command */
    PLAN_READABLE_MAX = 4,
    PLAN_NUM_PREDICT_MAX = 1024 /* so that a streamed answer fits into http.body_bytes_max */
};

/* As in proto/terms.def, label, less one. */
enum plan_class_name { PLAN_TYPESCRIPT, PLAN_REACT, PLAN_TEST, PLAN_GENERAL, PLAN_CLASSES };

/* "typescript", …; static. */
const char *plan_class_word(size_t class_index);

enum plan_dialect { PLAN_OLLAMA, PLAN_OPENAI };

/* Small models can only be trusted to write all of an excerpt again. */
enum plan_answer { PLAN_WHOLE, PLAN_BLOCKS };

struct plan_backend {
    const char *name;
    enum plan_dialect dialect;
    unsigned in_flight; /* most generations at a time, of each instance */
    unsigned connect_s;
    unsigned first_byte_s; /* longest silence: before the first byte and between two */
    unsigned total_s;
    const char *keep_alive; /* as Ollama takes it, "10m" */
    /* The server itself, run in the sandbox while there is work; no words: others run it. */
    const char *start[PLAN_START_MAX + 1];       /* ends with NULL; "{port}" is the instance's */
    const char *readable[PLAN_READABLE_MAX + 1]; /* absolute paths; ends with NULL */
    unsigned start_s;                            /* longest time until it answers */
    unsigned idle_s;                             /* without work for so long it is stopped */
};

struct plan_instance {
    const char *url; /* http(s)://HOST[:PORT], without a slash at the end */
    const struct plan_backend *backend;
};

struct plan_model {
    const char *name;
    enum plan_answer answer;
    unsigned num_ctx;     /* tokens */
    unsigned num_predict; /* tokens */
};

struct plan_class {
    size_t chain[PLAN_CHAIN_MAX]; /* numbers of models, the one to be asked first first */
    size_t chain_count;
    double temperatures[PLAN_SAMPLES_MAX];
    unsigned seeds[PLAN_SAMPLES_MAX];
    size_t samples;
    char *prompt; /* the system's part, owned; NULL until plan_load_prompt */
};

struct plan {
    size_t backends_count;
    struct plan_backend backends[PLAN_BACKENDS_MAX];
    size_t instances_count;
    struct plan_instance instances[PLAN_INSTANCES_MAX];
    size_t models_count;
    struct plan_model models[PLAN_MODELS_MAX];
    struct plan_class classes[PLAN_CLASSES];
    char *strings; /* where all texts lie */
};

/* Reads `size` bytes of text, without prompts; `name` stands for the file in the report.  The
 * caller owns *ret_plan, which is written on ERR_OK only.
 * ERR_CONFIG: the report says what is wrong, where, and what to do.  ERR_MEMORY. */
enum err plan_load_text(const char *name, const char *text, size_t size, struct plan **ret_plan,
                        struct config_report *report) MUST_CHECK;

/* Reads the file at `path`.  ERR_CONFIG and ERR_IO (the report says why), ERR_MEMORY. */
enum err plan_load(const char *path, struct plan **ret_plan,
                   struct config_report *report) MUST_CHECK;

/* Reads the prompt of a class from the file at `path`.  Errors as before. */
enum err plan_load_prompt(struct plan *plan, size_t class_index, const char *path,
                          struct config_report *report) MUST_CHECK;

/* The port of an instance's URL; the scheme's own where it names none. */
unsigned plan_port(const struct plan_instance *instance);

/* NULL inside is fine; *plan is NULL afterwards. */
void plan_destroy(struct plan **plan);

#endif
