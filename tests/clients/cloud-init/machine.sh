#!/bin/sh
# Runs a program on a machine of a kind, as far as cloud-init looks at it:
#   machine.sh ec2 PROGRAM…      its hypervisor says that it is EC2
#   machine.sh other PROGRAM…    it says nothing
# For that, /sys is another one, of this network namespace, in a mount namespace of the program's own.
set -eu
if [ "${IN_MACHINE:-}" != yes ]; then
    exec env IN_MACHINE=yes unshare --mount "$0" "$@"
fi
unset IN_MACHINE
kind=$1
shift
real=$(mktemp -d)
mount -t sysfs sysfs "$real"
mount -t tmpfs tmpfs /sys
for folder in block bus class dev devices fs kernel module; do
    mkdir "/sys/$folder"
    mount --bind "$real/$folder" "/sys/$folder"
done
umount "$real"
rmdir "$real"
# One's own hardware ids might be EC2's.
if [ -e /sys/class/dmi ]; then
    mount -t tmpfs tmpfs /sys/class/dmi
fi
if [ "$kind" = ec2 ]; then
    mkdir /sys/hypervisor
    echo ec2e1916-9099-7caf-fd21-012345abcdef >/sys/hypervisor/uuid
fi
exec "$@"
