#!/bin/sh
# core.sh NATIVE SEQUENCES CORE: the core for JavaScript decides as the native
# one, and a client's image of a dialect says what the dialect says. SEQUENCES
# and CORE are folders of what src/wasm/build.sh made. STAY_EVERY=1: the interpreter
# goes through all sequences, too; minutes.
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

row "100,000 random sequences of events: native and core.wasm agree, and \
so does the interpreter in every 25th"
if wants "$sequences/test.wasm"; then
    run node "$root/test/wasm/differ.mjs" "$native" "$sequences" 100000 \
        "${STAY_EVERY:-25}"
    is_status 0
    has "ok - core.wasm"
    has "ok - the interpreter"
    lacks "not ok"
fi

row "every instruction means to the interpreter what it means to WebAssembly"
if wants "$sequences/test.wasm"; then
    run node "$root/test/wasm/instructions.mjs" "$sequences/test.wasm" \
        "$core/core.wasm" "$core/loader.wasm"
    is_status 0
    has "instructions do what they do"
    has "functions of core.wasm are understood"
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
