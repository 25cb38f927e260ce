#!/bin/sh
# Proves that the clean tree passes and that every seeded fault breaks the command README.md names for it.
set -eu

planner=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

copy() {
  rm -rf "$work/planner"
  mkdir "$work/planner"
  (cd "$planner" && tar cf - --exclude=./node_modules --exclude=./dist .) | tar xf - -C "$work/planner"
  ln -s "$planner/node_modules" "$work/planner/node_modules"
  cd "$work/planner"
}

report() {
  echo "$1  $2"
  [ "$1" = ok ] || status=1
}

copy
for command in 'npm run typecheck' 'npx vitest run' 'npx playwright test'; do
  if $command >"$work/log" 2>&1; then report ok "clean: $command passes"
  else report BAD "clean: $command fails"; cat "$work/log"; fi
done

# The rows of the table: | patch | kind | `command` | what fails |
sed -n 's/^| `\([^`]*\.patch\)` | [a-z]* | `\([^`]*\)` | `\([^`]*\)` |$/\1|\2|\3/p' "$planner/faults/README.md" >"$work/faults"
for patch in "$planner"/faults/*.patch; do
  grep -q "^$(basename "$patch")|" "$work/faults" || report BAD "$(basename "$patch") is not in the table"
done

while IFS='|' read -r patch command expected; do
  copy
  patch -s -p1 <"faults/$patch"
  if $command >"$work/log" 2>&1; then report BAD "$patch: $command still passes"
  elif grep -qF "$expected" "$work/log"; then report ok "$patch: $command fails with: $expected"
  else report BAD "$patch: $command fails otherwise"; cat "$work/log"; fi
done <"$work/faults"

exit $status
