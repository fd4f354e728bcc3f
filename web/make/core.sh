#!/bin/sh
# web/make/core.sh OUT DEPFILE CONSTANTS: all that the package's sources import
# as #core/..., into OUT/core, and OUT/core.stamp when it is there.
set -eu
# Meson says them from the folder of the build, and all below is from the source's.
out=$(realpath "$1")
depfile=$(realpath "$2")
constants=$(realpath "$3")
core=$out/core
cd "$(dirname "$0")/../.."
mkdir -p "$core"
sh src/wasm/build.sh "$core"
"$constants" >"$core/constants.ts"
node web/make/core.mjs "$core"
{
    echo 'web/core.stamp:'
    sed "s|^|$PWD/|" "$core/sources"
    for path in src/wasm/build.sh web/make/*.sh web/make/*.mjs \
        dialects/*.json; do
        echo "$PWD/$path"
    done
} | tr '\n' ' ' >"$depfile"
touch "$out/core.stamp"
