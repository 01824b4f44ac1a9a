#!/usr/bin/env bash
# In a booted Debian 13 with the package: Docker, Compose v2, Podman and podman-compose, with the shipped examples.
# shellcheck disable=SC2317 # called by their names
set -uo pipefail
cd "$(dirname "$0")" || exit
# shellcheck source=../lib/verdict.sh
. ./verdict.sh
# shellcheck source=service.sh
. ./service.sh
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin APP_IMAGE=box
IN_THE_PROJECT=i-0c0ffee0c0ffee000
ask=(curl -sS --max-time 5 http://169.254.169.254/latest/meta-data/instance-id)

# An image of this machine's own files: no registry is needed.
box() {
    tar -C / -c ./bin ./lib ./lib64 ./usr/bin/curl ./usr/bin/bash ./usr/bin/dash ./usr/bin/sh ./usr/bin/sleep \
        ./usr/bin/env ./etc/passwd ./etc/nsswitch.conf ./tmp --exclude=./usr/lib/x86_64-linux-gnu/perl \
        ./usr/lib/x86_64-linux-gnu ./usr/lib64 2>/dev/null | "$1" import - box >/dev/null
}

images() {
    local name
    for name in mock-imds ec2-metadata-mock; do
        "$1" build --quiet --tag "$name" --target "$name" -f ./packaging/container/Containerfile ./image >/dev/null || return
    done
}

# project WHAT COMMAND...: what the application of the compose files sees.
project() {
    local what=$1 expected=$2 found
    shift 2
    cp -r ./packaging/compose "/srv/$what" && cd "/srv/$what" || return
    # podman-compose prints the names of what it makes first.
    found=$(timeout 300 "$@" run --rm -T app 2>/srv/said | tail -n 1)
    if [ "$found" = "$expected" ]; then ok "$what: what the application sees"; else not_ok "$what: what the application sees" "$expected" "$found $(tail -n 12 /srv/said)"; fi
    timeout 120 "$@" down >/srv/said 2>&1
    cd - >/dev/null || return
}

poll 120 booted
expect_success 'the package installs' apt-get --yes --quiet install ./mock-imds.deb
eventually 'the answer on the host' "$BUILT_IN_ID" instance_id

systemctl start docker
tried "docker $(docker version --format '{{.Server.Version}}'), compose $(docker-compose version --short)"
expect_success 'docker: an image of an application' box docker
expect_success 'docker: the images of mock-imds' images docker
expect 'docker: a container on the default bridge' "$BUILT_IN_ID" "$(docker run --rm box "${ask[@]}" 2>&1)"
project docker-host "$BUILT_IN_ID" docker compose -f host.yaml
project docker-sidecar "$IN_THE_PROJECT" docker compose -f sidecar.yaml
project docker-sidecar-bind "$IN_THE_PROJECT" docker compose -f sidecar.yaml -f sidecar-bind.yaml
expect_success 'doctor beside docker' mock-imds doctor
systemctl stop docker.socket docker containerd

# A machine in a machine may have no controller for the number of processes, which Podman limits unless told otherwise.
grep -qw pids /sys/fs/cgroup/cgroup.controllers ||
    install -D -m 644 /dev/stdin /etc/containers/containers.conf.d/limits.conf <<<$'[containers]\npids_limit = 0'
# Podman's resolver does not start without one.
[ -e /etc/resolv.conf ] || echo 'nameserver 192.0.2.53' >/etc/resolv.conf
tried "podman $(podman version --format '{{.Client.Version}}'), podman-compose $(dpkg-query --show --showformat '${Version}' podman-compose)"
expect_success 'podman: an image of an application' box podman
expect_success 'podman: the images of mock-imds' images podman
expect 'podman: a container on the default bridge' "$BUILT_IN_ID" "$(podman run --rm box "${ask[@]}" 2>&1)"
podman run --rm -d --name served mock-imds >/dev/null
eventually 'podman: the image of mock-imds' "$BUILT_IN_ID" \
    podman run --rm --network container:served box curl -sS --max-time 5 http://127.0.0.1:1338/latest/meta-data/instance-id
podman kill served >/dev/null
project podman-host "$BUILT_IN_ID" podman-compose -f host.yaml
# What sidecar.yaml does, by Podman itself: Podman refuses the "uid=" that podman-compose hands on, and does not start an "app"
# that depends on a container that has ended.
podman run -d --name imds --read-only --cap-drop ALL -v "$PWD/packaging/compose/imds:/etc/mock-imds:ro" mock-imds \
    serve --listen 169.254.169.254:1690 >/dev/null
expect_success 'podman: net up in the namespace of a container' \
    podman run --rm --network container:imds --user 0:0 --cap-drop ALL --cap-add NET_ADMIN --read-only mock-imds net up
eventually 'podman: the address in the namespace of a container' "$IN_THE_PROJECT" \
    podman run --rm --network container:imds box "${ask[@]}"
expect_success 'doctor beside podman' mock-imds doctor
exit $((failures > 0))
