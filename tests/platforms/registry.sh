#!/usr/bin/env bash
# The images and the chart of a release in a registry: pushed by the lines of the release workflow, pulled by skopeo and helm
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"

release=$target/release-$(version)
helm=$target/tools/kubernetes/helm
registry=127.0.0.1:5000
workflow=$root/.github/workflows/release.yml

# shellcheck disable=SC2317 # called by its name
registry_root() { debian_root bookworm ca-certificates,docker-registry,skopeo "$@"; }

# What the workflow runs to push, with this registry in the place of GitHub's.
push_lines() {
    sed -n '/- name: The images of all architectures/,/^$/p' "$workflow" | sed '1,/run: |/d' |
        sed "s|^ *registry=.*|registry=$registry|"
}

# Debian's, in the root file system; nobody logs in to a registry on loopback, and it has no certificate.
# shellcheck disable=SC2317 # the workflow's lines call it
skopeo() {
    if [ "$1" = login ]; then
        cat >/dev/null
    else
        shift
        chroot "$fs" skopeo copy --dest-tls-verify=false "$@"
    fi
}

# What is pulled for an architecture, in JSON.
inspect() { chroot "$fs" skopeo inspect --tls-verify=false --override-arch "$1" "docker://$registry/$2:$(version)"; }

asked() { curl -sS --max-time 20 -H "Accept: application/vnd.oci.image.$3.v1+json" "http://$registry/v2/$1/manifests/$2"; }

serve_registry() {
    mkdir -p "$fs/release"
    mount --bind -o ro "$release" "$fs/release"
    mount -t proc proc "$fs/proc"
    mount --rbind /dev "$fs/dev"
    for directory in run tmp var/tmp var/lib/docker-registry; do
        mount -t tmpfs tmpfs "$fs/$directory"
    done
    # Debian's own configuration asks for a password.
    cat >"$fs/run/registry.yml" <<END
version: 0.1
storage: { filesystem: { rootdirectory: /var/lib/docker-registry } }
http: { addr: $registry }
END
    chroot "$fs" docker-registry serve /run/registry.yml >"$work/registry.log" 2>&1 &
    poll 60 curl -s -o /dev/null "http://$registry/v2/"
}

for name in mock-imds ec2-metadata-mock; do
    [ -e "$release/$name-$(version).oci.tar" ] ||
        fail 66 "$release/$name-$(version).oci.tar is missing; make it with scripts/release --only packages,images,chart"
done
[ -e "$release/mock-imds-$(version).chart.oci.tar" ] || fail 66 "$release has no chart; make it with scripts/release --only chart"
if [ "${INSIDE:-}" != 1 ]; then
    need_programs mmdebstrap:mmdebstrap curl:curl jq:jq ip:iproute2
    [ -x "$helm" ] || "$root/scripts/kubernetes" >/dev/null
    fs=$(make_once registry registry_root amd64)
    INSIDE=1 fs=$fs unshare --net -- bash "$0" "$part"
    exit
fi

ip link set lo up
serve_registry
tried "docker-registry $(chroot "$fs" docker-registry --version | sed -n 's/.* //p'), $(chroot "$fs" skopeo --version), helm $("$helm" version --short)"
lines=$(push_lines)
expect 'the lines of the workflow that push' 2 "$(grep -c 'skopeo copy' <<<"$lines")"
# In a shell of its own, which ends at the first failure as GitHub's does.
expect_success 'the lines of the workflow' env -i HOME=/root PATH="$PATH" fs="$fs" GITHUB_REF_NAME="v$(version)" TOKEN=none OWNER=Owner GITHUB_ACTOR=owner \
    bash -euo pipefail -c "$(declare -f skopeo); $lines"

for name in mock-imds ec2-metadata-mock; do
    for tag in "$(version)" latest; do
        expect "$name:$tag: the architectures" 'amd64 arm64' \
            "$(asked "$name" "$tag" index | jq -r '[.manifests[].platform.architecture] | join(" ")')"
    done
    for arch in amd64 arm64; do
        expect "$name for $arch: what is pulled is for it" "$arch" "$(inspect "$arch" "$name" | jq -r .Architecture)"
    done
done

# Nothing of the user's own helm.
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
chart=oci://$registry/charts/mock-imds
expect_success 'helm pull' "$helm" pull "$chart" --version "$(version)" --plain-http --destination "$work"
expect_success 'the chart that is pulled is the file of the release' \
    cmp "$work/mock-imds-$(version).tgz" "$release/mock-imds-$(version).tgz"
image=$("$helm" template imds "$chart" --version "$(version)" --plain-http 2>"$work/said" | sed -n 's/^ *image: \(.*mock-imds:.*\)/\1/p' | head -n 1)
expect_in 'the image that the chart asks for' "mock-imds:$(version)" "$image"
[ "$failures" = 0 ]
