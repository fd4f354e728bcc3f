# Sourced by tools/bench: back ends that people use today, refreshing on the same
# PostgreSQL, in turn with one stayd.

start_simplejwt() {
    /usr/bin/python3 -c 'import gunicorn, psycopg2, rest_framework_simplejwt' \
        2>"$work/python.err" || {
        why=$(tail -n 1 "$work/python.err")
        return 1
    }
    add_database peer_simplejwt
    export PEER_HOST="$pg" PEER_DATABASE=peer_simplejwt
    (cd bench/peers && PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c \
        'import simplejwt; simplejwt.set_up()') || die 'SimpleJWT has no tables'
    start simplejwt env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m gunicorn \
        --chdir bench/peers --config bench/peers/gunicorn.py \
        simplejwt:application
}

start_express() {
    command -v node >/dev/null || { why='no Node'; return 1; }
    tools/node-packages bench/peers build/bench-peers >"$work/node.log" 2>&1 || {
        why=$(tail -n 1 "$work/node.log")
        return 1
    }
    add_database peer_express
    cp bench/peers/express.mjs build/bench-peers/
    start express env NODE_ENV=production PEER_HOST="$pg" \
        PEER_DATABASE=peer_express node build/bench-peers/express.mjs
}

# beside WHO NAME: stayd, in $our_pid and $our_port, and the peer just started.
beside() {
    a=$work/peer.ours b=$work/peer.$1
    : >"$a"
    : >"$b"
    for _ in $(seq "$PAIRS"); do
        load refresh "$our_port" 64 "$SPAN" >>"$a"
        load peer "$port" 64 "$SPAN" >>"$b"
    done
    r=$(ratio "$a" "$b" 'a["rate"] / b["rate"]')
    add "refreshes/s on PostgreSQL, beside $2" "$(of "$a" rate)" \
        "$(of "$b" rate)" "$(calc "$r" %.1f)" 'at least 20' "$r >= 20"
    stop "$pid"
}

row_peers() {
    start_postgres || { skip peers 'no PostgreSQL'; return; }
    add_database peer_stay
    start_stayd_on peer-stay "$url" "$work/peer-stay.key"
    our_pid=$pid our_port=$port
    if start_simplejwt; then
        beside simplejwt 'SimpleJWT under gunicorn'
    else
        skip 'peers, SimpleJWT' "$why"
    fi
    if start_express; then
        beside express 'Express with jsonwebtoken and pg'
    else
        skip 'peers, Express' "$why"
    fi
    stop "$our_pid"
}
