#!/usr/bin/env bash
# In a booted system with rpm and a tool on top of it: installed, asked, stopped, removed. `tool` says which.
# shellcheck disable=SC2317 # called by their names
set -uo pipefail
cd "$(dirname "$0")" || exit
# shellcheck source=../lib/verdict.sh
. ./verdict.sh
# shellcheck source=service.sh
. ./service.sh
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

# The package is not signed. Debian's dnf5 has a plugin that collects what was installed, by a program of another package.
dnf5_install() { dnf5 --assumeyes --disable-plugin=local install "$@"; }
dnf5_remove() { dnf5 --assumeyes --disable-plugin=local remove "$@"; }
zypper_install() { zypper --non-interactive --no-refresh install --allow-unsigned-rpm "$@"; }
zypper_remove() { zypper --non-interactive remove "$@"; }
tool=$(cat tool)

# Stands for the distribution: it provides what the package asks for. Whether Fedora has that is tested elsewhere.
base() {
    {
        printf '%s\n' 'Name: base' 'Version: 1' 'Release: 1' 'Summary: the distribution' 'License: none' 'BuildArch: x86_64'
        rpm -qp --requires mock-imds.rpm 2>/dev/null | grep -v '^rpmlib(' | sed -E 's/ *[<>=].*//; s/^/Provides: /' | sort -u
        printf '%s\n' '%description' 'Stands for the distribution.' '%files'
    } >/srv/base.spec
    rpmbuild -bb --quiet --define '_topdir /srv/rpmbuild' /srv/base.spec && cp /srv/rpmbuild/RPMS/*/base-*.rpm /srv/base.rpm
}

poll 120 booted
tried "$(rpm --version), $tool $("$tool" --version 2>/dev/null | grep -m 1 -oE '[0-9]+(\.[0-9]+)+'), $(systemctl --version | head -n 1), kernel $(uname -r)"
mkdir -p /usr/lib/systemd/system-preset /usr/share/licenses
echo 'disable *' >/usr/lib/systemd/system-preset/99-default-disable.preset
cp mock-imds.rpm /srv/
expect_success 'a package that stands for the distribution' base
expect_success "$tool installs it" "${tool}_install" /srv/base.rpm
expect_success "$tool installs the package" "${tool}_install" /srv/mock-imds.rpm
expect 'the service, with no preset for it' inactive "$(systemctl is-active mock-imds)"
expect_success 'the service is enabled and starts' systemctl enable --now mock-imds
service_works
expect_success 'rpm --verify' rpm --verify mock-imds
service_stops
systemctl start mock-imds
eventually 'the answer after a start' "$BUILT_IN_ID" instance_id
expect_success "$tool removes the package" "${tool}_remove" mock-imds
eventually 'what the removal leaves on the network' '' left_on_the_network
expect 'the units after the removal' '' "$(systemctl list-units --no-legend --plain --state=active 'mock-imds*')"
expect 'programs and units after the removal' '' "$(find /usr/bin /usr/lib/systemd /lib/systemd -name '*mock-imds*')"
exit $((failures > 0))
