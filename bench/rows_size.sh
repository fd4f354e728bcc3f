# Sourced by tools/bench: what a database of many sessions costs, in time and on
# the disk. bench/fill.c writes the sessions, in random order of their keys.

# Each run takes sessions that no other has moved: RUNS slices of all.
spread() {
    step=$((PAIRS + 1))
    echo "spread=$(($1 / step)):$step"
}

# refresh_many NAME COUNT PAIR: one line into the file NAME.COUNT.
refresh_many() {
    echo "$3" >"$work/first"
    load "$(spread "$2")" "$(cat "$work/$1.$2.port")" 64 "$SPAN" \
        >>"$work/$1.$2"
}

# The server that knows so many sessions, ready in NAME.COUNT.port and .pid.
serve_sqlite() {
    start_stayd "sqlite-$1"
    stop "$pid"
    "$programs/bench/bench_fill" sqlite "$folder/stay.db" "$1" ||
        die "cannot fill $folder/stay.db"
    start_stayd_on "sqlite-$1" "sqlite:$folder/stay.db" "$folder/stay.key"
    echo "$pid" >"$work/sqlite.$1.pid"
    echo "$port" >"$work/sqlite.$1.port"
}

# The same without anything around it: what SQLite costs, however many there are.
serve_bare() {
    mkdir "$work/bare-$1.d" || exit 1
    start "bare-empty-$1" "$programs/bench/bench_bare_refresh" \
        "$work/bare-$1.d" 0
    stop "$pid"
    "$programs/bench/bench_fill" sqlite "$work/bare-$1.d/bare.db" "$1" ||
        die "cannot fill $work/bare-$1.d/bare.db"
    start "bare-$1" "$programs/bench/bench_bare_refresh" "$work/bare-$1.d" 0
    echo "$pid" >"$work/bare.$1.pid"
    echo "$port" >"$work/bare.$1.port"
}

serve_postgres() {
    add_database "many_$1"
    start_stayd_on "postgres-$1" "$url" "$work/many-$1.key"
    echo "$pid" >"$work/postgres.$1.pid"
    echo "$port" >"$work/postgres.$1.port"
    fill_postgres "many_$1" "$1"
}

# size_on NAME COUNT: bytes on the disk, indexes and all, after the refreshes.
size_on() {
    if [ "$1" = sqlite ]; then
        wc -c <"$work/sqlite-$2.d/stay.db"
    else
        sql "many_$2" "SELECT pg_total_relation_size('session')"
    fi
}

# The same UPDATE without stayd, of sessions of the slice that no run of stayd
# moves, which lie among those that one does.
pgbench_many() {
    run_pgbench "many_$1" "$work/many-$1.sql" >>"$work/pgbench.$1"
}

prepare_pgbench_many() {
    step=$((PAIRS + 1))
    write_pgbench_script $(($1 / step)) \
        "substr(sha256(sha256(convert_to('R' || :n::bigint * $step,
        'UTF8'))), 1, 16)" 'substr(chain, 1, 32)' >"$work/many-$1.sql"
    : >"$work/pgbench.$1"
}

# bound_row NAME WHO SMALL COUNT: what the database itself loses.
bound_row() {
    r=$(ratio "$work/$1.$4" "$work/$1.$3" 'a["rate"] / b["rate"]')
    add "the same of $2, $4 beside $3" "$(of "$work/$1.$4" rate)" \
        "$(of "$work/$1.$3" rate)" "$(calc "$r")" - -
}

# rows_of NAME SMALL LARGE...: ratios are to the smallest. With FULL a PostgreSQL
# is also measured by itself, in the same pairs.
rows_of() {
    kind=$1 alone=
    shift
    [ "$kind" != postgres ] || alone=$FULL
    for count in "$@"; do
        "serve_$kind" "$count"
        : >"$work/$kind.$count"
        [ -z "$alone" ] || prepare_pgbench_many "$count"
    done
    for pair in $(seq "$PAIRS"); do
        for count in "$@"; do
            refresh_many "$kind" "$count" "$pair"
            [ -z "$alone" ] || pgbench_many "$count"
        done
    done
    small=$1
    shift
    for count in "$@"; do
        r=$(ratio "$work/$kind.$count" "$work/$kind.$small" \
            'a["rate"] / b["rate"]')
        add "refreshes/s among $count sessions, $kind, beside $small" \
            "$(of "$work/$kind.$count" rate)" \
            "$(of "$work/$kind.$small" rate)" "$(calc "$r")" 'at least 0.80' \
            "$r >= 0.80"
        [ -z "$alone" ] || bound_row pgbench pgbench "$small" "$count"
        stop "$(cat "$work/$kind.$count.pid")"
        each=$(calc "$(size_on "$kind" "$count") / $count" %.0f)
        add "on the disk for each of $count sessions, $kind" "$each bytes" - - \
            'at most 700' "$each <= 700"
    done
    stop "$(cat "$work/$kind.$small.pid")"
}

# bound_of SMALL LARGE...: the ratios that SQLite itself allows, with the same
# UPDATE, of as many at once, as durable.
bound_of() {
    for count in "$@"; do
        serve_bare "$count"
        : >"$work/bare.$count"
    done
    for pair in $(seq "$PAIRS"); do
        for count in "$@"; do refresh_many bare "$count" "$pair"; done
    done
    small=$1
    for count in "$@"; do
        stop "$(cat "$work/bare.$count.pid")"
        [ "$count" != "$small" ] || continue
        bound_row bare 'bare SQLite' "$small" "$count"
    done
}

row_size() {
    counts='1000 100000'
    [ -z "$FULL" ] || counts="$counts 5000000"
    # shellcheck disable=SC2086 # the counts are words
    rows_of sqlite $counts
    # shellcheck disable=SC2086
    bound_of $counts
    start_postgres || { skip size 'no PostgreSQL'; return; }
    # shellcheck disable=SC2086
    rows_of postgres $counts
}
