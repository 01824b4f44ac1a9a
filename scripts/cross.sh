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

# The kernel's and rustc's name of an architecture.
cpu_of() {
    case $1 in
    amd64) say x86_64 ;;
    arm64) say aarch64 ;;
    *) fail 64 "no architecture is called '$1'; accepted: amd64, arm64" ;;
    esac
}

# The prefix of an architecture's tools.
tools_of() { say "$(cpu_of "$1")-linux-gnu"; }

# A C compiler that makes programs for an architecture; installed where it is missing.
compiler_for() {
    local tools
    tools=$(tools_of "$1")
    command -v "$tools-gcc" >/dev/null || need "gcc-${tools//_/-}" >&2
    say "$tools-gcc"
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
