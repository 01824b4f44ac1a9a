#!/usr/bin/env bash
# The static programs of a release, where nothing else is: a root of their own, and one as Alpine's; arm64's are emulated
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"
. "$here/lib/emulation.sh"

imds=http://127.0.0.1:1338/latest
built_in_id=i-1234567890abcdef0

program_of() {
    local file
    file=$target/release-$(version)/mock-imds-$(version)-linux-$1-static
    [ -e "$file" ] || fail 66 "$file is missing; make it with scripts/release --only static"
    say "$file"
}

# shellcheck disable=SC2317 # called by its name
# What an image of Alpine has beside its packages: busybox, and no C library of Debian's.
alpine_root() {
    mmdebstrap --variant=extract --architectures="$1" --include=busybox-static --aptopt='Acquire::Check-Valid-Until "false"' \
        bookworm "$2" "$mirror"
}

alpine() {
    local fs=$1 made tool
    made=$(make_once "alpine-$arch" alpine_root "$arch")
    mkdir -p "$fs"/{bin,etc,proc,tmp,usr/bin}
    cp "$made/bin/busybox" "$fs/bin/"
    for tool in sh cat ls; do
        ln -s busybox "$fs/bin/$tool"
    done
    printf 'root:x:0:0::/root:/bin/sh\n' >"$fs/etc/passwd"
    printf '[instance]\ninstance-type = "t3.nano"\n' >"$fs/etc/scenario.toml"
}

ask() { curl -sS --max-time 20 "$@"; }

# Starts a service with its command line, asks it, and stops it.
smoke() {
    local what=$1 pid token
    shift
    "$@" >"$work/said" 2>&1 &
    pid=$!
    eventually "$what: instance-id" "$built_in_id" ask "$imds/meta-data/instance-id"
    token=$(ask -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token")
    expect "$what: the length of a token" 56 "${#token}"
    # The other program's is a constant.
    [[ $what = *ec2-metadata-mock ]] ||
        expect "$what: the document's signature" MIA "$(ask "$imds/dynamic/instance-identity/pkcs7" | head -c 3)"
    kill "$pid"
    wait "$pid" || true
}

# As the one file of an image, under its own name and under that of the program that it replaces.
in_an_empty_root() {
    local empty=$work/empty
    mkdir "$empty"
    install -m 755 "$1" "$empty/ec2-metadata-mock"
    smoke "$arch, an empty root, as ec2-metadata-mock" chroot --userspec=1000:1000 "$empty" /ec2-metadata-mock
    mv "$empty/ec2-metadata-mock" "$empty/mock-imds"
    smoke "$arch, an empty root" chroot --userspec=1000:1000 "$empty" /mock-imds serve
    rm -r "$empty"
}

tables() { nft list tables | sort | tr '\n' ' '; }

in_alpine() {
    local fs=$work/alpine said code=0
    alpine "$fs"
    install -m 755 "$1" "$fs/usr/bin/mock-imds"
    # A user namespace may not.
    [ "$arch" = arm64 ] || mount -t proc proc "$fs/proc"
    expect_in "$arch, Alpine's root: check" ': ok' "$(chroot "$fs" /bin/sh -c '/usr/bin/mock-imds check /etc/scenario.toml' 2>&1)"
    smoke "$arch, Alpine's root" chroot "$fs" /bin/sh -c 'exec /usr/bin/mock-imds serve'
    if [ "$arch" = amd64 ]; then
        expect_success "$arch, Alpine's root: net up" chroot "$fs" /usr/bin/mock-imds net up
        expect "$arch, Alpine's root: the tables" 'table arp mock-imds table inet mock-imds ' "$(tables)"
        imds=http://169.254.169.254/latest smoke "$arch, Alpine's root, the real address" \
            chroot "$fs" /usr/bin/mock-imds serve --listen 169.254.169.254:1690
        expect_success "$arch, Alpine's root: net down" chroot "$fs" /usr/bin/mock-imds net down
        expect "$arch, Alpine's root: what net down leaves" '' "$(tables)"
    else
        # The emulator hands no netfilter on: the program says what is missing.
        said=$(chroot "$fs" /usr/bin/mock-imds net up 2>&1) || code=$?
        expect "$arch, Alpine's root, emulated: the exit code of net up" 69 "$code"
        expect_in "$arch, Alpine's root, emulated: what net up says" nfnetlink "$said"
    fi
    [ "$arch" = arm64 ] || umount "$fs/proc"
    rm -r "$fs"
}

try() {
    local arch=$1 program
    program=$(program_of "$arch")
    expect_success "$arch: scripts/check-binary" "$root/scripts/check-binary" "$program"
    expect "$arch: it asks for no loader" 0 "$(LC_ALL=C readelf --wide --program-headers "$program" | grep -c INTERP || true)"
    in_an_empty_root "$program"
    in_alpine "$program"
    tried "$arch: $(stat -c %s "$program") bytes, kernel $(uname -r)"
}

case ${INSIDE:-} in
amd64) try amd64 && [ "$failures" = 0 ] && exit ;;
arm64) try arm64 && [ "$failures" = 0 ] && exit ;;
esac
[ -z "${INSIDE:-}" ] || exit 1
for arch in amd64 arm64; do
    program_of "$arch" >/dev/null
done
need_programs qemu-aarch64-static:qemu-user-static mmdebstrap:mmdebstrap nft:nftables ip:iproute2 curl:curl readelf:binutils
for arch in amd64 arm64; do
    make_once "alpine-$arch" alpine_root "$arch" >/dev/null
done
in_a_network() { unshare --net -- bash -c 'ip link set lo up && exec "$@"' - "$@"; }
code=0
INSIDE=amd64 in_a_network bash "$0" "$part" || code=1
INSIDE=arm64 with_emulation unshare --net -- bash -c 'ip link set lo up && exec "$@"' - bash "$0" "$part" || code=1
exit $code
