#!/bin/sh
# Installs what the tests of the sources need and runs them. Arguments go to node --test.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=${TROUPE_TEST_WORK:-$here/.work}

for version in v4 v5 lint; do
  mkdir -p "$work/$version"
  if ! cmp -s "$here/fixtures/$version/package-lock.json" "$work/$version/.installed"; then
    cp "$here/fixtures/$version/package.json" "$here/fixtures/$version/package-lock.json" "$here/fixtures/$version/.npmrc" "$work/$version/"
    (cd "$work/$version" && npm ci --no-audit --no-fund --loglevel=error >&2)
    cp "$work/$version/package-lock.json" "$work/$version/.installed"
  fi
done

TROUPE_TEST_WORK=$work exec node --test "$@" "$here/diff.test.mjs" "$here/typescript_host.test.mjs" "$here/tools.test.mjs" "$here/affected.test.mjs"
