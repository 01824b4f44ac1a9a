#!/usr/bin/env bash
# Vagrant itself, with libvirt and a box made here: packaging/vagrant as a user has it, up to the purge
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"
. "$here/lib/vagrant.sh"

prepare() {
    local box key
    need_programs mmdebstrap:mmdebstrap mke2fs:e2fsprogs
    laptop=$(make_once laptop laptop_root "$laptop_packages")
    key=$(cat "$laptop"/usr/share/rubygems-integration/all/gems/vagrant-*/keys/vagrant.pub)
    box=$(make_once box vagrant_box "$box_packages" "$key")
    share=$cache/vagrant.share
    rm -rf "$share"
    mkdir -p "$share/project/scn" "$work/box"
    cp "$box"/{vmlinuz,initrd} "$share/"
    # As `vagrant package` does; the name is the one that the example asks for.
    mount --bind "$work/box" "$laptop/mnt"
    mount --bind "$box" "$laptop/srv"
    chroot "$laptop" qemu-img convert -f raw -O qcow2 /srv/disk /mnt/box.img
    umount "$laptop"/{mnt,srv}
    echo '{"provider":"libvirt","format":"qcow2","virtual_size":3}' >"$work/box/metadata.json"
    echo 'Vagrant.configure("2") { |c| c.vm.provider(:libvirt) { |l| l.driver = "qemu" } }' >"$work/box/Vagrantfile"
    tar -C "$work/box" -cf "$share/bookworm64.box" metadata.json Vagrantfile box.img
    rm -r "$work/box"
    find "$root/packaging/vagrant" -maxdepth 1 -type f -exec cp {} "$share/project/" \;
    cp "$deb" "$share/project/"
    scenario r5.large >"$share/project/scn/scenario.toml"
}

scenario() { printf '[instance]\ninstance-type = "%s"\n' "$1"; }

leaf() { in_guest "curl -sS -m 10 http://169.254.169.254/latest/meta-data/$1"; }

# Everything that an installation may not change. Connection tracking's settings come with a kernel module and stay.
snapshot() {
    in_guest '
until ! ip -o addr | grep -q tentative; do sleep 0.5; done
ip -o addr | sed "s/valid_lft.*//"; ip -4 route show table all; ip -6 route show table all; ip rule
sudo nft list ruleset; sudo sysctl -a 2>/dev/null | grep "^net\." | grep -v -E "random|fastopen_key|nf_conntrack|nf_flowtable|nf_hooks"
ss -Hltnu; sudo systemctl list-units --no-legend --plain --all "mock*"; cat /etc/hosts /etc/network/interfaces /etc/resolv.conf
sudo find /etc /usr /var/lib /run -xdev -name "*mock-imds*" -not -path "/var/lib/systemd/deb-systemd-helper*" 2>/dev/null'
}

# The laptop routes the address to the machine, as any neighbour could.
neighbour_gets() {
    laptop ip route add 169.254.169.254 via 192.168.56.10
    laptop curl -s -m 3 -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/ || true
    laptop ip route del 169.254.169.254
}

first_use() {
    vagrant up --no-provision
    laptop sh -c 'cd /box/project && vagrant ssh-config' >"$share/ssh.conf"
    tried "vagrant $(laptop vagrant --version | cut -d' ' -f2), $(laptop libvirtd --version | tr -d '\n'), guest: kernel $(in_guest 'uname -r')"
    snapshot >"$work/before"
    vagrant provision
    expect 'public-hostname is the Vagrantfile'\''s' web.example.test "$(leaf public-hostname)"
    expect 'public-ipv4 is the Vagrantfile'\''s' 192.168.56.10 "$(leaf public-ipv4)"
    expect 'a neighbour on the private network gets nothing' 000 "$(neighbour_gets)"
}

again_and_again() {
    in_guest 'sudo mock-imds rebalance' >/dev/null
    vagrant provision
    expect 'a notice, after provisioning again' 200 \
        "$(in_guest 'curl -s -o /dev/null -w "%{http_code}" http://169.254.169.254/latest/meta-data/events/recommendations/rebalance')"
    # With the first line kept, by which a later provisioning knows the file for its own.
    in_guest 'sudo sed -i "/^\[instance\]\$/a instance-type = \"c7g.large\"" /etc/mock-imds/scenario.toml; sudo systemctl reload mock-imds'
    expect 'an edit and systemctl reload' c7g.large "$(leaf instance-type)"
    vagrant reload
    eventually 'the answer after a reboot' c7g.large leaf instance-type
}

# serve_from FILE: by the drop-in that the package has for a scenario in a shared folder.
serve_from() {
    in_guest "sudo install -D -m 0644 -t /etc/systemd/system/mock-imds.service.d /usr/share/mock-imds/dropins/shared-scenario.conf
sudo sed -i 's,/vagrant/scenario.toml\$,$1,' /etc/systemd/system/mock-imds.service.d/shared-scenario.conf
sudo systemctl daemon-reload; sudo systemctl restart mock-imds"
}

# Edited on the laptop, served in the machine: in the folder that Vagrant copies, and in one that it mounts after the service
# has started.
shared_folder() {
    scenario m7i.large >"$share/project/scenario.toml"
    vagrant rsync
    serve_from /vagrant/scenario.toml
    expect 'a scenario in the copied folder' m7i.large "$(leaf instance-type)"
    scenario r7g.large >"$share/project/scenario.toml"
    vagrant rsync
    eventually 'an edit on the laptop, after vagrant rsync' r7g.large leaf instance-type

    cat >>"$share/project/Vagrantfile" <<'END'
Vagrant.configure("2") do |config|
  config.vm.synced_folder "scn", "/scn", type: "9p"
  config.vm.provision "shell", run: "always", inline: "systemctl restart mock-imds"
end
END
    serve_from /scn/scenario.toml || true
    vagrant reload
    eventually 'a scenario in a folder that comes late' r5.large leaf instance-type
    scenario r6g.large >"$share/project/scn/scenario.toml"
    eventually 'an edit on the laptop in the mounted folder' r6g.large leaf instance-type
    in_guest 'sudo rm -r /etc/systemd/system/mock-imds.service.d; sudo systemctl daemon-reload; sudo systemctl restart mock-imds'
    sed -i '/^  config.vm.provision "shell", run: "always"/d' "$share/project/Vagrantfile"
}

apt() { in_guest "sudo DEBIAN_FRONTEND=noninteractive apt-get -y -q $1 mock-imds" >"$work/said" 2>&1; }

removed_and_back() {
    apt remove
    vagrant provision || return 0
    eventually 'the answer after a removal and provisioning' web.example.test leaf public-hostname
}

purged() {
    apt purge
    in_guest 'sudo systemctl daemon-reload; sudo umount /scn 2>/dev/null || true'
    snapshot >"$work/after"
    expect 'what purge leaves changed' '' "$(diff "$work/before" "$work/after" | head -n 30)"
    vagrant destroy -f
    vagrant up
    laptop sh -c 'cd /box/project && vagrant ssh-config' >"$share/ssh.conf"
    eventually 'the answer after vagrant up in one go' web.example.test leaf public-hostname
    vagrant destroy -f
}

deb=$(package_file deb amd64)
if [ "${INSIDE:-}" != 1 ]; then
    prepare
    INSIDE=1 laptop=$laptop share=$share unshare --net -- bash "$0" "$part"
    rm -rf "$share"
    exit
fi
start_laptop "$share"
laptop vagrant box add --name debian/bookworm64 /box/bookworm64.box >"$work/said" 2>&1
rm "$share/bookworm64.box"
first_use
again_and_again
shared_folder
removed_and_back
purged
[ "$failures" = 0 ]
