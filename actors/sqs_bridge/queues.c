/* queues.c - from YAML into a list of queues; each step says what is wrong and goes on if it can.
 */
#include "actors/sqs_bridge/queues.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/binder.h"
#include "actors/common/text_file.h"

const struct queue_number_row queue_numbers[QUEUE_NUMBERS] = {
    [QUEUE_VISIBILITY_S] = {"visibility_s", "VisibilityTimeout", 0, 43200},
    [QUEUE_RETENTION_S] = {"retention_s", "MessageRetentionPeriod", 60, 1209600},
    [QUEUE_WAIT_S] = {"wait_s", "ReceiveMessageWaitTimeSeconds", 0, 20},
    [QUEUE_DELAY_S] = {"delay_s", "DelaySeconds", 0, 900},
    [QUEUE_SIZE_MAX] = {"size_max", "MaximumMessageSize", 1024, 1048576},
};

/* The keys behind the numbers. */
enum { KEY_RECEIVES = QUEUE_NUMBERS, KEY_DEAD_LETTER, KEY_DEDUPLICATE, KEYS };
enum { RECEIVES_MAX = 1000 };

/* The first KEYS names are the keys, then their older names, KEYS of each kind in the same order.
 */
static const struct binder_names key_names = {
    "key of a queue",
    KEYS * 3,
    {"visibility_s", "retention_s", "wait_s", "delay_s", "size_max", "receives_max", "dead_letter",
     "deduplicate",
     /* in small letters */
     "visibility_timeout", "message_retention_period", "receive_message_wait_time_seconds",
     "delay_seconds", "maximum_message_size", "max_receive_count", "dead_letter_queue",
     "content_based_deduplication",
     /* as SQS calls them */
     "VisibilityTimeout", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "DelaySeconds",
     "MaximumMessageSize", "maxReceiveCount", "deadLetterQueue", "ContentBasedDeduplication"}};
_Static_assert(KEYS * 3 <= 32, "binder_next_key takes no more names");

static const struct binder_names truths = {"truth", 2, {"false", "true"}};
static const struct binder_names section_names = {"section", 1, {"queues"}};

/* One reading of one file. */
struct loader {
    struct binder binder;
    struct config_report *warnings;
    struct queues *queues;
};

/* ---- a queue ---- */

static bool name_is_sound(const char *name, bool *ret_fifo)
{
    size_t size = strlen(name);
    bool fifo = size > 5 && strcmp(name + size - 5, ".fifo") == 0;
    size_t stem = fifo ? size - 5 : size;
    *ret_fifo = fifo;
    return stem > 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == stem;
}

/* Problems of a key are told where it stands. */
static struct reader_item key_place(const struct loader *self)
{
    return (struct reader_item){.line = self->binder.key_line, .column = self->binder.key_column};
}

static enum err read_number(struct loader *self, size_t key, struct queue_spec *spec)
{
    const struct queue_number_row *row = key == KEY_RECEIVES ? NULL : &queue_numbers[key];
    unsigned least = row ? row->least : 1;
    unsigned *to = row ? &spec->numbers[key] : &spec->receives_max;
    const struct reader_item place = key_place(self);
    size_t before = self->binder.report->count;
    enum err err =
        binder_read_number(&self->binder, key_names.list[key], row ? row->most : RECEIVES_MAX, to);
    if (err != ERR_OK || self->binder.report->count > before) {
        return err;
    }
    if (*to < least) {
        binder_complain(&self->binder, &place, "%s: expected at least %u", key_names.list[key],
                        least);
    } else if (row) {
        spec->has[key] = true;
    }
    return ERR_OK;
}

static enum err read_key(struct loader *self, size_t key, struct queue_spec *spec)
{
    size_t truth = 0;
    enum err err;
    switch (key) {
    case KEY_DEAD_LETTER:
        return binder_read_text(&self->binder, "dead_letter", QUEUE_NAME_MAX, &spec->dead_letter);
    case KEY_DEDUPLICATE:
        err = binder_read_choice(&self->binder, &truths, &truth);
        spec->has_deduplicate = true;
        spec->deduplicate = truth == 1;
        return err;
    default:
        return read_number(self, key, spec);
    }
}

static void check_spec(struct loader *self, const struct reader_item *name,
                       const struct queue_spec *spec)
{
    if ((spec->dead_letter != NULL) != (spec->receives_max > 0)) {
        binder_complain(&self->binder, name, "expected dead_letter and receives_max, or neither");
    }
    if (spec->has_deduplicate && !spec->fifo) {
        binder_complain(&self->binder, name, "deduplicate is for names that end in .fifo");
    }
}

/* Whether the key has come before, by whatever name. */
static bool is_first(struct loader *self, size_t found, uint32_t *came)
{
    const struct config_place place = {self->binder.file, self->binder.key_line,
                                       self->binder.key_column};
    const struct reader_item item = key_place(self);
    size_t key = found % KEYS;
    if (found >= KEYS) {
        config_report_add(self->warnings, &place, "%s is an older name: write %s",
                          key_names.list[found], key_names.list[key]);
    }
    if (*came & UINT32_C(1) << key) {
        binder_complain(&self->binder, &item, "%s stands here by two names", key_names.list[key]);
        return false;
    }
    *came |= UINT32_C(1) << key;
    return true;
}

static enum err read_keys(struct loader *self, struct queue_spec *spec)
{
    uint32_t seen = 0;
    uint32_t came = 0;
    for (;;) {
        size_t found = 0;
        enum err err = binder_next_key(&self->binder, &key_names, &seen, &found);
        if (err != ERR_OK || found == key_names.count) {
            return err;
        }
        struct queue_spec unused = {.name = ""};
        err = read_key(self, found % KEYS, is_first(self, found, &came) ? spec : &unused);
        if (err != ERR_OK) {
            return err;
        }
    }
}

static enum err read_queue(struct loader *self, const struct reader_item *item)
{
    struct queues *queues = self->queues;
    const struct reader_item name = *item; /* its text is gone after the next item */
    bool open = false;
    if (queues->count == QUEUES_MAX) {
        binder_complain(&self->binder, item, "expected at most %d queues", QUEUES_MAX);
        return ERR_MALFORMED;
    }
    struct queue_spec *spec = &queues->list[queues->count++];
    const char *kept = binder_keep(&self->binder, item, QUEUE_NAME_MAX);
    spec->name = kept ? kept : "";
    if (kept && !name_is_sound(kept, &spec->fifo)) {
        binder_complain(&self->binder, item, "a name has letters, digits, - and _ only");
    }
    for (size_t i = 0; i + 1 < queues->count; i++) {
        if (strcmp(queues->list[i].name, spec->name) == 0) {
            binder_complain(&self->binder, item, "this queue stands here again: remove one");
        }
    }
    enum err err = binder_open_next(&self->binder, READER_MAP, "queue", &open);
    err = err == ERR_OK && open ? read_keys(self, spec) : err;
    if (err == ERR_OK) {
        check_spec(self, &name, spec);
    }
    return err;
}

/* ---- the file ---- */

static enum err read_queues(struct loader *self)
{
    bool open = false;
    enum err err = binder_open_next(&self->binder, READER_MAP, "queues", &open);
    while (err == ERR_OK && open) {
        struct reader_item item;
        err = binder_next(&self->binder, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            return err;
        }
        if (item.kind != READER_TEXT) {
            binder_complain(&self->binder, &item, "expected names of queues");
            return ERR_MALFORMED;
        }
        err = read_queue(self, &item);
    }
    return err;
}

static enum err read_file(struct loader *self)
{
    bool open = false;
    uint32_t seen = 0;
    enum err err = binder_open_next(&self->binder, READER_MAP, "the file", &open);
    while (err == ERR_OK && open) {
        size_t section = 0;
        err = binder_next_key(&self->binder, &section_names, &seen, &section);
        if (err != ERR_OK || section == section_names.count) {
            break;
        }
        err = read_queues(self);
    }
    if (err != ERR_OK || !open) {
        return err; /* without a map the end may have been read already, and comes only once */
    }
    struct reader_item end;
    return binder_next(&self->binder, &end);
}

static int by_need(const void *a, const void *b)
{
    const struct queue_spec *x = a;
    const struct queue_spec *y = b;
    int order = (x->dead_letter != NULL) - (y->dead_letter != NULL);
    return order != 0 ? order : strcmp(x->name, y->name);
}

/* A queue that uses another comes behind it, as that has no dead letters of its own. */
static void join(struct loader *self)
{
    static const struct reader_item start = {.line = 1, .column = 1};
    struct queues *queues = self->queues;
    if (queues->count == 0) {
        binder_complain(&self->binder, &start, "expected a queue at least, under queues");
    }
    qsort(queues->list, queues->count, sizeof queues->list[0], by_need);
    for (size_t i = 0; i < queues->count; i++) {
        struct queue_spec *spec = &queues->list[i];
        size_t at = 0;
        while (spec->dead_letter && at < i &&
               strcmp(queues->list[at].name, spec->dead_letter) != 0) {
            at++;
        }
        const struct queue_spec *dead = &queues->list[at];
        if (spec->dead_letter && (at == i || dead->dead_letter || dead->fifo != spec->fifo)) {
            binder_complain(&self->binder, &start,
                            "%s: its dead_letter %s should stand here, have none of its own, and "
                            "be FIFO if and only if this is",
                            spec->name, spec->dead_letter);
        }
        spec->dead_letter_at = at;
    }
}

static enum err load(struct loader *self, const char *text, size_t size)
{
    /* Escapes are longer in UTF-8 than in the file, and each text gets an end. */
    self->binder.strings_size = 2 * size + 1;
    self->queues->strings = malloc(self->binder.strings_size);
    if (!self->queues->strings) {
        return ERR_MEMORY;
    }
    self->binder.strings = self->queues->strings;
    enum err err = reader_new(text, size, &self->binder.reader);
    if (err != ERR_OK) {
        return err;
    }
    err = read_file(self);
    reader_destroy(&self->binder.reader);
    if (err == ERR_OK && self->binder.report->count == 0) {
        join(self);
    }
    return err == ERR_MEMORY ? err : self->binder.report->count > 0 ? ERR_CONFIG : err;
}

enum err queues_load_text(const char *name, const char *text, size_t size,
                          struct queues **ret_queues, struct config_report reports[2])
{
    assert(name && ret_queues);
    struct config_report *problems = &reports[QUEUES_PROBLEMS];
    config_report_clear(problems);
    config_report_clear(&reports[QUEUES_WARNINGS]);
    if (size > QUEUES_FILE_SIZE_MAX) {
        const struct config_place place = {name, 1, 1};
        config_report_add(problems, &place, "expected at most %d bytes", QUEUES_FILE_SIZE_MAX);
        return ERR_CONFIG;
    }
    struct queues *queues = calloc(1, sizeof *queues);
    if (!queues) {
        return ERR_MEMORY;
    }
    struct loader self = {.binder = {.file = name, .report = problems},
                          .warnings = &reports[QUEUES_WARNINGS],
                          .queues = queues};
    enum err err = load(&self, text, size);
    if (err != ERR_OK) {
        queues_destroy(&queues);
        return err;
    }
    *ret_queues = queues;
    return ERR_OK;
}

enum err queues_load(const char *path, struct queues **ret_queues, struct config_report reports[2])
{
    char *text = NULL;
    size_t size = 0;
    config_report_clear(&reports[QUEUES_PROBLEMS]);
    config_report_clear(&reports[QUEUES_WARNINGS]);
    enum err err =
        text_file_read(path, QUEUES_FILE_SIZE_MAX, &text, &size, &reports[QUEUES_PROBLEMS]);
    if (err == ERR_OK) {
        err = queues_load_text(path, text, size, ret_queues, reports);
    }
    free(text);
    return err;
}

void queues_destroy(struct queues **queues)
{
    if (*queues) {
        free((*queues)->strings);
        free(*queues);
        *queues = NULL;
    }
}
