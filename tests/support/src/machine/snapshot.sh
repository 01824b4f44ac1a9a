#!/usr/bin/env bash
# Prints everything of a machine that must be as before after a purge, one fact a line: WHAT: NAME<tab>VALUE.
set -euo pipefail

facts() { sed "s|^|$1: |"; }

ip -o address | sed 's/valid_lft.*//' | cat -n | facts address
{ ip -4 route show table all && ip -6 route show table all && ip rule; } | cat -n | facts route
nft -a list ruleset | cat -n | facts nftables
systemctl list-unit-files --no-legend | facts unit
systemctl list-units --failed --no-legend --plain | facts unit

# Books that others keep: the system user stays, as is Debian's custom; dpkg and apt remember; systemd makes
# directories for any sandboxed service; the journal grows.
left_out=(
    /etc/{passwd,group,shadow,gshadow}{,-} /etc/.pwd.lock
    /var/lib/dpkg /var/lib/apt /var/lib/systemd/deb-systemd-helper-\* /{,var/}tmp/systemd-private-\*
    /run/log /run/systemd/{journal,units,propagate,dynamic-uid,incoming,unit-root,unit-private-tmp,ask-password-block}
)
prune=()
for path in "${left_out[@]}"; do
    prune+=(-path "$path" -prune -o)
done
find /etc /var/lib /var/tmp /run /tmp /usr "${prune[@]}" -printf '%p\t%y %m %U:%G %l\n' | facts file
find /etc /var/lib/systemd "${prune[@]}" -type f -exec sha256sum {} + | sed -E 's/^(\S+) +(.*)/\2\t\1/' | facts content
