#!/bin/sh
# front.sh PROGRAM ARGUMENT...: a test written for Node, where Node 18 or later
# and its packages are there; else one row says what to do, and is skipped.
. "$(dirname "$0")/../tools/rows.sh"
here=$(cd "$(dirname "$0")" && pwd)
program=$1
shift
name=front/${1:-$(basename "$program" .mjs)}

cannot() {
    suite "$name"
    row "all rows of $name"
    skip "$1"
    finish
}

major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
[ "${major:-0}" -ge 18 ] ||
    cannot "it needs Node 18 or later: tools/setup test installs Debian's"
cmp -s "$here/package-lock.json" "$STAY_FRONT/installed.json" ||
    cannot "its npm packages are not there: tools/node-packages fetches them"
exec node "$here/$program" "$@"
