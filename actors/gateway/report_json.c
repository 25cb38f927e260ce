/* report_json.c - the bodies of requests to GitHub. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "actors/gateway/report.h"

enum { ANNOTATION_MAX = 1000, ANNOTATION_TITLE_MAX = 200, ANNOTATION_PATH_MAX = 1000 };

static const char *conclusion(uint64_t verdict)
{
    switch (verdict) {
    case TERM_verdict_PASSED:
        return "success";
    case TERM_verdict_CANCELLED:
        return "cancelled";
    case TERM_verdict_TIMED_OUT:
        return "timed_out";
    default:
        return "failure"; /* never neutral: that would let a pull request pass unjudged */
    }
}

/* Takes over the text. */
static json_t *string_of(struct text *text)
{
    json_t *string = text->at && !text->full ? json_stringn(text->at, text->size) : NULL;
    text_free(text);
    return string;
}

/* Takes over *object. */
static char *dump(json_t *object, size_t *ret_size)
{
    char *bytes = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    *ret_size = bytes ? strlen(bytes) : 0;
    return bytes;
}

static json_t *words(struct msg_str from, size_t max,
                     void (*add)(struct text *, struct msg_str, size_t))
{
    struct text text = {.size_max = 4 * max};
    text_add(&text, "%s", ""); /* an empty string, too, is one */
    add(&text, from, max);
    return string_of(&text);
}

/* The path must be one in the repository; a file of a test run always is. */
static json_t *annotation(const struct msg_error_row *error)
{
    json_int_t line = error->line > 0 && error->line < INT32_MAX ? (json_int_t)error->line : 1;
    return json_pack(
        "{s:o, s:I, s:I, s:s, s:o, s:o}", "path",
        words(error->file, ANNOTATION_PATH_MAX, text_plain), "start_line", line, "end_line", line,
        "annotation_level", "failure", "title",
        words(error->test.size > 0 ? error->test : error->file, ANNOTATION_TITLE_MAX, text_plain),
        "message",
        words(error->message.size > 0 ? error->message : msg_str("failed"), ANNOTATION_MAX,
              text_lines));
}

size_t report_annotations(const struct report *report)
{
    size_t count = report->findings->count;
    size_t left = report->annotated < count ? count - report->annotated : 0;
    return left < REPORT_ANNOTATIONS_MAX ? left : REPORT_ANNOTATIONS_MAX;
}

static json_t *annotations(const struct report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report_annotations(report); i++) {
        const struct finding *finding = &report->findings->list[report->annotated + i];
        if (json_array_append_new(list, annotation(finding->error)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *output(const struct report *report)
{
    struct text title = {.size_max = REPORT_TITLE_MAX};
    struct text summary = {.size_max = REPORT_TEXT_MAX};
    struct text details = {.size_max = REPORT_TEXT_MAX};
    report_title(report, &title);
    report_summary(report, &summary);
    text_add(&details, "%s", "");
    report_details(report, &details);
    bool any = details.size > 0;
    json_t *object = json_pack("{s:o, s:o, s:o}", "title", string_of(&title), "summary",
                               string_of(&summary), "annotations", annotations(report));
    json_t *text = string_of(&details);
    if (object && any && json_object_set(object, "text", text) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(text);
    return object;
}

char *report_json_check_begin(const struct report *report, size_t *ret_size)
{
    return dump(json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s}}", "name", REPORT_NAME, "head_sha",
                          report->origin->sha, "external_id", report->run, "status", "in_progress",
                          "output", "title", "running", "summary", "The tests are running."),
                ret_size);
}

char *report_json_check_end(const struct report *report, size_t *ret_size)
{
    *ret_size = 0;
    if (!report->findings->closed) {
        return NULL;
    }
    return dump(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", REPORT_NAME, "head_sha",
                          report->origin->sha, "external_id", report->run, "status", "completed",
                          "conclusion", conclusion(report->findings->closed->verdict), "output",
                          output(report)),
                ret_size);
}

char *report_json_comment(const struct report *report, size_t *ret_size)
{
    *ret_size = 0;
    if (!report->findings->closed) {
        return NULL;
    }
    struct text text = {.size_max = REPORT_TEXT_MAX};
    report_comment(report, &text);
    return dump(json_pack("{s:o}", "body", string_of(&text)), ret_size);
}
