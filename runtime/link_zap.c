/* link_zap.c - reads requests, looks into the allow-list, answers. */
#include "runtime/link_zap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION, REQUEST, DOMAIN, ADDRESS, IDENTITY, MECHANISM, KEY };

static bool is(const struct zap_frame *frame, const char *text)
{
    return frame->size == strlen(text) && memcmp(frame->at, text, frame->size) == 0;
}

int zap_compare(const void *a, const void *b)
{
    return strcmp(((const struct cert *)a)->public_key, ((const struct cert *)b)->public_key);
}

const struct cert *zap_find(const struct zap_allowed *allowed, const char key[CERT_KEY_TEXT + 1])
{
    struct cert wanted = {0};
    (void)snprintf(wanted.public_key, sizeof wanted.public_key, "%s", key);
    return allowed->count > 0
               ? bsearch(&wanted, allowed->list, allowed->count, sizeof wanted, zap_compare)
               : NULL;
}

const char *zap_user_key(const char *user)
{
    size_t size = strlen(user);
    return size > CERT_KEY_TEXT && user[size - CERT_KEY_TEXT - 1] == ' '
               ? user + size - CERT_KEY_TEXT
               : NULL;
}

static void keep_address(const struct zap_frame *frame, struct zap_answer *answer)
{
    const char *bytes = frame->at;
    for (size_t i = 0; i < frame->size; i++) {
        bool visible = bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != '"' && bytes[i] != '\\';
        answer->address[i] = bytes[i];
        if (!visible) {
            answer->address[i] = '?';
        }
    }
    answer->address[frame->size] = '\0';
}

static bool is_request(const struct zap_frame *frames, size_t count)
{
    if (count < ZAP_FRAMES) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (frames[i].size > ZAP_FRAME_MAX) {
            return false;
        }
    }
    return is(&frames[VERSION], "1.0");
}

static void answer(struct zap_answer *answer, const char *status, const char *text)
{
    answer->status = status;
    answer->text = text;
}

void zap_judge(const struct zap_allowed *allowed, const struct zap_frame *frames, size_t count,
               struct zap_answer *ret_answer)
{
    *ret_answer = (struct zap_answer){0};
    if (!is_request(frames, count)) {
        answer(ret_answer, "500", "not a request of ZAP 1.0");
        return;
    }
    ret_answer->request_size = frames[REQUEST].size;
    memcpy(ret_answer->request, frames[REQUEST].at, frames[REQUEST].size);
    keep_address(&frames[ADDRESS], ret_answer);
    if (!is(&frames[DOMAIN], ZAP_DOMAIN)) {
        answer(ret_answer, "400", "another domain");
        return;
    }
    if (!is(&frames[MECHANISM], "CURVE")) {
        answer(ret_answer, "400", "no key");
        return;
    }
    if (count != ZAP_FRAMES || frames[KEY].size != CERT_KEY_BYTES) {
        answer(ret_answer, "500", "not a key of CURVE");
        return;
    }
    cert_key_text(frames[KEY].at, ret_answer->key);
    const struct cert *cert = zap_find(allowed, ret_answer->key);
    if (!cert) {
        answer(ret_answer, "400", "the key is not allowed");
        return;
    }
    answer(ret_answer, "200", "welcome");
    (void)snprintf(ret_answer->user, sizeof ret_answer->user, "%s %s", cert->name, ret_answer->key);
}
