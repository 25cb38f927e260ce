/* findings.h - what clients ask about a run besides its results: its failures, and where it is to
 * be reported.
 *
 * All are asks and are answered from committed rows.  A client that misses something asks again.
 */
#ifndef ACTORS_COORDINATOR_FINDINGS_H
#define ACTORS_COORDINATOR_FINDINGS_H

#include "actors/coordinator/ledger_finding.h"
#include "runtime/actor.h"

/* Answers FINDINGS with ERROR_ROW, FIX_ROW, HEAL_ROW… and FOUND. */
enum err findings_answer(struct rt_context *ctx, const struct msg_findings *findings) MUST_CHECK;

/* Answers REPORTS_DUE with REPORT_ROW… and REPORTS_END. */
enum err reports_answer(struct rt_context *ctx, const struct msg_reports_due *due) MUST_CHECK;

/* Answers REPORTED with REPORTED_ACK. */
enum err reports_done(struct rt_context *ctx, uint64_t epoch,
                      const struct msg_reported *reported) MUST_CHECK;

#endif
