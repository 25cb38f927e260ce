/* event_json.c - events out of JSON. */
#include <jansson.h>
#include <string.h>

#include "actors/gateway/event.h"
#include "actors/gateway/report.h"

/* A text without NUL (jansson refuses those), or the empty one. */
static struct msg_str text_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    size_t size = json_string_length(value);
    return size > 0 ? (struct msg_str){json_string_value(value), (uint32_t)size} : msg_str("");
}

static bool is_new_code(struct msg_str action)
{
    static const char *const words[] = {"opened", "reopened", "synchronize", "ready_for_review"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (msg_str_is(action, words[i])) {
            return true;
        }
    }
    return false;
}

/* Git refuses such names of branches; whoever sends one means no branch. */
static bool ref_is_harmless(const json_t *side)
{
    struct msg_str ref = text_at(side, "ref");
    for (size_t i = 0; i < ref.size; i++) {
        if ((unsigned char)ref.at[i] <= ' ' || ref.at[i] == 0x7f) {
            return false;
        }
    }
    return ref.size <= EVENT_REF_SIZE && (ref.size == 0 || ref.at[0] != '-');
}

static bool take_sha(const json_t *side, char to[ORIGIN_SHA_SIZE + 1])
{
    struct msg_str sha = text_at(side, "sha");
    if (!origin_sha_is_valid(sha) || !ref_is_harmless(side)) {
        return false;
    }
    memcpy(to, sha.at, sha.size);
    return true;
}

static json_t *load(struct msg_str body)
{
    /* jansson refuses what is nested more than JSON_PARSER_MAX_DEPTH deep, 2,048. */
    return body.size > EVENT_BODY_MAX
               ? NULL
               : json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES, NULL);
}

static bool take_repo(const json_t *root, struct event *event)
{
    struct msg_str repo = text_at(json_object_get(root, "repository"), "full_name");
    if (!origin_repo_is_valid(repo)) {
        return false;
    }
    memcpy(event->origin.repo, repo.at, repo.size);
    return true;
}

static bool take_number(const json_t *object, uint64_t *ret_number)
{
    const json_t *number = json_object_get(object, "number");
    if (!json_is_integer(number) || json_integer_value(number) < 1 ||
        json_integer_value(number) > INT32_MAX) {
        return false;
    }
    *ret_number = (uint64_t)json_integer_value(number);
    return true;
}

/* `repo` of the event is known. */
static bool take_pull(const json_t *pull, struct event *event)
{
    const json_t *head = json_object_get(pull, "head");
    /* Null when the repository that the code came from is gone. */
    struct msg_str from = text_at(json_object_get(head, "repo"), "full_name");
    event->fork = !msg_str_is(from, event->origin.repo);
    return take_number(pull, &event->origin.number) && take_sha(head, event->origin.sha) &&
           take_sha(json_object_get(pull, "base"), event->base);
}

static enum err take_pull_request(const json_t *root, struct event *event)
{
    const json_t *pull = json_object_get(root, "pull_request");
    if (!take_repo(root, event) || !take_pull(pull, event)) {
        return ERR_MALFORMED;
    }
    event->updated_ms = event_time_ms(text_at(pull, "updated_at"));
    event->run = true;
    return ERR_OK;
}

/* "Re-run".  There is no pull request in it when the code comes from elsewhere, and an older commit
 * is of no interest any more. */
static enum err take_check(const json_t *root, struct event *event)
{
    const json_t *one = json_object_get(root, "check_run");
    const json_t *check = one ? one : json_object_get(root, "check_suite");
    const json_t *pull = json_array_get(json_object_get(check, "pull_requests"), 0);
    bool ours = !one || msg_str_is(text_at(one, "name"), REPORT_NAME);
    if (!pull || !ours) {
        return json_is_object(check) ? ERR_OK : ERR_MALFORMED;
    }
    if (!take_repo(root, event) || !take_pull(pull, event)) {
        return ERR_MALFORMED;
    }
    const json_t *from = json_object_get(json_object_get(pull, "head"), "repo");
    const json_t *to = json_object_get(json_object_get(pull, "base"), "repo");
    /* These have a number, and no full name. */
    event->fork = !json_is_integer(json_object_get(from, "id")) ||
                  !json_equal(json_object_get(from, "id"), json_object_get(to, "id"));
    event->updated_ms = event_time_ms(text_at(check, one ? "completed_at" : "updated_at"));
    event->run = msg_str_is(text_at(check, "head_sha"), event->origin.sha);
    return ERR_OK;
}

/* The first line is the command, and nothing else. */
static bool is_rerun(struct msg_str text)
{
    static const char command[] = "/troupe rerun";
    size_t size = sizeof command - 1;
    if (text.size < size || memcmp(text.at, command, size) != 0) {
        return false;
    }
    while (size < text.size && (text.at[size] == ' ' || text.at[size] == '\r')) {
        size++;
    }
    return size == text.size || text.at[size] == '\n';
}

static enum err take_comment(const json_t *root, struct event *event)
{
    const json_t *issue = json_object_get(root, "issue");
    const json_t *comment = json_object_get(root, "comment");
    const json_t *user = json_object_get(comment, "user");
    struct msg_str login = text_at(user, "login");
    bool about_pull = json_is_object(json_object_get(issue, "pull_request"));
    bool by_person = msg_str_is(text_at(user, "type"), "User");
    if (!about_pull || !by_person || !is_rerun(text_at(comment, "body"))) {
        return ERR_OK;
    }
    if (!event_word_is_valid(login) || !take_repo(root, event) ||
        !take_number(issue, &event->origin.number)) {
        return ERR_MALFORMED;
    }
    memcpy(event->login, login.at, login.size);
    event->updated_ms = event_time_ms(text_at(comment, "created_at"));
    event->run = true;
    return ERR_OK;
}

enum err event_read(enum event_kind kind, struct msg_str body, struct event *ret_event)
{
    json_t *root = load(body);
    struct msg_str action = text_at(root, "action");
    struct event event = {.run = false};
    enum err err = action.size > 0 ? ERR_OK : ERR_MALFORMED;
    if (err == ERR_OK && kind == EVENT_PULL_REQUEST && is_new_code(action)) {
        err = take_pull_request(root, &event);
    } else if (err == ERR_OK && kind == EVENT_CHECK && msg_str_is(action, "rerequested")) {
        err = take_check(root, &event);
    } else if (err == ERR_OK && kind == EVENT_COMMENT && msg_str_is(action, "created")) {
        err = take_comment(root, &event);
    }
    json_decref(root);
    if (err == ERR_OK) {
        *ret_event = event;
    }
    return err;
}

enum err event_read_pull(struct msg_str body, struct event *event)
{
    json_t *root = load(body);
    struct event pull = *event;
    bool good = take_pull(root, &pull) && pull.origin.number == event->origin.number;
    pull.run = msg_str_is(text_at(root, "state"), "open");
    json_decref(root);
    if (!good) {
        return ERR_MALFORMED;
    }
    *event = pull;
    return ERR_OK;
}
