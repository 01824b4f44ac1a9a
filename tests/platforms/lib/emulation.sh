# shellcheck shell=bash
# shellcheck disable=SC2154 # others source this file, after others
# Programs of another architecture, started by the kernel as if they were of this one. Sourced after part.sh.

# with_emulation COMMAND...: runs a command where the kernel starts arm64's programs by qemu. That is told to a user namespace of
# its own, so that the machine's own table stays as it is; Linux has a table for each since 6.7. Every user is who it was.
with_emulation() {
    local child magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    rm -f "$work/gate"
    mkfifo "$work/gate"
    # shellcheck disable=SC2016 # the inner shell's variables
    unshare --user --mount -- bash -c 'set -e; gate=$1 entry=$2; shift 2; read -r _ <"$gate"
        mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
        printf "%s" "$entry" >/proc/sys/fs/binfmt_misc/register
        exec "$@"' - "$work/gate" ":qemu-aarch64:M::$magic:$mask:$(command -v qemu-aarch64-static):F" "$@" &
    child=$!
    poll 30 elsewhere "$child"
    echo '0 0 65536' >"/proc/$child/uid_map"
    echo '0 0 65536' >"/proc/$child/gid_map"
    echo >"$work/gate"
    wait "$child"
}

elsewhere() { [ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }
