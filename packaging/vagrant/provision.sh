#!/bin/sh
# Installs /tmp/mock-imds.deb and says who the machine is: PUBLIC_HOSTNAME and PUBLIC_IPV4 from the environment.
# Run again (vagrant provision), it changes what has changed and nothing else.
set -eu
package=${1:-/tmp/mock-imds.deb}
: "${PUBLIC_HOSTNAME:?provision.sh: set it in the Vagrantfile}" "${PUBLIC_IPV4:?provision.sh: set it in the Vagrantfile}"
export DEBIAN_FRONTEND=noninteractive

install_package() { apt-get -q -y -o Dpkg::Options::=--force-confold install "$package"; }

wanted=$(dpkg-deb --field "$package" Version)
# dpkg knows the version of a removed package, and of one that was not configured, too.
found=$(dpkg-query --show --showformat '${db:Status-Status} ${Version}' mock-imds 2>/dev/null || true)
if [ "$found" != "installed $wanted" ]; then
    # A fresh box may have no lists yet, or old ones.
    install_package || {
        echo "provision.sh: apt-get's reason is above; trying again with new package lists"
        apt-get -q update && install_package
    }
fi

scenario=/etc/mock-imds/scenario.toml
header='# Written by Vagrant'
if [ -L "$scenario" ] || { [ -e "$scenario" ] && ! head -n 1 "$scenario" | grep -q "^$header"; }; then
    echo "provision.sh: $scenario was not written by Vagrant and stays as it is; remove it to have it written"
    exit
fi
new=$(mktemp)
trap 'rm -f "$new"' EXIT
cat >"$new" <<END
$header: change the Vagrantfile, then run \`vagrant provision\`, or remove this line. Every key: man mock-imds.toml
[instance]
public-hostname = "$PUBLIC_HOSTNAME"

[[instance.network-interface]]
public-ipv4s = ["$PUBLIC_IPV4"]
# Programs that bind to local-ipv4 need an address that the machine has.
#private-ipv4s = ["$PUBLIC_IPV4"]
#mac = "08:00:27:00:00:01"
END
mock-imds check "$new" >/dev/null
if cmp -s "$new" "$scenario"; then
    echo "provision.sh: mock-imds $wanted and its scenario are as they were"
else
    install -D -m 644 "$new" "$scenario"
    systemctl reload-or-restart mock-imds
    echo "provision.sh: this machine is $PUBLIC_HOSTNAME, $PUBLIC_IPV4; try: curl http://169.254.169.254/latest/meta-data/public-hostname"
fi
