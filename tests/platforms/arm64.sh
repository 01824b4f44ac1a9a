#!/usr/bin/env bash
# The arm64 deb in a whole arm64 machine, with Debian's arm64 kernel: by itself, and from the repository of a release
# shellcheck disable=SC2154,SC2317 # what lib/part.sh sources has them; called by their names
. "$(dirname "$0")/lib/part.sh"
. "$here/lib/emulation.sh"

arm64_image() { INSIDE=1 with_emulation bash "$here/arm64.sh" "$part" "$1"; }

# The second run, with emulation. No device files can be made in its user namespace: a chroot has those of this machine.
if [ $# = 2 ]; then
    chroot() {
        local code=0
        mount --rbind /dev "$1/dev"
        command chroot "$@" || code=$?
        umount --lazy "$1/dev"
        return "$code"
    }
    debian_root bookworm "$host_packages,udev,kmod,initramfs-tools" arm64 "$2.root"
    vm_image arm64 "$2.root" bookworm "$2"
    rm -rf --one-file-system "$2.root"
    exit
fi

# First of all: without it nothing needs to be made.
deb=$(package_file deb arm64)
need_programs arch-test:arch-test qemu-system-aarch64:qemu-system-arm qemu-aarch64-static:qemu-user-static mmdebstrap:mmdebstrap mke2fs:e2fsprogs
image=$(make_once arm64 arm64_image)
directory=$(payload "$here/guest/arm64.sh" "$here/guest/deb-life.sh" "$here/guest/from-repository.sh")
cp "$deb" "$directory/mock-imds.deb"
mkdir "$directory/web"
cp "$deb" "$directory/web/"
"$root/scripts/repositories" "$directory/web" http://127.0.0.1:8000 >/dev/null
# Two lives of a package, and no processor of its kind.
export vm_limit=2400
architecture=arm64 vm_run "$image" 6.1 "$directory"
