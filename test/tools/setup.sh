#!/bin/sh
# tools/setup, with dpkg-query, apt-get, id and sudo that are not the machine's.
. "$(dirname "$0")/rows.sh"
setup=$(cd "$(dirname "$0")/../.." && pwd)/tools/setup
suite tools/setup
mkdir "$scratch/bin"
PATH=$scratch/bin:$PATH
export PATH scratch

program() {
    { echo '#!/bin/sh'; cat; } >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

# A package is there when it stands in `installed`; apt-get adds to it, but for
# what stands in `broken`; every call of apt-get is noted.
program dpkg-query <<'END'
for name; do :; done
grep -qx "$name" "$scratch/installed" && echo installed
END
program apt-get <<'END'
echo "apt-get $*" >>"$scratch/calls"
case " $* " in
*" --assume-no "*)
    echo "Need to get 1,234 kB of archives."
    echo "After this operation, 5,678 kB of additional disk space will be used."
    exit 1 ;;
*" update "*) : >"$scratch/broken-once"; exit 0 ;;
esac
seen=no
for word; do
    if [ $seen = yes ]; then
        if grep -qx "$word" "$scratch/broken" "$scratch/broken-once"; then
            echo "E: Unable to locate package $word"
            exit 100
        fi
        echo "$word" >>"$scratch/installed"
    fi
    [ "$word" = install ] && seen=yes
done
END
program id <<'END'
cat "$scratch/id"
END
# sudo's file: absent, nobody may; empty, without a password; else with one.
program sudo <<'END'
echo "sudo $*" >>"$scratch/calls"
[ -f "$scratch/sudo" ] || exit 1
if [ "$1" = -n ]; then
    [ -s "$scratch/sudo" ] && exit 1
    shift
fi
[ "$1" = -v ] && exit 0
exec "$@"
END

# The first alternative of each row of the table.
everything=$(sed -n "/^packages='/,/^'/p" "$setup" |
    awk 'NF > 3 { sub(/\|.*/, "", $1); print $1 }')

# begin USER-ID PACKAGE...: all is installed but these, and nothing is broken.
begin() {
    echo "$1" >"$scratch/id"
    shift
    rm -f "$scratch/sudo"
    : >"$scratch/calls"
    : >"$scratch/broken"
    : >"$scratch/broken-once"
    echo "$everything" | tr ' ' '\n' >"$scratch/installed"
    for name; do
        grep -vx "$name" "$scratch/installed" >"$scratch/rest"
        mv "$scratch/rest" "$scratch/installed"
    done
}

calls() {
    got=$(cat "$scratch/calls")
}

for group in run test check bench; do
    row "all is there for $group: silent, and apt-get is not called"
    begin 1000
    run "$setup" $group
    is_status 0
    [ -z "$got" ] || fail "it said something"
    calls
    lacks apt-get
done

row "another package that will do is left in its place"
begin 0 libcurl4-openssl-dev
echo libcurl4-gnutls-dev >>"$scratch/installed"
run "$setup" run
is_status 0
calls
lacks apt-get

row "a Node from elsewhere is left in its place"
begin 0 nodejs npm
echo 'echo v18.0.0' | program node
echo 'true' | program npm
run "$setup" test
is_status 0
calls
lacks apt-get

row "a Node before 18 is not enough"
begin 0 nodejs npm
echo 'echo v17.9.9' | program node
run "$setup" test
is_status 0
calls
has "install nodejs"
lacks npm
rm "$scratch/bin/node" "$scratch/bin/npm"

row "no group, or an unknown one, is wrong usage"
run "$setup"
is_status 2
run "$setup" run everything
is_status 2
has usage

row "as root it installs what is missing, says why and how much"
begin 0 meson libuv1-dev
run "$setup" run
is_status 0
has "libuv1-dev"
has "the loop of stayd"
has "1,234 kB"
has "5,678 kB"
calls
has "--no-install-recommends install meson libuv1-dev"
lacks gcc

row "what no group asks for is not installed"
begin 0 chromium spin
run "$setup" run bench
is_status 0
calls
lacks apt-get

row "with sudo it installs too"
begin 1000 meson
: >"$scratch/sudo"
run "$setup" run
is_status 0
calls
has "install meson"

# on_terminal COMMAND: its status is lost on the way.
on_terminal() {
    run script -qec "$1" /dev/null
}

row "on a terminal sudo may ask, and then it installs"
begin 1000 meson
echo password >"$scratch/sudo"
on_terminal "$setup run"
calls
has "sudo -v"
has "install meson"

row "who may not use sudo is asked once, and told the exact command"
begin 1000 meson
on_terminal "$setup run"
has "as root: apt-get update && apt-get install -y --no-install-recommends \
meson"
calls
[ "$(grep -c '^sudo -v' "$scratch/calls")" -eq 1 ] || fail "not asked once"
lacks apt-get

row "without root and sudo it prints the exact command: 3"
begin 1000 meson spin
run "$setup" test
is_status 3
has "as root: apt-get update && apt-get install -y --no-install-recommends \
meson spin"
calls
lacks apt-get

row "only something optional is missing: its name, and 4"
begin 1000 spin
run "$setup" test
is_status 4
has "spin"
has "models of the protocols"

row "a failed install is tried again with new lists"
begin 0 meson
echo meson >"$scratch/broken-once"
run "$setup" run
is_status 0
calls
has update

row "the optional ones are installed in one go"
begin 0 mandoc spin
run "$setup" test
is_status 0
calls
has "install mandoc spin"

row "what another group wants of a package is not said"
begin 0 clang
run "$setup" check
is_status 0
has "the other compiler"
lacks "as WebAssembly"

row "an optional package that cannot be had keeps out no other"
begin 0 python3-djoser spin
echo python3-djoser >"$scratch/broken"
run "$setup" test
is_status 4
has "E: Unable to locate package python3-djoser"
grep -qx spin "$scratch/installed" || fail "spin was not installed"

row "a required package that cannot be had: 3, and apt-get's own words"
begin 0 meson
echo meson >"$scratch/broken"
run "$setup" run
is_status 3
has "E: Unable to locate package meson"

finish
