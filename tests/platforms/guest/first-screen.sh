#!/usr/bin/env bash
# On a booted system where a new user has made the package: the lines that README has next.
set -uo pipefail
cd "$(dirname "$0")" || exit
# shellcheck source=../lib/verdict.sh
. ./verdict.sh
# shellcheck source=service.sh
. ./service.sh
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

poll 120 booted
tried "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
{
    read -r install
    read -r ask
} <./typed
# As typed, but that nobody is there to be asked.
expect_success "$install" su --login dev --command "cd mock-imds && ${install/apt install/apt install --yes}"
eventually "$ask" "$BUILT_IN_ID" su --login dev --command "$ask"
exit $((failures > 0))
