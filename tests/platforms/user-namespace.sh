#!/usr/bin/env bash
# Unprivileged containers with an init, as LXC, Incus and Proxmox have them: Debian 12, 13 and the next one
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"
. "$here/lib/container.sh"

need_programs systemd-nspawn:systemd-container mmdebstrap:mmdebstrap
deb=$(package_file deb amd64)
directory=$(payload "$here/guest/deb-life.sh")
cp "$deb" "$directory/mock-imds.deb"
for suite in bookworm trixie forky; do
    # The first is the one below the whole machines, too.
    fs=$(make_once "$suite" debian_root "$suite" "$host_packages,udev,kmod,initramfs-tools" amd64)
    say "== $suite"
    # Root of the machine is user 524288 here.
    container_run "$fs" "$directory" --private-users=524288:65536 --private-users-ownership=chown || failures=$((failures + 1))
done
[ "$failures" = 0 ]
