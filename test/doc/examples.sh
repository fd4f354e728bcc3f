#!/bin/sh
# The examples of the manual and of the README compile, link and run, against a
# stayd of the test's own; the commands they type are there.
. "$(dirname "$0")/../tools/rows.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
suite doc/examples
examples=$root/doc/examples
told=http://127.0.0.1:8080 # what the texts say
server=

stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$scratch"
}
trap stop EXIT
export XDG_STATE_HOME="$scratch/state"
mkdir -p "$XDG_STATE_HOME"

row "stayd starts"
"$STAYD" --demo --listen 127.0.0.1:0 --database "sqlite:$scratch/stay.db" \
    >"$scratch/out" 2>"$scratch/err" &
server=$!
until=$(($(date +%s) + 30))
while [ "$(date +%s)" -lt "$until" ] && kill -0 "$server" 2>/dev/null; do
    url=$(sed -n -e 's/^listening on //p' "$scratch/out")
    [ -z "$url" ] || break
    sleep 0.02 # between two looks
done
got=$(cat "$scratch/err")
[ -n "$url" ] || { fail "no line says where it listens"; finish; }

# build NAME: $scratch/NAME.c into $scratch/NAME, as C11 and without a warning.
build() {
    # shellcheck disable=SC2046,SC2086 # flags are words
    run $CC -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Wpedantic -Werror \
        -I "$root/include" $(pkg-config --cflags libcurl) "$scratch/$1.c" \
        "$LIBSTAY" -Wl,-rpath,"$(dirname "$LIBSTAY")" \
        $(pkg-config --libs libcurl) -o "$scratch/$1"
    is_status 0
    [ -z "$got" ] || fail "the compiler says something"
}

# there FILE: the text, but for where the server is.
there() {
    sed -e "s#$told#$url#" "$1"
}

# Name, exit code, and what is in the output.
while read -r name code words; do
    row "$name.c compiles"
    there "$examples/$name.c" >"$scratch/$name.c"
    build "$name"
    row "$name.c runs: $words"
    run "$scratch/$name"
    is_status "$code"
    has "$words"
done <<'TABLE'
account 0 signed out
easy 0 {"message":"User content."}
error 0 refused by the server: The user name or the password is wrong.
event 0 over: signed out
getinfo 0 a application/json
interceptor 0 answered 403
mime 0 404
pause 0 {"message":"User content."}
perform 0 answered
session 0 asking the person
setopt 0 "title":"tea"
status 0 in stay
token 0 200
verify 0 200 user: good
TABLE

row "session.c, run again, asks nobody"
run "$scratch/session"
is_status 0
has "done"
lacks asking

row "every example is in that table, and in a page"
for file in "$examples"/*.c; do
    name=$(basename "$file" .c)
    [ -x "$scratch/$name" ] || { got=$name; fail "not run"; }
    grep -q "^\\.\\\\\" example $name\\.c\$" "$root"/doc/man/* ||
        { got=$name; fail "in no page"; }
done

row "the example of stay-dialect(5) is a dialect"
# Judged before anything is sent, and then nobody listens there.
run sh -c "echo secret | '$STAY' --session mine login http://127.0.0.1:1 \
    --dialect '$examples/mine.json' --user ada --password-stdin"
is_status 4
lacks mine.json

row "and without its token's header it is none"
sed -e '/"send"/d' "$examples/mine.json" >"$scratch/bad.json"
run sh -c "echo secret | '$STAY' --session mine login http://127.0.0.1:1 \
    --dialect '$scratch/bad.json' --user ada --password-stdin"
is_status 2
has '"send" is missing here'

# ---- the README ----

# block KIND: the first such block of the README.
block() {
    awk -v fence="\`\`\`$1" '$0 == fence && !seen { on = seen = 1; next }
        /^```/ { on = 0 } on' "$root/README.md"
}

row "the README's program compiles"
block c >"$scratch/block.c"
there "$scratch/block.c" >"$scratch/readme.c"
build readme

row "the README's program signs in and prints a page"
run "$scratch/readme"
is_status 0
has "User content."

row "the README's compile line is pkg-config's"
grep -q 'cc app.c $(pkg-config --cflags --libs stay)' "$root/README.md" ||
    fail "not there"
grep -q "filebase: 'stay'" "$root/meson.build" || fail "no stay.pc"

row "the README's make targets are the Makefile's"
got=$(grep -o '^make [a-z-]*\|`make [a-z-]*`' "$root/README.md" |
    tr -d '`' | sed -e 's/^make //' | sort -u |
    while read -r target; do
        grep -q "^$target:" "$root/Makefile" || echo "$target"
    done)
[ -z "$got" ] || fail "no such target"

# The lines that type `stay`, with $(stay ...) as lines of their own.
stay_lines() {
    sed -e 's/\\-/-/g' -e 's/$(stay \([^)]*\))/\nstay \1\n/g' |
        grep '^ *stay [a-z]' | sed -e 's/ [>|].*//'
}

# known WHERE: each command of the lines on standard input and each of its
# options is in --help.
known() {
    row "$1: the commands and options it types are there"
    stay_lines >"$scratch/lines"
    [ "$(wc -l <"$scratch/lines")" -ge 3 ] || fail "found too few lines"
    got=$(while read -r _ command rest; do
        "$STAY" "$command" --help >"$scratch/help" 2>&1 </dev/null ||
            echo "stay $command"
        echo "$rest" | grep -o ' --[a-z-]*' | while read -r option; do
            grep -q -e " $option" "$scratch/help" ||
                echo "stay $command $option"
        done
    done <"$scratch/lines")
    [ -z "$got" ] || fail "not in --help"
}
awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on' "$root/README.md" |
    known README
awk '/^\.Sh/ { on = $2 == "EXAMPLES" } on' "$root/doc/man/stay.1" |
    known "stay(1)"

row "what they type does what they say"
run sh -c "printf 'lovelace\\n' | '$STAY' login '$url' --user ada \
    --password-stdin"
has "signed in as ada"
run "$STAY" post /todos --data '{"title":"tea"}'
is_status 0
run "$STAY" get /todos
has '"title":"tea"'
run "$STAY" token --min-seconds 60
is_status 0
run "$STAY" logout
has "signed out"

row "stayd ends"
kill -TERM "$server"
wait "$server"
got=$?
server=
[ "$got" -eq 0 ] || fail "exit code"

finish
