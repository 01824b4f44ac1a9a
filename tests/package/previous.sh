#!/usr/bin/env bash
# Makes packages of /srv/mock-imds.deb that stand for earlier releases, in a machine:
#   /srv/previous.deb    another version and another program, which knows another bridge, so that its table differs
#   /srv/asking.deb      the same, and its scenario.toml differs, as it never may
set -euo pipefail
dpkg-deb --raw-extract /srv/mock-imds.deb /srv/previous
cd /srv/previous
sed -i 's/^Version: .*/Version: 0.0.9/' DEBIAN/control
LC_ALL=C sed -i 's/incusbr\*/hencebr*/' usr/bin/mock-imds
repack() {
    find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | xargs -0 md5sum >DEBIAN/md5sums
    dpkg-deb --build -Znone . "$1" >/dev/null
}
repack /srv/previous.deb
echo '# A sentence that a later release does not have.' >>etc/mock-imds/scenario.toml
repack /srv/asking.deb
