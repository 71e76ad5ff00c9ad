#!/usr/bin/env bash
# Checks a graphics card and measures it: what `parscale devices` says; the goldens and the suite of the Vulkan engine; milliseconds a step for each format and
# P beside the floor of reading, GB/s, prompt tokens/s with the device's matrices and without, and whether its fma rounds once; what was predicted; and the same
# of Transformers and llama.cpp (llama-bench) where the machine has them. Everything goes to stdout, to be sent to whoever asks. About 10 minutes on a card.
#
#   scripts/gpu-check.sh                 # the best device
#   scripts/gpu-check.sh vulkan:1        # another
#   scripts/gpu-check.sh vulkan:0 0.7B   # a card without room for the 1.8B shape
#
# Runs to its end on Mesa's software driver too, with a small shape and the goldens alone, and says that these are figures of no card.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
readonly framework=net10.0 suite=ParScale.Vulkan.Tests
readonly parscale=src/ParScale.Cli/bin/Release/$framework/parscale tests=tests/$suite/bin/Release/$framework/$suite
device=${1:-vulkan} shape=${2:-1.8B}
failed=()

usage() { sed -n '2,/^set/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2; exit 2; }
[[ $device =~ ^vulkan(:[0-9]+)?$ && $# -le 2 ]] || usage

title() { printf '\n## %s\n\n' "$1"; }

# run NAME COMMAND...: goes on where one fails, and says so at the end.
run() {
    local name=$1
    shift
    "$@" || { failed+=("$name (exit $?)"); printf 'FAILED: %s\n' "$name"; }
}

build() { dotnet build "$1" -c Release --nologo -v quiet -tl:off >&2 || { echo "gpu-check: $1 does not build" >&2; exit 1; }; }
build src/ParScale.Cli
build "tests/$suite"

title 'Devices'
"$parscale" devices || exit 1

# What a device is; a small run also tells which one `vulkan` chose.
readonly tiny=(--hidden 64 --intermediate 96 --layers 2 --heads 4 --kv-heads 2 --vocab 100 --prefix-tokens 3 --streams 1 --prompt 0 -n 1 -r 1 -q)
about=$("$parscale" bench --device "$device" "${tiny[@]}" --json) || exit
device=$(grep -o '"name":"vulkan:[0-9]*"' <<< "$about" | cut -d'"' -f4)
name=$(grep -o '"title":"[^"]*"' <<< "$about" | cut -d'"' -f4)
software=$(grep -o '"software":[a-z]*' <<< "$about" | cut -d: -f2)
printf '\n%s is checked: %s\n' "$device" "$name"
if [ "$software" = true ]; then
    echo 'A SOFTWARE DRIVER: it computes on the CPU. What follows proves that the check runs; its figures are those of no graphics card.'
fi

title 'Correctness'
export PARSCALE_VULKAN=required PARSCALE_VULKAN_DEVICE=${device#vulkan:}
if [ "$software" = true ]; then
    run 'goldens' "$tests" -noColor -class "$suite.Passes.GoldenTests"
else
    run 'suite' "$tests" -noColor
fi

title 'Speed'
if [ "$software" = true ]; then
    shape='4 layers of 256'
    sizes=(--hidden 256 --intermediate 512 --layers 4 --heads 4 --kv-heads 2 --vocab 2048 --streams 1,8 --dtype q8,q4,bf16 --prompt 32 -n 2 -r 2)
else
    sizes=(--shape "$shape" --streams 1,2,4,8,16 --dtype q8,q4,bf16 --context 64,2048 --prompt 512 -n 16 -r 5)
fi
echo "parscale bench --device $device ${sizes[*]}"
echo
run 'bench' "$parscale" bench --device "$device" "${sizes[@]}" -q

title 'Predicted'
scripts/gpu-estimates.sh

title 'Transformers'
if [ "$software" = true ]; then echo 'left out: no graphics card'
elif ! python3 -c 'import torch, transformers' 2> /dev/null; then echo 'left out: python3 has no torch or no transformers'
else run 'transformers' python3 scripts/gpu-check/transformers-bench.py "$shape"
fi

title 'llama.cpp'
if [ "$software" = true ]; then echo 'left out: no graphics card'
elif ! command -v llama-bench > /dev/null; then echo 'left out: llama-bench is not in the PATH'
else
    peers=benchmarks/ParScale.PeerBenchmarks
    build "$peers" "$peers/bin/Release/$framework/ParScale.PeerBenchmarks"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    for format in q8 q4; do
        run "llama.cpp $format" "$peers/bin/Release/$framework/ParScale.PeerBenchmarks" gguf "$shape" "$format" "$work/$format.gguf"
        run "llama.cpp $format" llama-bench -m "$work/$format.gguf" -ngl 99 -p 512 -n 64 -d 64 -r 5
        rm -f "$work/$format.gguf"
    done
fi

printf '\n'
if [ ${#failed[@]} -gt 0 ]; then
    printf 'gpu-check: failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "gpu-check: done$([ "$software" = true ] && echo ', on a software driver: no figure of a graphics card')"
