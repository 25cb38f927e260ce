/* aws.h - a conversation with AWS: one request, its answer, the next request. */
#ifndef TOOLS_AWS_H
#define TOOLS_AWS_H

#include "actors/sqs_bridge/sqs_request.h"
#include "tools/command.h"

/* A request to a service: a POST of `body`, or without one a GET of `path`. */
struct aws_call {
    const struct aws_service *service;
    const char *endpoint; /* as the configuration has it; empty: that of AWS */
    const char *action;   /* of a POST */
    char *body;           /* ended by NUL; taken over */
    const char *path;     /* of a GET; begins with '/' */
};

/* Who decides; all of it is called by a thread of the runtime, one call after the other. */
struct aws_talk {
    void *self;
    const char *region;
    const struct credentials *credentials;
    /* *ret_call, which was zeroed, has a service unless there is nothing more to ask. */
    enum err (*next)(void *self, struct aws_call *ret_call);
    /* `status` 0: there was no answer, and `text` says why.  True: the same again, after a while;
     * the talk counts how often. */
    bool (*take)(void *self, uint64_t status, struct sqs_text text);
};

/* Talks until there is nothing more to ask.  An exit code; what is not 0 has been told. */
int aws_talk(const struct invocation *invocation, const struct aws_talk *talk);

/* The credentials of the environment or the shared file.  An exit code; what is not 0 has been
 * told.  The caller wipes *ret_credentials. */
int aws_credentials(struct credentials *ret_credentials);

#endif
