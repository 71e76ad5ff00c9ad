#!/usr/bin/env bash
# The tests of the Vulkan engine run on Mesa's software driver, with the validation layer; glslc compiles changed shaders.
# Does nothing where they are there. Where they cannot be installed it says so and ends with 4.
set -euo pipefail

has_layer() { compgen -G '/usr/share/vulkan/explicit_layer.d/*validation*.json' > /dev/null || compgen -G '/etc/vulkan/explicit_layer.d/*validation*.json' > /dev/null; }
has_driver() { compgen -G '/usr/share/vulkan/icd.d/lvp*.json' > /dev/null || compgen -G '/etc/vulkan/icd.d/lvp*.json' > /dev/null; }

if has_driver && has_layer && command -v glslc > /dev/null; then exit 0; fi
exec "$(dirname "${BASH_SOURCE[0]}")/install-package.sh" install-vulkan 'mesa-vulkan-drivers vulkan-validationlayers glslc' glslc "Mesa's Vulkan drivers, the Vulkan validation layer and glslc"
