#!/bin/sh
# Installs what the tests of the generator need and runs them. Arguments go to node --test.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=${TROUPE_TEST_WORK:-$here/.work}

mkdir -p "$work/fixture"
if ! cmp -s "$here/fixture/package-lock.json" "$work/fixture/.installed"; then
  cp "$here/fixture/package.json" "$here/fixture/package-lock.json" "$here/fixture/.npmrc" "$work/fixture/"
  (cd "$work/fixture" && npm ci --no-audit --no-fund --loglevel=error >&2)
  cp "$work/fixture/package-lock.json" "$work/fixture/.installed"
fi

TROUPE_TEST_WORK=$work exec node --test "$@" "$here/values.test.mjs" "$here/generate.test.mjs"
