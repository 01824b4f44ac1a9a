#!/usr/bin/env bash
# The clouds that serve metadata at 169.254.169.254, and hypervisors that do not, by what their firmware says
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"

need_programs qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap mke2fs:e2fsprogs dpkg-deb:dpkg
deb=$(package_file deb amd64)
image=$(machines)
export vm_limit=300
dpkg-deb --extract "$deb" "$work/package"

# The table: what is served after `net up`, the SMBIOS option that says it, and the name. The clouds and their texts are of the
# list in src/host/cloud.rs.
clouds() {
    cat <<'END'
real type=1,manufacturer=Amazon.EC2 Amazon EC2
real type=3,asset=7783-7084-3265-9085-8269-3286-77 Azure
real type=1,product=Google.Compute.Engine Google Compute Engine
real type=1,product=OpenStack.Nova OpenStack
real type=3,asset=OpenTelekomCloud Open Telekom Cloud
real type=3,asset=HUAWEICLOUD Huawei Cloud
real type=3,asset=SAP.CCloud.VM SAP Converged Cloud
real type=1,manufacturer=DigitalOcean DigitalOcean
real type=1,manufacturer=Hetzner Hetzner
real type=1,manufacturer=Vultr Vultr
real type=1,manufacturer=UpCloud UpCloud
real type=1,manufacturer=Linode Akamai (Linode)
real type=1,manufacturer=Akamai Akamai (Linode)
real type=3,manufacturer=IBM:Cloud.Compute.Server.1@0:bx2-2x8 IBM Cloud
real type=1,manufacturer=IBM:Cloud.Compute.Server.1@0:bx2-2x8 IBM Cloud
real type=1,manufacturer=NWCS NWCS
real type=1,product=Exoscale.Compute.Platform Exoscale
real type=3,asset=OracleCloud.com Oracle Cloud
real type=1,manufacturer=e24cloud e24cloud
real type=1,manufacturer=3DS.Outscale,product=3DS.Outscale.VM 3DS Outscale
real type=1,serial=web.brightbox.com Brightbox
real type=3,asset=test.zstack.io ZStack
mock type=1,manufacturer=innotek.GmbH,product=VirtualBox VirtualBox
mock type=1,manufacturer=VMware,product=VMware.Virtual.Platform VMware
mock type=1,manufacturer=QEMU,product=Standard.PC QEMU
END
}

# Words are joined by a dot in the table; where a dot is meant, it stays, or is written @.
words_of() {
    local words=${1//./ }
    if [[ $1 = *.com || $1 = *.io ]]; then say "$1"; else say "${words//@/.}"; fi
}

while read -r expected option name; do
    directory=$(payload "$here/guest/cloud-probe.sh" "$here/guest/real-cloud.sh")
    printf '%s %s\n' "$expected" "$name" >"$directory/expected.word"
    # Without systemd and dpkg, which an emulated machine takes long for: only the kernel, the firmware's words and the program.
    cp "$work/package/usr/bin/mock-imds" "$directory/"
    boot=init=/usr/local/sbin/run-payload vm_run "$image" 6.1 "$directory" -smbios "$(words_of "$option")" || failures=$((failures + 1))
done < <(clouds)
tried "$(clouds | wc -l) firmwares, kernel 6.1"
[ "$failures" = 0 ]
