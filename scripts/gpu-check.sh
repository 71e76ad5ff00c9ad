#!/usr/bin/env bash
# Checks a graphics card and measures it. In this order, so that what matters most comes first: what `parscale devices` says; the goldens; for each format
# milliseconds a step for each P beside the floor of reading, GB/s, what choosing tokens on the device saves, and prompt tokens/s with the device's matrices and
# without; the goals of decode; Transformers and llama.cpp (llama-bench) where the machine has them; the suite of the Vulkan engine; what was predicted.
# Please send what it prints. About 6 minutes on a card; no part of it takes more than 3.
#
#   scripts/gpu-check.sh                 # the best device
#   scripts/gpu-check.sh vulkan:1        # another
#   scripts/gpu-check.sh vulkan:0 0.7B   # a card without room for the 1.8B shape
#   scripts/gpu-check.sh -o results.md   # each part also goes into a file when it is done; parts that the file has are not done again
#   scripts/gpu-check.sh -t 540          # begins nothing that could end after so many seconds
#
# A machine without the .NET SDK takes what scripts/gpu-check/pack.sh packs. Runs to its end on Mesa's software driver too, with a small shape and the goldens
# alone, and says that these are figures of no card.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
readonly framework=net10.0 suite=ParScale.Vulkan.Tests
readonly parscale=src/ParScale.Cli/bin/Release/$framework/parscale tests=tests/$suite/bin/Release/$framework/$suite packed=$PWD/.gpu-check
results='' within=86400 failed=()

usage() { sed -n '2,/^set/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2; exit 2; }
while getopts 'o:t:' option; do
    case $option in
        o) results=$OPTARG ;;
        t) within=$OPTARG ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
device=${1:-vulkan} shape=${2:-1.8B}
[[ $device =~ ^vulkan(:[0-9]+)?$ && $within =~ ^[0-9]+$ && $# -le 2 ]] || usage
work=$(mktemp -d)
touch "$work/tables"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# part NAME FUNCTION: prints and keeps what a part prints; goes on where it fails, and says so at the end.
part() {
    local name=$1 start=$SECONDS status
    if [ -n "$results" ] && grep -qxF "## $name" "$results" 2> /dev/null; then
        printf '\n(%s has: %s)\n' "$results" "$name"
        return
    fi
    printf '\n## %s\n\n' "$name"
    "$2" 2>&1 | tee "$work/part"
    status=${PIPESTATUS[0]}
    cat "$work/part" >> "$work/tables"
    printf '\n(%d s)\n' $((SECONDS - start))
    if [ "$status" != 0 ]; then
        failed+=("$name (exit $status)")
        printf 'FAILED: %s\n' "$name"
        name="$name: failed, exit $status"
    fi
    [ -z "$results" ] || { printf '\n## %s\n\n' "$name"; cat "$work/part"; printf '\n(%d s, %s)\n' $((SECONDS - start)) "$(date -u '+%F %T')"; } >> "$results"
}

# limit SECONDS COMMAND...: on a card no longer than that, and never longer than the time that is left.
limit() {
    local most=$1 left=$((within - SECONDS))
    shift
    [ "$software" = false ] || most=$left
    [ "$left" -gt 10 ] || { echo 'left out: no time is left'; return 1; }
    # In the foreground Ctrl+C reaches it too.
    timeout --foreground --kill-after=5 $((most < left ? most : left)) "$@"
}

build() {
    [ ! -d "$packed" ] || { [ -x "$2" ] && return; echo "gpu-check: $packed.tar.xz has no $1" >&2; return 1; }
    command -v dotnet > /dev/null || { echo 'gpu-check: there is no .NET SDK here: on a machine that has one, run scripts/gpu-check/pack.sh' >&2; return 1; }
    dotnet build "$1" -c Release --nologo -v quiet -tl:off >&2 || { echo "gpu-check: $1 does not build" >&2; return 1; }
}

if [ -d "$packed" ]; then
    export DOTNET_ROOT=$packed/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
    if [ -d "$packed/vulkan" ]; then
        ldconfig -p 2> /dev/null | grep -q 'libvulkan\.so\.1' || export LD_LIBRARY_PATH=$packed/vulkan${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        compgen -G '/usr/share/vulkan/explicit_layer.d/*validation*.json' > /dev/null || export VK_LAYER_PATH=$packed/vulkan
    fi
fi
build src/ParScale.Cli "$parscale" && build "tests/$suite" "$tests" || exit 1

# Containers have a card's driver where loaders do not look.
if ! "$parscale" devices --json | grep -q '"name":"vulkan:' && [ -z "${VK_DRIVER_FILES:-}" ]; then
    found=$(compgen -G '/usr/local/*/share/vulkan/icd.d/*.json' || compgen -G '/usr/local/share/vulkan/icd.d/*.json' || true)
    [ -z "$found" ] || export VK_DRIVER_FILES=${found//$'\n'/:}
fi

# What a device is; a small run also tells which one `vulkan` chose.
readonly tiny=(--hidden 64 --intermediate 96 --layers 2 --heads 4 --kv-heads 2 --vocab 100 --prefix-tokens 3 --streams 1 --prompt 0 -n 1 -r 1 -q)
about=$("$parscale" bench --device "$device" "${tiny[@]}" --json) || exit
device=$(grep -o '"name":"vulkan:[0-9]*"' <<< "$about" | cut -d'"' -f4)
title=$(grep -o '"title":"[^"]*"' <<< "$about" | cut -d'"' -f4)
software=$(grep -o '"software":[a-z]*' <<< "$about" | cut -d: -f2)
export PARSCALE_VULKAN=required PARSCALE_VULKAN_DEVICE=${device#vulkan:}

devices() {
    "$parscale" devices && "$parscale" devices --json || return
    command -v nvidia-smi > /dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.memory,clocks.max.sm --format=csv
    printf '\n%s is checked: %s\n' "$device" "$title"
    [ "$software" = false ] || echo 'A SOFTWARE DRIVER: it computes on the CPU. What follows proves that the check runs; its figures are those of no graphics card.'
}

goldens() { limit 120 "$tests" -noColor -class "$suite.Passes.GoldenTests"; }

bench() {
    echo "parscale bench --device $device $*"
    echo
    limit 90 "$parscale" bench --device "$device" "$@" -q
}

# Decode steps of all P and batches; then prompts, of which the longest take as long as all steps together.
speed() {
    if [ "$software" = true ]; then
        # A vocabulary of which four sequences are enough for the device to choose.
        bench --hidden 64 --intermediate 128 --layers 2 --heads 4 --kv-heads 2 --vocab 131072 --dtype "$1" --streams 1,8 --batch 4x1 --prompt 16 -n 2 -r 2
        return
    fi
    bench --shape "$shape" --dtype "$1" --streams 1,2,4,8,16 --batch 4x1,16x1 --context 64,2048 --prompt 0 -n 16 -r 5 || return
    echo
    bench --shape "$shape" --dtype "$1" --streams 1,8 --prompt 512 -n 4 -r 3
}
speed_q8() { speed q8; }
speed_q4() { speed q4; }
speed_bf16() { speed bf16; }

# From the tables, also those of an earlier run: the first row of each format for P = 1 and P = 8 at a context of 64.
goals() {
    awk -F ' *\\| *' '
        $3 == "dtype" { for (i = 1; i <= NF; i++) column[$i] = i; next }
        $3 ~ /^(q8|q4|bf16)$/ && $(column["context"]) == 64 && !(($3, $(column["P"])) in ms) {
            ms[$3, $(column["P"])] = $(column["ms/step"]); ratio[$3, $(column["P"])] = $(column["ratio"]); speed[$3, $(column["P"])] = $(column["GB/s"])
        }
        END {
            n = split("q8 q4 bf16", type, " ")
            for (i = 1; i <= n; i++) {
                t = type[i]
                if (!((t, 1) in ms) || !((t, 8) in ms)) { printf "%s: not measured\n", t; missing = 1; continue }
                printf "%s: P = 1 reads %s GB/s, %.0f %% of what a shader reads that only reads (goal: 70 %% of the memory); P = 8 takes %.2f times P = 1 (goal: at most 1.3)\n",
                    t, speed[t, 1], 100 / ratio[t, 1], ms[t, 8] / ms[t, 1]
            }
            exit missing
        }' "$work/tables" ${results:+"$results"}
}

transformers() {
    if [ "$software" = true ]; then echo 'left out: no graphics card'
    elif ! python3 -c 'import torch, transformers' 2> /dev/null; then echo 'left out: python3 has no torch or no transformers'
    else limit 150 python3 scripts/gpu-check/transformers-bench.py "$shape"
    fi
}

llama_cpp() {
    if [ "$software" = true ]; then echo 'left out: no graphics card'; return; fi
    if ! command -v llama-bench > /dev/null; then echo 'left out: llama-bench is not in the PATH'; return; fi
    local peers=benchmarks/ParScale.PeerBenchmarks format
    local writer=$peers/bin/Release/$framework/ParScale.PeerBenchmarks
    build "$peers" "$writer" || return
    for format in q8 q4; do
        limit 90 "$writer" gguf "$shape" "$format" "$work/$format.gguf" && limit 90 llama-bench -m "$work/$format.gguf" -ngl 99 -p 512 -n 64 -d 64 -r 5 || return
        rm -f "$work/$format.gguf"
    done
}

whole_suite() {
    if [ "$software" = true ]; then echo 'left out: no graphics card; scripts/test.sh runs it'
    else limit 180 "$tests" -noColor
    fi
}

predicted() { scripts/gpu-estimates.sh; }

part 'Devices' devices
part 'Goldens' goldens
part 'Speed, q8' speed_q8
part 'Speed, q4' speed_q4
part 'Speed, bf16' speed_bf16
part 'Goals' goals
part 'Transformers' transformers
part 'llama.cpp' llama_cpp
part 'Suite' whole_suite
part 'Predicted' predicted

printf '\n'
if [ ${#failed[@]} -gt 0 ]; then
    printf 'gpu-check: failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "gpu-check: done in $SECONDS s$([ "$software" = true ] && echo ', on a software driver: no figure of a graphics card')"
