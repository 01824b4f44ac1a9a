#!/usr/bin/env bash
# The rpm by dnf5 and rpm 6, which Fedora has, from Debian's next release
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"
. "$here/lib/rpm.sh"

rpm_part forky dnf5
