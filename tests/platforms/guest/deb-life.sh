#!/usr/bin/env bash
# In a booted Debian: the deb installed, asked, flushed, killed, stopped and purged. Beside it: mock-imds.deb and the
# scripts that it sources.
set -uo pipefail
cd "$(dirname "$0")" || exit
# shellcheck source=../lib/verdict.sh
. ./verdict.sh
# shellcheck source=service.sh
. ./service.sh
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

poll 120 booted
tried "kernel $(uname -r), $(systemctl --version | head -n 1), $(uname -m)"
# The order of a directory says nothing. systemd makes its generators' files anew at each daemon-reload, and udev its locks
# whenever it works. A slow machine may need minutes to list its units.
snapshot() { SYSTEMD_BUS_TIMEOUT=300 bash ./snapshot.sh | grep -vE '^file: /run/(systemd/generator|udev/)' | sort; }
snapshot >/root/before
expect_success 'the package installs' apt-get --yes --quiet install ./mock-imds.deb
expect 'the service after the installation' active "$(systemctl is-active mock-imds)"
service_works
tried "nftables: $(mock-imds net status | grep -i -m 1 -E 'owne?d|watch' || echo unknown)"
service_stops
systemctl start mock-imds
eventually 'the answer after a start' "$BUILT_IN_ID" instance_id
expect_success 'the package is purged' apt-get --yes --quiet purge mock-imds
eventually 'what purge leaves on the network' '' left_on_the_network
snapshot >/root/after
expect 'a snapshot that sees the machine' yes "$([ "$(wc -l </root/before)" -gt 1000 ] && echo yes)"
expect 'what purge leaves changed' '' "$(diff /root/before /root/after | head -n 40)"
exit $((failures > 0))
