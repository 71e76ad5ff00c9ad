#!/usr/bin/env bash
# A disk that fills up while a model is fetched: a small file system of its own, filled by the test in the middle of the weights. Build
# tests/ParScale.Tests first.
#   scripts/faults/hub-disk-full.sh
[ "${1:-}" = inside ] || exec unshare -rm "$0" inside
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
disk=$(mktemp -d)
mount -t tmpfs -o size=8m none "$disk"
PARSCALE_SMALL_DISK=$disk "$root/tests/ParScale.Tests/bin/Release/net10.0/ParScale.Tests" -explicit only -method '*A_disk_that_fills_up_leaves*'
