# shellcheck shell=bash
# What each part starts with: options, paths, and an end that leaves nothing. Sourced by the parts, which scripts/platforms
# runs as `PART.sh NAME` in a mount and pid namespace of their own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../../../scripts/lib.sh
. "$here/../../scripts/lib.sh"
# shellcheck source=verdict.sh
. "$here/lib/verdict.sh"
# shellcheck source=roots.sh
. "$here/lib/roots.sh"
# shellcheck source=vm.sh
. "$here/lib/vm.sh"

# shellcheck disable=SC2034 # for the part
part=${1:?tests/platforms: run scripts/platforms PART}
# What a run that was killed left goes first.
work=$cache/$part.work
[ -n "${INSIDE:-}" ] || { rm -rf --one-file-system "$work" && mkdir -p "$work"; }
trap '[ -n "${INSIDE:-}" ] || rm -rf --one-file-system "$work"' EXIT

# need_programs PROGRAM:PACKAGE...: installs the packages of those that are not there.
need_programs() {
    local one missing=()
    for one in "$@"; do
        command -v "${one%%:*}" >/dev/null || missing+=("${one#*:}")
    done
    [ ${#missing[@]} = 0 ] || need "${missing[@]}" >&2
}

# package_file deb|rpm ARCHITECTURE
package_file() {
    local found
    case $1 in
    deb) found=$(find "$target/dist" -name "mock-imds_*_$2.deb" 2>/dev/null | sort -V | tail -n 1) ;;
    rpm) found=$(find "$target/dist" -name "mock-imds-*.$2.rpm" ! -name '*debug*' 2>/dev/null | sort -V | tail -n 1) ;;
    esac
    [ -n "$found" ] || fail 66 "no $1 for $2 in $target/dist; make one with scripts/package $1"
    say "$found"
}
