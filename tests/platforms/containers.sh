#!/usr/bin/env bash
# The engines of today: Docker 26 with Compose v2, Podman and podman-compose, from Debian 13
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"
. "$here/lib/container.sh"

need_programs systemd-nspawn:systemd-container mmdebstrap:mmdebstrap dpkg-deb:dpkg
deb=$(package_file deb amd64)
fs=$(make_once engines debian_root trixie "$host_packages,docker.io,docker-cli,docker-compose,podman,podman-compose,buildah,crun,netavark,aardvark-dns,iptables" amd64)
directory=$(payload "$here/guest/containers.sh")
cp "$deb" "$directory/mock-imds.deb"
cp -r "$root/packaging" "$directory/"
# The image of the package's own program, beside a tree of its own: scripts/image works in target/.
dpkg-deb --extract "$deb" "$work/package"
mkdir -p "$work/tree/target/image"
cp -r "$root"/{scripts,packaging,debian,LICENSE-MIT,LICENSE-APACHE} "$work/tree/"
zcat "$work/package/usr/share/doc/mock-imds/third-party-notices.txt.gz" >"$work/package/usr/bin/third-party-notices.txt"
"$work/tree/scripts/image" --root-only "$work/package/usr/bin/mock-imds"
cp -r "$work/tree/target/image" "$directory/image"
# Engines need more than a host has: keyrings and bpf, and a data root that is no overlay.
container_run "$fs" "$directory" '--system-call-filter=@keyring bpf' --tmpfs=/var/lib/docker --tmpfs=/var/lib/containers
