#!/bin/sh
# Removes what install.sh installed, after stopping it: the network is as before.
#   sudo /usr/share/mock-imds/uninstall.sh           keeps /etc/mock-imds, /var/lib/mock-imds and the user mock-imds
#   sudo /usr/share/mock-imds/uninstall.sh --purge   removes these, too; what is mounted there stays
# DESTDIR names another root, as for install.sh.
set -eu

destination=${DESTDIR:-}
list=$destination/usr/share/mock-imds/installed-files
unfinished=$list.unfinished
purge=no

fail() {
	code=$1
	shift
	echo "uninstall.sh: $*" >&2
	exit "$code"
}

# Of a link the link alone goes. Where something is mounted, there or below, such as a folder that a virtual machine shares,
# all of it stays: a bind mount of the same file system looks like any folder to rm.
remove_folder() {
	if [ -L "$1" ] || [ ! -d "$1" ]; then
		rm -f "$1"
		return
	fi
	# As the kernel writes it.
	at=$(readlink -f "$1" | sed 's/\\/\\134/g; s/ /\\040/g')
	mounted=$(AT=$at awk '$5 == ENVIRON["AT"] || index($5, ENVIRON["AT"] "/") == 1 { print $5; exit }' /proc/self/mountinfo 2>/dev/null || true)
	if [ -n "$mounted" ]; then
		echo "uninstall.sh: $1 stays, because $mounted is a mount. To remove it: umount $mounted && rm -r $1" >&2
		return
	fi
	rm -rf "$1"
}

case "$#${1:-}" in
0) ;;
1--purge) purge=yes ;;
*) fail 64 "unknown argument '$*'. Usage: uninstall.sh [--purge]" ;;
esac
[ -n "$destination" ] || [ "$(id -u)" = 0 ] || fail 77 "removing from the system needs root: run it by sudo"
[ -e "$list" ] || fail 66 "there is no $list: install.sh has installed nothing here"

if [ -z "$destination" ] && [ -d /run/systemd/system ]; then
	# The sockets and the guardian stop with the service, but later. Here, so that the guardian cleans up with its own program.
	if ! { systemctl disable --now mock-imds mock-imds-view && systemctl stop mock-imds.socket mock-imds-ipv6.socket mock-imds-ecs.socket mock-imds-pod-identity.socket mock-imds-pod-identity-ipv6.socket mock-imds-net.service; }; then
		# An installation that was stopped on the way may have no units yet.
		[ -e "$unfinished" ] || fail 69 "the service does not stop; systemctl's reason is above. Nothing was removed"
	fi
fi
# Read whole before it is removed; then the directories that were made for it, the deepest first, if nothing else is in them.
files=$(cat "$list")
printf '%s\n' "$files" "${list#"$destination"}" | grep '[^/]$' | while read -r file; do
	[ ! -e "$unfinished" ] || rm -f "$destination$file.new"
	rm -f "$destination$file"
done
rm -f "$unfinished"
printf '%s\n' "$files" | grep '/$' | LC_ALL=C sort -r | while read -r directory; do
	rmdir "$destination$directory" 2>/dev/null || true
done
if [ "$purge" = yes ]; then
	remove_folder "$destination/var/lib/mock-imds"
	rm -f "$destination/etc/default/mock-imds"
	remove_folder "$destination/etc/mock-imds"
	if [ -z "$destination" ] && getent passwd mock-imds >/dev/null; then
		userdel mock-imds
	fi
fi
if [ -z "$destination" ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl reset-failed 'mock-imds*' 2>/dev/null || true
fi
