#!/usr/bin/env bash
# Packs what scripts/gpu-check.sh needs on a machine that has a card and neither the .NET SDK nor a network: the built programs, the .NET runtime, and
# Debian's Vulkan loader and validation layer, for Linux on x86-64. About 50 MB.
#
#   scripts/gpu-check/pack.sh                    # here: writes .gpu-check.tar.xz into the repository's folder, which git ignores
#   tar -xJf .gpu-check.tar.xz                   # there, in a copy of the repository
#   scripts/gpu-check.sh -o results.md
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ $# = 0 ] || { sed -n '2,/^set/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2; exit 2; }
readonly folder=.gpu-check programs=(src/ParScale.Cli tests/ParScale.Vulkan.Tests)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

for project in "${programs[@]}"; do
    dotnet build "$project" -c Release --nologo -v quiet -tl:off >&2
done

rm -rf "$folder" "$folder.tar.xz"
mkdir -p "$folder/dotnet" "$folder/packages"
sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
runtime=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\./ { version = $2 } END { print version }')
for part in dotnet "host/fxr/$runtime" "shared/Microsoft.NETCore.App/$runtime" "shared/Microsoft.AspNetCore.App/$runtime"; do
    mkdir -p "$(dirname "$folder/dotnet/$part")"
    cp -r "$sdk/$part" "$folder/dotnet/$part"
done

# Used where the machine has none. Without Debian's packages it must have its own.
if (cd "$folder/packages" && apt-get download -q libvulkan1 vulkan-validationlayers > /dev/null 2>&1); then
    for package in "$folder"/packages/*.deb; do dpkg-deb -x "$package" "$folder/packages"; done
    mkdir -p "$folder/vulkan"
    cp "$folder"/packages/usr/lib/*/libvulkan.so.1 "$folder"/packages/usr/lib/*/libVkLayer_khronos_validation.so "$folder/vulkan/"
    sed 's|"library_path": *"[^"]*"|"library_path": "./libVkLayer_khronos_validation.so"|' \
        "$folder/packages/usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json" > "$folder/vulkan/VkLayer_khronos_validation.json"
else
    echo 'pack: no packages of Debian: the machine needs a Vulkan loader of its own' >&2
fi
rm -rf "$folder/packages"

tar -cJf "$folder.tar.xz" --exclude='*.pdb' --exclude='*.xml' --exclude='runtimes/win*' --exclude='runtimes/osx*' --exclude='runtimes/linux-*arm*' --exclude='*/models' \
    "$folder" "${programs[@]/%//bin/Release/net10.0}"
rm -rf "$folder"
echo "pack: $folder.tar.xz, $(du -m "$folder.tar.xz" | cut -f1) MB"
