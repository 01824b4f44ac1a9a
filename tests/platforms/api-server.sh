#!/usr/bin/env bash
# The chart at a real API server of Kubernetes, built of Debian's source: install, upgrade, rollback, the pod of the chart's test
# shellcheck disable=SC2154,SC2317 # what lib/part.sh sources has them; called by their names
. "$(dirname "$0")/lib/part.sh"

tools=$target/tools/kubernetes
chart=$root/packaging/helm/mock-imds
rendered=$target/kubernetes
# The part of Debian 12 that is whole: later ones have kubectl alone.
wanted=1.20

build_root() { debian_root bookworm ca-certificates,dpkg-dev,etcd-server,golang-go,xz-utils "$@"; }

# api_server ROOT PATH: the program. It has no stamp of a version unless one is written into its sources, and then charts that ask
# for one fail.
api_server() {
    local fs=$1 to=$2
    mount -t proc proc "$fs/proc"
    mount --rbind /dev "$fs/dev"
    mkdir -p "$work/build" "$fs/build"
    mount --bind "$work/build" "$fs/build"
    cp /etc/resolv.conf "$fs/etc/resolv.conf"
    echo "deb-src $mirror bookworm main" >"$fs/build/sources.list"
    # shellcheck disable=SC2016 # that shell's variables
    chroot "$fs" bash -euc '
        cd /build
        apt=(-q -o Dir::Etc::SourceList=/build/sources.list -o Dir::Etc::SourceParts=- -o APT::Sandbox::User= -o Acquire::Check-Valid-Until=false)
        apt-get "${apt[@]}" update
        apt-get "${apt[@]}" source kubernetes
        mv kubernetes-*/ source
        cd source
        version=$(dpkg-parsechangelog --show-field Version | sed -E "s/.*really([0-9.]+)-.*/\1/")
        IFS=. read -r major minor _ <<<"$version"
        for file in staging/src/k8s.io/{component-base,client-go/pkg}/version/base.go; do
            sed -Ei -e "s/^(\tgitMajor) +string( = \"\")?/\1 = \"$major\"/" -e "s/^(\tgitMinor) +string( = \"\")?/\1 = \"$minor\"/" \
                -e "s/^(\tgitVersion +)(string )?= \"[^\"]*\"/\1= \"v$version\"/" "$file"
        done
        mkdir -p .go/src/k8s.io
        ln -s ../../.. .go/src/k8s.io/kubernetes
        export HOME=/build GOPATH=/build/source/.go GOCACHE=/build/cache GO111MODULE=off CGO_ENABLED=0 GOFLAGS=-p=2
        cd .go/src/k8s.io/kubernetes
        directories=$(grep --recursive --files-with-matches --include="*.go" -e "^// +k8s:openapi-gen=" pkg cmd vendor/k8s.io/*/ |
            grep -vE "^vendor/k8s.io/(code-generator|sample-apiserver|kube-openapi)/" | xargs -n 1 dirname | LC_ALL=C sort -u |
            sed "s,^,k8s.io/kubernetes/," | paste -sd,)
        go run ./vendor/k8s.io/kube-openapi/cmd/openapi-gen --logtostderr -i "$directories" -p k8s.io/kubernetes/pkg/generated/openapi \
            -O zz_generated.openapi -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r /build/violations
        go build -o /build/kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver'
    mv "$work/build/kube-apiserver" "$to"
    umount --lazy "$fs"/{build,dev,proc}
    rm -rf --one-file-system "$work/build"
}

# A server with nobody behind it: no scheduler, no kubelet, no controller. What it keeps is what it was given.
start_server() {
    local state=$work/state
    mkdir -p "$state" "$fs/state"
    mount --bind "$state" "$fs/state"
    mount -t proc proc "$fs/proc"
    mount --rbind /dev "$fs/dev"
    cp "$server" "$state/kube-apiserver"
    chmod 755 "$state/kube-apiserver"
    echo 'secret,tester,1,"system:masters"' >"$state/tokens.csv"
    openssl genrsa -out "$state/accounts.key" 2048 2>/dev/null
    chroot "$fs" etcd --data-dir /state/etcd >"$work/etcd.log" 2>&1 &
    chroot "$fs" /state/kube-apiserver --etcd-servers=http://127.0.0.1:2379 --cert-dir=/state/certificates \
        --bind-address=127.0.0.1 --advertise-address=192.0.2.1 --endpoint-reconciler-type=none \
        --service-cluster-ip-range=10.96.0.0/24 --token-auth-file=/state/tokens.csv --authorization-mode=RBAC \
        --service-account-issuer=https://127.0.0.1:6443 --service-account-key-file=/state/accounts.key \
        --service-account-signing-key-file=/state/accounts.key --disable-admission-plugins=ServiceAccount >"$work/server.log" 2>&1 &
    cat >"$work/kubeconfig" <<'END'
apiVersion: v1
kind: Config
clusters: [{ name: it, cluster: { server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true } }]
users: [{ name: it, user: { token: secret } }]
contexts: [{ name: it, context: { cluster: it, user: it, namespace: tests } }]
current-context: it
END
    poll 180 kubectl get --raw /readyz || { tail -n 20 "$work/server.log" >&2 && fail 69 'the API server is not ready within 180 s'; }
    # Nobody makes it, and so it has no service account.
    kubectl create namespace tests >/dev/null
}

kubectl() { command "$tools/kubectl" --kubeconfig "$work/kubeconfig" "$@"; }
helm() { command "$tools/helm" --kubeconfig "$work/kubeconfig" --namespace tests "$@"; }

kinds() { kubectl get "$1" -l app.kubernetes.io/instance=imds -o name 2>/dev/null | sort | paste -sd' '; }

port_of_service() { kubectl get service -l app.kubernetes.io/instance=imds -o 'jsonpath={.items[0].spec.ports[0].port}'; }

revisions() { helm history imds -o json | jq -r 'map("\(.revision) \(.status)") | join(", ")'; }

# The life of a release, as somebody has it who changes values.
life() {
    expect_success 'install' helm install imds "$chart" --values "$chart/ci/aemm-notices-values.yaml"
    expect 'install: what is there' 'deployment.apps/imds-mock-imds' "$(kinds deployments)"
    expect_success 'upgrade' helm upgrade imds "$chart" --set servicePort=1550 --set-string scenario='[instance]'
    expect 'upgrade: the port of the Service' 1550 "$(port_of_service)"
    expect_in 'upgrade: the scenario' '[instance]' "$(kubectl get configmap -o 'jsonpath={.items[*].data.scenario\.toml}')"
    expect_success 'rollback' helm rollback imds 1
    expect 'rollback: the port of the Service' 1338 "$(port_of_service)"
    expect 'the revisions' '1 superseded, 2 superseded, 3 deployed' "$(revisions)"
    expect_success 'an upgrade to a scenario again' helm upgrade imds "$chart" --set-string scenario='[instance]'
    expect_success 'an upgrade without the control socket' helm upgrade imds "$chart" --set-string scenario='[instance]' --set control.enabled=false
    expect_success 'an upgrade to another mode' helm upgrade imds "$chart" --set mode=daemonset
    expect_success 'another mode: without the control socket' helm upgrade imds "$chart" --set mode=daemonset --set control.enabled=false
    expect_success 'another mode: with it' helm upgrade imds "$chart" --set mode=daemonset
    expect 'another mode: what is there' 'daemonset.apps/imds-mock-imds' "$(kinds daemonsets)"
    expect 'another mode: what is gone' '' "$(kinds deployments)"
    expect_success 'uninstall' helm uninstall imds
    expect 'uninstall: what is left' '' "$(kinds deployments,daemonsets,services,configmaps,serviceaccounts)"
}

# Each file of values, and the pod of `helm test` for it. The server is too old for sidecars, and the chart says so.
each_values() {
    local values name said
    for values in "$chart"/ci/*-values.yaml; do
        name=$(basename "$values" -values.yaml)
        if [[ $name = sidecar* ]]; then
            said=$(helm install imds "$chart" --values "$values" 2>&1) && said="accepted: $said"
            expect_in "$name: what this server's version lacks" 'needs 1.29' "$said"
            continue
        fi
        expect_success "$name: install" helm install imds "$chart" --values "$values"
        expect_success "$name: the pod of helm test" kubectl create --dry-run=server --filename "$rendered/helm/test/$name.yaml" --namespace tests
        helm uninstall imds >/dev/null
    done
}

kustomizations() {
    local name
    for name in base tolerations daemonset-host-network; do
        expect_success "kustomize: $name" kubectl apply --dry-run=server --namespace tests --filename "$rendered/$name.yaml"
    done
}

if [ "${INSIDE:-}" != 1 ]; then
    need_programs mmdebstrap:mmdebstrap jq:jq openssl:openssl ip:iproute2
    "$root/scripts/kubernetes" >/dev/null
    # Of another root than the one that it runs in: this one is for good.
    fs=$(make_once api-server-build build_root amd64)
    server=$(make_once api-server api_server "$fs")
    INSIDE=1 fs=$fs server=$server unshare --net -- bash "$0" "$part"
    exit
fi
ip link set lo up
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
start_server
found=$(kubectl version -o json | jq -r .serverVersion.gitVersion)
expect_in 'the version of the server' "v$wanted." "$found"
tried "API server $found, etcd $(chroot "$fs" etcd --version | sed -n 's/^etcd Version: //p'), helm $("$tools/helm" version --short), kubectl $(kubectl version --client -o json | jq -r .clientVersion.gitVersion)"
life
each_values
kustomizations
[ "$failures" = 0 ]
