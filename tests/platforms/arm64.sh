#!/usr/bin/env bash
# The arm64 deb in a whole arm64 machine, with Debian's arm64 kernel
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"

# Runs a command where the kernel starts arm64's programs by qemu. That is told to a user namespace of its own, so that the
# machine's own table stays as it is; Linux has a table for each since 6.7. Every user is who it was.
with_emulation() {
    local child magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
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

arm64_image() { INSIDE=1 with_emulation bash "$here/arm64.sh" "$part" "$1"; }

# The second run, with emulation.
if [ $# = 2 ]; then
    debian_root bookworm "$host_packages,udev,kmod,initramfs-tools" arm64 "$2.root"
    vm_image arm64 "$2.root" bookworm "$2"
    rm -rf --one-file-system "$2.root"
    exit
fi

# First of all: without it nothing needs to be made.
deb=$(package_file deb arm64)
need_programs qemu-system-aarch64:qemu-system-arm qemu-aarch64-static:qemu-user-static mmdebstrap:mmdebstrap mke2fs:e2fsprogs
image=$(make_once arm64 arm64_image)
directory=$(payload "$here/guest/deb-life.sh")
cp "$deb" "$directory/mock-imds.deb"
architecture=arm64 vm_run "$image" 6.1 "$directory"
