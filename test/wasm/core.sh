#!/bin/sh
# core.sh NATIVE DIALECT_TABLE FOLDER: the core for JavaScript decides as the native
# one, and a client's image of a dialect says what the dialect says. Builds both in
# FOLDER.
. "$(dirname "$0")/../tools/rows.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
native=$1 table=$(realpath "$2") folder=$3
suite wasm/core

missing() {
    for tool in node wasm-opt wasm2js; do
        command -v "$tool" >/dev/null || echo "$tool"
    done
    command -v clang >/dev/null || command -v clang-19 >/dev/null ||
        command -v clang-14 >/dev/null || echo clang
    command -v wasm-ld >/dev/null || command -v wasm-ld-19 >/dev/null ||
        command -v wasm-ld-14 >/dev/null || echo lld
}
absent=$(missing | tr '\n' ' ')

# built OUT [SOURCE...]
built() {
    mkdir -p "$1"
    out=$(realpath "$1")
    shift
    run sh "$root/src/wasm/build.sh" "$out" "$@"
    is_status 0
}

row "100,000 random sequences of events: native, core.wasm and core.js agree"
if [ -n "$absent" ]; then
    skip "no $absent: tools/setup web installs it"
else
    built "$folder/sequences" test/wasm/sequences.c "$table"
    run node "$root/test/wasm/differ.mjs" "$native" "$folder/sequences"
    is_status 0
    has "ok - core.wasm"
    has "ok - core.js"
    lacks "not ok"
fi

row "a client's image reads every answer as the whole dialect does"
if [ -n "$absent" ]; then
    skip "no $absent: tools/setup web installs it"
else
    built "$folder/core"
    run node "$root/test/wasm/images.mjs" "$folder/core"
    is_status 0
    has "ok - stay"
    lacks "not ok"
fi

finish
