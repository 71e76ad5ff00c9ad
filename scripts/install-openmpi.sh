#!/usr/bin/env bash
# Training by many processes needs Open MPI (`mpirun` and libmpi.so.40); one process needs nothing of it.
# Does nothing where mpirun is there. Where it cannot be installed it says so and ends with 4.
set -euo pipefail

if command -v mpirun >/dev/null; then exit 0; fi
if [ "$(uname -s)" != Linux ] || ! command -v apt-get >/dev/null; then
    echo "install-openmpi: install Open MPI 4 or 5 with your system's package manager" >&2
    exit 4
fi
root=()
if [ "$(id -u)" != 0 ]; then
    # Asking for a password would hang a test run.
    sudo -n true 2>/dev/null || { echo "install-openmpi: apt-get needs root; run: sudo apt-get install openmpi-bin" >&2; exit 4; }
    root=(sudo -n)
fi
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openmpi-bin >/dev/null
command -v mpirun >/dev/null || { echo "install-openmpi: openmpi-bin was installed but there is no mpirun" >&2; exit 4; }
