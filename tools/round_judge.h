/* round_judge.h - whether what a run has made may stay. */
#ifndef TOOLS_ROUND_JUDGE_H
#define TOOLS_ROUND_JUDGE_H

#include "tools/command.h"
#include "tools/report.h"

/* Of a run that is settled, behind those of report->rounds.  True: files are other than those that
 * it judged, so another run has to follow.  Where something is worse than in the run before, the
 * fixes of both are taken back first, the newest first, and the earlier round says so.  The main
 * thread only; says what went wrong. */
bool round_judge(struct invocation *invocation, const struct report *report);

#endif
