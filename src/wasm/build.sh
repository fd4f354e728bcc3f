#!/bin/sh
# src/wasm/build.sh OUT [SOURCE...]: core.wasm, the core for JavaScript; loader.wasm, the
# loader of dialects; loader-moved.wasm, the loader at other addresses, which shows
# what has one in it. With sources, these and all the rest as test.wasm instead.
#
# The linker is called by itself: the compiler's driver would run wasm-opt where
# it finds one, and then the result would depend on what else is installed. The
# features are what all browsers have had since 2021, and web/make/interpret.mjs
# knows; where one lacks them, that is what runs. No 64-bit integers across the
# border.
set -eu
LC_ALL=C
export LC_ALL
# Whoever calls says them from where it stands; all below is from the root.
for argument; do
    set -- "$@" "$(realpath "$argument")"
    shift
done
cd "$(dirname "$0")/../.."
out=$1
shift
work=$out/wasm.objects
mkdir -p "$work"

# find NAME...: the first that is installed.
find() {
    for name in "$@"; do
        command -v "$name" && return
    done
    echo "src/wasm/build.sh: no $1: tools/setup run installs it" >&2
    exit 1
}
clang=$(find clang clang-19 clang-14)
ld=$(find wasm-ld wasm-ld-19 wasm-ld-14)
optimise=$(find wasm-opt)

flags='--target=wasm32 -mcpu=mvp -mbulk-memory -msign-ext -mnontrapping-fptoint
    -ffreestanding -nostdlib -std=gnu11 -Oz -flto
    -Isrc -Iinclude -Wall -Wextra -Werror'
shared=
core=
loader=
tests=
for source in src/base/*.c src/core/*.c src/wasm/*.c "$@"; do
    object=$work/$(echo "$source" | tr / -).o
    extra=
    case $source in
    # These would be turned into calls of themselves.
    src/wasm/libc.c) extra='-fno-builtin -fno-lto' shared="$shared $object" ;;
    # src/wasm/absent.c stands for them.
    src/core/date_write.c | src/core/header_cookie.c) continue ;;
    src/wasm/loader.c) loader=$object ;;
    src/wasm/*) core="$core $object" ;;
    src/*) shared="$shared $object" ;;
    *) tests="$tests $object" ;;
    esac
    # shellcheck disable=SC2086 # words
    "$clang" $flags $extra -MD -MF "$object.d" -c "$source" -o "$object"
done

# bind FILE OPTION-OR-OBJECT...
bind() {
    file=$1
    shift
    "$ld" --no-entry --gc-sections --strip-all --lto-O2 \
        -mllvm -inline-threshold=-50 -z stack-size=131072 -o "$file" "$@"
}

# link NAME OBJECT...: NAME.wasm
link() {
    name=$1
    shift
    bind "$work/$name.wasm" "$@"
    # Flattened and put together anew, it packs a little better.
    "$optimise" --enable-bulk-memory --enable-sign-ext \
        --enable-nontrapping-float-to-int -O4 --flatten --rereloop -Oz -Oz --converge \
        --strip-debug --strip-producers "$work/$name.wasm" -o "$out/$name.wasm"
}
if [ $# -gt 0 ]; then
    # shellcheck disable=SC2086 # words
    link test $tests $core $shared
    exit
fi
# shellcheck disable=SC2086 # words
link core $core $shared
# shellcheck disable=SC2086 # words
link loader $loader $shared
# shellcheck disable=SC2086 # words
bind "$out/loader-moved.wasm" --global-base=262144 $loader $shared
# What all that is made of, for whoever makes it anew.
cat "$work"/*.d | tr -s ' \\' '\n' | grep -E '^(src|include)/.*[.][ch]$' |
    sort -u >"$out/sources"
