#!/usr/bin/env bash
# A Debian 12 with an older or newer kernel of Debian: what the guardian finds in nf_tables differs.
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"

need_programs qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap mke2fs:e2fsprogs
deb=$(package_file deb amd64)
image=$(machines)
directory=$(payload "$here/guest/deb-life.sh")
cp "$deb" "$directory/mock-imds.deb"
vm_run "$image" "${part#kernel-}" "$directory"
