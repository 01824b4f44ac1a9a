#!/bin/sh
# A feature for development containers of Debian or Ubuntu. Run as root while the image is built; the options of
# devcontainer-feature.json are in the environment. What it leaves runs whenever the container starts.
set -eu
package=${PACKAGE:-$(find "$(dirname "$0")" -maxdepth 1 -name "mock-imds_*_$(dpkg --print-architecture).deb" | sort | tail -n 1)}
[ -f "$package" ] || {
    echo "mock-imds: expected the option 'package', or a mock-imds_*_$(dpkg --print-architecture).deb beside install.sh; found '$package'" >&2
    exit 1
}
package=$(realpath "$package")
install_package() { DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$package"; }
install_package || { apt-get -q update && install_package; }

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
