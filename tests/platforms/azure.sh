#!/usr/bin/env bash
# A machine of Azure, which is what GitHub's hosted runners and Codespaces are: installed, refused, allowed
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"

need_programs qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap mke2fs:e2fsprogs
deb=$(package_file deb amd64)
image=$(machines)
directory=$(payload "$here/guest/azure.sh" "$here/guest/real-cloud.sh")
cp "$deb" "$directory/mock-imds.deb"
vm_run "$image" 6.1 "$directory" \
    -smbios type=1,manufacturer='Microsoft Corporation',product='Virtual Machine' \
    -smbios type=3,manufacturer='Microsoft Corporation',asset=7783-7084-3265-9085-8269-3286-77
