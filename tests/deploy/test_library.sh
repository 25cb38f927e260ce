#!/bin/sh
# test_library.sh - an outside project builds against the installed library and runs.
#
#     test_library.sh BUILD
set -eu

build=$1
place=$(mktemp -d)
greeter=
trap 'status=$?; [ -z "$greeter" ] || kill "$greeter" 2>/dev/null || true; rm -rf "$place"; exit $status' EXIT

fail() {
    echo "$*"
    exit 1
}

meson install -C "$build" --no-rebuild --quiet --destdir "$place/stage"
described=$(find "$place/stage" -name troupe.pc)
[ -n "$described" ] || fail "troupe.pc is not installed"
[ -s "$(find "$place/stage" -name troupe-actor.3)" ] || fail "there is no manual"
prefix=$place/stage$(sed -n 's/^prefix=//p' "$described")
sed -i "s|^prefix=.*|prefix=$prefix|" "$described"

# Of the runtime's own functions only those of its headers can be called.
shared=$(find "$prefix" -name libtroupe.so)
nm -D --defined-only "$shared" | awk '$2 == "T" { print $3 }' >"$place/names"
grep -qx rt_send "$place/names" || fail "rt_send is missing"
! grep -Evx '(rt|msg|err|term|config)_.*' "$place/names" || fail "internal names are visible"

# hello KIND: built against the shared or the static library, run as two processes.
hello() {
    cp -r tests/projects/hello-actors "$place/$1"
    PKG_CONFIG_PATH=$(dirname "$described") meson setup "$place/$1/build" "$place/$1" \
        -Dprefer_static="$2" >"$place/log" 2>&1 || fail "$(cat "$place/log")"
    ninja -C "$place/$1/build" >"$place/log" 2>&1 || fail "$(cat "$place/log")"
    LD_LIBRARY_PATH=$(dirname "$shared")
    export LD_LIBRARY_PATH
    "$place/$1/build/hello" greet "ipc://$place/$1/socket" 2>"$place/greeter.log" &
    greeter=$!
    "$place/$1/build/hello" ask "ipc://$place/$1/socket" Ada >"$place/out" || fail "hello ask failed"
    kill "$greeter"
    wait "$greeter" || true
    greeter=
    printf '%s\n' 'hello Ada, you are the first: yes' 'hello Ada, you are the first: no' \
        'failed: CRASHED' 'hello Ada, you are the first: yes' >"$place/expected"
    diff "$place/expected" "$place/out" || fail "$1: not what was expected"
    grep -q 'actor=greeter crashed' "$place/greeter.log" || fail "$1: it never crashed"
}

hello shared false
readelf -d "$place/shared/build/hello" | grep -q libtroupe || fail "not linked with libtroupe.so"
