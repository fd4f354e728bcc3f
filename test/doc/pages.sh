#!/bin/sh
# The man pages against the header, the programs' --help and each other.
. "$(dirname "$0")/../tools/rows.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
suite doc/pages
man=$root/doc/man
header=$root/include/stay.h

# The header without comments, as one line.
sed -e 's://.*$::' -e '/^#/d' "$header" | tr '\n' ' ' |
    sed -e 's:/\*\([^*]\|\*[^/]\)*\*/::g' >"$scratch/header"

# same NAME GOT WANT: two files hold the same lines, in any order.
same() {
    sort -u "$2" >"$scratch/got"
    sort -u "$3" >"$scratch/want"
    got=$(diff "$scratch/got" "$scratch/want")
    [ -s "$scratch/want" ] || fail "$1: the list is empty"
    [ -z "$got" ] || fail "$1: < only in the page, > only there"
}

# names PAGE: what stands under NAME, one a line.
names() {
    awk '/^\.Sh/ { on = $2 == "NAME" } on && $1 == ".Nm" { print $2 }' "$1"
}

# section PAGE TITLE: its lines.
section() {
    awk -v title="$2" '/^\.Sh/ { on = substr($0, 5) == title; next } on' "$1"
}

for page in "$man"/*; do
    name=$(basename "$page")

    row "$name: mandoc finds nothing wrong"
    if command -v mandoc >/dev/null; then
        # Which manuals are installed on this machine is no matter.
        got=$(mandoc -Tlint "$page" 2>/dev/null |
            grep -v 'referenced manual not found')
        [ -z "$got" ] || fail "it says something"
    else
        skip "mandoc is not installed"
    fi

    row "$name: its examples are those of doc/examples"
    "$root/doc/put-examples" "$page" >"$scratch/page"
    got=$(diff "$page" "$scratch/page") ||
        fail "doc/put-examples would change it"

    row "$name: is installed under each of its names"
    names "$page" | sed -e "s/\$/.${page##*.}/" >"$scratch/names"
    tr -d '\n' <"$root/doc/meson.build" | sed -e 's/\],/\n/g' |
        grep "'$name': \[" | sed -e "s/.*\('$name'\)/\1/" |
        grep -o "'[^']*'" | tr -d "'" >"$scratch/listed"
    same "$name" "$scratch/names" "$scratch/listed"

    row "$name: every page of ours it speaks of is there"
    grep -ho '^\.\(Xr\|It Xr\) .*' "$page" |
        grep -o '\(lib\)\?stay[a-z_-]* [1-8]' | tr ' ' '.' >"$scratch/spoken"
    for other in "$man"/*; do
        names "$other" | sed -e "s/\$/.${other##*.}/"
    done >"$scratch/all"
    got=$(grep -vxFf "$scratch/all" "$scratch/spoken")
    [ -z "$got" ] || fail "no such page"

    row "$name: every constant it names is the header's"
    grep -v '^\.Dt ' "$page" | grep -o 'STAY_[A-Z0-9_]*[A-Z0-9]' | sort -u >"$scratch/constants"
    got=$(while read -r constant; do
        grep -qw "$constant" "$header" || echo "$constant"
    done <"$scratch/constants")
    [ -z "$got" ] || fail "not in stay.h"
done

# ---- functions ----

# "TYPE name(ARGUMENTS)" without blanks, one a line: of the header ...
tr ';' '\n' <"$scratch/header" | grep -o 'STAY_API .*' |
    sed -e 's/^STAY_API//' | tr -d ' ' >"$scratch/declared"
# ... and of the pages.
for page in "$man"/*.3; do
    section "$page" SYNOPSIS | awk '
        $1 == ".Ft" { type = substr($0, 5) }
        $1 == ".Fo" { line = type $2 "("; comma = "" }
        $1 == ".Fa" { gsub(/"/, ""); line = line comma substr($0, 5); comma = "," }
        $1 == ".Fc" { print line ")" }' | tr -d ' '
done >"$scratch/documented"
row "every function of the header has a page, with its very arguments"
same prototypes "$scratch/documented" "$scratch/declared"

row "the names of the pages are the functions"
for page in "$man"/*.3; do
    names "$page"
done | grep -vx libstay >"$scratch/names"
sed -e 's/(.*//' -e 's/.*\(stay_\)/\1/' "$scratch/declared" >"$scratch/functions"
same names "$scratch/names" "$scratch/functions"

row "every function page has an example"
got=$(grep -L '^\.\\" example ' "$man"/*.3)
[ -z "$got" ] || fail "without one"

# ---- results ----

# enum NAME: its constants.
enum() {
    sed -e "s/.*enum $1 {\([^}]*\)}.*/\1/" "$scratch/header" | tr ',' '\n' |
        grep -o 'STAY_[A-Z0-9_]*' | grep -v '_ANY$' # each enumerator comes first
}

row "libstay(3) tells of every result"
enum stay_result | sort -u >"$scratch/results"
awk '/^\.Ss/ { on = $2 == "Results" } on && /^\.It Dv/ { print $3 }' \
    "$man/libstay.3" >"$scratch/told"
same results "$scratch/told" "$scratch/results"

# What each page's functions can return, as their code does.
results='
stay_open OK SIGN_IN TRY_LATER BAD_CONFIG BAD_VAULT NO_MEMORY
stay_sign_in OK TRY_LATER REFUSED BAD_CONFIG BAD_REPLY BAD_VAULT NO_MEMORY
stay_get OK SIGN_IN TRY_LATER BAD_CONFIG BAD_REPLY NO_MEMORY
stay_on_event OK NO_MEMORY
stay_on_request OK NO_MEMORY
stay_status OK TRY_LATER BAD_VAULT NO_MEMORY
stay_verify OK BAD_CONFIG NO_MEMORY
stay_easy_perform OK SIGN_IN TRY_LATER BAD_CONFIG BAD_REPLY NOT_REPLAYED NO_MEMORY CURL
'
echo "$results" | grep . >"$scratch/table"
while read -r page list; do
    row "$page(3) tells of every result, one by one"
    for result in $list; do
        echo "STAY_$result"
    done >"$scratch/can"
    section "$man/$page.3" 'RETURN VALUES' |
        awk '/^\.It Dv/ { print $3 }' >"$scratch/told"
    same "$page" "$scratch/told" "$scratch/can"
done <"$scratch/table"

row "every function that returns a result is in that table"
for page in "$man"/*.3; do
    section "$page" SYNOPSIS | grep -q '^\.Ft enum stay_result' &&
        basename "$page" .3
done >"$scratch/returning"
cut -d ' ' -f 1 "$scratch/table" >"$scratch/tabled"
same pages "$scratch/tabled" "$scratch/returning"

# told ENUM PAGE: every constant of the enum stands there as an item.
told() {
    row "$2(3) tells of every $1"
    enum "$1" >"$scratch/constants"
    grep -h '^\.It Dv\|^\.Dv .*_\(NONE\|ANY\)$' "$man/$2.3" |
        grep -o "$3[A-Z_]*" | grep -v '_ANY$' >"$scratch/told"
    same "$1" "$scratch/told" "$scratch/constants"
}
told stay_reason stay_error STAY_REASON_
told stay_event_kind stay_on_event STAY_EVENT_
told stay_state stay_status STAY_STATE_
told stay_verdict stay_verify STAY_VERDICT_

# members STRUCT PAGE: every member's name stands there.
members() {
    row "$2(3) tells of every member of struct $1"
    sed -e "s/.*struct $1 {\([^}]*\)}.*/\1/" "$scratch/header" | tr ';' '\n' |
        sed -e 's/(\*\([a-z_]*\)).*/ \1/' -e 's/\[.*//' |
        grep -o '[a-z_]* *$' | tr -d ' ' | grep . >"$scratch/members"
    [ "$(wc -l <"$scratch/members")" -ge 3 ] || fail "found too few members"
    got=$(while read -r member; do
        grep -qw "$member" "$man/$2.3" || echo "$member"
    done <"$scratch/members")
    [ -z "$got" ] || fail "not in the page"
}
members stay_config stay_open
members stay_token stay_get
members stay_event stay_on_event
members stay_status stay_status
members stay_verifier_config stay_verify
members stay_claims stay_verify

# ---- options ----

# Of a page, its quoting undone; `Fl \-listen` is --listen.
page_options() {
    sed -e 's/Fl \\-/ --/g' -e 's/Fl \([a-z]\) /-\1 /g' -e 's/\\-/-/g' |
        grep -o '\(^\| \)--\?[a-z][a-z0-9-]*' | tr -d ' ' | sort -u
}
help_options() {
    grep -o '\(^\|[ [(]\)--\?[a-z][a-z0-9-]*' | tr -d ' [(' | sort -u
}

# stayd's own help, and that on each of its commands.
all_help() {
    "$STAYD" --help
    "$STAYD" --help | sed -e '1,/^Commands/d' -ne 's/^  \([a-z ]*[a-z]\) .*/\1/p' |
        while read -r words; do
            # shellcheck disable=SC2086 # they are words
            "$STAYD" $words --help
        done
}

row "stayd(8) tells of the options of stayd --help, and of no other"
all_help | help_options >"$scratch/help"
grep '^\.\(It Fl\|It .* Fl\)' "$man/stayd.8" | page_options >"$scratch/items"
same stayd "$scratch/items" "$scratch/help"

row "stayd(8): the synopsis has them all"
"$STAYD" --help | sed '/^Commands/,$d' | help_options >"$scratch/help"
section "$man/stayd.8" SYNOPSIS | page_options >"$scratch/synopsis"
same stayd "$scratch/synopsis" "$scratch/help"

row "stayd(8) tells the default that --help tells"
"$STAYD" --help | tr '\n' ' ' | tr -s ' ' | sed -e 's/ --/\n--/g' |
    sed -n -e 's/^--\([a-z0-9-]*\) .*(\([0-9a-z.:]*\)).*/\1 \2/p' |
    grep -v '^demo' >"$scratch/defaults"
got=$(while read -r option default; do
    awk -v item=".It Fl \\\\-$(echo "$option" | sed -e 's/-/\\\\-/g')" '
        /^\.It/ { on = index($0, item) == 1 } on' "$man/stayd.8" |
        grep -q "\\b$default\\b" || echo "--$option $default"
done <"$scratch/defaults")
[ "$(wc -l <"$scratch/defaults")" -ge 7 ] || fail "found too few defaults"
[ -z "$got" ] || fail "another default in the page"

row "stay(1) tells of the commands of stay --help, and of no other"
"$STAY" --help | sed -n -e 's/^  \([a-z]*\) .*/\1/p' >"$scratch/help"
awk '/^\.Ss/ && !/Before/ { gsub(/,/, ""); for (i = 2; i <= NF; i++) print $i }' \
    "$man/stay.1" >"$scratch/items"
same commands "$scratch/items" "$scratch/help"

row "stay(1): the synopsis has them all"
section "$man/stay.1" SYNOPSIS | sed -n -e 's/^\.Cm //p' | tr -d '|' |
    tr -s ' ' '\n' >"$scratch/synopsis"
same commands "$scratch/synopsis" "$scratch/help"

# command TITLE HELP-ARGUMENT: the options of one command.
command_options() {
    row "stay(1), $1: the options of --help, and no other"
    # shellcheck disable=SC2086 # none or one
    "$STAY" $2 --help | help_options >"$scratch/help"
    awk -v title=".Ss $1" '/^\.S[sh]/ { on = $0 == title } on' "$man/stay.1" |
        grep '^\.It\|^\.Fl' | page_options >"$scratch/items"
    # --json is told of once, before the commands.
    [ -z "$2" ] || sed -i -e '/^--json$/d' "$scratch/help" "$scratch/items"
    if [ -s "$scratch/help" ]; then
        same "$1" "$scratch/items" "$scratch/help"
    elif [ -s "$scratch/items" ]; then
        fail "the page has options"
    fi
}
command_options "Before the command" ""
command_options login login
command_options "get, post, put, patch, delete" get
command_options token token
command_options status status
command_options logout logout

row "every command takes --help"
got=$(for command in login get post put patch delete token status logout; do
    "$STAY" "$command" --help | grep -q "^usage: stay .*$command" ||
        echo "$command"
done)
[ -z "$got" ] || fail "no help"

row "stay(1) tells of the exit codes of --help"
"$STAY" --help | tr '\n' ' ' | sed -e 's/.*Exit codes://' |
    grep -o '[0-9] ' | tr -d ' ' >"$scratch/help"
section "$man/stay.1" 'EXIT STATUS' | sed -n -e 's/^\.It //p' >"$scratch/items"
same codes "$scratch/items" "$scratch/help"

# "- C: `test/core/outcome.c`" gives a file its letter, `C "a row", "another"`
# names rows of it.
tr '\n' ' ' <"$root/doc/outcomes.md" | grep -o '[A-Z]\( *"[^"]*",\?\)\+' |
    awk '{ letter = substr($0, 1, 1); n = split($0, part, "\"")
        for (i = 2; i <= n; i += 2) print letter " " part[i] }' >"$scratch/named"
sed -n -e 's/^- \([A-Z]\): `\([^`]*test/[^`]*\)`.*/\1 \2/p' "$root/doc/outcomes.md" \
    >"$scratch/letters"
while read -r letter file; do
    row "doc/outcomes.md: every row that it names of $file is there"
    tr '\n' ' ' <"$root/$file" | sed -e 's/" *"//g' -e 's/%s: //g' >"$scratch/test"
    sed -n -e "s/^$letter //p" "$scratch/named" >"$scratch/names"
    [ -s "$scratch/names" ] || fail "it names none"
    got=$(while read -r name; do
        grep -qF -e "\"$name\"" -e "'$name'" "$scratch/test" || echo "$name"
    done <"$scratch/names")
    [ -z "$got" ] || fail "no such row"
done <"$scratch/letters"

row "doc/outcomes.md: every line of the table is proved"
got=$(sed -n -e '/^| --- /,$p' "$root/doc/outcomes.md" | sed -e 1d |
    grep '^|' | grep -v '[A-Z] "[^|]* |$')
[ -z "$got" ] || fail "a line without a row"
[ "$(grep -c '^|' "$root/doc/outcomes.md")" -eq 16 ] ||
    fail "the table has 14 lines"

finish
