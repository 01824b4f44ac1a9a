# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # others source this file, after others
# Machines that share this kernel, by systemd-nspawn: an overlay on a root file system, thrown away at the end. Sourced
# after part.sh.

# container_run ROOT PAYLOAD [OPTION...]: boots, runs the payload's `run` in it, prints what that prints, and fails as it does.
container_run() {
    local fs=$1 payload=$2 name=mock-imds-platforms-$part-$RANDOM scratch leader='' code=0 machine
    shift 2
    # Of a run that was killed.
    remove_cgroups
    scratch=$work/$name
    mkdir "$scratch"
    bash "$root/tests/support/src/machine/machine.sh" "$name" "$fs" "$scratch" "${prepare:-true}" \
        --bind-ro="$payload:/opt/payload" "$@" >"$work/console" 2>&1 &
    machine=$!
    poll 120 leader_of "$machine" && leader=$(leader_of "$machine")
    if [ -n "$leader" ]; then
        nsenter --target "$leader" --all -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
            SYSTEMD_PAGER= bash /opt/payload/run || code=$?
        kill -KILL "$leader"
    else
        code=1
        say "the machine does not boot; its console:"
        tail -n 15 "$work/console"
        kill "$machine"
    fi
    wait "$machine" || true
    umount --recursive --lazy "$scratch" 2>/dev/null || true
    remove_cgroups
    return "$code"
}

# The control groups of this part's machines. Those below come first.
remove_cgroups() {
    find /sys/fs/cgroup -depth -type d -path "*/mock-imds-platforms-$part-*" -exec rmdir {} + 2>/dev/null || true
}

# The machine's init: below machine.sh is nspawn, and below that one is it.
leader_of() {
    local init inits
    inits=$(pgrep --parent "$(pgrep --parent "$1" | paste -sd,)") || return
    for init in $inits; do
        [[ $(readlink "/proc/$init/exe") != *systemd/systemd ]] || { say "$init" && return; }
    done
    return 1
}
