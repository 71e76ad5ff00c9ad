#!/usr/bin/env bash
# Compiles the shaders of src/ParScale.Vulkan and writes what they were compiled from. Needs glslc; builds and users do not, since the
# compiled files are committed. A test fails when a shader was changed and this was not run.
#
# Shaders with matrices need a glslc that knows GL_KHR_cooperative_matrix (shaderc 2023.8 or newer); Debian 12's does not. Where `glslc` is too old, that of the
# root of scripts/test-new-mesa.sh is taken. Without either they stay as they were compiled, if none of their sources has changed; else it ends with 4.
# All others were compiled with Debian 12's (shaderc 2023.2): it gives the committed bytes again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../src/ParScale.Vulkan/Shaders"
command -v glslc > /dev/null || { echo "shaders: glslc is needed; scripts/install-vulkan.sh installs it" >&2; exit 4; }
readonly settings=(-O --target-env=vulkan1.2 -Werror) root=${XDG_CACHE_HOME:-$HOME/.cache}/parscale-mesa-sid
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Libraries of the root, also those that the system has in another version.
in_root() { "$root/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/glslc" "$@"; }

has_matrices() { printf '#version 450\n#extension GL_KHR_cooperative_matrix : require\nvoid main() {}\n' | "$@" -fshader-stage=compute -o /dev/null - 2> /dev/null; }

# The sums of all sources that the shaders with matrices consist of.
matrix_sources() { grep -E '  (matmul_matrix.*\.comp|Shared/(matrix|groups|common|multiplyadd|result)\.glsl)$' || true; }

matrices=()
if has_matrices glslc; then matrices=(glslc)
elif [ -x "$root/usr/bin/glslc" ] && has_matrices in_root; then matrices=(in_root)
elif [ "$(matrix_sources < Compiled/sums.txt)" != "$(sha256sum ./*.comp Shared/*.glsl | sed 's|  \./|  |' | matrix_sources)" ]; then
    echo "shaders: shaders with matrices have changed, and glslc $(glslc --version | head -n 1) does not know GL_KHR_cooperative_matrix: needs shaderc 2023.8, or the root of scripts/test-new-mesa.sh" >&2
    exit 4
fi

for shader in *.comp; do
    compiled=${shader%.comp}.spv
    if [[ $shader != matmul_matrix* ]]; then glslc "${settings[@]}" -o "$work/$compiled" "$shader"
    elif [ ${#matrices[@]} -gt 0 ]; then "${matrices[@]}" "${settings[@]}" -o "$work/$compiled" "$shader"
    else cp "Compiled/$compiled" "$work/$compiled"
    fi
done
rm -f Compiled/*
cp "$work"/*.spv Compiled/
sha256sum *.comp Shared/*.glsl Compiled/*.spv > Compiled/sums.txt
