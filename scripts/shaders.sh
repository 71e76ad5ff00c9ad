#!/usr/bin/env bash
# Compiles the shaders of src/ParScale.Vulkan and writes what they were compiled from. Needs glslc; builds and users do not, since the
# compiled files are committed. A test fails when a shader was changed and this was not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../src/ParScale.Vulkan/Shaders"
command -v glslc > /dev/null || { echo "shaders: glslc is needed; scripts/install-vulkan.sh installs it" >&2; exit 4; }

rm -f Compiled/*
for shader in *.comp; do glslc -O --target-env=vulkan1.2 -Werror -o "Compiled/${shader%.comp}.spv" "$shader"; done
sha256sum *.comp Shared/*.glsl Compiled/*.spv > Compiled/sums.txt
