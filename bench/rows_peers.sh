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

# start_express NAME string|once: the secret as it is, or made a key once.
start_express() {
    command -v node >/dev/null || { why='no Node'; return 1; }
    tools/node-packages bench/peers build/bench-peers >"$work/node.log" 2>&1 || {
        why=$(tail -n 1 "$work/node.log")
        return 1
    }
    add_database "peer_$1"
    cp bench/peers/express.mjs build/bench-peers/
    start "$1" env NODE_ENV=production PEER_HOST="$pg" \
        PEER_DATABASE="peer_$1" PEER_KEY="$2" \
        PEER_SECRET='a secret of this bench alone, 0123456789abcdef' \
        node build/bench-peers/express.mjs
}

# goal_met RATIO GOAL: the condition of "at least N", or - without a goal.
goal_met() {
    [ -n "$2" ] && echo "$1 >= ${2##* }" || echo -
}

# beside WHO NAME [GOAL]: stayd, in $our_pid and $our_port, and the peer
# just started.
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
        "$(of "$b" rate)" "$(calc "$r" %.1f)" "${3:--}" \
        "$(goal_met "$r" "${3:-}")"
    stop "$pid"
}

# row_express NAME string|once WORDS [GOAL]
row_express() {
    if start_express "$1" "$2"; then
        beside "$1" "$3" ${4:+"$4"}
    else
        skip "peers, $3" "$why"
    fi
}

row_peers() {
    start_postgres || { skip peers 'no PostgreSQL'; return; }
    add_database peer_stay
    start_stayd_on peer-stay "$url" "$work/peer-stay.key"
    our_pid=$pid our_port=$port
    if start_simplejwt; then
        beside simplejwt 'SimpleJWT under gunicorn' 'at least 20'
    else
        skip 'peers, SimpleJWT' "$why"
    fi
    express='Express with jsonwebtoken and pg'
    row_express express string "$express, its secret a string as usual" \
        'at least 20'
    row_express express_once once "$express, its key made once: kinder"
    stop "$our_pid"
}
