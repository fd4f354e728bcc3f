# Rows for scripts: what check.h is for C. Read in with `.`.
#
#     suite tools/setup
#     row "a sentence"
#     run COMMAND ARGUMENT...     its output into $got, its status into $status
#     is_status 3
#     has "words of the output"
#     finish
passed=0
failed=0
skipped=0
open=no
row_good=yes

suite() {
    suite_name=$1
    suite_start=$(date +%s)
    scratch=$(mktemp -d) || exit 1
    trap 'rm -rf "$scratch"' EXIT
}

end_row() {
    [ $open = yes ] || return 0
    if [ $row_good = yes ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    open=no
}

row() {
    end_row
    row_name=$1
    open=yes
    row_good=yes
}

fail() {
    row_good=no
    echo "# FAILED row \"$row_name\": $1"
    echo "$got" | sed 's/^/#     /'
}

run() {
    got=$("$@" 2>&1 </dev/null)
    status=$?
}

is_status() {
    [ "$status" -eq "$1" ] || fail "got status $status, want $1"
}

has() {
    case $got in *"$1"*) ;; *) fail "not in the output: $1" ;; esac
}

lacks() {
    case $got in *"$1"*) fail "in the output: $1" ;; esac
}

# Ends the row as skipped; under STAY_NO_SKIP=1 that is a failure.
skip() {
    echo "# SKIPPED row \"$row_name\": $1"
    if [ "${STAY_NO_SKIP:-}" = 1 ]; then
        got=
        fail "skipped, and STAY_NO_SKIP=1 forbids it"
        return
    fi
    open=no
    skipped=$((skipped + 1))
}

finish() {
    end_row
    line="$passed $failed $skipped $(($(date +%s) - suite_start))"
    # shellcheck disable=SC2086 # the four numbers
    printf '# %s: %d passed, %d failed, %d skipped, %d s\n' \
        "$suite_name" $line
    [ -z "${STAY_REPORT:-}" ] || echo "$suite_name $line" >>"$STAY_REPORT"
    [ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
    exit
}
