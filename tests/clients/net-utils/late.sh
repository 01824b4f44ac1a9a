#!/usr/bin/env bash
# Calls functions of amazon-ec2-net-utils as they are: late.sh LIB AT WORDS…
# AT is on the service's clock; where a function sleeps, that clock goes on instead. WORDS are one of its readers with
# arguments, or one of the runs below.
# shellcheck disable=SC1090,SC2034,SC2317 # the library reads the variables and calls the functions
. "$1"
# As its callers do not have it: they run with errexit, and here a failure shall be seen.
set +eu
at=$2
shift 2
ether=0e:49:61:0f:c3:12 unitdir=$HOME/units lockdir=$HOME/lock reload_flag=$HOME/reload
mkdir -p "$unitdir" "$lockdir"

logger() { :; }
seek() { $SEEK "$1" >/dev/null; }
# Tenths of a second, all of them.
sleep() { seek "+${1#0.}00ms"; }

# The aliases of nic0, made at each of these times: what each call says (1: changed), and the addresses in the file.
aliases() {
    local when said
    for when; do
        seek "$when"
        said=$(create_ipv4_aliases nic0 0e:49:61:0f:c3:11)
        echo "$when changed $said:" "$(sed -n 's/^Address=//p' "$unitdir/70-nic0.network.d/ec2net_alias.conf" | tr '\n' ' ')"
    done
}

# Three leaves of each interface that is listed, all at once.
crowd() {
    local macs mac key
    get_token
    macs=$(get_imds network/interfaces/macs/ | tr -d /)
    mkdir "$HOME/leaves"
    for mac in $macs; do
        (for key in device-number interface-id local-ipv4s; do get_iface_imds "$mac" $key >"$HOME/leaves/$mac.$key"; done) &
    done
    wait
    echo "$(echo "$macs" | wc -l) interfaces"
    [ "$(find "$HOME/leaves" -empty | wc -l)" -le 18 ] && echo 'at most a tenth of the values is empty'
}

seek "$at"
"$@"
code=$?
[ $code = 0 ] || echo "exit $code"
