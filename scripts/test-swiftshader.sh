#!/usr/bin/env bash
# Runs the tests of the Vulkan engine on a second software driver, SwiftShader, beside Mesa's: subgroups of 4, no 8-bit and 16-bit storage. Debian has it in
# the package chromium-common, of which only the driver is taken. Build the tests first. Arguments go to the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tests=tests/ParScale.Vulkan.Tests/bin/Release/net10.0/ParScale.Vulkan.Tests
[ -x "$tests" ] || { echo "test-swiftshader: build first: dotnet build tests/ParScale.Vulkan.Tests -c Release" >&2; exit 2; }

folder=${XDG_CACHE_HOME:-$HOME/.cache}/parscale-swiftshader
driver=$folder/usr/lib/chromium/vk_swiftshader_icd.json
if [ ! -f "$driver" ]; then
    command -v apt-get > /dev/null || { echo "test-swiftshader: needs apt-get, for the package chromium-common" >&2; exit 4; }
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && apt-get download -q chromium-common > /dev/null 2>&1) || { echo "test-swiftshader: there is no package chromium-common" >&2; exit 4; }
    mkdir -p "$folder"
    dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$folder" --wildcards './usr/lib/chromium/*swiftshader*'
fi
VK_DRIVER_FILES=$driver PARSCALE_VULKAN=required "$tests" -noColor "$@"
