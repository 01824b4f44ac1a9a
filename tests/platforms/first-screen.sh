#!/usr/bin/env bash
# README's first screen by a new user, from the sources to the first answer: a bare Debian 12 and 13, and a system with dnf
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"
. "$here/lib/container.sh"

# What README has a new user type before "Change the instance", without remarks; as the user, at home in the sources.
typed() { sed -n '1,/^## /s/^\$ //p' "$root/README.md" | sed 's/ *#.*//' | grep -E "^\./scripts/$1( |$)|^curl .*$1"; }

# What is missing of build tools the scripts install by themselves. Where dnf is, they find no apt: what they would ask dnf for
# is there, because no repository of an RPM system is.
bare_root() {
    local suite=$1 more=''
    [ "$2" = apt ] || more=,rpm,dnf,gcc,libc6-dev,pkgconf,libmnl-dev,libnftnl-dev
    debian_root "$suite" "$host_packages,git,sudo,passwd,login,util-linux$more" amd64 "$3"
    chroot "$3" useradd --create-home --shell /bin/bash dev
    echo 'dev ALL=(ALL) NOPASSWD: ALL' >"$3/etc/sudoers.d/dev"
    [ "$2" = apt ] || rm -f "$3"/usr/bin/{apt,apt-get,dpkg-query}
}

# The compiler of this machine in the place of rustup's, which is not to be had offline; what cargo downloads it takes from the
# registry, or from what this machine has of it.
add_sources() {
    local fs=$1 home=$1/home/dev program cargo=${CARGO_HOME:-$HOME/.cargo}
    mkdir -p "$home/.cargo/bin" "$fs/opt/rust"
    mount --bind -o ro "$(rustc --print sysroot)" "$fs/opt/rust"
    for program in cargo rustc; do
        ln -s "/opt/rust/bin/$program" "$home/.cargo/bin/$program"
    done
    (cd "$cargo" && find registry -maxdepth 1 \( -name cache -o -name index \) -print0 | xargs -0 -r cp -r --parents -t "$home/.cargo")
    git clone --quiet --no-hardlinks "$root" "$home/mock-imds"
    chroot "$fs" chown -R dev: /home/dev
}

as_user() { chroot "$fs" su --login dev --command "cd mock-imds && export PATH=\$HOME/.cargo/bin:\$PATH && $1"; }

# `scripts/run` in one terminal, what README types in the other.
try_it() {
    local pid
    as_user "echo \$\$ >/tmp/pid; exec $(typed run)" >"$work/run" 2>&1 &
    pid=$!
    if poll 1800 grep -q 'is ready at' "$work/run"; then
        expect "$suite, $kind: what the other terminal shows" i-1234567890abcdef0 "$(as_user "$(typed 1338)")"
    else
        not_ok "$suite, $kind: scripts/run" 'is ready at' "$(tail -n 10 "$work/run")"
    fi
    kill "$(cat "$fs/tmp/pid")" || true
    wait "$pid" || true
}

# The package on the same system, booted.
install_it() {
    local command directory
    command=$(typed package)
    as_user "${command%% && *}" >"$work/package" 2>&1 || { not_ok "$suite, $kind: $command" 'exit 0' "$(tail -n 10 "$work/package")" && return; }
    umount "$fs"/{opt/rust,proc,dev,sys}
    rm "$fs/etc/resolv.conf"
    directory=$(payload "$here/guest/first-screen.sh")
    printf '%s\n' "${command#* && }" "$(typed 169)" >"$directory/typed"
    container_run "$fs" "$directory" || failures=$((failures + 1))
    tried "$suite: $(tail -n 1 "$work/package" | tr -s ' ')"
}

follow() {
    local suite=$1 kind=$2 fs=$work/$1-$2 lower
    lower=$(make_once "bare-$suite-$kind" bare_root "$suite" "$kind")
    mkdir -p "$fs" "$fs.upper" "$fs.work"
    mount -t overlay -o "lowerdir=$lower,upperdir=$fs.upper,workdir=$fs.work" overlay "$fs"
    mount -t proc proc "$fs/proc"
    mount --rbind /dev "$fs/dev"
    mount --rbind /sys "$fs/sys"
    cp /etc/resolv.conf "$fs/etc/resolv.conf"
    add_sources "$fs"
    try_it
    if [ "$kind" = apt ]; then
        install_it
    fi
    umount --recursive --lazy "$fs"
    rm -rf --one-file-system "$fs.upper" "$fs.work"
}

need_programs systemd-nspawn:systemd-container mmdebstrap:mmdebstrap git:git
need_rust
follow bookworm apt
follow trixie apt
follow bookworm dnf
[ "$failures" = 0 ]
