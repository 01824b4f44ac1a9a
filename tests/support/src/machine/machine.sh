#!/usr/bin/env bash
# Boots a throw-away machine and stays until it is off: machine.sh NAME ROOTFS SCRATCH PREPARE [OPTION...]
#
# Before the boot PREPARE is run with the machine's directory. The OPTIONs are systemd-nspawn's.
#
# Runs in a mount namespace of its own (the caller's `unshare --mount`): whatever ends this program also ends every
# mount below. The overlay lives on a tmpfs, so a machine leaves nothing behind, and a reboot finds what was there.
set -euo pipefail
name=$1 rootfs=$2 scratch=$3 prepare=$4
shift 4

mount -t tmpfs -o mode=0755 tmpfs "$scratch"
mkdir "$scratch"/{upper,work,"$name"}
mount -t overlay -o "lowerdir=$rootfs,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/$name"
"$prepare" "$scratch/$name"
# nspawn's bookkeeping would stay on the host.
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn

# systemd must be alone in its cgroup; two machines started from one cgroup would share it. On a host with the hybrid
# hierarchy nspawn would hand out version 1 by itself.
cgroup=$(findmnt --noheadings --raw --output TARGET --types cgroup2 | head -n 1)/$name
mkdir "$cgroup"
echo $$ >"$cgroup/cgroup.procs"
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1

code=133
while [ "$code" = 133 ]; do # nspawn's way to say that the machine wants to reboot
    code=0
    # Whatever ends this program ends the machine.
    setpriv --pdeathsig KILL systemd-nspawn --quiet --boot --directory="$scratch/$name" --register=no --keep-unit --private-network \
        --capability=all --console=pipe --link-journal=no --resolv-conf=off --timezone=off "$@" </dev/null || code=$?
done
exit "$code"
