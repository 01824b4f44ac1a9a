#!/usr/bin/env bash
# On a machine with SELinux: the life of the deb, and what the policy denied to the service meanwhile.
set -uo pipefail
cd "$(dirname "$0")" || exit
# shellcheck source=../lib/verdict.sh
. ./verdict.sh

tried "SELinux $(getenforce), policy $(dpkg-query --show --showformat '${Version}' selinux-policy-default)"
expect 'SELinux' Enforcing "$(getenforce)"
bash ./deb-life.sh
expect 'the life of the package' 0 $?
denied=$(dmesg | grep 'avc: *denied' | grep -E 'mock-imds|mock_imds' | head -n 20)
expect 'what was denied to the service' '' "$denied"
exit $((failures > 0))
