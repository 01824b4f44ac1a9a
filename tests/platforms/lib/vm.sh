# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # others source this file, after others
# Whole machines, emulated by qemu without hardware help, so that they boot anywhere. Sourced after roots.sh.
#
# A machine is a disk image, which a boot does not change, a kernel with its initrd, and a payload: a directory that is
# handed over as a tar on a second disk. Its script `run` is started when the boot is done; what it prints comes back by
# a port of its own, and at its end the machine is switched off.

# The machines of several parts: a Debian 12 on amd64, with three kernels.
machines() {
    local base
    base=$(make_once bookworm debian_root bookworm "$host_packages,udev,kmod,initramfs-tools" amd64)
    make_once machines vm_image amd64 "$base" 'bullseye bookworm trixie'
}

# How long a machine may live, in seconds.
vm_limit=900

# The kernels of the named Debian suites in a root file system of Debian 12, beside an initrd for each.
add_kernel() {
    local fs=$1 suite=$2 architecture=$3 name version
    # Nothing of the suite but its kernel: its C library and its systemd stay away.
    echo "deb $mirror $suite main" >"$fs/etc/apt/kernel.list"
    local apt=(-o Dir::Etc::SourceList=/etc/apt/kernel.list -o Dir::Etc::SourceParts=-)
    cp /etc/resolv.conf "$fs/etc/resolv.conf"
    chroot "$fs" apt-get -q "${apt[@]}" update
    name=$(chroot "$fs" apt-cache "${apt[@]}" depends "linux-image-$architecture" |
        sed -nE 's/^ *Depends: (linux-image-[0-9].*)/\1/p' | head -n 1)
    chroot "$fs" sh -c 'cd /tmp && exec apt-get -q "$@"' - "${apt[@]}" download "$name"
    # Aside first: over the root file system it would replace the link /lib by a directory.
    chroot "$fs" sh -c 'dpkg-deb --extract /tmp/linux-image-*.deb /tmp/kernel'
    version=${name#linux-image-}
    mkdir -p "$fs/usr/lib/modules"
    mv "$fs"/tmp/kernel/{,usr/}lib/modules/"$version" "$fs/usr/lib/modules/" 2>/dev/null || [ -d "$fs/usr/lib/modules/$version" ]
    mv "$fs"/tmp/kernel/boot/* "$fs/boot/"
    rm -rf "$fs"/tmp/{kernel,linux-image-*.deb}
    # What no machine here has.
    find "$fs/usr/lib/modules/$version/kernel/drivers" -mindepth 1 -maxdepth 1 \
        ! -name virtio ! -name block ! -name char ! -name net -exec rm -rf {} +
    rm -rf "$fs/usr/lib/modules/$version/kernel"/{sound,drivers/net/{ethernet,wireless,usb,can}}
    chroot "$fs" depmod "$version"
    chroot "$fs" update-initramfs -c -k "$version"
    rm -f "$fs/etc/apt/kernel.list" "$fs/etc/resolv.conf"
}

# What runs the payload.
add_payload_runner() {
    local fs=$1
    install -D -m 755 /dev/stdin "$fs/usr/local/sbin/run-payload" <<'END'
#!/bin/bash
# As the first process it does what systemd did else, and installs the package, which nothing starts then.
if [ $$ = 1 ]; then
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    mount -t proc proc /proc && mount -t sysfs sysfs /sys
    mount -t devtmpfs devtmpfs /dev || true
    mount -t tmpfs tmpfs /run
    ip link set lo up
    modprobe virtio_console
fi
mkdir -p /opt/payload
tar -x -f /dev/vdb -C /opt/payload --no-same-owner
until port=$(ls /dev/vport*p1 2>/dev/null); do sleep 0.1; done
[ $$ != 1 ] || dpkg --force-all --unpack /opt/payload/mock-imds.deb >/dev/null 2>&1
bash /opt/payload/run >"$port" 2>&1 </dev/null
echo "exit - $?" >"$port"
[ $$ != 1 ] || { sync; echo b >/proc/sysrq-trigger; sleep 60; }
END
    cat >"$fs/etc/systemd/system/payload.service" <<'END'
[Unit]
Description=What the host handed over
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
# Not oneshot: the boot would be done only when it is.
Type=simple
ExecStart=/usr/local/sbin/run-payload
[Install]
WantedBy=default.target
END
    # After the target that wants it would be a circle for multi-user itself.
    install -d "$fs/etc/systemd/system/graphical.target.wants"
    ln -s ../payload.service "$fs/etc/systemd/system/graphical.target.wants/payload.service"
    ln -sf /lib/systemd/system/graphical.target "$fs/etc/systemd/system/default.target"
}

# vm_image ARCHITECTURE ROOT SUITES PATH: disk, and vmlinuz-X.Y with initrd-X.Y for the kernel of each suite.
vm_image() {
    local architecture=$1 suites=$3 to=$4 fs=$4/root suite kernel version
    mkdir -p "$to"
    cp -a "$2" "$fs"
    mkdir -p "$fs/etc/initramfs-tools/conf.d"
    echo MODULES=list >"$fs/etc/initramfs-tools/conf.d/virtual"
    printf '%s\n' virtio_pci virtio_blk virtio_console ext4 >"$fs/etc/initramfs-tools/modules"
    for suite in $suites; do
        add_kernel "$fs" "$suite" "$architecture"
    done
    for kernel in "$fs"/boot/vmlinuz-*; do
        version=${kernel##*/vmlinuz-}
        mv "$kernel" "$to/vmlinuz-$(cut -d. -f1,2 <<<"$version")"
        mv "$fs/boot/initrd.img-$version" "$to/initrd-$(cut -d. -f1,2 <<<"$version")"
    done
    finish_image "$fs" "$to"
}

finish_image() {
    local fs=$1 to=$2
    rm -rf "${fs:?}/boot"/* "$fs/var/lib/apt/lists"/*
    echo '/dev/vda / ext4 defaults 0 1' >"$fs/etc/fstab"
    add_payload_runner "$fs"
    mke2fs -q -F -t ext4 -d "$fs" "$to/disk" 2G
    rm -rf --one-file-system "$fs"
}

# vm_run IMAGE KERNEL PAYLOAD [OPTION...]: boots, waits for the end, prints what the payload printed. Fails if that did not
# end well. The OPTIONs are qemu's; `boot` has the kernel's more words.
vm_run() {
    local image=$1 kernel=$2 payload=$3 report=$work/report console=$work/console code=0
    local qemu=(qemu-system-x86_64 -accel tcg -cpu max) tty=ttyS0
    shift 3
    if [ "${architecture:-amd64}" = arm64 ]; then
        qemu=(qemu-system-aarch64 -M virt -accel tcg -cpu max)
        tty=ttyAMA0
    fi
    # no_timer_check: a busy host makes the kernel believe that the timer does not work. A panic ends the machine at once.
    tar -C "$payload" -cf "$work/payload.tar" .
    : >"$report"
    timeout --foreground --kill-after=10 "$vm_limit" setpriv --pdeathsig KILL \
        "${qemu[@]}" -m "${memory:-1024}" -smp 2 -nodefaults -no-reboot -display none -nic none \
        -kernel "$image/vmlinuz-$kernel" -initrd "$image/initrd-$kernel" \
        -append "root=/dev/vda rw console=$tty systemd.show_status=false no_timer_check panic=-1 quiet ${boot:-}" \
        -drive "file=$image/disk,format=raw,if=virtio,snapshot=on" \
        -drive "file=$work/payload.tar,format=raw,if=virtio,readonly=on" \
        -serial "file:$console" -device virtio-serial-pci \
        -chardev "file,id=report,path=$report" -device virtserialport,chardev=report,name=report "$@" || code=$?
    cat "$report"
    if ! grep -qx 'exit - 0' "$report"; then
        [ "$code" = 0 ] || say "qemu ended with $code; 124: not done within $vm_limit s"
        say "the last words of its console:"
        tail -n 15 "$console"
        return 1
    fi
}

# payload FILE...: a directory with these, the package and what every payload sources.
payload() {
    local to=$work/payload here=$root/tests/platforms
    rm -rf "$to"
    mkdir -p "$to"
    cp "$here/lib/verdict.sh" "$here/guest/service.sh" "$root/tests/support/src/machine/snapshot.sh" "$to/"
    cp "$1" "$to/run"
    shift
    [ $# = 0 ] || cp "$@" "$to/"
    say "$to"
}
