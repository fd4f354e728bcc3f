# Sourced by tools/bench: rows that want a PostgreSQL. It is the bench's own, in
# a folder that goes with it, reached through a Unix socket there; it syncs each
# commit, as in earnest.

# PostgreSQL refuses to run as root.
as_server=
[ "$(id -u)" -ne 0 ] ||
    as_server='setpriv --reuid=nobody --regid=nogroup --clear-groups --'

# start_postgres: sets pg_bin and pg, its folder; false: there is none to have.
start_postgres() {
    [ -n "${pg:-}" ] && return 0
    pg_bin=$(tools/peers postgres 2>"$work/peers.err") || return 1
    # Root's own folder, for one, lets nobody in.
    # shellcheck disable=SC2086 # as_server is words
    [ -z "$as_server" ] || $as_server test -x "$pg_bin/postgres" ||
        as_server="${as_server% --} --inh-caps=+dac_override \
            --ambient-caps=+dac_override --securebits=+no_setuid_fixup --"
    unpacked=$root/build/peers/postgres
    case $pg_bin in "$unpacked"/*)
        for folder in "$unpacked"/usr/lib/*-linux-gnu*; do
            export LD_LIBRARY_PATH="$folder"
        done
        ;;
    esac
    pg=$work/pg
    mkdir "$pg" && chmod 711 "$work" || exit 1
    [ "$(id -u)" -ne 0 ] || chown nobody "$pg"
    # shellcheck disable=SC2086 # as_server is words
    (cd / && exec $as_server "$pg_bin/initdb" -D "$pg/data" -N -A trust -U postgres \
        -E UTF8 --locale C.UTF-8 >"$work/initdb.log" 2>&1) ||
        die "initdb: $(tail -n 3 "$work/initdb.log")"
    # shellcheck disable=SC2086
    $as_server sh -c "cat >>'$pg/data/postgresql.conf'" <<END
listen_addresses = ''
unix_socket_directories = '$pg'
max_connections = 60
shared_buffers = 256MB
max_wal_size = 4GB
END
    # shellcheck disable=SC2086
    (cd / && exec $as_server "$pg_bin/postgres" -D "$pg/data" \
        >"$work/postgres.log" 2>&1) &
    servers="$servers $!"
    for _ in $(seq 300); do
        sql postgres 'SELECT 1' >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    die "postgres: $(tail -n 3 "$work/postgres.log")"
}

# sql DATABASE TEXT
sql() {
    "$pg_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$pg" -U postgres \
        -d "$1" -c "$2"
}

# add_database NAME: empty; its address is $url.
add_database() {
    sql postgres "CREATE DATABASE $1 TEMPLATE template0 ENCODING 'UTF8'" ||
        die "no database $1"
    url="postgresql://postgres@/$1?host=$pg"
}

# start_three NAME: three stayd on $url; sets pids and ports, with commas.
start_three() {
    pids= ports=
    for number in 1 2 3; do
        start_stayd_on "$1-$number" "$url" "$work/$1.key"
        pids="$pids${pids:+,}$pid" ports="$ports${ports:+,}$port"
    done
}

# fill_postgres DATABASE COUNT
fill_postgres() {
    "$programs/bench/bench_fill" copy "$2" | "$pg_bin/psql" -X -q -h "$pg" \
        -U postgres -d "$1" -v ON_ERROR_STOP=1 -c "COPY session ($(
            "$programs/bench/bench_fill" columns)) FROM STDIN" ||
        die "cannot fill $1"
    sql "$1" 'VACUUM ANALYZE session' || exit 1
}

# The same single UPDATE as a refresh's, on rows of its own with the same width:
# they are known by number, and hold one commitment for ever.
pgbench_rows=100000
pgbench_clients=4
pgbench_depth=16 # in one pipeline, as 64 connections come to 4 of stayd's

add_pgbench_rows() {
    sql "$1" "INSERT INTO session ($("$programs/bench/bench_fill" columns))
        SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), n, 0, 0, 0, 0,
            extract(epoch FROM now())::bigint, extract(epoch FROM now())::bigint,
            1, 0, 0, decode(repeat('cc', 32), 'hex') || substr(chain, 33, 112),
            roles, dialect, label, agent, address
        FROM generate_series(0, $pgbench_rows - 1) AS n,
            (SELECT * FROM session LIMIT 1) AS one" &&
        sql "$1" 'VACUUM ANALYZE session' || exit 1
}

pgbench_old="'\\x$(printf 'cc%.0s' $(seq 32))'::bytea"

# write_pgbench_script ROWS SID SHOWN: SID is the key of row :n as an expression,
# SHOWN the commitment it must have. Each client has rows of its own: a row's
# lock is never waited for.
write_pgbench_script() {
    next=$(printf 'dd%.0s' $(seq 16))
    each=$(($1 / pgbench_clients - 1))
    printf '%s\n' '\startpipeline'
    for _ in $(seq $pgbench_depth); do
        printf '%s\n' "\\set n random(0, $each) * $pgbench_clients + :client_id"
        cat <<END
UPDATE session SET used_s = 2000000000, moved_s = 2000000000, moved = 1,
    generation = generation + 1, chain = $pgbench_old ||
    substr(chain, 1, 16) || substr(chain, 33, 96)
    WHERE sid = $2 AND ended = 0
    AND created_s > 0 AND used_s > 0 AND protocol = 0 AND generation >= 0
    AND substr(chain, 1, 32) = $3
    AND position('\\x$next'::bytea IN chain) = 0 RETURNING user_id, roles;
END
    done
    printf '%s\n' '\endpipeline'
}

# run_pgbench DATABASE SCRIPT: one line "rate N".
run_pgbench() {
    "$pg_bin/pgbench" -n -M prepared -h "$pg" -U postgres \
        -c $pgbench_clients -j 1 -T "$SPAN" -f "$2" "$1" \
        >"$work/pgbench.out" 2>&1 || die "pgbench: $(grep error "$work/pgbench.out")"
    awk -v depth=$pgbench_depth \
        '/^tps/ {printf "rate %.1f\n", $3 * depth}' "$work/pgbench.out"
}

row_postgres() {
    start_postgres || { skip postgres 'no PostgreSQL'; return; }
    add_database bench
    start_three postgres
    fill_postgres bench 10
    echo 10 >"$work/first" # those are there
    add_pgbench_rows bench
    write_pgbench_script $pgbench_rows \
        "decode(lpad(to_hex(:n::bigint), 32, '0'), 'hex')" "$pgbench_old" \
        >"$work/pgbench.sql"
    for who in one three pgbench; do : >"$work/pg.$who"; done
    sign=$("$programs/bench/bench_bare_sign" 1)
    for _ in $(seq "$PAIRS"); do
        load refresh "${ports%%,*}" 64 "$SPAN" "${pids%%,*}" >>"$work/pg.one"
        run_pgbench bench "$work/pgbench.sql" >>"$work/pg.pgbench"
        load refresh "$ports" 64 "$SPAN" "$pids" >>"$work/pg.three"
    done
    sign_us=$(field sign_us "$sign")
    for who in one three; do
        r=$(ratio "$work/pg.$who" "$work/pg.pgbench" 'a["rate"] / b["rate"]')
        add "refreshes/s on PostgreSQL, $who stayd, beside pgbench's same UPDATE" \
            "$(of "$work/pg.$who" rate)" "$(of "$work/pg.pgbench" rate)" \
            "$(calc "$r")" 'at least 0.40' "$r >= 0.40"
    done
    cpu=$(awk '{for (i = 1; i < NF; i++) f[$i] = $(i + 1)
        print f["cpu_s"] / f["done"] * 1e6}' "$work/pg.one" | median)
    add 'CPU of stayd a refresh on PostgreSQL, beside an Ed25519 signature' \
        "$(calc "$cpu" %.1f) us" "$sign_us us" \
        "$(calc "$cpu - $sign_us" %+.1f) us" 'at most +20 us' \
        "$cpu - $sign_us <= 20"
    stop_all "$pids"
}
