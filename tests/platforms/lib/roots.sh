# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # others source this file, after others
# Root file systems of Debian's suites, made once by mmdebstrap and kept in target/platforms. Sourced after scripts/lib.sh.

cache=$target/platforms
mirror=${MOCK_IMDS_MIRROR:-http://deb.debian.org/debian}

# What a machine has that an administrator would know, and what the package depends on. As in scripts/rootfs.
host_packages=systemd,systemd-sysv,dbus,procps,iproute2,nftables,ca-certificates,curl,python3-minimal,libgcc-s1,libmnl0,libnftnl11

# make_once NAME COMMAND...: prints the path of target/platforms/NAME-KEY; where it is not there, the command makes it with a
# path as its last argument. The key is of the command and of the functions by which it makes such things.
make_once() {
    local name=$1 key path lock functions=("$2" debian_root prepare_root)
    shift
    [[ $1 != *_image ]] || functions+=(vm_image add_kernel add_payload_runner finish_image)
    key=$(printf '%s\n' "$mirror" "$@" "$(declare -f "${functions[@]}")" | sha256sum | cut -c1-12)
    path=$cache/$name-$key
    mkdir -p "$cache"
    # Two parts may want the same at the same time.
    exec {lock}>"$cache/$name.lock"
    flock "$lock"
    if [ ! -e "$path" ]; then
        rm -rf --one-file-system "$path.part"
        say "making $name, once; what is said meanwhile is in $cache/$name.making" >&2
        # In the background, because bash ignores `set -e` left of `||`.
        "$@" "$path.part" >"$cache/$name.making" 2>&1 </dev/null &
        wait $! || {
            tail -n 20 "$cache/$name.making" >&2
            rm -rf --one-file-system "$path.part"
            fail 69 "$name could not be made; all that was said is in $cache/$name.making"
        }
        mv -T "$path.part" "$path"
    fi
    exec {lock}>&-
    say "$path"
}

# debian_root SUITE PACKAGES ARCHITECTURE PATH
debian_root() {
    # A mirror that is some weeks behind serves as well: what is tested here is not Debian.
    mmdebstrap --variant=minbase --architectures="$3" --aptopt='APT::Install-Recommends "false"' \
        --aptopt='Acquire::Check-Valid-Until "false"' --include="$2" "$1" "$4" "$mirror"
    prepare_root "$4"
}

# A machine that is compared before and after: no work of its own beside the test, nothing that keeps units from starting.
prepare_root() {
    local fs=$1 unit
    rm -f "$fs/usr/sbin/policy-rc.d" "$fs/etc/resolv.conf"
    # A fixed id: an empty one makes each boot a first boot, which enables units by preset.
    echo 6d6f636b2d696d64732d746573742d32 >"$fs/etc/machine-id"
    echo tester >"$fs/etc/hostname"
    echo '127.0.0.1 localhost tester' >"$fs/etc/hosts"
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
        fstrim.timer systemd-tmpfiles-clean.timer systemd-networkd.service systemd-resolved.service \
        systemd-logind.service systemd-timesyncd.service getty@.service console-getty.service serial-getty@.service; do
        ln -sf /dev/null "$fs/etc/systemd/system/$unit"
    done
    rm -rf "$fs"/var/cache/apt/archives/*.deb "$fs"/var/lib/apt/lists/*
}
