#!/usr/bin/env bash
# The rpm by zypper, which SUSE has, from Debian 13
# shellcheck disable=SC2154 # what lib/part.sh sources has them
. "$(dirname "$0")/lib/part.sh"
. "$here/lib/rpm.sh"

rpm_part trixie zypper
