# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # others source this file, after others
# A laptop with Vagrant, libvirt and qemu, in a root file system of its own, and a box for it. Sourced after part.sh.
#
# In a chroot, because a machine's own qemu may be another one than vagrant-libvirt's; in a network namespace, so that its
# bridges, its DHCP server and its rules are nobody else's.

laptop_packages=vagrant,vagrant-libvirt,libvirt-daemon-system,libvirt-daemon,libvirt-clients,qemu-system-x86,qemu-utils,rsync,openssh-client,iproute2,dnsmasq-base,iptables,nftables,procps,curl,ca-certificates
box_packages=linux-image-amd64,systemd-sysv,dbus,openssh-server,sudo,rsync,curl,ca-certificates,ifupdown,isc-dhcp-client,iproute2,nftables,kmod,udev,initramfs-tools,procps,libnftnl11,libmnl0,libgcc-s1

# laptop_root PACKAGES PATH
laptop_root() {
    mmdebstrap --variant=apt --aptopt='APT::Install-Recommends "false"' --include="$1" bookworm "$2" "$mirror"
    shift
    rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/*
    # No systemd, no D-Bus, no polkit, no cgroups of its own.
    printf '%s\n' 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' >"$1/etc/libvirt/libvirtd.conf"
    printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'namespaces = []' \
        'cgroup_controllers = []' 'remember_owner = 0' >"$1/etc/libvirt/qemu.conf"
    mkdir -p "$1/box" "$1/root/.vagrant.d"
}

# What a user with another hypervisor than the example's default has in the home directory: the example stays as it is.
laptop_vagrantfile() {
    cat <<'END'
Vagrant.configure("2") do |config|
  config.vm.boot_timeout = 900
  config.vm.provider :libvirt do |libvirt|
    libvirt.driver = "qemu"
    libvirt.cpu_mode = "custom"
    libvirt.cpu_model = "qemu64"
    libvirt.memory = 1024
    libvirt.kernel = "/box/vmlinuz"
    libvirt.initrd = "/box/initrd"
    libvirt.cmd_line = "root=/dev/vda rw net.ifnames=0 biosdevname=0 console=ttyS0 quiet"
    libvirt.graphics_type = "none"
    libvirt.video_type = "none"
  end
end
END
}

# vagrant_box PACKAGES KEY PATH: a directory with the box, and its kernel, which is started without a boot loader. KEY is a
# public key.
vagrant_box() {
    local packages=$1 key=$2 to=$3 fs=$3/root unit
    mkdir -p "$to"
    # The initrd is made when the kernel is installed, and shall have what this machine needs.
    # shellcheck disable=SC2016 # mmdebstrap's shell has the argument
    mmdebstrap --variant=minbase --aptopt='APT::Install-Recommends "false"' --include="$packages" \
        --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"; echo MODULES=list >"$1/etc/initramfs-tools/conf.d/box"; printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"' \
        bookworm "$fs" "$mirror"
    echo '/dev/vda / ext4 errors=remount-ro 0 1' >"$fs/etc/fstab"
    echo bookworm >"$fs/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 bookworm\n' >"$fs/etc/hosts"
    printf '%s\n' 'source /etc/network/interfaces.d/*' 'auto lo' 'iface lo inet loopback' 'allow-hotplug eth0' \
        'iface eth0 inet dhcp' >"$fs/etc/network/interfaces"
    chroot "$fs" useradd -m -s /bin/bash vagrant
    echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$fs/etc/sudoers.d/vagrant"
    install -d -m 700 "$fs/home/vagrant/.ssh"
    printf '%s\n' "$key" >"$fs/home/vagrant/.ssh/authorized_keys"
    chmod 600 "$fs/home/vagrant/.ssh/authorized_keys"
    chroot "$fs" chown -R vagrant: /home/vagrant/.ssh
    echo 'UseDNS no' >"$fs/etc/ssh/sshd_config.d/vagrant.conf"
    for unit in apt-daily.timer apt-daily-upgrade.timer; do ln -sf /dev/null "$fs/etc/systemd/system/$unit"; done
    : >"$fs/etc/machine-id"
    rm -rf "$fs/etc/resolv.conf" "$fs"/usr/sbin/policy-rc.d "$fs"/var/cache/apt/archives/*.deb "$fs"/var/lib/apt/lists/*
    mv "$fs"/boot/vmlinuz-* "$to/vmlinuz"
    mv "$fs"/boot/initrd.img-* "$to/initrd"
    mke2fs -q -F -t ext4 -d "$fs" "$to/disk" 3G
    rm -rf --one-file-system "$fs"
}

# Starts the laptop in this mount and network namespace, with the directory SHARE as its /box.
start_laptop() {
    mount --bind "$laptop" "$laptop"
    mount -t proc proc "$laptop/proc"
    mount -t sysfs sysfs "$laptop/sys"
    mount --rbind /dev "$laptop/dev"
    mount -t tmpfs tmpfs "$laptop/run"
    mount -t tmpfs -o mode=1777 tmpfs "$laptop/tmp"
    # What a run leaves in the laptop is gone with it: Vagrant's and libvirt's own directories.
    local directory
    for directory in root/.vagrant.d var/lib/libvirt etc/libvirt; do
        mkdir -p "$work/laptop/$directory"
        cp -a "$laptop/$directory/." "$work/laptop/$directory"
        mount --bind "$work/laptop/$directory" "$laptop/$directory"
    done
    mkdir -p "$laptop/run/lock"
    mount --bind "$1" "$laptop/box"
    ip link set lo up
    laptop virtlogd -d
    laptop libvirtd -d
    poll 60 laptop virsh -q list
    laptop_vagrantfile >"$laptop/root/.vagrant.d/Vagrantfile"
}

laptop() {
    chroot "$laptop" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
        VAGRANT_CHECKPOINT_DISABLE=1 "$@"
}

# A command of Vagrant in the project; the part ends where one fails.
vagrant() {
    local begun=$SECONDS
    # shellcheck disable=SC2016 # the laptop's shell has the arguments
    laptop sh -c 'cd /box/project && exec vagrant "$@" --no-color --no-tty' - "$@" </dev/null >"$work/said" 2>&1 || {
        not_ok "vagrant $*" 'exit 0' "$(tr '\r' '\n' <"$work/said" | grep -v Progress: | tail -n 25)"
        return 1
    }
    ok "vagrant $* ($((SECONDS - begun)) s)"
}

# in_guest SCRIPT
in_guest() { laptop ssh -F /box/ssh.conf default bash -s <<<"$1"; }
