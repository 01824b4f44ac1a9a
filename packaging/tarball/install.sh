#!/bin/sh
# Installs mock-imds from this directory, at the paths that its manual names; where systemd runs, it starts the service,
# now and at every boot. Run it again to upgrade: a service that is stopped or disabled then stays so.
#   sudo ./install.sh              into this system
#   DESTDIR=/some/root ./install.sh   into another one; starts nothing
# What it installed is listed in /usr/share/mock-imds/installed-files; /usr/share/mock-imds/uninstall.sh removes that.
set -eu
umask 022

here=$(cd "$(dirname "$0")" && pwd)
destination=${DESTDIR:-}
list=$destination/usr/share/mock-imds/installed-files

fail() {
	code=$1
	shift
	echo "install.sh: $*" >&2
	exit "$code"
}

[ $# = 0 ] || fail 64 "unknown argument '$1'. Usage: ./install.sh, or DESTDIR=ROOT ./install.sh"
[ -n "$destination" ] || [ "$(id -u)" = 0 ] || fail 77 "installing into the system needs root: run sudo ./install.sh"
# A package's files are its package manager's.
if [ -e "$destination/usr/bin/mock-imds" ] && [ ! -e "$list" ]; then
	fail 73 "$destination/usr/bin/mock-imds is there, and not from here. Remove the package mock-imds first (apt remove, dnf remove), then run this again"
fi
if [ -z "$destination" ] && ! said=$("$here/root/usr/bin/mock-imds" --version 2>&1); then
	fail 69 "the program does not run on this system: $said. It needs glibc 2.34 or later, libmnl and libnftnl; the static program of the same release needs none of them"
fi

# An upgrade leaves the service as the administrator has it. What continues an installation that was stopped on the way is none.
unfinished=$list.unfinished
upgrade=no
[ ! -e "$list" ] || [ -e "$unfinished" ] || upgrade=yes

# Those of an older release that this one lacks would stay for ever.
if [ -e "$list" ]; then
	while read -r file; do
		case $file in
		*/) ;;
		*) [ -e "$here/root$file" ] || rm -f "$destination$file" ;;
		esac
	done <"$list"
	grep '/$' "$list" >"$here/directories" || true
else
	: >"$here/directories"
fi
cd "$here/root"
# Those that are made here go with the last file in them.
find . -type d | sed 's/^\.//' | LC_ALL=C sort | while read -r directory; do
	[ -d "$destination$directory" ] || echo "$directory/" >>"$here/directories"
done
find . ! -type d | sed 's/^\.//' | LC_ALL=C sort >"$here/files"
# Before the first file: an installation that is stopped can be repeated, or uninstalled.
mkdir -p "${list%/*}"
[ "$upgrade" = yes ] || : >"$unfinished"
cat "$here/files" "$here/directories" >"$list.new"
mv "$list.new" "$list"
while read -r file; do
	mkdir -p "$destination${file%/*}"
	# Beside it and renamed: a program that runs cannot be written to.
	cp -P -p ".$file" "$destination$file.new"
	mv -f "$destination$file.new" "$destination$file"
	[ -h "$destination$file" ] || chown 0:0 "$destination$file" 2>/dev/null || [ -n "$destination" ]
done <"$here/files"
rm "$here/files" "$here/directories"

if [ -n "$destination" ] || [ ! -d /run/systemd/system ]; then
	rm -f "$unfinished"
	echo "installed; no systemd was asked. To serve in the foreground: mock-imds serve"
	exit
fi
systemd-sysusers /usr/lib/sysusers.d/mock-imds.conf
systemctl daemon-reload
# A process of its own, which may run without the service.
systemctl try-restart mock-imds-view.service
if systemctl is-active --quiet mock-imds; then
	# As the packages do: the held sockets refuse nobody, and the guardian keeps address and table.
	systemctl restart mock-imds
	systemctl try-reload-or-restart mock-imds-net.service
	rm -f "$unfinished"
	echo "upgraded to $said"
	exit
fi
if [ "$upgrade" = yes ]; then
	echo "upgraded to $said; the service was stopped and stays so. To start it: systemctl start mock-imds"
	exit
fi
systemctl enable mock-imds
rm -f "$unfinished"
systemctl start mock-imds || fail 69 "installed, but the service does not start. The reason is in: systemctl status mock-imds-net mock-imds"
echo "installed and started $said; ask it: curl http://169.254.169.254/latest/meta-data/instance-id"
