#!/usr/bin/env bash
# Training by many processes needs Open MPI (`mpirun` and libmpi.so.40); one process needs nothing of it.
# Does nothing where mpirun is there. Where it cannot be installed it says so and ends with 4.
set -euo pipefail

if command -v mpirun >/dev/null; then exit 0; fi
exec "$(dirname "${BASH_SOURCE[0]}")/install-package.sh" install-openmpi openmpi-bin mpirun 'Open MPI 4 or 5'
