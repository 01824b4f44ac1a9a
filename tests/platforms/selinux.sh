#!/usr/bin/env bash
# SELinux, enforcing, with the policy that Debian 13 has: what the service does is allowed to it
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"

# selinux_image PACKAGES PATH: a Debian 13 whose files are labelled.
selinux_image() {
    local fs=$2/root policy
    mkdir -p "$2"
    debian_root trixie "$1" amd64 "$fs"
    printf '%s\n' virtio_pci virtio_blk virtio_console ext4 >"$fs/etc/initramfs-tools/modules"
    chroot "$fs" update-initramfs -u -k all
    mv "$fs"/boot/vmlinuz-* "$2/vmlinuz-6.12"
    mv "$fs"/boot/initrd.img-* "$2/initrd-6.12"
    sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$fs/etc/selinux/config"
    echo '/dev/vda / ext4 defaults 0 1' >"$fs/etc/fstab"
    add_payload_runner "$fs"
    # Last, because a file that comes later has none. Labels are attributes that the image takes along; no policy has to be loaded here for them.
    policy=/etc/selinux/default
    chroot "$fs" setfiles -F "$policy/contexts/files/file_contexts" /
    mke2fs -q -F -t ext4 -d "$fs" "$2/disk" 2G
    rm -rf --one-file-system "$fs"
}

need_programs qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap mke2fs:e2fsprogs
deb=$(package_file deb amd64)
image=$(make_once selinux selinux_image "$host_packages,udev,kmod,initramfs-tools,linux-image-amd64,selinux-policy-default,policycoreutils,selinux-utils")
directory=$(payload "$here/guest/selinux.sh" "$here/guest/deb-life.sh")
cp "$deb" "$directory/mock-imds.deb"
boot='security=selinux selinux=1 enforcing=1' memory=1536 vm_run "$image" 6.12 "$directory"
