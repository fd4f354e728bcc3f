#!/bin/sh
# tools/check-layers on trees of one or two files.
. "$(dirname "$0")/rows.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
suite tools/layers
tree=$scratch/tree

# begin NAME: an empty tree for the row.
begin() {
    row "$1"
    rm -rf "$tree"
    mkdir -p "$tree/include" "$tree/test"
    for layer in base core client cli show store server wasm; do
        mkdir -p "$tree/src/$layer"
    done
}

# file PATH LINE...: writes the lines.
file() {
    written=$tree/$1
    shift
    mkdir -p "$(dirname "$written")"
    printf '%s\n' "$@" >"$written"
}

refused() {
    run "$root/tools/check-layers" "$tree"
    is_status 1
    has "$1"
    [ "$(echo "$got" | wc -l)" -eq 1 ] || fail "more than one line"
}

accepted() {
    run "$root/tools/check-layers" "$tree"
    is_status 0
    [ -z "$got" ] || fail "it said something"
}

begin "an empty tree has nothing wrong"
accepted

# Who may include whom: each pair, both ways.
arrows="base:base core:base core:core client:base client:core client:client \
cli:base cli:core cli:client cli:cli show:base show:core show:client show:show \
wasm:base wasm:core wasm:wasm store:base store:core store:store \
server:base server:core server:store server:server"
for from in base core client cli show wasm store server; do
    for to in base core client cli show wasm store server; do
        begin "src/$from includes $to/x.h"
        file "src/$from/a.c" '' "#include \"$to/x.h\""
        case " $arrows " in
        *" $from:$to "*) accepted ;;
        *) refused "src/$from/a.c:2: $from may not include $to/x.h" ;;
        esac
    done
    begin "src/$from includes stay.h, with quotes and with brackets"
    for name in '"stay.h"' '<stay.h>'; do
        file "src/$from/a.c" "#include $name"
        case $from in
        client | cli | show) accepted ;;
        base | core | store | server | wasm)
            refused "$from may not include stay.h" ;;
        esac
    done
done

for folder in base core wasm; do
    begin "src/$folder may see stdint.h, stddef.h and stdbool.h"
    file "src/$folder/a.c" '#include <stdint.h>' '#include <stddef.h>' \
        '#include <stdbool.h>'
    accepted
    begin "src/$folder may not see string.h"
    file "src/$folder/a.h" '#include <string.h>'
    refused "src/$folder/a.h:1: $folder is freestanding"
done

for folder in client store server cli show; do
    begin "src/$folder may see string.h"
    file "src/$folder/a.c" '#include <string.h>'
    accepted
done

begin "libcurl in src/client and in include/stay.h"
file src/client/a.c '#include <curl/curl.h>'
file include/stay.h '#include <curl/curl.h>'
accepted
for path in src/cli/a.c src/server/a.c src/show/a.c src/store/a.h \
    include/other.h; do
    begin "libcurl in $path"
    file "$path" '#include <curl/curl.h>'
    refused "$path:1: only src/client and include/stay.h"
done
begin "libcurl in a test"
file test/system/a.c '#include <curl/curl.h>'
accepted

begin "a blank before and after the #"
file src/core/a.c '  #  include   "server/http.h"'
refused "core may not include server/http.h"
begin "a header without its folder"
file src/core/a.c '#include "engine.h"'
refused "src/core/a.c:1: includes engine.h: by its folder"
begin "a header through .."
file src/core/a.c '#include "core/../server/http.h"'
refused "by its folder"
begin "a .c file, also in a test"
file test/core/a.c '#include "core/engine.c"'
refused "test/core/a.c:1: includes a .c file, core/engine.c"

for name in strcpy strcat sprintf strtok atoi gets system; do
    begin "a call of $name"
    file src/server/a.c '' '' "    x = $name (y);"
    refused "src/server/a.c:3: calls $name, which is banned"
    begin "not a call of $name"
    file src/server/a.c "// $name(x)" "/* $name(x)" "   $name(x) */" \
        "    f(\"$name(x)\", my_$name(y), ${name}_all(z)); /* $name() */" \
        "    g(\"\\\"\", \"$name(x)\");"
    accepted
done
begin "a banned call after a comment on its line"
file test/a.c '    /* a */ x(); /* b */ y(strcpy(a, b)); // strcat()'
refused "calls strcpy"
begin "a banned call after a comment of two lines"
file test/a.c '/* a' 'b */ strcpy(a, b);'
refused "test/a.c:2: calls strcpy"

begin "a file of 600 lines"
yes 'int x;' | head -n 600 >"$tree/src/core/a.c"
accepted
begin "a file of 601 lines"
yes 'int x;' | head -n 601 >"$tree/src/core/a.c"
refused "src/core/a.c:601: over 600 lines"

for name in util common helper misc utils helpers; do
    begin "a file $name.c"
    file "src/core/$name.c" 'int x;'
    refused "src/core/$name.c: a name that says nothing"
    begin "a folder $name"
    file "test/$name/engine.c" 'int x;'
    refused "test/$name: a name that says nothing"
    begin "$name within another name"
    file "src/core/$name"_x.c 'int x;'
    accepted
done

begin "everything wrong is named, not the first alone"
file src/core/a.c '#include <stdio.h>' '#include "server/http.h"' 'gets(x);'
run "$root/tools/check-layers" "$tree"
is_status 1
has "a.c:1:"
has "a.c:2:"
has "a.c:3:"

row "the project itself"
run "$root/tools/check-layers"
is_status 0

finish
