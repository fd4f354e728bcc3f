#!/bin/sh
# web.sh SUITE PART FILE...: rows of web/PART/test, where Node 18 or later, the npm
# packages of web/ and the core for JavaScript are there; else one row says what
# to do, and is skipped.
. "$(dirname "$0")/../tools/rows.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)

cannot() {
    suite "$1"
    row "all rows of $1"
    skip "$2"
    finish
}

lacking=$("$root/tools/web-ready" tests | tr '\n' ',' | sed 's/,$//; s/,/, /g')
[ -z "$lacking" ] || cannot "$1" \
    "$lacking: tools/setup test and tools/node-packages web install what is missing"
cmp -s "$root/web/package-lock.json" "$root/web/node_modules/.installed.json" ||
    cannot "$1" "its npm packages are not there: tools/node-packages web fetches them"
# The rows, and the package as it is packed, are made of what is in build/.
[ -f "$root/build/web/core.stamp" ] ||
    cannot "$1" "no build/web/core: meson setup --reconfigure build, and ninja"
exec node "$root/test/web/vitest.mjs" "$@"
