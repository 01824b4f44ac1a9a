#!/usr/bin/env bash
# Makes packages of /srv/mock-imds.deb that stand for other releases, in a machine:
#   /srv/previous.deb    another version and another program, which knows another bridge, so that its table differs
#   /srv/conffiles.deb   as builds before the first release were: its two files in /etc are conffiles
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
sed -i 's/^Version: .*/Version: 0.0.8/' DEBIAN/control
cat >etc/mock-imds/host.toml <<'END'
# What mock-imds may do to the network of this host.
# As it is, with no key set, the defaults hold.
#
# Every key, explained:  man mock-imds-host.toml
# After a change:        systemctl reload mock-imds-net
END
cat >etc/mock-imds/scenario.toml <<'END'
# Who this machine pretends to be: the scenario that mock-imds serves.
# As it is, with no key set, it is the built-in instance.
#
# Every key, with its default:  /usr/share/mock-imds/scenarios/default.toml
# Every key, explained:         man mock-imds.toml
# After a change:               systemctl reload mock-imds
END
printf '%s\n' /etc/mock-imds/host.toml /etc/mock-imds/scenario.toml >DEBIAN/conffiles
# What that release did about them: nothing.
printf '#!/bin/sh\nexit 0\n' >DEBIAN/preinst
sed -i '/^# Configuration, and keys/,/^fi$/d; /^# An installation that failed/,/^fi$/d' DEBIAN/postrm
sed -i '/^# What preinst set aside/,/^done$/d' DEBIAN/postinst
repack /srv/conffiles.deb
