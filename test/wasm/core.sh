#!/bin/sh
# core.sh NATIVE SEQUENCES CORE: the core for JavaScript decides as the native
# one, and a client's image of a dialect says what the dialect says. SEQUENCES
# and CORE are folders of what src/wasm/build.sh made.
. "$(dirname "$0")/../tools/rows.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
native=$1 sequences=$2 core=$3
suite wasm/core
absent=$("$root/tools/web-ready" | tr '\n' ',' | sed 's/,$//; s/,/, /g')

# wants FILE: or the row is skipped, by the name of what is missing.
wants() {
    [ -z "$absent" ] && [ -f "$1" ] && return
    skip "${absent:-no $1: meson setup --reconfigure, and ninja}; tools/setup run \
and tools/node-packages web install what is missing"
    return 1
}

row "100,000 random sequences of events: native, core.wasm and core.js agree"
if wants "$sequences/test.wasm"; then
    run node "$root/test/wasm/differ.mjs" "$native" "$sequences"
    is_status 0
    has "ok - core.wasm"
    has "ok - core.js"
    lacks "not ok"
fi

row "a client's image reads every answer as the whole dialect does"
if wants "$core/loader.wasm"; then
    run node "$root/test/wasm/images.mjs" "$core"
    is_status 0
    has "ok - stay"
    lacks "not ok"
fi

finish
