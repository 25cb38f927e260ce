/* webhook.c - see webhook.h. */
#include "actors/gateway/webhook.h"

#include <string.h>

#include "actors/gateway/headers.h"

static bool is_json(struct msg_str headers)
{
    static const char json[] = "application/json";
    struct msg_str type;
    return headers_only(headers, "content-type", &type) && type.size >= sizeof json - 1 &&
           memcmp(type.at, json, sizeof json - 1) == 0;
}

/* The event's name; empty when the request is not one of GitHub's. */
static struct msg_str event_of(const struct msg_http_request *request)
{
    struct msg_str event;
    struct msg_str id;
    bool good = headers_only(request->headers, "x-github-event", &event) &&
                headers_only(request->headers, "x-github-delivery", &id) &&
                event_word_is_valid(event) && event_word_is_valid(id) && is_json(request->headers);
    return good ? event : msg_str("");
}

static bool is_signed(const struct msg_http_request *request,
                      const struct signature_secrets *secrets)
{
    struct msg_str signature;
    return headers_only(request->headers, "x-hub-signature-256", &signature) &&
           signature_is_valid(secrets, signature, request->body);
}

static void end(struct webhook *self, uint64_t status, const char *text)
{
    self->status = status;
    self->text = text;
}

void webhook_judge(struct webhook *self, bool forks)
{
    if (!self->event.run) {
        end(self, 200, "nothing to do\n");
    } else if (self->event.fork && !forks) {
        end(self, 200, "not run: its code comes from another repository\n");
    }
}

static void take_event(struct webhook *self, enum event_kind kind, struct msg_str body, bool forks)
{
    enum err err = event_read(kind, body, &self->event);
    if (err == ERR_OK && self->event.run) {
        err = event_run_id(body, self->event.updated_ms, self->run);
    }
    if (err != ERR_OK) {
        end(self, err == ERR_MEMORY ? 503 : 400, "not what this event has\n");
    } else {
        webhook_judge(self, forks);
    }
}

void webhook_read(const struct msg_http_request *request, const struct signature_secrets *secrets,
                  bool forks, struct webhook *ret_webhook)
{
    *ret_webhook = (struct webhook){.text = ""};
    struct msg_str event = event_of(request);
    /* Who cannot sign learns nothing about what else was wrong. */
    if (!is_signed(request, secrets)) {
        end(ret_webhook, 401, "wrong signature\n");
    } else if (event.size == 0) {
        end(ret_webhook, 400, "not a webhook of GitHub's\n");
    } else if (event_kind(event) == EVENT_OTHER) {
        end(ret_webhook, 200, "nothing to do\n");
    } else {
        take_event(ret_webhook, event_kind(event), request->body, forks);
    }
}
