#!/usr/bin/env bash
# On a machine whose firmware says Azure: nothing is hidden until the administrator says so, and then it is served.
set -uo pipefail
cd "$(dirname "$0")" || exit
# shellcheck source=../lib/verdict.sh
. ./verdict.sh
# shellcheck source=service.sh
. ./service.sh
# shellcheck source=real-cloud.sh
. ./real-cloud.sh
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

poll 120 booted
start_real_service
tried "chassis_asset_tag $(cat /sys/class/dmi/id/chassis_asset_tag), kernel $(uname -r)"
expect 'the real service before the installation' "$REAL" "$(whats_there)"
expect_success 'the package installs' apt-get --yes --quiet install ./mock-imds.deb
expect 'what is asked after the installation' "$REAL" "$(whats_there)"
expect 'what is on the network' '' "$(left_on_the_network)"
systemctl start mock-imds >/run/said 2>&1
expect 'the exit code of systemctl start' 1 $?
expect 'what is asked after systemctl start' "$REAL" "$(whats_there)"
journalctl --sync
expect_in 'systemctl status names the cure' allow-takeover "$(systemctl --full status mock-imds mock-imds-net 2>&1)"
expect_in 'doctor names the cure' allow-takeover "$(mock-imds doctor 2>&1)"

# The cure, as it is printed.
mkdir -p /etc/mock-imds
printf '[host]\nallow-takeover = true\n' >/etc/mock-imds/host.toml
expect_success 'systemctl start after the cure' systemctl start mock-imds
eventually 'the answer after the cure' "$BUILT_IN_ID" instance_id
systemctl stop mock-imds 2>/dev/null
eventually 'what is asked after systemctl stop' "$REAL" whats_there
expect_success 'the package is purged' apt-get --yes --quiet purge mock-imds
expect 'what is asked after the purge' "$REAL" "$(whats_there)"
exit $((failures > 0))
