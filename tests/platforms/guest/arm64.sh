#!/usr/bin/env bash
# In a booted arm64 machine: the life of the deb, and the same package from the repository.
set -uo pipefail
cd "$(dirname "$0")" || exit
code=0
bash ./deb-life.sh || code=1
bash ./from-repository.sh || code=1
exit "$code"
