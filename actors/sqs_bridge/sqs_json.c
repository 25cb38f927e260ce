/* sqs_json.c - the shapes of requests and answers, and the limits of SQS on what is in them. */
#include "actors/sqs_bridge/sqs_json.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SQS_ATTRIBUTE_MAX = 1024 };

const char *sqs_action_name(enum sqs_action action)
{
    static const char *const names[] = {
        [SQS_ACTION_SEND] = "SendMessageBatch",
        [SQS_ACTION_RECEIVE] = "ReceiveMessage",
        [SQS_ACTION_EXTEND] = "ChangeMessageVisibilityBatch",
        [SQS_ACTION_DELETE] = "DeleteMessageBatch",
        [SQS_ACTION_FIND_QUEUE] = "GetQueueUrl",
        [SQS_ACTION_COUNT] = "GetQueueAttributes",
    };
    assert(action <= SQS_ACTION_COUNT);
    return names[action];
}

/* ---- what SQS takes ---- */

/* Size of the UTF-8 sequence at `at` and the character it stands for; 0: it is none. */
static size_t decode(const unsigned char *at, size_t size, uint32_t *ret_character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* a longer form is forbidden */
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (length == 0 || length > size || at[0] > 0xf4) {
        return 0;
    }
    uint32_t character = length == 1 ? at[0] : at[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        character = character << 6 | (at[i] & 0x3f);
    }
    *ret_character = character;
    return character >= least[length] ? length : 0;
}

static bool character_allowed(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

bool sqs_text_allowed(struct sqs_text text)
{
    assert(text.at || text.size == 0);
    const unsigned char *at = (const unsigned char *)text.at;
    for (size_t i = 0; i < text.size;) {
        uint32_t character = 0;
        size_t length = decode(at + i, text.size - i, &character);
        if (length == 0 || !character_allowed(character)) {
            return false;
        }
        i += length;
    }
    return true;
}

static enum err check_text(const char *text, size_t size_max)
{
    assert(text);
    size_t size = strnlen(text, size_max + 1);
    if (size > size_max) {
        return ERR_LIMIT;
    }
    return size > 0 && sqs_text_allowed((struct sqs_text){text, size}) ? ERR_OK : ERR_MALFORMED;
}

static enum err check_name(const char *name)
{
    enum err err = check_text(name, SQS_NAME_MAX);
    bool good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
                strlen(name);
    return err == ERR_OK && !good ? ERR_MALFORMED : err;
}

bool sqs_queue_is_sound(const char *queue)
{
    enum err err = strstr(queue, "://") ? check_text(queue, SQS_URL_MAX) : check_name(queue);
    return err == ERR_OK;
}

static enum err check_batch(const char *queue_url, size_t count)
{
    if (count == 0) {
        return ERR_MALFORMED;
    }
    return count > SQS_BATCH_MAX ? ERR_LIMIT : check_text(queue_url, SQS_URL_MAX);
}

/* ---- requests ---- */

/* Takes over `request`, which may be NULL for want of memory. */
static enum err dump(json_t *request, char **ret_body)
{
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!body) {
        return ERR_MEMORY;
    }
    *ret_body = body;
    return ERR_OK;
}

/* Takes over `entries`. */
static enum err dump_batch(const char *queue_url, json_t *entries, char **ret_body)
{
    return dump(json_pack("{s:s,s:o}", "QueueUrl", queue_url, "Entries", entries), ret_body);
}

/* The entry's id is its place: answers name it.  Takes over `entry`; false for want of memory. */
static bool append(json_t *entries, size_t index, json_t *entry)
{
    assert(index < SQS_BATCH_MAX);
    const char id[] = {(char)('0' + index), '\0'};
    bool named = entry && json_object_set_new(entry, "Id", json_string(id)) == 0;
    if (!named) {
        json_decref(entry);
        return false;
    }
    return json_array_append_new(entries, entry) == 0;
}

static enum err check_attribute(const char *text)
{
    return text ? check_text(text, SQS_ATTRIBUTE_MAX) : ERR_OK;
}

static enum err check_outgoing(const struct sqs_outgoing *entries, size_t count)
{
    size_t payload = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct sqs_text body = entries[i].body;
        if (body.size > SQS_PAYLOAD_MAX - payload) {
            return ERR_LIMIT;
        }
        payload += body.size;
        if (body.size == 0 || !sqs_text_allowed(body)) {
            return ERR_MALFORMED;
        }
        err = check_attribute(entries[i].reason);
        if (err == ERR_OK) {
            err = check_attribute(entries[i].message_id);
        }
    }
    return err;
}

static bool set_attribute(json_t *attributes, const char *name, const char *text)
{
    return !text || json_object_set_new(
                        attributes, name,
                        json_pack("{s:s,s:s}", "DataType", "String", "StringValue", text)) == 0;
}

/* NULL for want of memory. */
static json_t *outgoing(const struct sqs_outgoing *entry)
{
    json_t *body = json_stringn_nocheck(entry->body.at, entry->body.size);
    json_t *attributes = json_object();
    bool made = body && attributes && set_attribute(attributes, "troupe.reason", entry->reason) &&
                set_attribute(attributes, "troupe.message", entry->message_id);
    json_t *object = made ? json_object() : NULL;
    if (object && json_object_set(object, "MessageBody", body) == 0 &&
        (json_object_size(attributes) == 0 ||
         json_object_set(object, "MessageAttributes", attributes) == 0)) {
        json_decref(body);
        json_decref(attributes);
        return object;
    }
    json_decref(object);
    json_decref(body);
    json_decref(attributes);
    return NULL;
}

enum err sqs_json_send(const char *queue_url, const struct sqs_outgoing *entries, size_t count,
                       char **ret_body)
{
    assert(entries || count == 0);
    enum err err = check_batch(queue_url, count);
    if (err == ERR_OK) {
        err = check_outgoing(entries, count);
    }
    if (err != ERR_OK) {
        return err;
    }
    json_t *list = json_array();
    bool made = list != NULL;
    for (size_t i = 0; i < count && made; i++) {
        made = append(list, i, outgoing(&entries[i]));
    }
    if (!made) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return dump_batch(queue_url, list, ret_body);
}

enum err sqs_json_receive(const char *queue_url, const struct sqs_ask *ask, char **ret_body)
{
    assert(ask);
    enum err err = check_batch(queue_url, ask->count);
    if (err != ERR_OK) {
        return err;
    }
    if (ask->wait_s > SQS_WAIT_S_MAX || ask->visibility_s > SQS_VISIBILITY_S_MAX) {
        return ERR_LIMIT;
    }
    /* The older name of MessageSystemAttributeNames, which every server knows. */
    json_t *request =
        json_pack("{s:s,s:I,s:I,s:[s,s]}", "QueueUrl", queue_url, "MaxNumberOfMessages",
                  (json_int_t)ask->count, "WaitTimeSeconds", (json_int_t)ask->wait_s,
                  "AttributeNames", "ApproximateReceiveCount", "SentTimestamp");
    if (request && ask->visibility_s > 0 &&
        json_object_set_new(request, "VisibilityTimeout",
                            json_integer((json_int_t)ask->visibility_s)) != 0) {
        json_decref(request);
        return ERR_MEMORY;
    }
    return dump(request, ret_body);
}

enum err sqs_json_extend(const char *queue_url, const struct sqs_extension *entries, size_t count,
                         char **ret_body)
{
    assert(entries || count == 0);
    enum err err = check_batch(queue_url, count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = entries[i].visibility_s > SQS_VISIBILITY_S_MAX
                  ? ERR_LIMIT
                  : check_text(entries[i].receipt, SQS_RECEIPT_MAX);
    }
    if (err != ERR_OK) {
        return err;
    }
    json_t *list = json_array();
    bool made = list != NULL;
    for (size_t i = 0; i < count && made; i++) {
        made = append(list, i,
                      json_pack("{s:s,s:I}", "ReceiptHandle", entries[i].receipt,
                                "VisibilityTimeout", (json_int_t)entries[i].visibility_s));
    }
    if (!made) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return dump_batch(queue_url, list, ret_body);
}

enum err sqs_json_delete(const char *queue_url, const char *const *receipts, size_t count,
                         char **ret_body)
{
    assert(receipts || count == 0);
    enum err err = check_batch(queue_url, count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = check_text(receipts[i], SQS_RECEIPT_MAX);
    }
    if (err != ERR_OK) {
        return err;
    }
    json_t *list = json_array();
    bool made = list != NULL;
    for (size_t i = 0; i < count && made; i++) {
        made = append(list, i, json_pack("{s:s}", "ReceiptHandle", receipts[i]));
    }
    if (!made) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return dump_batch(queue_url, list, ret_body);
}

enum err sqs_json_find_queue(const char *name, char **ret_body)
{
    enum err err = check_name(name);
    return err == ERR_OK ? dump(json_pack("{s:s}", "QueueName", name), ret_body) : err;
}

static const char *const count_names[] = {"ApproximateNumberOfMessages",
                                          "ApproximateNumberOfMessagesNotVisible",
                                          "ApproximateNumberOfMessagesDelayed"};

enum err sqs_json_count(const char *queue_url, char **ret_body)
{
    enum err err = check_text(queue_url, SQS_URL_MAX);
    return err == ERR_OK
               ? dump(json_pack("{s:s,s:[s,s,s]}", "QueueUrl", queue_url, "AttributeNames",
                                count_names[0], count_names[1], count_names[2]),
                      ret_body)
               : err;
}

/* ---- answers ---- */

/* The document is the object itself; the name keeps jansson out of the header. */
static json_t *as_json(struct sqs_document *document)
{
    return (json_t *)(void *)document;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The item that an entry of the answer is about; NULL: it names none of ours. */
static struct sqs_item *item_of(const json_t *entry, struct sqs_answer *answer)
{
    const char *id = text_of(entry, "Id");
    if (id[0] < '0' || id[0] > '9' || id[1] != '\0') {
        return NULL;
    }
    size_t index = (size_t)(id[0] - '0');
    return index < answer->item_count ? &answer->items[index] : NULL;
}
_Static_assert(SQS_BATCH_MAX == 10, "an id is one digit");

static void read_failed(const json_t *entry, struct sqs_item *item)
{
    item->err = json_is_false(json_object_get(entry, "SenderFault")) ? ERR_IO : ERR_REFUSED;
    item->code = text_of(entry, "Code");
    item->why = text_of(entry, "Message");
}

static enum err read_items(const json_t *root, size_t entries, struct sqs_answer *answer)
{
    answer->item_count = entries;
    for (size_t i = 0; i < entries; i++) {
        answer->items[i] = (struct sqs_item){.err = ERR_MALFORMED, .code = "", .why = ""};
    }
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(root, "Successful"), i, entry)
    {
        struct sqs_item *item = item_of(entry, answer);
        if (item) {
            item->err = ERR_OK;
        }
    }
    json_array_foreach(json_object_get(root, "Failed"), i, entry)
    {
        struct sqs_item *item = item_of(entry, answer);
        if (item) {
            read_failed(entry, item);
        }
    }
    return ERR_OK;
}

/* Attributes are numbers in strings; false: it is not there, or not a number. */
static bool read_number(const json_t *attributes, const char *name, uint64_t *ret)
{
    const char *text = text_of(attributes, name);
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        return false;
    }
    *ret = (uint64_t)value;
    return true;
}

static uint64_t attribute(const json_t *message, const char *name)
{
    uint64_t value = 0;
    return read_number(json_object_get(message, "Attributes"), name, &value) ? value : 0;
}

static enum err read_messages(const json_t *root, struct sqs_answer *answer)
{
    size_t i = 0;
    json_t *entry = NULL;
    const json_t *list = json_object_get(root, "Messages");
    if (json_array_size(list) > SQS_BATCH_MAX) {
        return ERR_MALFORMED;
    }
    json_array_foreach(list, i, entry)
    {
        const json_t *body = json_object_get(entry, "Body");
        const char *id = text_of(entry, "MessageId");
        const char *receipt = text_of(entry, "ReceiptHandle");
        if (!json_is_string(body) || check_text(id, SQS_ID_MAX) != ERR_OK ||
            check_text(receipt, SQS_RECEIPT_MAX) != ERR_OK) {
            answer->message_count = 0;
            return ERR_MALFORMED;
        }
        answer->messages[answer->message_count++] = (struct sqs_message){
            .id = id,
            .receipt = receipt,
            .body = {json_string_value(body), json_string_length(body)},
            .receives = attribute(entry, "ApproximateReceiveCount"),
            .sent_ms = attribute(entry, "SentTimestamp"),
        };
    }
    return ERR_OK;
}

static enum err read_counts(const json_t *root, struct sqs_counts *ret)
{
    uint64_t *const numbers[] = {&ret->visible, &ret->hidden, &ret->delayed};
    const json_t *attributes = json_object_get(root, "Attributes");
    bool good = true;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        good = read_number(attributes, count_names[i], numbers[i]) && good;
    }
    return good ? ERR_OK : ERR_MALFORMED;
}

static enum err read_queue_url(const json_t *root, struct sqs_answer *ret)
{
    const char *url = text_of(root, "QueueUrl");
    if (check_text(url, SQS_URL_MAX) != ERR_OK) {
        return ERR_MALFORMED;
    }
    ret->queue_url = url;
    return ERR_OK;
}

static enum err read_answer(const struct sqs_reply *reply, const json_t *root,
                            struct sqs_answer *ret)
{
    if (!json_is_object(root)) {
        return ERR_MALFORMED;
    }
    switch (reply->action) {
    case SQS_ACTION_SEND:
    case SQS_ACTION_EXTEND:
    case SQS_ACTION_DELETE:
        return read_items(root, reply->entries, ret);
    case SQS_ACTION_RECEIVE:
        return read_messages(root, ret);
    case SQS_ACTION_FIND_QUEUE:
        return read_queue_url(root, ret);
    case SQS_ACTION_COUNT:
        return read_counts(root, &ret->counts);
    }
    return ERR_MALFORMED;
}

void sqs_json_free(struct sqs_document **document)
{
    assert(document);
    json_decref(as_json(*document));
    *document = NULL;
}

/* ---- errors ---- */

/* Of a server; what it means is told by a part of its name.  The first that fits counts. */
static const struct {
    const char *part;
    enum err err;
} codes[] = {
    {"Throttl", ERR_FULL}, /* ThrottlingException, RequestThrottled, KmsThrottled */
    {"TooManyRequests", ERR_FULL},
    {"RequestLimitExceeded", ERR_FULL},
    {"SlowDown", ERR_FULL},
    {"QueueDoesNotExist", ERR_NOT_FOUND},
    {"NonExistentQueue", ERR_NOT_FOUND},
};

/* Cuts between characters, so that what is valid UTF-8 stays so. */
static void copy_cut(char *ret, size_t size, const char *text)
{
    size_t length = strnlen(text, size);
    if (length == size) {
        length--;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    memcpy(ret, text, length);
    ret[length] = '\0';
}

static void read_error(const json_t *root, struct sqs_answer *ret)
{
    const char *type = text_of(root, "__type"); /* "com.amazonaws.sqs#QueueDoesNotExist" */
    const char *hash = strchr(type, '#');
    const char *why = text_of(root, "message");
    copy_cut(ret->code, sizeof ret->code, hash ? hash + 1 : type);
    copy_cut(ret->why, sizeof ret->why, *why ? why : text_of(root, "Message"));
}

/* What an error means together with its status, 400 or above. */
static enum err judge_error(uint64_t status, const struct sqs_answer *answer)
{
    if (status == 429) {
        return ERR_FULL;
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strstr(answer->code, codes[i].part)) {
            return codes[i].err;
        }
    }
    return status >= 500 ? ERR_IO : ERR_REFUSED;
}

/* ---- the whole ---- */

void sqs_json_answer(const struct sqs_reply *reply, struct sqs_answer *ret,
                     struct sqs_document **ret_document)
{
    assert(reply->entries <= SQS_BATCH_MAX);
    assert(ret && ret_document);
    *ret = (struct sqs_answer){.err = ERR_OK};
    *ret_document = NULL;
    if (reply->status == 0) {
        ret->err = ERR_IO;
        copy_cut(ret->why, sizeof ret->why, reply->body.at ? reply->body.at : "");
        return;
    }
    json_t *root = json_loadb(reply->body.at ? reply->body.at : "", reply->body.size, 0, NULL);
    *ret_document = (struct sqs_document *)(void *)root;
    if (reply->status >= 400) {
        read_error(root, ret);
        ret->err = judge_error(reply->status, ret);
        return;
    }
    /* A redirection is no answer of SQS's. */
    ret->err = reply->status == 200 ? read_answer(reply, root, ret) : ERR_MALFORMED;
}
