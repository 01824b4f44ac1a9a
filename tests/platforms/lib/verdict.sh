# shellcheck shell=bash
# Verdicts, one a line: `ok - WHAT`, or `not ok - WHAT` with what was expected and what was found. For the host and for
# the machines that it boots.

failures=0

ok() { printf 'ok - %s\n' "$1"; }

not_ok() {
    printf 'not ok - %s\n    expected: %s\n    found:    %s\n' "$1" "$2" "${3//$'\n'/$'\n'              }"
    failures=$((failures + 1))
}

# expect WHAT EXPECTED FOUND
expect() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$@"; fi; }

# expect_in WHAT PART TEXT
expect_in() { if [[ $3 = *"$2"* ]]; then ok "$1"; else not_ok "$1" "somewhere: $2" "$3"; fi; }

# expect_success WHAT COMMAND...: what the command said is shown if it fails.
expect_success() {
    local what=$1 said code=0
    shift
    said=$("$@" 2>&1 </dev/null) || code=$?
    if [ "$code" = 0 ]; then ok "$what"; else not_ok "$what" "exit 0 of: $*" "exit $code: $said"; fi
}

# poll SECONDS COMMAND...: runs it until it succeeds. Machines without hardware help are slow: the limits are generous.
poll() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

# eventually WHAT EXPECTED COMMAND...: within a minute the command prints it.
eventually() {
    local what=$1 expected=$2 found='' end=$((SECONDS + 60))
    shift 2
    while found=$("$@" 2>&1 </dev/null) || true; [ "$found" != "$expected" ] && [ "$SECONDS" -lt "$end" ]; do
        sleep 0.2
    done
    expect "$what" "$expected" "$found"
}

# What documents say of a run: version, kernel and the like.
tried() { printf 'tried - %s\n' "$*"; }
