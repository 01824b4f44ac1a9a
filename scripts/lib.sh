# shellcheck shell=bash
# What the scripts share. Sourced, never run: `. "$(dirname "$0")/lib.sh"` after `set -euo pipefail`.

# Works from any directory: every path below the repository starts with $root.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this file
target=$root/target
# A failure in `$(…)` is one, too; and what is made is for every user of a package or an image.
shopt -s inherit_errexit
umask 022

# shellcheck source=scripts/needs.sh
. "$root/scripts/needs.sh"

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

# Rust is its users' own: rustup and distributions both have it.
need_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
    [ -d "$HOME/.cargo/bin" ] && PATH=$HOME/.cargo/bin:$PATH
    command -v cargo >/dev/null ||
        fail 69 "cargo is missing: install Rust $wanted or newer (https://rustup.rs), then run this again"
    found=$(cargo --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ] ||
        fail 69 "cargo $found is too old: install Rust $wanted or newer (https://rustup.rs), then run this again"
}

# What the binary links, and what links it.
need_build() {
    need_rust
    need gcc libc6-dev pkgconf libmnl-dev libnftnl-dev
    # There Rust links statically unless told otherwise, and a distribution's libraries are shared ones.
    case $(rustc -vV | sed -n 's/^host: //p') in
    *-musl) export RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=-crt-static" ;;
    esac
}

# The version of everything here.
version() { sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1; }

# Where a release will be served. The sources have a placeholder, because it is not theirs to say; MOCK_IMDS_URL replaces it
# in all that is made of them.
placeholder=https://example.org/mock-imds
address() {
    local url=${MOCK_IMDS_URL:-$placeholder}
    [[ $url =~ ^https?://[A-Za-z0-9._~:/-]+$ ]] || fail 64 "the URL is '$url'; accepted: http://… or https://…, without a query"
    say "${url%/}"
}

# Puts it into files.
write_address() {
    local url
    url=$(address)
    [ "$url" = "$placeholder" ] || sed -i "s|$placeholder|$url|g" "$@"
}

# Puts it into the tree in this directory. The page about releases explains the placeholder, and keeps it. Where the
# repository is (git.example.org in docs/editors.md) is another matter: nothing here knows.
write_address_in_tree() {
    local files=(README.md docs/*.md debian/copyright packaging/rpm/mock-imds.spec) file with=()
    for file in "${files[@]}"; do
        [ "$file" = docs/releasing.md ] || with+=("$file")
    done
    write_address "${with[@]}"
}

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

# The commit that this tree is, if it is one and has no change beside it; what `mock-imds version` says.
source_commit() {
    local changes
    if [ -n "${MOCK_IMDS_COMMIT+set}" ]; then
        say "$MOCK_IMDS_COMMIT"
    elif [ -e "$root/.git" ]; then
        changes=$(git -c safe.directory='*' -C "$root" status --porcelain) && [ -z "$changes" ] || return 0
        git -c safe.directory='*' -C "$root" rev-parse HEAD
    fi
}

# What the kernel, Rust and the RPM systems call an architecture of Debian's.
machine_of() {
    case $1 in
    amd64) say x86_64 ;;
    arm64) say aarch64 ;;
    *) fail 64 "no architecture is called '$1'; accepted: amd64, arm64" ;;
    esac
}
