#!/bin/sh
# src/wasm/build.sh OUT [DEPENDENCIES]: core.wasm, the core for JavaScript, and core.js, the same
# as plain JavaScript for pages whose Content-Security-Policy forbids WebAssembly.
# DEPENDENCIES gets a line for each file they are made of.
#
# The linker is called by itself: the compiler's driver would run wasm-opt where
# it finds one, and then the result would depend on what else is installed. The
# first WebAssembly there was (no bulk memory, no 64-bit integers across the
# border) runs everywhere and is what wasm2js understands.
set -eu
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.."
out=$1
work=$out/wasm.objects
mkdir -p "$work"

# find NAME...: the first that is installed.
find() {
    for name in "$@"; do
        command -v "$name" && return
    done
    echo "src/wasm/build.sh: no $1: tools/setup web installs it" >&2
    exit 1
}
clang=$(find clang clang-19 clang-14)
ld=$(find wasm-ld wasm-ld-19 wasm-ld-14)
optimise=$(find wasm-opt)
to_js=$(find wasm2js)

flags='--target=wasm32 -mcpu=mvp -ffreestanding -nostdlib -std=gnu11 -Oz -flto
    -Isrc -Iinclude -Wall -Wextra -Werror'
objects=
for source in src/base/*.c src/core/*.c src/wasm/*.c; do
    object=$work/$(echo "$source" | tr / -).o
    extra=
    # These would be turned into calls of themselves.
    [ "$source" = src/wasm/libc.c ] && extra='-fno-builtin -fno-lto'
    # shellcheck disable=SC2086 # words
    "$clang" $flags $extra -MD -MF "$object.d" -c "$source" -o "$object"
    objects="$objects $object"
done
# shellcheck disable=SC2086 # words
"$ld" --no-entry --gc-sections --strip-all --lto-O2 -z stack-size=131072 \
    -o "$work/linked.wasm" $objects
"$optimise" -Oz --converge --strip-debug --strip-producers \
    "$work/linked.wasm" -o "$out/core.wasm"
"$to_js" -Os "$work/linked.wasm" -o "$out/core.js"
[ $# -lt 2 ] || cat "$work"/*.d | tr -s ' \\' '\n' | grep -E '^(src|include)/.*[.][ch]$' |
    sort -u >"$2"
rm -rf "$work"
