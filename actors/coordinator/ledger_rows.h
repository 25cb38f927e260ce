/* ledger_rows.h - what the ledger has of a failure, as the messages that tell it.
 *
 * Texts are borrowed from the finding.
 */
#ifndef ACTORS_COORDINATOR_LEDGER_ROWS_H
#define ACTORS_COORDINATOR_LEDGER_ROWS_H

#include "actors/coordinator/ledger_finding.h"

static inline struct msg_error_row finding_error_row(struct msg_str run,
                                                     const struct ledger_finding *from)
{
    return (struct msg_error_row){.head = {MSG_ERROR_ROW},
                                  .run = run,
                                  .error = from->error,
                                  .job = from->job,
                                  .file = from->file,
                                  .test = from->test,
                                  .line = from->line,
                                  .label = from->label.label,
                                  .confidence = from->label.confidence,
                                  .priority = from->priority,
                                  .queue = from->label.queue,
                                  .message = from->message,
                                  .cause = from->label.cause,
                                  .occurrences = from->occurrences,
                                  .terms = from->terms,
                                  .model = from->label.model,
                                  .why = from->label.why};
}

/* Only of a finding whose fix has a status. */
static inline struct msg_fix_row finding_fix_row(struct msg_str run,
                                                 const struct ledger_finding *from)
{
    const struct ledger_fix *fix = &from->fix;
    return (struct msg_fix_row){.head = {MSG_FIX_ROW},
                                .run = run,
                                .error = from->error,
                                .status = fix->status,
                                .source = fix->source,
                                .votes_for = fix->votes_for,
                                .votes_against = fix->votes_against,
                                .candidates = fix->candidates,
                                .diff = fix->diff,
                                .reason = fix->reason};
}

/* Only of a finding whose heal has a status. */
static inline struct msg_heal_row finding_heal_row(struct msg_str run,
                                                   const struct ledger_finding *from)
{
    const struct ledger_heal *heal = &from->heal;
    return (struct msg_heal_row){.head = {MSG_HEAL_ROW},
                                 .run = run,
                                 .error = from->error,
                                 .status = heal->status,
                                 .file = heal->file,
                                 .line = heal->line,
                                 .before = heal->before,
                                 .after = heal->after,
                                 .confidence = heal->confidence,
                                 .diff = heal->diff,
                                 .reason = heal->reason};
}

#endif
