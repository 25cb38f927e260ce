#!/bin/sh
# test_install.sh - what `meson install` puts down works from a prefix of its own.
#
#     test_install.sh BUILD
#
# Installed under a folder, then moved to another: nothing may remember where it was built or meant
# to be.
set -eu

build=$1
place=$(mktemp -d)
trap 'status=$?; "$prefix/bin/troupe" down --quiet --state "$place/state" >/dev/null 2>&1 || true
      rm -rf "$place"; exit $status' EXIT
prefix=$place/opt/troupe
# Whoever owns the project runs its tests.
chmod 755 "$place"

fail() {
    echo "$*"
    exit 1
}

meson install -C "$build" --no-rebuild --quiet --destdir "$place/stage"
program=$(find "$place/stage" -name troupe-node -path '*/bin/*')
mkdir "$place/opt"
mv "$(dirname "$(dirname "$program")")" "$prefix"

# Everything has come along, and nothing else.
for path in bin/troupe bin/troupe-node share/troupe/troupe.yml share/troupe/error-routing-rules.yml \
    share/man/man1/troupe.1 share/man/man8/troupe-node.8 share/bash-completion/completions/troupe \
    share/zsh/site-functions/_troupe share/fish/vendor_completions.d/troupe.fish; do
    [ -s "$prefix/$path" ] || fail "$path is not installed"
done
[ -n "$(find "$prefix" -name troupe-http.so)" ] || fail "troupe-http.so is not installed"
for folder in reporters sources; do
    diff -r "tools/$folder" "$prefix/share/troupe/$folder" || fail "$folder differ"
done
[ -z "$(find "$place/stage" -type f)" ] || fail "outside of the prefix: $(find "$place/stage" -type f)"

# From an empty environment, as a service has it.
installed() {
    env -i HOME="$place/home" PATH=/usr/local/bin:/usr/bin:/bin "$prefix/bin/troupe" "$@"
}

mkdir "$place/home" "$place/project"
echo 'test "$1" != bad' >"$place/project/job.sh"
printf 'good\nbad\n' >"$place/project/list"
code=0
installed run "$place/project" --runner command --command 'sh job.sh {}' \
    --files-from "$place/project/list" --workers 1 --json --state "$place/state" >"$place/out" || code=$?
[ $code -eq 1 ] || fail "troupe run ended with $code"
tail -n 1 "$place/out" | python3 -c '
import json, sys
run = json.load(sys.stdin)
assert run["verdict"] == "failed" and run["tests"]["passed"] == run["tests"]["failed"] == 1, run
'
installed verify last --state "$place/state" >/dev/null || fail "troupe verify"

# The data files are found beside the programs.
echo '{"id":1,"message":"TS2322: Type a is not assignable to type b","file_path":"a.ts"}' |
    installed classify - >"$place/out"
grep -q typescript "$place/out" || fail "troupe classify: $(cat "$place/out")"
installed doctor --state "$place/state" "$place/project" >"$place/out" || true
grep -q "reporters *$prefix/share/troupe/reporters" "$place/out" || fail "doctor: $(cat "$place/out")"
