# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # others source this file, after others
# The rpm on a Debian that has a tool of RPM systems. Sourced after part.sh.
# shellcheck source=container.sh
. "$here/lib/container.sh"

# rpm_part SUITE TOOL
rpm_part() {
    local package fs directory
    need_programs systemd-nspawn:systemd-container mmdebstrap:mmdebstrap
    package=$(package_file rpm x86_64)
    fs=$(make_once "$1-$2" debian_root "$1" "$host_packages,rpm,$2" amd64)
    directory=$(payload "$here/guest/rpm-life.sh")
    cp "$package" "$directory/mock-imds.rpm"
    echo "$2" >"$directory/tool"
    container_run "$fs" "$directory"
}
