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
install jest "$here/fixtures/jest"
install eslint "$here/fixtures/eslint"
for version in pw150 pw165; do
  install "$version" "$here/fixtures/playwright" "$here/fixtures/$version"
done

# An environment of its own; without python3-venv or the registry these tests skip and say so.
mkdir -p "$work/pytest"
find "$work/pytest" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -rf {} +
cp -R "$here/fixtures/pytest/." "$work/pytest"
[ -x "$work/pytest/.venv/bin/pytest" ] ||
  { python3 -m venv "$work/pytest/.venv" && "$work/pytest/.venv/bin/pip" install --quiet pytest==8.4.2; } >&2 ||
  rm -rf "$work/pytest/.venv"

# What needs no installation; where go, cargo or cmake are not there these tests skip and say so.
for name in go cargo ctest; do
  rm -rf "$work/$name"
  cp -R "$here/fixtures/$name" "$work/$name"
done
if command -v cmake >/dev/null; then
  cmake -S "$work/ctest" -B "$work/ctest/build" >/dev/null
fi

TROUPE_TEST_WORK=$work exec node --test "$@" "$here/compiled.test.mjs" "$here/vitest_host.test.mjs" \
  "$here/tsc_host.test.mjs" "$here/playwright_host.test.mjs" "$here/playwright_capture.test.mjs" \
  "$here/detect.test.mjs" "$here/auto_host.test.mjs" "$here/jest_host.test.mjs" "$here/pytest_host.test.mjs" \
  "$here/results_host.test.mjs" "$here/eslint_host.test.mjs" "$here/go_host.test.mjs" "$here/ctest_host.test.mjs" \
  "$here/cargo_host.test.mjs"
