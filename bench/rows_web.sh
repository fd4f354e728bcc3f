# Sourced by tools/bench: @stay/web beside what people use today, in Node. The
# libraries are bench/web/package.json's, fetched once into build/bench-web.

# web_rows SCRIPT ARGUMENT...: each line of it is a row.
web_rows() {
    script=$1
    shift
    node "bench/web/$script.mjs" "$@" >"$work/web.$script" ||
        die "bench/web/$script.mjs failed"
    while IFS='|' read -r what ours peer ratio goal met; do
        add "$what" "$ours" "$peer" "$ratio" "$goal" "$met"
    done <"$work/web.$script"
}

# The Timeline in a browser, as stayd serves it.
web_frames() {
    : "${CHROMIUM:=/usr/bin/chromium}"
    if [ ! -x "$CHROMIUM" ]; then
        skip 'web, frames a second' \
            "no Chromium: tools/setup test installs Debian's"
        return
    fi
    start_stayd frames
    web_rows frames "http://127.0.0.1:$port" "$CHROMIUM"
    stop "$pid"
}

row_web() {
    lacking=$(tools/web-ready | tr '\n' ',' | sed 's/,$//; s/,/, /g')
    if [ -n "$lacking" ]; then
        skip web "$lacking: tools/setup web installs it"
        return
    fi
    if ! tools/node-packages web ||
        ! tools/node-packages bench/web build/bench-web; then
        skip web 'no npm packages: tools/node-packages says why'
        return
    fi
    # It is made of what the build left in build/.
    if ! ninja -C build >"$work/ninja.log" || [ ! -f build/web/core.stamp ]
    then
        skip web 'no build/web/core: meson setup --reconfigure build, and ninja'
        return
    fi
    node web/make/package.mjs "$work/stay-web.tgz" >"$work/package.log" 2>&1 ||
        die "$(cat "$work/package.log")"
    for script in sizes cost burst outcomes; do
        web_rows $script build/bench-web build/web/package
    done
    web_frames
}
