#!/usr/bin/env bash
# Installs the program of this tree, and what its packages have beside it: containers.sh MACHINE
# PROGRAM is the program, SOURCES the root of the sources.
set -euo pipefail
machine=$1

install -m 755 "$PROGRAM" "$machine/usr/bin/mock-imds"
install -m 644 "$SOURCES"/systemd/*.{service,socket} "$machine/lib/systemd/system/"
install -D -m 644 -t "$machine/usr/lib/sysusers.d" "$SOURCES"/systemd/sysusers.d/*.conf
install -D -m 644 -t "$machine/etc/mock-imds" "$SOURCES"/packaging/etc/*.toml
install -D -m 644 -t "$machine/usr/share/mock-imds/dropins" "$SOURCES"/packaging/dropins/*.conf
# What a test makes of the sources on the host, or looks at.
mkdir -p "$SOURCES"/target/{image,kubernetes}
