/* run_options.h - what the options of run and submit say together.
 *
 * One thread.  Each says on standard error what is wrong, and returns an exit code.
 */
#ifndef TOOLS_RUN_OPTIONS_H
#define TOOLS_RUN_OPTIONS_H

#include "proto/message.h"
#include "proto/terms.h"
#include "tools/command.h"

/* Brings options and configuration together in invocation->config, and checks what they mean. */
int run_settle(struct invocation *invocation);

/* The mode of --fix or --heal, or its default; 0: it is none, which run_settle has refused. */
enum term run_mode(const struct invocation *invocation, const char *option);

/* With --results: what the host that reads reports is told, the pattern and the command, a line
 * each; else "". */
int run_reporting(const struct invocation *invocation, char ret_text[MSG_MAX_submit_command + 1]);

/* Whether results of earlier runs may be taken.  Only in the sandbox without network, where tests
 * see little else than the project, and only where git says what belongs to it; if it was asked for
 * and cannot be, it says so. */
bool run_reuses(const struct invocation *invocation, const char *root);

/* The lines of run.quarantine, a file below `dir`, that still hold.  Says what is wrong and returns
 * an exit code. */
int run_quarantine(const struct invocation *invocation, const char *dir,
                   char ret_text[MSG_MAX_submit_quarantine + 1]);

#endif
