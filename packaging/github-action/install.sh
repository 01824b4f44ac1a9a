#!/bin/bash
# Installs mock-imds on a CI runner with systemd and apt, and waits until it answers. The inputs of action.yml are in the
# environment, so that other systems' jobs can run it, too:
#   INPUT_PACKAGE=mock-imds_VERSION_amd64.deb INPUT_TAKEOVER=true packaging/github-action/install.sh
# ACTION_REPOSITORY and ACTION_REF are no inputs: GitHub says which repository and which tag the action is of.
# Of the inputs only takeover has another default here: unset it is false, since this is any machine, and in the action true.
set -euo pipefail

fail() {
    printf '::error::mock-imds: %s\n' "$*"
    exit 1
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The version: asked for, or that of the action itself.
version_of_release() {
    local sources
    sources=$(dirname "$0")/../../Cargo.toml
    if [ -n "${INPUT_VERSION:-}" ]; then
        printf '%s\n' "${INPUT_VERSION#v}"
    elif [[ ${ACTION_REF:-} =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
        printf '%s\n' "${ACTION_REF#v}"
    elif [ -f "$sources" ]; then
        sed -n 's/^version = "\(.*\)"/\1/p' "$sources" | head -n 1
    fi
}

package=${INPUT_PACKAGE:-}
if [ -z "$package" ]; then
    url=${INPUT_URL:-}
    if [ -z "$url" ] && [ -n "${ACTION_REPOSITORY:-}" ]; then
        url=${GITHUB_SERVER_URL:-https://github.com}/$ACTION_REPOSITORY/releases/download/vVERSION/mock-imds_VERSION_ARCHITECTURE.deb
    fi
    version=$(version_of_release)
    if [ -z "$url" ] || [ -z "$version" ]; then
        fail "expected the input 'package', or both 'url' and 'version'; only an action used as OWNER/REPOSITORY/…@vVERSION knows both itself"
    fi
    url=${url//VERSION/$version}
    url=${url//ARCHITECTURE/$(dpkg --print-architecture)}
    package=$scratch/mock-imds.deb
    curl --fail --silent --show-error --location --retry 3 --output "$package" "$url" ||
        fail "cannot download $url; curl's reason is above"
fi
[ -f "$package" ] || fail "the input 'package' names $package, which is not there"
# apt takes it for the name of a package, unless it is a path.
package=$(realpath "$package")

# Whatever is written before the installation is kept.
case ${INPUT_TAKEOVER:-} in
true) as_root install -D -m 644 /dev/stdin /etc/default/mock-imds <<<'MOCK_IMDS_ALLOW_TAKEOVER=1' ;;
'' | false) ;;
*) fail "the input 'takeover' is '$INPUT_TAKEOVER'; accepted: true, false" ;;
esac
scenario=$scratch/scenario.toml
if [ -f "${INPUT_SCENARIO:-}" ]; then
    cp "$INPUT_SCENARIO" "$scenario"
elif [[ ${INPUT_SCENARIO:-} = *.toml ]]; then
    fail "the input 'scenario' names $INPUT_SCENARIO, which is not there"
else
    printf '%s\n' "${INPUT_SCENARIO:-}" >"$scenario"
fi
case ${INPUT_TOKENS:-} in
'') ;;
optional | required)
    ! grep -q '^ *\[metadata-options\]' "$scenario" ||
        fail "the input 'tokens' is set, and the scenario has [metadata-options]; set http-tokens there instead"
    printf '\n[metadata-options]\nhttp-tokens = "%s"\n' "$INPUT_TOKENS" >>"$scenario"
    ;;
*) fail "the input 'tokens' is '$INPUT_TOKENS'; accepted: optional, required" ;;
esac
as_root install -D -m 644 "$scenario" /etc/mock-imds/scenario.toml

install_package() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$package"; }
install_package || { as_root apt-get -q update && install_package; }
as_root systemctl enable mock-imds
as_root mock-imds check /etc/mock-imds/scenario.toml || fail "the scenario is rejected; the report is above"
# One that was installed before, with another scenario or without the permission to take over, too.
as_root systemctl reload-or-restart mock-imds || fail "$(mock-imds net status 2>&1 >/dev/null || true)"

# 401 is an answer, too: tokens are required.
for _ in {1..100}; do
    code=$(curl --silent --max-time 1 --output /dev/null --write-out '%{http_code}' http://169.254.169.254/latest/meta-data/) || true
    case $code in
    200 | 401) exit 0 ;;
    esac
    sleep 0.1
done
fail "http://169.254.169.254/ gives no answer, but '$code'; sudo mock-imds doctor says: $(as_root mock-imds doctor 2>&1 || true)"
