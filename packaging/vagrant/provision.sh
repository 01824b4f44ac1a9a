#!/bin/sh
# Installs /tmp/mock-imds.deb and says who the machine is: PUBLIC_HOSTNAME and PUBLIC_IPV4 from the environment.
# Run again (vagrant provision), it changes what has changed and nothing else.
set -eu
package=${1:-/tmp/mock-imds.deb}
: "${PUBLIC_HOSTNAME:?provision.sh: set it in the Vagrantfile}" "${PUBLIC_IPV4:?provision.sh: set it in the Vagrantfile}"
export DEBIAN_FRONTEND=noninteractive

wanted=$(dpkg-deb --field "$package" Version)
if [ "$(dpkg-query --show --showformat '${Version}' mock-imds 2>/dev/null || true)" != "$wanted" ]; then
    # A fresh box may have no lists yet, or old ones.
    apt-get -q -y install "$package" || { apt-get -q update && apt-get -q -y install "$package"; }
fi

scenario=/etc/mock-imds/scenario.toml
new=$(mktemp)
trap 'rm -f "$new"' EXIT
cat >"$new" <<END
# Written by Vagrant: change the Vagrantfile, then run \`vagrant provision\`. Every key: man mock-imds.toml
[instance]
public-hostname = "$PUBLIC_HOSTNAME"

[[instance.network-interface]]
public-ipv4s = ["$PUBLIC_IPV4"]
END
mock-imds check "$new"
cmp -s "$new" "$scenario" && exit
install -m 644 "$new" "$scenario"
systemctl reload-or-restart mock-imds
