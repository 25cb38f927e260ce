#!/bin/sh
# Installs what the reporter tests need and runs them. Arguments go to node --test.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=${TROUPE_TEST_WORK:-$here/.work}

# install NAME SOURCE...: a copy of the sources with its dependencies, reused while the lockfile is the same
install() {
  dir=$work/$1
  shift
  mkdir -p "$dir"
  find "$dir" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name .installed -exec rm -rf {} +
  for source in "$@"; do
    (cd "$source" && tar -cf - --exclude=node_modules .) | (cd "$dir" && tar -xf -)
  done
  if ! cmp -s "$dir/package-lock.json" "$dir/.installed"; then
    (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error >&2)
    cp "$dir/package-lock.json" "$dir/.installed"
  fi
}

for version in v2 v3 v4; do
  install "$version" "$here/fixtures/suite" "$here/fixtures/$version"
done
install false-green "$here/../projects/false-green"
install tsc "$here/fixtures/tsc"
for version in pw150 pw165; do
  install "$version" "$here/fixtures/playwright" "$here/fixtures/$version"
done

TROUPE_TEST_WORK=$work exec node --test "$@" "$here/compiled.test.mjs" "$here/vitest_host.test.mjs" \
  "$here/tsc_host.test.mjs" "$here/playwright_host.test.mjs" "$here/playwright_capture.test.mjs"
