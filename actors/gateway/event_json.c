/* event_json.c - pull_request events out of JSON. */
#include <jansson.h>
#include <string.h>

#include "actors/gateway/event.h"

/* A text without NUL (jansson refuses those), or the empty one. */
static struct msg_str text_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    size_t size = json_string_length(value);
    return size > 0 ? (struct msg_str){json_string_value(value), (uint32_t)size} : msg_str("");
}

static bool is_run(struct msg_str action)
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

static enum err take_pull_request(const json_t *root, struct event *event)
{
    const json_t *pull = json_object_get(root, "pull_request");
    const json_t *head = json_object_get(pull, "head");
    const json_t *number = json_object_get(pull, "number");
    struct msg_str repo = text_at(json_object_get(root, "repository"), "full_name");
    /* Null when the repository that the code came from is gone. */
    struct msg_str from = text_at(json_object_get(head, "repo"), "full_name");
    if (!origin_repo_is_valid(repo) || !json_is_integer(number) || json_integer_value(number) < 1 ||
        json_integer_value(number) > INT32_MAX || !take_sha(head, event->origin.sha) ||
        !take_sha(json_object_get(pull, "base"), event->base)) {
        return ERR_MALFORMED;
    }
    memcpy(event->origin.repo, repo.at, repo.size);
    event->origin.number = (uint64_t)json_integer_value(number);
    event->fork = !msg_str_equal(repo, from);
    event->updated_ms = event_time_ms(text_at(pull, "updated_at"));
    event->run = true;
    return ERR_OK;
}

enum err event_read(struct msg_str body, struct event *ret_event)
{
    if (body.size > EVENT_BODY_MAX) {
        return ERR_MALFORMED;
    }
    /* jansson refuses what is nested more than JSON_PARSER_MAX_DEPTH deep, 2,048. */
    json_t *root = json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES, NULL);
    struct msg_str action = text_at(root, "action");
    struct event event = {.run = false};
    enum err err = action.size > 0 ? ERR_OK : ERR_MALFORMED;
    if (err == ERR_OK && is_run(action)) {
        err = take_pull_request(root, &event);
    }
    json_decref(root);
    if (err == ERR_OK) {
        *ret_event = event;
    }
    return err;
}
