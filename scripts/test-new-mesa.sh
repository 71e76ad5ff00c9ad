#!/usr/bin/env bash
# Runs the tests of the Vulkan engine on a newer Mesa than the system's. That of Debian's unstable release has what older software drivers lack: cooperative
# matrices and an fma that rounds once.
#
#   scripts/test-new-mesa.sh                     # Debian's unstable release
#   scripts/test-new-mesa.sh trixie              # another one
#   scripts/test-new-mesa.sh sid -class '*Name*' # all other arguments go to the tests
#
# The driver and its validation layer come into a root of their own, which is made once for each release (700 MB); the system stays as it is. Needs root,
# debootstrap, and an x86-64 processor; where something is missing it says so and ends with 4. Build the tests first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tests=tests/ParScale.Vulkan.Tests/bin/Release/net10.0/ParScale.Vulkan.Tests
release=sid
if [[ ${1:-} =~ ^[a-z]+$ ]]; then release=$1; shift; fi
[ -x "$tests" ] || { echo "test-new-mesa: build first: dotnet build tests/ParScale.Vulkan.Tests -c Release" >&2; exit 2; }
missing() { echo "test-new-mesa: $1" >&2; exit 4; }
[ "$(id -u)" = 0 ] || missing 'needs root, for chroot and debootstrap'
[ "$(uname -m)" = x86_64 ] || missing 'needs an x86-64 processor'
command -v unshare > /dev/null || missing 'needs unshare: apt-get install util-linux'

root=${XDG_CACHE_HOME:-$HOME/.cache}/parscale-mesa-$release
if [ ! -f "$root/made" ]; then
    command -v debootstrap > /dev/null || missing 'needs debootstrap: apt-get install debootstrap'
    rm -rf --one-file-system "$root"
    mkdir -p "$(dirname "$root")"
    # glslc is for scripts/shaders.sh. The mirror is debootstrap's own, or MIRROR.
    debootstrap --variant=minbase --include=libvulkan1,mesa-vulkan-drivers,vulkan-validationlayers,glslc,libstdc++6 "$release" "$root" ${MIRROR:+"$MIRROR"} > "$root.log" 2>&1 ||
        { tail -n 3 "$root.log" >&2; missing "debootstrap could not make the root ($root.log)"; }
    touch "$root/made"
fi

dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
# Mounts of this run alone, which end with it. The repository keeps its path, and shared/ beside it: tests look for files of both.
exec unshare --mount --propagation private bash -c '
    set -e
    root=$1 dotnet=$2 tests=$3
    shift 3
    folders=("$PWD" "$dotnet")
    [ ! -d "$(dirname "$PWD")/shared" ] || folders+=("$(dirname "$PWD")/shared")
    for folder in "${folders[@]}"; do
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
    done
    mount -t proc proc "$root/proc"
    exec chroot "$root" env -C "$PWD" HOME=/tmp DOTNET_ROOT="$dotnet" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
        VK_DRIVER_FILES=/usr/share/vulkan/icd.d/lvp_icd.json PARSCALE_VULKAN=required "$tests" -noColor "$@"
' bash "$root" "$dotnet" "$tests" "$@"
