#!/usr/bin/env bash
# Boots a throw-away machine with the program of this tree and stays until it is off:
# machine.sh NAME ROOTFS SCRATCH PROGRAM SOURCES
#
# Runs in a mount namespace of its own, as tests/package/machine.sh does. What dockerd needs beyond a host: keyrings
# and bpf, and a data root that is no overlay.
set -euo pipefail
name=$1 rootfs=$2 scratch=$3 program=$4 sources=$5

mount -t tmpfs -o mode=0755 tmpfs "$scratch"
mkdir "$scratch"/{upper,work,"$name"}
mount -t overlay -o "lowerdir=$rootfs,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/$name"
machine=$scratch/$name
install -m 755 "$program" "$machine/usr/bin/mock-imds"
install -m 644 "$sources"/systemd/*.{service,socket} "$machine/lib/systemd/system/"
install -D -m 644 -t "$machine/usr/lib/sysusers.d" "$sources"/systemd/sysusers.d/*.conf
install -D -m 644 -t "$machine/etc/mock-imds" "$sources"/packaging/etc/*.toml
# What a test makes of the sources on the host, or looks at.
mkdir -p "$sources"/target/{image,kubernetes}
install -D -m 644 -t "$machine/usr/share/mock-imds/dropins" "$sources"/packaging/dropins/*.conf

mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
cgroup=$(findmnt --noheadings --raw --output TARGET --types cgroup2 | head -n 1)/$name
mkdir "$cgroup"
echo $$ >"$cgroup/cgroup.procs"
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec systemd-nspawn --quiet --boot --directory="$machine" --register=no --keep-unit --private-network \
    --capability=all --system-call-filter='@keyring bpf' --console=pipe --link-journal=no --resolv-conf=off \
    --timezone=off --tmpfs=/var/lib/docker --bind-ro="$rootfs:/srv/rootfs" --bind-ro="$sources/packaging:/srv/packaging" \
    --bind-ro="$sources/tests/docker:/srv/tests" --bind-ro="$sources/target/image:/srv/image" \
    --bind-ro="$sources/target/kubernetes:/srv/kubernetes" </dev/null
