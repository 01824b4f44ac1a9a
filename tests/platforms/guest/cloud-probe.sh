#!/usr/bin/env bash
# As the first process of a machine: does the guardian's `net up` hide a real service? EXPECTED is `real` or `mock`.
set -uo pipefail
cd "$(dirname "$0")" || exit
# shellcheck source=../lib/verdict.sh
. ./verdict.sh
# shellcheck source=service.sh
. ./service.sh
# shellcheck source=real-cloud.sh
. ./real-cloud.sh
export LC_ALL=C.UTF-8 PATH=/opt/payload:/usr/sbin:/usr/bin:/sbin:/bin
read -r expected cloud <./expected.word

start_real_service
before=$(whats_there)
said=$(mock-imds net up 2>&1)
code=$?
if [ "$expected" = real ]; then
    expect "the real service of $cloud, before and after net up" "$REAL, $REAL" "$before, $(whats_there)"
    expect "the exit code of net up at $cloud" 78 "$code"
    expect_in "what net up says at $cloud" allow-takeover "$said"
    expect "what is on the network at $cloud" '' "$(left_on_the_network)"
else
    expect "the exit code of net up on $cloud" 0 "$code"
    expect_in "the address on $cloud" 169.254.169.254 "$(left_on_the_network)"
fi
exit $((failures > 0))
