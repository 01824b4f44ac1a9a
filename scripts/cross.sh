# shellcheck shell=bash
# What the scripts share that make something for another machine. Sourced after lib.sh, never run.

# shellcheck disable=SC2034 # used by the scripts that source this file
debian_mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian} ubuntu_mirror=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}

targets=(x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-unknown-linux-musl)

# What this machine is, in rustc's words: x86_64-unknown-linux-gnu.
host_triple() { rustc -vV | sed -n 's/^host: //p'; }

# Debian's name of a target's architecture.
architecture_of() {
    [[ " ${targets[*]} " = *" $1 "* ]] || fail 64 "no target is called '$1'; accepted: ${targets[*]}"
    case $1 in
    x86_64-*) say amd64 ;;
    aarch64-*) say arm64 ;;
    esac
}

# The prefix of an architecture's tools.
tools_of() {
    local machine
    machine=$(machine_of "$1")
    say "$machine-linux-gnu"
}

# A C compiler that makes programs for an architecture; installed where it is missing. What cargo runs while it builds is
# made by this machine's own, which for its own architecture is the only one: Debian has no other package of it.
compiler_for() {
    local tools
    tools=$(tools_of "$1")
    need gcc libc6-dev >&2
    if command -v "$tools-gcc" >/dev/null; then
        say "$tools-gcc"
    elif [ "$(machine_of "$1")" = "$(uname -m)" ]; then
        say cc
    else
        need "gcc-${tools//_/-}" >&2
        say "$tools-gcc"
    fi
}

# Rust's standard library for a target.
need_target() {
    local triple=$1 said
    [ -d "$(rustc --print target-libdir --target "$triple")" ] && return
    if command -v rustup >/dev/null; then
        say "adding the target $triple to rustup's toolchain" >&2
        said=$(rustup target add "$triple" 2>&1) && return
        printf '%s\n' "$said" >&2
    fi
    fail 69 "Rust's standard library for $triple is missing: \`rustup target add $triple\`, or your distribution's package of it"
}
