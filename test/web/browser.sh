#!/bin/sh
# browser.sh: the rows of web/app/test in Chromium, each worker with a stayd of
# its own; where something for them is missing, one row says what, and is skipped.
# $CHROMIUM is another browser than Debian's.
. "$(dirname "$0")/../tools/rows.sh"
web=$(cd "$(dirname "$0")/../../web" && pwd)

cannot() {
    suite web/browser
    row "all rows in a browser"
    skip "$1"
    finish
}

major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
[ "${major:-0}" -ge 18 ] ||
    cannot "they need Node 18 or later: tools/setup test installs Debian's"
cmp -s "$web/package-lock.json" "$web/node_modules/.installed.json" ||
    cannot "their npm packages are not there: tools/node-packages web fetches them"
: "${CHROMIUM:=$(command -v chromium)}"
[ -f "$CHROMIUM" ] && [ -x "$CHROMIUM" ] ||
    cannot "they need Chromium: tools/setup test installs Debian's"
export CHROMIUM
[ -f "$STAY_BUILD/app/index.html" ] ||
    cannot "this stayd has no web app: tools/web-ready says what it lacks"
cd "$web/app" || exit 1
exec node "$web/node_modules/@playwright/test/cli.js" test -c test "$@"
