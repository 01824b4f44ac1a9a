#!/bin/sh
# A feature for development containers of Debian or Ubuntu. Run as root while the image is built; the options of
# devcontainer-feature.json are in the environment. What it leaves runs whenever the container starts.
set -eu
package=${PACKAGE:-$(find "$(dirname "$0")" -maxdepth 1 -name "mock-imds_*_$(dpkg --print-architecture).deb" | sort | tail -n 1)}
install_by_apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$1"; }
if [ -n "$package" ] || [ -z "${REPOSITORY:-}" ]; then
    [ -f "$package" ] || {
        echo "mock-imds: expected the option 'package', a mock-imds_*_$(dpkg --print-architecture).deb beside install.sh, or the option 'repository'; found '$package'" >&2
        exit 1
    }
    package=$(realpath "$package")
    install_by_apt "$package" || { apt-get -q update && install_by_apt "$package"; }
else
    # By apt's own program: an image may have neither curl nor wget.
    /usr/lib/apt/apt-helper download-file "${REPOSITORY%/}/apt/mock-imds.sources" /etc/apt/sources.list.d/mock-imds.sources || {
        echo "mock-imds: the option 'repository' is '$REPOSITORY'; expected a release's apt/mock-imds.sources there; apt's reason is above" >&2
        exit 1
    }
    apt-get -q update
    install_by_apt mock-imds
fi

# The container has a network namespace of its own, so that nobody else's metadata is hidden on a cloud's machine. No systemd
# runs in it: `net up` and `serve` do what the units do.
install -d /usr/local/share/mock-imds
cat >/usr/local/share/mock-imds/entrypoint.sh <<END
#!/bin/sh
scenario='${SCENARIO:-}'
if [ "\$(id -u)" = 0 ]; then
    install -d -o mock-imds -g mock-imds /run/mock-imds /var/lib/mock-imds
    mock-imds net up --allow-takeover ||
        echo "mock-imds: not at 169.254.169.254; the container needs the capability NET_ADMIN" >&2
    CONFIGURATION_DIRECTORY=/etc/mock-imds STATE_DIRECTORY=/var/lib/mock-imds RUNTIME_DIRECTORY=/run/mock-imds \\
        setpriv --reuid mock-imds --regid mock-imds --clear-groups --inh-caps=-all --bounding-set=-all \\
        mock-imds serve --watch --listen 169.254.169.254:1690 \${scenario:+--scenario "\$scenario"} >/var/log/mock-imds.log 2>&1 &
else
    echo "mock-imds: expected to be started by root; set containerUser to root and remoteUser to yours" >&2
fi
exec "\$@"
END
chmod 755 /usr/local/share/mock-imds/entrypoint.sh
