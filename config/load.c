/* load.c - from a file or --set into a struct config, by the names and kinds of keys.def. */
#include "config/load.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/lookup.h"
#include "config/reader.h"
#include "config/value.h"

/* One reading of one file.  A step returns an error only when reading cannot go on; what else is
 * wrong goes into the report. */
struct binder {
    const char *file;
    struct reader *reader;
    struct config_report *report;
    struct config config;
    size_t section_lines[CONFIG_SECTIONS];   /* 0 while not seen */
    struct config_place places[CONFIG_KEYS]; /* of values; line 0 while not seen */
    bool refused[CONFIG_KEYS];
};

static struct config_place place_of(const struct binder *self, const struct reader_item *item)
{
    return (struct config_place){self->file, item->line, item->column};
}

/* Aliases could make a small file large, and none of the three is needed for plain settings. */
static void refuse_references(struct binder *self, const struct reader_item *item)
{
    struct config_place place = place_of(self, item);
    if (item->kind == READER_ALIAS) {
        config_report_add(self->report, &place,
                          "aliases (*name) are not read: write the value out");
    }
    if (item->anchored) {
        config_report_add(self->report, &place, "anchors (&name) are not read: remove it");
    }
    if (item->tagged) {
        config_report_add(self->report, &place, "tags (!name) are not read: remove it");
    }
}

static enum err next(struct binder *self, struct reader_item *ret_item)
{
    enum err err = reader_next(self->reader, ret_item);
    if (err == ERR_OK) {
        refuse_references(self, ret_item);
    } else if (err == ERR_MALFORMED) {
        const struct reader_problem *problem = reader_problem(self->reader);
        struct config_place place = {self->file, problem->line, problem->column};
        config_report_add(self->report, &place, "%s", problem->text);
    }
    return err;
}

/* Reads to the end of what begins with `first`. */
static enum err skip(struct binder *self, const struct reader_item *first)
{
    struct reader_item item = *first;
    enum err err = ERR_OK;
    size_t depth = 0;
    for (;;) {
        depth += item.kind == READER_MAP || item.kind == READER_LIST;
        depth -= item.kind == READER_CLOSE;
        if (depth == 0) {
            return ERR_OK;
        }
        err = next(self, &item);
        if (err != ERR_OK) {
            return err;
        }
    }
}

static enum err skip_next(struct binder *self)
{
    struct reader_item item;
    enum err err = next(self, &item);
    return err == ERR_OK ? skip(self, &item) : err;
}

static bool is_none(const struct reader_item *item)
{
    static const char *const nones[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof nones / sizeof nones[0]; i++) {
        if (item->kind == READER_TEXT && !item->quoted && item->size == strlen(nones[i]) &&
            memcmp(item->text, nones[i], item->size) == 0) {
            return true;
        }
    }
    return false;
}

static const char *noun_of(const struct reader_item *item)
{
    static const char *const nouns[] = {
        [READER_TEXT] = "a value",  [READER_MAP] = "a map",      [READER_LIST] = "a list",
        [READER_CLOSE] = "nothing", [READER_ALIAS] = "an alias", [READER_END] = "nothing",
    };
    return nouns[item->kind];
}

/* Complains about a map or list where one value belongs, and skips it. */
static enum err refuse_shape(struct binder *self, const struct config_key *key,
                             const struct reader_item *item)
{
    struct config_place place = place_of(self, item);
    if (item->kind != READER_ALIAS) {
        config_report_add(self->report, &place, "%s: expected one value, found %s: %s", key->path,
                          noun_of(item),
                          key->kind == CONFIG_KIND_str ? "write one line, separated by commas"
                                                       : "write it behind the colon");
    }
    return skip(self, item);
}

static enum err bind_value(struct binder *self, enum config_key_index index)
{
    const struct config_key *key = &config_keys[index];
    struct reader_item item;
    enum err err = next(self, &item);
    if (err != ERR_OK) {
        return err;
    }
    struct config_place place = place_of(self, &item);
    struct config_why why;
    self->places[index] = place;
    self->refused[index] = true;
    if (item.kind != READER_TEXT) {
        return refuse_shape(self, key, &item);
    }
    if (is_none(&item)) {
        config_report_add(self->report, &place,
                          "%s: expected a value, found none: remove the line to get the default",
                          key->path);
    } else if (value_parse(key, item.text, item.size, &self->config, &why) != ERR_OK) {
        config_report_add(self->report, &place, "%s", why.text);
    } else {
        self->refused[index] = false;
    }
    return ERR_OK;
}

/* Complains about a map, list or alias where a name belongs, and skips it and its value. */
static enum err refuse_name(struct binder *self, const struct reader_item *item)
{
    struct config_place place = place_of(self, item);
    if (item->kind != READER_ALIAS) {
        config_report_add(self->report, &place, "expected a name, found %s: write name: value",
                          noun_of(item));
    }
    enum err err = skip(self, item);
    return err == ERR_OK ? skip_next(self) : err;
}

static enum err bind_key(struct binder *self, enum config_section_index section,
                         const struct reader_item *item)
{
    struct config_place place = place_of(self, item);
    if (item->kind != READER_TEXT) {
        return refuse_name(self, item);
    }
    enum config_key_index index = lookup_key(section, item->text, item->size);
    if (index == CONFIG_KEYS) {
        struct config_why why;
        lookup_explain_key(section, item->text, item->size, &why);
        config_report_add(self->report, &place, "%s", why.text);
        return skip_next(self);
    }
    if (self->places[index].line > 0) {
        config_report_add(self->report, &place,
                          "%s stands here again, first on line %zu: remove one of them",
                          config_keys[index].path, self->places[index].line);
    }
    return bind_value(self, index);
}

static enum err bind_section(struct binder *self, enum config_section_index section)
{
    struct reader_item item;
    enum err err = next(self, &item);
    if (err != ERR_OK || is_none(&item)) {
        return err; /* a section whose keys are all commented out is fine */
    }
    if (item.kind != READER_MAP) {
        struct config_place place = place_of(self, &item);
        if (item.kind != READER_ALIAS) {
            config_report_add(self->report, &place,
                              "%s: expected keys, found %s: write key: value lines below it",
                              config_sections[section].name, noun_of(&item));
        }
        return skip(self, &item);
    }
    for (;;) {
        err = next(self, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            return err;
        }
        err = bind_key(self, section, &item);
        if (err != ERR_OK) {
            return err;
        }
    }
}

static enum err bind_section_name(struct binder *self, const struct reader_item *item)
{
    struct config_place place = place_of(self, item);
    if (item->kind != READER_TEXT) {
        return refuse_name(self, item);
    }
    enum config_section_index section = lookup_section(item->text, item->size);
    if (section == CONFIG_SECTIONS) {
        struct config_why why;
        lookup_explain_section(item->text, item->size, &why);
        config_report_add(self->report, &place, "%s", why.text);
        return skip_next(self);
    }
    if (self->section_lines[section] > 0) {
        config_report_add(self->report, &place,
                          "section %s stands here again, first on line %zu: join the two",
                          config_sections[section].name, self->section_lines[section]);
    }
    self->section_lines[section] = item->line;
    return bind_section(self, section);
}

static enum err bind_root(struct binder *self, const struct reader_item *root)
{
    struct config_place place = place_of(self, root);
    if (is_none(root)) {
        return ERR_OK;
    }
    if (root->kind != READER_MAP) {
        config_report_add(self->report, &place,
                          "expected sections, found %s: write lines like \"executor:\"",
                          noun_of(root));
        return skip(self, root);
    }
    for (;;) {
        struct reader_item item;
        enum err err = next(self, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            return err;
        }
        err = bind_section_name(self, &item);
        if (err != ERR_OK) {
            return err;
        }
    }
}

static enum err bind_document(struct binder *self)
{
    struct reader_item item;
    enum err err = next(self, &item);
    if (err != ERR_OK || item.kind == READER_END) {
        return err;
    }
    err = bind_root(self, &item);
    /* What follows the root is the end, or a second document, which the reader refuses. */
    return err == ERR_OK ? next(self, &item) : err;
}

/* A rule whose values were refused would only repeat what was said about them. */
static void check_rules(struct binder *self)
{
    for (size_t i = 0; i < config_rules_count; i++) {
        const struct config_rule *rule = &config_rules[i];
        if (self->refused[rule->key] || self->refused[rule->other] ||
            config_rule_holds(rule, &self->config)) {
            continue;
        }
        char message[CONFIG_PROBLEM_SIZE];
        config_rule_explain(rule, &self->config, message, sizeof message);
        const struct config_place *place = &self->places[rule->key];
        config_report_add(self->report, place->line > 0 ? place : &self->places[rule->other], "%s",
                          message);
    }
}

static enum err bind(struct binder *self, const char *text, size_t size)
{
    enum err err = reader_new(text, size, &self->reader);
    if (err != ERR_OK) {
        return err;
    }
    err = bind_document(self);
    if (err == ERR_OK) {
        check_rules(self);
    }
    reader_destroy(&self->reader);
    return err == ERR_MEMORY ? ERR_MEMORY : self->report->count > 0 ? ERR_CONFIG : ERR_OK;
}

static enum err refuse_size(const char *name, struct config_report *report)
{
    struct config_place start = {name, 1, 1};
    config_report_add(report, &start, "expected at most %d bytes, found more: shorten the file",
                      CONFIG_FILE_SIZE_MAX);
    return ERR_CONFIG;
}

enum err config_load_text(const char *name, const char *text, size_t size,
                          struct config *ret_config, struct config_report *report)
{
    assert(name);
    assert(text || size == 0);
    assert(ret_config);
    assert(report);
    config_report_clear(report);
    if (size > CONFIG_FILE_SIZE_MAX) {
        return refuse_size(name, report);
    }
    struct binder binder = {.file = name, .report = report};
    config_defaults(&binder.config);
    enum err err = bind(&binder, text, size);
    if (err == ERR_OK) {
        memcpy(ret_config, &binder.config, sizeof *ret_config);
    }
    return err;
}

/* Reads until the end or until `size` bytes are there. */
static enum err read_all(int fd, char *text, size_t size, size_t *ret_used)
{
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(fd, text + used, size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return ERR_IO;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    *ret_used = used;
    return ERR_OK;
}

/* Opens DIR/troupe.yml.  ERR_NOT_FOUND: only the file is missing.  ERR_IO: errno tells why. */
static enum err open_file(const char *dir, int *ret_fd)
{
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        return ERR_IO;
    }
    /* O_NONBLOCK: a FIFO in its place must not hold us. */
    int fd = openat(dir_fd, CONFIG_FILE_NAME, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int cause = errno;
    /* A link to nowhere is not a missing file: somebody meant there to be one. */
    bool missing = fd < 0 && cause == ENOENT &&
                   faccessat(dir_fd, CONFIG_FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    (void)close(dir_fd);
    errno = cause;
    if (fd < 0) {
        return missing ? ERR_NOT_FOUND : ERR_IO;
    }
    *ret_fd = fd;
    return ERR_OK;
}

static enum err refuse_file(const char *name, const char *reason, struct config_report *report)
{
    struct config_place start = {name, 1, 1};
    config_report_add(report, &start, "cannot be read: %s", reason);
    return ERR_IO;
}

static enum err refuse_errno(const char *name, struct config_report *report)
{
    char buffer[128];
    return refuse_file(name, strerror_r(errno, buffer, sizeof buffer), report);
}

static enum err load_fd(int fd, const char *name, struct config *ret_config,
                        struct config_report *report)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        return refuse_file(name, "not a regular file", report);
    }
    char *text = malloc(CONFIG_FILE_SIZE_MAX + 1);
    if (!text) {
        return ERR_MEMORY;
    }
    size_t size = 0;
    enum err err = read_all(fd, text, CONFIG_FILE_SIZE_MAX + 1, &size);
    if (err == ERR_OK) {
        err = config_load_text(name, text, size, ret_config, report);
    } else {
        err = refuse_errno(name, report);
    }
    free(text);
    return err;
}

enum err config_load(const char *dir_or_null, struct config *ret_config,
                     struct config_report *report)
{
    assert(ret_config);
    assert(report);
    config_report_clear(report);
    if (!dir_or_null) {
        config_defaults(ret_config);
        return ERR_OK;
    }
    char name[PATH_MAX];
    (void)snprintf(name, sizeof name, "%s/" CONFIG_FILE_NAME, dir_or_null);
    int fd = -1;
    enum err err = open_file(dir_or_null, &fd);
    if (err == ERR_NOT_FOUND) {
        config_defaults(ret_config);
        return ERR_OK;
    }
    if (err != ERR_OK) {
        return refuse_errno(name, report);
    }
    err = load_fd(fd, name, ret_config, report);
    (void)close(fd);
    return err;
}

enum err config_set(struct config *config, const char *path, const char *value, char *message,
                    size_t size)
{
    assert(config);
    assert(path);
    assert(value);
    struct config_why why;
    size_t head = strcspn(path, ".");
    const char *name = path + head + (path[head] == '.');
    enum config_section_index section = lookup_section(path, head);
    if (section == CONFIG_SECTIONS) {
        lookup_explain_section(path, head, &why);
        (void)snprintf(message, size, "%s", why.text);
        return ERR_UNKNOWN;
    }
    enum config_key_index index = lookup_key(section, name, strlen(name));
    if (index == CONFIG_KEYS) {
        lookup_explain_key(section, name, strlen(name), &why);
        (void)snprintf(message, size, "%s", why.text);
        return ERR_UNKNOWN;
    }
    enum err err = value_parse(&config_keys[index], value, strlen(value), config, &why);
    if (err != ERR_OK) {
        (void)snprintf(message, size, "%s", why.text);
    }
    return err;
}
