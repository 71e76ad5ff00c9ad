#!/usr/bin/env bash
# Prints the table "Graphics cards on paper" of docs/numbers.md: milliseconds of a decode step of the 1.8B shape on cards that this engine was not run on, by
# `parscale cost`. Calculated, not measured. Build the tool first: dotnet build src/ParScale.Cli -c Release
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
parscale=src/ParScale.Cli/bin/Release/net10.0/parscale
[ -x "$parscale" ] || { echo "gpu-estimates: build first: dotnet build src/ParScale.Cli -c Release" >&2; exit 2; }

# field NAME JSON: every value of a number's name, in order.
field() { grep -o "\"$1\":[0-9.eE+-]*" <<< "$2" | cut -d: -f2; }

echo '| calculated, not measured: ms a step | q8 P = 1 | q8 P = 8 | q4 P = 1 | q4 P = 8 | bf16 P = 1 | bf16 P = 8 | shaders |'
echo '|---|---:|---:|---:|---:|---:|---:|---:|'
for device in rtx4090 rx7900xtx b580 radeon780m h200; do
    json=$("$parscale" cost --size 1.8B --streams 1,8 --dtype q8,q4,bf16 --kv-dtype bf16 --prompt 64 --output 1 --device "$device-vulkan" --json)
    title=$(grep -o '"title":"[^"]*"' <<< "$json" | cut -d'"' -f4)
    printf '| %s |' "${title%, this engine*}"
    field decode_ms "$json" | while read -r ms; do LC_ALL=C printf ' %.2f |' "$ms"; done
    printf ' %d |\n' $((36 * $(field layer_dispatches "$json") + $(field pass_dispatches "$json")))
done
