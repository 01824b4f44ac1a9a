# shellcheck shell=bash
# What the scripts share. Sourced, never run: `. "$(dirname "$0")/lib.sh"` after `set -euo pipefail`.

# Works from any directory: every path below the repository starts with $root.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this file
target=$root/target
# A failure in `$(…)` is one, too; and what is made is for every user of a package or an image.
shopt -s inherit_errexit
umask 022

say() { printf '%s\n' "$*"; }

# A sentence on stderr and an exit code from sysexits.h.
fail() {
    local code=$1
    shift
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit "$code"
}

# Runs a command as root: as it is for root, else through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        fail 77 "this needs root: '$*'. Run as root, or install sudo."
    fi
}

can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

installed() { [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]; }

# Installs the named Debian packages that are missing, and says which.
need() {
    command -v apt-get >/dev/null || fail 69 "install by your own package manager: $*"
    local package missing=()
    for package in "$@"; do
        [[ " ${missing[*]} " = *" $package "* ]] || installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    # Here, not in as_root: its words would go into the log.
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        fail 77 "these packages are missing: ${missing[*]}. Install them as root, or install sudo, then run this again"
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { as_root apt-get -q -o DPkg::Lock::Timeout=300 update && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        fail 69 "could not install ${missing[*]}; apt-get's own words are above"
    fi
    rm -f "$log"
}

need_rust() {
    [ -d "$HOME/.cargo/bin" ] && PATH=$HOME/.cargo/bin:$PATH
    command -v cargo >/dev/null ||
        fail 69 "cargo is missing: install Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml") or newer (https://rustup.rs), then run this again"
}

# What the binary links, and what links it.
need_build() {
    need_rust
    need gcc libc6-dev libmnl-dev libnftnl-dev pkgconf
}

# The version of everything here.
version() { sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1; }

# The time that everything made of this tree bears, so that it has the same bytes whenever it is made: the commit's; in
# a tree without git the changelog's.
source_date() {
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        say "$SOURCE_DATE_EPOCH"
    elif [ -e "$root/.git" ]; then
        # A clone that another user made is read, too: nothing of it is run.
        git -c safe.directory='*' -C "$root" log -1 --format=%ct
    else
        date --date "$(sed -n 's/^ -- .*>  //p' "$root/debian/changelog" | head -n 1)" +%s
    fi
}

# What Rust and the RPM systems call an architecture of Debian's.
machine_of() {
    case $1 in
    amd64) say x86_64 ;;
    arm64) say aarch64 ;;
    *) fail 64 "no architecture is called '$1'; accepted: amd64, arm64" ;;
    esac
}
