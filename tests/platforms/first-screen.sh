#!/usr/bin/env bash
# The README's "Try it" as printed, in a bare Debian 12, a bare Debian 13, and a system with dnf: what is typed is read from the page, by
# somebody who has a clone, Rust and curl.
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"

# What the page has between its first screen's commands that need no installed package.
page() { sed -n '/^\*\*Try it/,/^\*\*Test it/p' "$root/README.md"; }

# The command that begins so, without what a shell takes for a comment.
command_of() { page | sed -n "s|^\\$ \\($1.*\\)|\\1|p" | sed 's/  *#.*//'; }

# The one with dnf stands for Fedora's family, of which no mirror is needed: what a build takes is there, and neither apt nor dpkg.
suite=bookworm packages=ca-certificates,curl name='Debian 12'
case $part in
first-screen-12) ;;
first-screen-13) suite=trixie name='Debian 13' ;;
first-screen-dnf) packages+=,dnf,gcc,libc6-dev,libmnl-dev,libnftnl-dev,pkgconf name='a system with dnf and without apt' ;;
esac

# mount_over DIRECTORY PLACE NAME: what is written there stays in the work directory.
mount_over() {
    mkdir -p "$2" "$work/$3/upper" "$work/$3/work"
    mount -t overlay "$3" -o "lowerdir=$1,upperdir=$work/$3/upper,workdir=$work/$3/work" "$2"
}

in_root() { chroot "$fs" /usr/bin/env -i HOME=/root USER=root TERM=dumb LANG=C.UTF-8 \
    PATH=/root/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c "cd /root/mock-imds && $1"; }

answers() { in_root "$ask" 2>/dev/null | grep -qx "$expected"; }

need_programs mmdebstrap:mmdebstrap git:git
rustup=${RUSTUP_HOME:-$HOME/.rustup}
[ -d "$rustup/toolchains" ] || fail 69 "no toolchain of rustup in $rustup; the page asks for one"
run=$(command_of ./scripts/run) ask=$(command_of 'curl http://127.0.0.1:1338/')
expected=$(page | sed -n '/^\$ curl/{n;p}')
expect 'the commands on the page' './scripts/run and one curl, with its answer' \
    "$run and one ${ask%% *}, with ${expected:+its answer}"
if curl -s -o /dev/null http://127.0.0.1:1338/; then
    fail 69 'something answers at 127.0.0.1:1338 of this host already; end it, since the bare root shares the network'
fi

bare=$(make_once "bare-$part" debian_root "$suite" "$packages" "$(dpkg --print-architecture)")
fs=$work/root
mount_over "$bare" "$fs" bare
[ "$part" != first-screen-dnf ] || rm -f "$fs"/usr/bin/{apt,apt-*,dpkg,dpkg-*}
mkdir -p "$fs/root/mock-imds" "$fs/root/.rustup"
git -C "$root" archive HEAD | tar -x -C "$fs/root/mock-imds"
# Rust by rustup, as the page asks for; what cargo has downloaded once is the same again.
mount --rbind -o ro "$rustup" "$fs/root/.rustup"
mount_over "${CARGO_HOME:-$HOME/.cargo}" "$fs/root/.cargo" cargo
mount -t proc proc "$fs/proc"
mount --rbind /dev "$fs/dev"
cp /etc/resolv.conf "$fs/etc/resolv.conf"

begun=$SECONDS
in_root "exec $run" >"$work/said" 2>&1 &
# The compiler, and a build of its own.
if poll 3600 answers; then
    ok "$ask"
    tried "$name, with $packages: $((SECONDS - begun)) s from ./scripts/run to the answer"
else
    not_ok "$ask" "$expected" "$(tail -n 30 "$work/said")"
fi
expect_in 'the first line of the server is a command to copy' "try: $ask" "$(cat "$work/said")"
expect_in 'its help is there' 'Usage: mock-imds' "$(in_root 'target/debug/mock-imds help spot')"
expect_success 'and so is the library' in_root 'target/debug/mock-imds use spot-interruption'
# The server still runs in it, and what is mounted cannot be removed.
umount --lazy --recursive "$fs"
[ "$part" != first-screen-dnf ] || expect 'what dnf was asked to install' '' "$(grep '^installing ' "$work/said" || true)"
[ "$failures" = 0 ]
