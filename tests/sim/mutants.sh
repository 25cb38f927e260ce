#!/usr/bin/env bash
# mutants.sh - the simulator must find every planted fault.
#
#     mutants.sh A..B PROGRAM...    each PROGRAM is the simulator, built with one TROUPE_MUTANT_…
#
# A mutant is found when its program says WRONG and exits with 1; a crash does not count.
set -euo pipefail

seeds=${1:?usage: mutants.sh A..B PROGRAM...}
shift
missed=0
for program in "$@"; do
    status=0
    said=$("$program" --seeds "$seeds" --twice 0) || status=$?
    if [ "$status" -eq 1 ] && [[ $said == *WRONG:* ]]; then
        echo "${program##*/}: $(head -n 1 <<<"$said")"
    else
        echo "${program##*/}: NOT FOUND in seeds $seeds (status $status)"
        missed=1
    fi
done
exit $missed
