/* run_read.h - what became of a run's failures, from the ledger. */
#ifndef TOOLS_RUN_READ_H
#define TOOLS_RUN_READ_H

#include "runtime/store.h"
#include "tools/findings.h"

/* All of them, with their age as of now.  ERR_NOT_FOUND: no such run; others of the store. */
enum err run_read_findings(struct store_reader *reader, const char *run,
                           struct findings *findings) MUST_CHECK;

#endif
