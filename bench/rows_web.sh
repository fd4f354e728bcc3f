# Sourced by tools/bench: @stay/web beside what people use today, in Node. The
# libraries are bench/web/package.json's, fetched once into build/bench-web.

# web_rows SCRIPT: each line of it is a row.
web_rows() {
    node "bench/web/$1.mjs" build/bench-web build/web/package \
        >"$work/web.$1" || die "bench/web/$1.mjs failed"
    while IFS='|' read -r what ours peer ratio goal met; do
        add "$what" "$ours" "$peer" "$ratio" "$goal" "$met"
    done <"$work/web.$1"
}

row_web() {
    if [ ! -f build/web/package/dist/index.mjs ]; then
        echo 'no build/web/package, which make web-package writes: no row web'
        return
    fi
    if ! tools/node-packages bench/web build/bench-web; then
        echo 'without the libraries of bench/web/package.json: no row web'
        return
    fi
    for script in sizes cost burst outcomes; do web_rows $script; done
}
