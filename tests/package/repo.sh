#!/usr/bin/env bash
# Makes /srv/repo, which dnf installs from, in a machine that has rpm: the package under test as /srv/mock-imds.rpm, an
# earlier release of it with another program that knows another bridge, one as builds before the first release were, whose two files
# in /etc are its configuration, and one package that stands for what Fedora and RHEL 9 have. What that one provides is listed here, so that a need of the package that is not listed is found.
set -euo pipefail

build() {
    rpmbuild -bb --quiet --define '__os_install_post %{nil}' --define '_binary_payload w1.gzdio' --define '_topdir /srv/rpmbuild' "$@"
}

# The spec of the sources makes the earlier release. It wants a compiled program, a compiler that says whose it is, and a
# cargo and notices of crates that have nothing to do.
mkdir -p /srv/tree /srv/program /srv/built/release /srv/cargo/bin
cp -a /srv/source/{CHANGELOG.md,README.md,LICENSE-*,docs,packaging,scripts,systemd} /srv/tree/
rpm2archive - </srv/mock-imds.rpm | tar -xz -C /srv/program ./usr/bin/mock-imds
LC_ALL=C sed 's/incusbr\*/hencebr*/' /srv/program/usr/bin/mock-imds >/srv/built/release/mock-imds
install -m 755 /dev/stdin /srv/cargo/bin/cargo <<<'#!/bin/sh'
install -m 755 /dev/stdin /srv/cargo/bin/rustc <<<$'#!/bin/sh\necho "host: $(uname -m)-unknown-linux-gnu"'
install -m 755 /dev/stdin /srv/tree/scripts/notices <<<'#!/bin/sh'
cd /srv/tree
sed -i -e 's/^Version: .*/Version: 0.0.9/' -e '/^%changelog/,$d' packaging/rpm/mock-imds.spec
CARGO_HOME=/srv/cargo CARGO_TARGET_DIR=/srv/built build --build-in-place --nodeps \
    --load=packaging/rpm/systemd.macros packaging/rpm/mock-imds.spec
mkdir /srv/tree/former
cat >former/host.toml <<'END'
# What mock-imds may do to the network of this host.
# As it is, with no key set, the defaults hold.
#
# Every key, explained:  man mock-imds-host.toml
# After a change:        systemctl reload mock-imds-net
END
cat >former/scenario.toml <<'END'
# Who this machine pretends to be: the scenario that mock-imds serves.
# As it is, with no key set, it is the built-in instance.
#
# Every key, with its default:  /usr/share/mock-imds/scenarios/default.toml
# Every key, explained:         man mock-imds.toml
# After a change:               systemctl reload mock-imds
END
sed -i -e 's/^Version: .*/Version: 0.0.8/' -e '/^%posttrans/,/^%files/{/^%files/!d}' \
    -e 's|^install -d %{buildroot}%{_sysconfdir}/mock-imds|install -D -m 0644 -t %{buildroot}%{_sysconfdir}/mock-imds former/*.toml|' \
    -e 's|^%dir %{_sysconfdir}/mock-imds|&\n%config(noreplace) %{_sysconfdir}/mock-imds/*.toml|' packaging/rpm/mock-imds.spec
CARGO_HOME=/srv/cargo CARGO_TARGET_DIR=/srv/built build --build-in-place --nodeps \
    --load=packaging/rpm/systemd.macros packaging/rpm/mock-imds.spec

provides() { printf 'Provides: %s\n' "$@"; }
versions() {
    local library=$1 name=$2 version
    shift 2
    for version in "$@"; do
        provides "$library($name$version)(64bit)"
    done
}
{
    printf '%s\n' 'Name: base' 'Version: 1' 'Release: 1' 'Summary: what the distribution has' 'License: none' 'BuildArch: x86_64'
    provides /bin/sh /usr/bin/kill coreutils systemd 'rtld(GNU_HASH)' 'ld-linux-x86-64.so.2()(64bit)' 'libc.so.6()(64bit)' \
        'libm.so.6()(64bit)' 'libgcc_s.so.1()(64bit)' 'libmnl.so.0()(64bit)' 'libnftnl.so.11()(64bit)'
    for library in ld-linux-x86-64.so.2 libc.so.6 libm.so.6; do
        versions $library GLIBC_ 2.2.5 2.3.2 2.3.3 2.3.4 2.{3..34}
    done
    versions libgcc_s.so.1 GCC_ 3.0 3.3 3.3.1 3.4 4.2.0 4.3.0 4.8.0 7.0.0
    versions libmnl.so.0 LIBMNL_ 1.0 1.1
    versions libnftnl.so.11 LIBNFTNL_ {11..16}
    printf '%s\n' '%description' 'Stands for the distribution.' '%files'
} >/srv/base.spec
build /srv/base.spec

mkdir /srv/repo
cp /srv/mock-imds.rpm /srv/rpmbuild/RPMS/*/*.rpm /srv/repo/
createrepo_c --quiet /srv/repo
mkdir -p /etc/yum.repos.d
printf '[srv]\nname=srv\nbaseurl=file:///srv/repo\ngpgcheck=0\n' >/etc/yum.repos.d/srv.repo
# As on RPM distributions: a service runs if the administrator, or a preset, says so; a directory of licences is there.
mkdir -p /usr/lib/systemd/system-preset /usr/share/licenses
echo 'disable *' >/usr/lib/systemd/system-preset/99-default-disable.preset
dnf --assumeyes --quiet install base
