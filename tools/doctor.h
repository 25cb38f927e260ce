/* doctor.h - what troupe doctor has found out. */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include "tools/command.h"

enum { DOCTOR_CHECKS_MAX = 24, DOCTOR_TEXT_MAX = 512 };

enum health { HEALTH_OK, HEALTH_WARN, HEALTH_FAIL };

struct check {
    const char *name;
    enum health health;
    char found[DOCTOR_TEXT_MAX];
    char advice[DOCTOR_TEXT_MAX];
};

struct doctor {
    const struct invocation *invocation;
    const char *dir;
    struct check checks[DOCTOR_CHECKS_MAX];
    size_t count;
};

/* Notes a check; the texts are copied, and the advice only where it is needed. */
void doctor_add(struct doctor *self, const char *name, enum health health, const char *found,
                const char *advice);

/* The first line that a program writes, at most `size` - 1 bytes; false when it is not there or
 * says nothing within 5 s. */
bool doctor_ask(const char *const *argv, char *text, size_t size);

/* Whether a cluster for a team can work from here: Docker, what AWS lets these credentials do,
 * GitHub, models, and a suite that is green enough to begin with. */
void doctor_production(struct doctor *self);

#endif
