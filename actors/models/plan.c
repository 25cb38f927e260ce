/* plan.c - from YAML into a plan; each step says what is wrong and goes on if it can. */
#include "actors/models/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/binder.h"
#include "actors/common/text_file.h"

/* One reading of one file.  A step returns an error only when reading cannot go on. */
struct loader {
    struct binder binder;
    struct plan *plan;
    const char *hosts[PLAN_HOSTS_MAX];
    size_t hosts_count;
};

/* Reads a value of a list, or an entry of a section. */
typedef enum err read_item(struct loader *self, const struct reader_item *item, void *to);

enum { SECTION_HOSTS, SECTION_BACKENDS, SECTION_MODELS, SECTION_CLASSES };
static const struct binder_names section_names = {
    "section", 4, {"allow_hosts", "backends", "models", "classes"}};
static const struct binder_names class_names = {
    "class", PLAN_CLASSES, {"typescript", "react", "test", "general"}};
static const struct binder_names dialects = {"dialect", 2, {"ollama", "openai"}};
static const struct binder_names answers = {"answer", 2, {"whole", "blocks"}};

enum {
    BACKEND_DIALECT,
    BACKEND_INSTANCES,
    BACKEND_START,
    BACKEND_READABLE,
    BACKEND_KEEP,
    BACKEND_NUMBERS
};
static const struct binder_names backend_keys = {"key of a backend",
                                                 11,
                                                 {"dialect", "instances", "start", "readable",
                                                  "keep_alive", "in_flight", "connect_s",
                                                  "first_byte_s", "total_s", "start_s", "idle_s"}};

enum { MODEL_ANSWER, MODEL_CTX, MODEL_PREDICT };
static const struct binder_names model_keys = {
    "key of a model", 3, {"answer", "num_ctx", "num_predict"}};

enum { CLASS_CHAIN, CLASS_TEMPERATURES, CLASS_SEEDS };
static const struct binder_names class_keys = {
    "key of a class", 3, {"chain", "temperatures", "seeds"}};

const char *plan_class_word(size_t class_index)
{
    assert(class_index < PLAN_CLASSES);
    return class_names.list[class_index];
}

/* ---- kinds of values ---- */

/* Reads a list of texts, each by `read`. */
static enum err read_list(struct loader *self, const char *what, read_item *read, void *to)
{
    bool open = false;
    enum err err = binder_open_next(&self->binder, READER_LIST, what, &open);
    while (err == ERR_OK && open) {
        struct reader_item item;
        err = binder_next(&self->binder, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            return err;
        }
        if (item.kind == READER_TEXT) {
            err = read(self, &item, to);
        } else {
            binder_complain(&self->binder, &item, "%s: expected plain values", what);
            err = binder_skip(&self->binder, &item);
        }
    }
    return err;
}

/* ---- servers ---- */

/* The host of http(s)://HOST[:PORT] and nothing behind; 0: it is no such URL. */
static size_t host_of(const char *url, const char **ret_host)
{
    const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : NULL;
    size_t size = host ? strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789.-")
                       : 0;
    const char *rest = host ? host + size : "";
    if (size > 0 && rest[0] == ':') {
        size_t digits = strspn(rest + 1, "0123456789");
        size = digits > 0 && digits <= 5 ? size : 0;
        rest += 1 + digits;
    }
    *ret_host = host;
    return rest[0] == '\0' ? size : 0;
}

static bool is_allowed(const struct loader *self, const char *host, size_t size)
{
    for (size_t i = 0; i < self->hosts_count; i++) {
        if (strlen(self->hosts[i]) == size && memcmp(self->hosts[i], host, size) == 0) {
            return true;
        }
    }
    return false;
}

static enum err read_host(struct loader *self, const struct reader_item *item, void *to)
{
    (void)to;
    const char *text = binder_keep(&self->binder, item, PLAN_URL_MAX);
    if (text && self->hosts_count == PLAN_HOSTS_MAX) {
        binder_complain(&self->binder, item, "expected at most %d hosts", PLAN_HOSTS_MAX);
    } else if (text) {
        self->hosts[self->hosts_count++] = text;
    }
    return ERR_OK;
}

static enum err read_instance(struct loader *self, const struct reader_item *item, void *to)
{
    struct plan *plan = self->plan;
    const char *host = NULL;
    const char *url = binder_keep(&self->binder, item, PLAN_URL_MAX);
    size_t size = url ? host_of(url, &host) : 0;
    if (!url) {
        return ERR_OK;
    }
    if (size == 0) {
        binder_complain(&self->binder, item, "expected http(s)://HOST[:PORT] and nothing behind");
    } else if (!is_allowed(self, host, size)) {
        binder_complain(&self->binder, item,
                        "%.*s is not among allow_hosts: write it there, above, if it is meant",
                        (int)size, host);
    } else if (plan->instances_count == PLAN_INSTANCES_MAX) {
        binder_complain(&self->binder, item, "expected at most %d instances", PLAN_INSTANCES_MAX);
    } else {
        plan->instances[plan->instances_count++] = (struct plan_instance){url, to};
    }
    return ERR_OK;
}

static enum err read_start(struct loader *self, const struct reader_item *item, void *to)
{
    struct plan_backend *backend = to;
    size_t count = 0;
    const char *text = binder_keep(&self->binder, item, PLAN_URL_MAX);
    while (backend->start[count]) {
        count++;
    }
    if (text && count == PLAN_START_MAX) {
        binder_complain(&self->binder, item, "expected at most %d words", PLAN_START_MAX);
    } else if (text) {
        backend->start[count] = text;
    }
    return ERR_OK;
}

static enum err read_readable(struct loader *self, const struct reader_item *item, void *to)
{
    struct plan_backend *backend = to;
    size_t count = 0;
    const char *text = binder_keep(&self->binder, item, PLAN_URL_MAX);
    while (backend->readable[count]) {
        count++;
    }
    if (text && (count == PLAN_READABLE_MAX || text[0] != '/')) {
        binder_complain(&self->binder, item, "expected at most %d absolute paths",
                        PLAN_READABLE_MAX);
    } else if (text) {
        backend->readable[count] = text;
    }
    return ERR_OK;
}

static enum err read_backend_key(struct loader *self, size_t key, struct plan_backend *backend)
{
    struct {
        unsigned *to;
        unsigned max;
    } const numbers[] = {{&backend->in_flight, 64},     {&backend->connect_s, 60},
                         {&backend->first_byte_s, 600}, {&backend->total_s, 3600},
                         {&backend->start_s, 3600},     {&backend->idle_s, 86400}};
    size_t dialect = 0;
    enum err err;
    switch (key) {
    case BACKEND_DIALECT:
        err = binder_read_choice(&self->binder, &dialects, &dialect);
        backend->dialect = (enum plan_dialect)dialect;
        return err;
    case BACKEND_INSTANCES:
        return read_list(self, "instances", read_instance, backend);
    case BACKEND_START:
        return read_list(self, "start", read_start, backend);
    case BACKEND_READABLE:
        return read_list(self, "readable", read_readable, backend);
    case BACKEND_KEEP:
        return binder_read_text(&self->binder, "keep_alive", 16, &backend->keep_alive);
    default:
        return binder_read_number(&self->binder, backend_keys.list[key],
                                  numbers[key - BACKEND_NUMBERS].max,
                                  numbers[key - BACKEND_NUMBERS].to);
    }
}

static enum err read_backend(struct loader *self, const struct reader_item *name, void *to)
{
    struct plan *plan = self->plan;
    (void)to;
    bool open = false;
    uint32_t seen = 0;
    if (plan->backends_count == PLAN_BACKENDS_MAX) {
        binder_complain(&self->binder, name, "expected at most %d backends", PLAN_BACKENDS_MAX);
        return ERR_MALFORMED;
    }
    struct plan_backend *backend = &plan->backends[plan->backends_count++];
    backend->name = binder_keep(&self->binder, name, PLAN_NAME_MAX);
    enum err err = binder_open_next(&self->binder, READER_MAP, "backend", &open);
    while (err == ERR_OK && open) {
        size_t key = 0;
        err = binder_next_key(&self->binder, &backend_keys, &seen, &key);
        if (err != ERR_OK || key == backend_keys.count) {
            break;
        }
        err = read_backend_key(self, key, backend);
    }
    if (err == ERR_OK && (!backend->in_flight || !backend->connect_s || !backend->first_byte_s ||
                          !backend->total_s || !backend->keep_alive)) {
        binder_complain(&self->binder, name,
                        "expected in_flight, connect_s, first_byte_s, total_s and keep_alive");
    }
    bool starts = backend->start[0] != NULL;
    if (err == ERR_OK && (starts != (backend->start_s > 0) || starts != (backend->idle_s > 0))) {
        binder_complain(&self->binder, name, "expected start, start_s and idle_s together");
    }
    return err;
}

/* ---- models ---- */

static enum err read_model(struct loader *self, const struct reader_item *name, void *to)
{
    struct plan *plan = self->plan;
    (void)to;
    bool open = false;
    uint32_t seen = 0;
    size_t answer = 0;
    if (plan->models_count == PLAN_MODELS_MAX) {
        binder_complain(&self->binder, name, "expected at most %d models", PLAN_MODELS_MAX);
        return ERR_MALFORMED;
    }
    struct plan_model *model = &plan->models[plan->models_count++];
    model->name = binder_keep(&self->binder, name, PLAN_NAME_MAX);
    enum err err = binder_open_next(&self->binder, READER_MAP, "model", &open);
    while (err == ERR_OK && open) {
        size_t key = 0;
        err = binder_next_key(&self->binder, &model_keys, &seen, &key);
        if (err != ERR_OK || key == model_keys.count) {
            break;
        }
        if (key == MODEL_ANSWER) {
            err = binder_read_choice(&self->binder, &answers, &answer);
            model->answer = (enum plan_answer)answer;
        } else if (key == MODEL_CTX) {
            err = binder_read_number(&self->binder, "num_ctx", PLAN_NUM_CTX_MAX, &model->num_ctx);
        } else {
            err = binder_read_number(&self->binder, "num_predict", PLAN_NUM_PREDICT_MAX,
                                     &model->num_predict);
        }
    }
    if (err == ERR_OK && (!model->num_predict || model->num_predict >= model->num_ctx)) {
        binder_complain(&self->binder, name, "expected num_ctx and a smaller num_predict");
    }
    return err;
}

/* ---- classes ---- */

static enum err read_link(struct loader *self, const struct reader_item *item, void *to)
{
    const struct plan *plan = self->plan;
    struct plan_class *class = to;
    struct binder_names names = {.what = "model", .count = plan->models_count};
    for (size_t i = 0; i < names.count; i++) {
        names.list[i] = plan->models[i].name ? plan->models[i].name : "";
    }
    size_t index = binder_find_name(&self->binder, &names, item);
    if (index < names.count && class->chain_count == PLAN_CHAIN_MAX) {
        binder_complain(&self->binder, item, "expected at most %d models", PLAN_CHAIN_MAX);
    } else if (index < names.count) {
        class->chain[class->chain_count++] = index;
    }
    return ERR_OK;
}

/* "0.2": from 0 to 2, with at most two decimals, whatever the locale. */
static bool read_decimal(const struct reader_item *item, double *ret_value)
{
    double value = 0;
    double unit = 0;
    if (item->size == 0 || item->size > 4) {
        return false;
    }
    for (size_t i = 0; i < item->size; i++) {
        char c = item->text[i];
        if (c == '.' && unit == 0 && i > 0) {
            unit = 1;
        } else if (c < '0' || c > '9') {
            return false;
        } else {
            unit /= 10;
            value = unit > 0 ? value + unit * (c - '0') : value * 10 + (c - '0');
        }
    }
    *ret_value = value;
    return value <= 2;
}

/* What a sample is read into. */
struct samples {
    struct plan_class *class;
    size_t count;
    bool seeds;
};

static enum err read_sample(struct loader *self, const struct reader_item *item, void *to)
{
    struct samples *samples = to;
    unsigned seed = 0;
    bool sound = samples->count < PLAN_SAMPLES_MAX;
    for (size_t i = 0; samples->seeds && i < item->size; i++) {
        sound = sound && item->size < 10 && item->text[i] >= '0' && item->text[i] <= '9';
        seed = sound ? seed * 10 + (unsigned)(item->text[i] - '0') : 0;
    }
    if (sound && samples->seeds) {
        samples->class->seeds[samples->count++] = seed;
    } else if (!sound || !read_decimal(item, &samples->class->temperatures[samples->count++])) {
        binder_complain(&self->binder, item,
                        samples->seeds ? "expected at most %d whole numbers"
                                       : "expected at most %d numbers from 0 to 2, such as 0.2",
                        PLAN_SAMPLES_MAX);
    }
    return ERR_OK;
}

static enum err read_class_keys(struct loader *self, const struct reader_item *name,
                                struct plan_class *class)
{
    struct samples temperatures = {.class = class};
    struct samples seeds = {.class = class, .seeds = true};
    uint32_t seen = 0;
    for (;;) {
        size_t key = 0;
        enum err err = binder_next_key(&self->binder, &class_keys, &seen, &key);
        if (err == ERR_OK && key == class_keys.count) {
            break;
        }
        if (err == ERR_OK) {
            err = key == CLASS_CHAIN ? read_list(self, "chain", read_link, class)
                  : key == CLASS_TEMPERATURES
                      ? read_list(self, "temperatures", read_sample, &temperatures)
                      : read_list(self, "seeds", read_sample, &seeds);
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    class->samples = temperatures.count;
    if (temperatures.count == 0 || temperatures.count != seeds.count || class->chain_count == 0) {
        binder_complain(
            &self->binder, name,
            "expected a model in the chain at least, and as many seeds as temperatures");
    }
    return ERR_OK;
}

static enum err read_class(struct loader *self, const struct reader_item *name, void *to)
{
    bool open = false;
    (void)to;
    size_t index = binder_find_name(&self->binder, &class_names, name);
    if (index == class_names.count) {
        struct reader_item value;
        enum err err = binder_next(&self->binder, &value);
        return err == ERR_OK ? binder_skip(&self->binder, &value) : err;
    }
    if (self->plan->classes[index].samples > 0) {
        binder_complain(&self->binder, name, "this class stands here again: remove one of them");
    }
    enum err err = binder_open_next(&self->binder, READER_MAP, "class", &open);
    self->plan->classes[index].chain_count = 0;
    return err == ERR_OK && open ? read_class_keys(self, name, &self->plan->classes[index]) : err;
}

/* ---- the file ---- */

/* A section whose names are the file's own. */
static enum err read_entries(struct loader *self, const char *what, read_item *read)
{
    bool open = false;
    enum err err = binder_open_next(&self->binder, READER_MAP, what, &open);
    while (err == ERR_OK && open) {
        struct reader_item item;
        err = binder_next(&self->binder, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            return err;
        }
        if (item.kind != READER_TEXT) {
            binder_complain(&self->binder, &item, "%s: expected names", what);
            return ERR_MALFORMED;
        }
        err = read(self, &item, NULL);
    }
    return err;
}

static enum err read_file(struct loader *self)
{
    static const struct reader_item start = {.line = 1, .column = 1};
    bool open = false;
    uint32_t seen = 0;
    enum err err = binder_open_next(&self->binder, READER_MAP, "the file", &open);
    while (err == ERR_OK && open) {
        size_t section = 0;
        err = binder_next_key(&self->binder, &section_names, &seen, &section);
        if (err != ERR_OK || section == section_names.count) {
            break;
        }
        err = section == SECTION_HOSTS      ? read_list(self, "allow_hosts", read_host, NULL)
              : section == SECTION_BACKENDS ? read_entries(self, "backends", read_backend)
              : section == SECTION_MODELS   ? read_entries(self, "models", read_model)
                                            : read_entries(self, "classes", read_class);
    }
    if (err != ERR_OK || !open) {
        return err;
    }
    for (size_t i = 0; i < PLAN_CLASSES; i++) {
        if (self->plan->classes[i].samples == 0) {
            binder_complain(&self->binder, &start, "the class %s is missing", class_names.list[i]);
        }
    }
    struct reader_item end;
    return binder_next(&self->binder, &end);
}

static enum err load(struct loader *self, const char *text, size_t size)
{
    /* Escapes are longer in UTF-8 than in the file, and each text gets an end. */
    self->binder.strings_size = 2 * size + 1;
    self->plan->strings = malloc(self->binder.strings_size);
    if (!self->plan->strings) {
        return ERR_MEMORY;
    }
    self->binder.strings = self->plan->strings;
    enum err err = reader_new(text, size, &self->binder.reader);
    if (err != ERR_OK) {
        return err;
    }
    err = read_file(self);
    reader_destroy(&self->binder.reader);
    return err == ERR_MEMORY ? err : self->binder.report->count > 0 ? ERR_CONFIG : err;
}

enum err plan_load_text(const char *name, const char *text, size_t size, struct plan **ret_plan,
                        struct config_report *report)
{
    assert(name);
    assert(ret_plan);
    assert(report);
    config_report_clear(report);
    if (size > PLAN_FILE_SIZE_MAX) {
        struct config_place place = {name, 1, 1};
        config_report_add(report, &place, "expected at most %d bytes: shorten the file",
                          PLAN_FILE_SIZE_MAX);
        return ERR_CONFIG;
    }
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        return ERR_MEMORY;
    }
    struct loader self = {.binder = {.file = name, .report = report}, .plan = plan};
    enum err err = load(&self, text, size);
    if (err != ERR_OK) {
        plan_destroy(&plan);
        return err;
    }
    *ret_plan = plan;
    return ERR_OK;
}

enum err plan_load(const char *path, struct plan **ret_plan, struct config_report *report)
{
    char *text = NULL;
    size_t size = 0;
    config_report_clear(report);
    enum err err = text_file_read(path, PLAN_FILE_SIZE_MAX, &text, &size, report);
    if (err == ERR_OK) {
        err = plan_load_text(path, text, size, ret_plan, report);
    }
    free(text);
    return err;
}

enum err plan_load_prompt(struct plan *plan, size_t class_index, const char *path,
                          struct config_report *report)
{
    char *text = NULL;
    size_t size = 0;
    assert(class_index < PLAN_CLASSES);
    enum err err = text_file_read(path, PLAN_PROMPT_SIZE_MAX, &text, &size, report);
    if (err == ERR_OK && (size == 0 || size > PLAN_PROMPT_SIZE_MAX || strlen(text) != size)) {
        struct config_place place = {path, 1, 1};
        config_report_add(report, &place, "expected a text of at most %d bytes",
                          PLAN_PROMPT_SIZE_MAX);
        err = ERR_CONFIG;
    }
    if (err != ERR_OK) {
        free(text);
        return err;
    }
    free(plan->classes[class_index].prompt);
    plan->classes[class_index].prompt = text;
    return ERR_OK;
}

unsigned plan_port(const struct plan_instance *instance)
{
    const char *colon = strrchr(instance->url, ':');
    if (colon && colon[1] != '/') {
        return (unsigned)strtoul(colon + 1, NULL, 10); /* digits: as it was read */
    }
    return instance->url[4] == 's' ? 443 : 80;
}

void plan_destroy(struct plan **plan)
{
    if (!*plan) {
        return;
    }
    for (size_t i = 0; i < PLAN_CLASSES; i++) {
        free((*plan)->classes[i].prompt);
    }
    free((*plan)->strings);
    free(*plan);
    *plan = NULL;
}
