#!/usr/bin/env bash
# Builds everything and runs every check, two at once. Needs the .NET SDK, git and bash; nothing else.
# The last line is always `N passed, N failed, N skipped`; a suite that crashes, hangs or does not build is a failure.
set -uo pipefail
[ $# = 0 ] || { echo 'usage: scripts/test.sh; it takes no arguments' >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

readonly framework=net10.0
readonly suite_limit=1200   # seconds before a suite counts as hanging
passed=0 failed=0 skipped=0
failures=()
plain=()
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || plain=(-noColor)
logs=$(mktemp -d)
# What `later` started, by number; `running` has the processes of those that have not ended.
names=() judges=() starts=() running=()
trap 'kill "${running[@]}" 2> /dev/null; rm -rf "$logs"' EXIT

fail() {
    failed=$((failed + 1))
    failures+=("$1")
    printf 'FAILED: %s\n' "$1"
}

finish() {
    if [ ${#failures[@]} -gt 0 ]; then
        printf '\n=== failures\n'
        printf '%s\n' "${failures[@]}"
    fi
    printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
    exit
}

# later JUDGE NAME COMMAND...: starts a command as soon as fewer than two run. JUDGE is `count` for a suite, `whole` for a
# check, `true` for what is not counted.
later() {
    local number=${#names[@]}
    drain 1
    judges+=("$1")
    names+=("$2")
    starts+=("$SECONDS")
    printf 'started: %s\n' "$2"
    "${@:3}" > "$logs/$number" 2>&1 &
    running[number]=$!
}

# drain COUNT: shows and judges what has ended, until no more than COUNT run.
drain() {
    local number status
    while [ ${#running[@]} -gt "$1" ]; do
        sleep 0.2
        for number in "${!running[@]}"; do
            kill -0 "${running[number]}" 2> /dev/null && continue
            wait "${running[number]}"
            status=$?
            unset "running[number]"
            printf '\n=== %s (%d s)\n' "${names[number]}" $((SECONDS - starts[number]))
            cat "$logs/$number"
            "${judges[number]}" "${names[number]}" "$status" "$logs/$number"
        done
    done
}

# suite PROJECT [PART [FLAG...]]: runs a test project's own executable, or a part of its tests.
suite() { later count "$1${2:+, $2}" run "$1" "${@:3}"; }

run() {
    local executable="tests/$1/bin/Release/$framework/$1"
    [ -x "$executable" ] || { echo "$executable was not built"; return 1; }
    exec timeout "$suite_limit" "$executable" "${plain[@]}" "${@:2}"
}

# whole NAME STATUS: judges a command that passes or fails as a whole.
whole() {
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else fail "$1"; fi
}

# count NAME STATUS LOG: reads the runner's summary; without one the suite has crashed or was killed.
count() {
    local name=$1 status=$2 line summary=''
    while IFS= read -r line; do
        [[ $line =~ Total:\ ([0-9]+),\ Errors:\ ([0-9]+),\ Failed:\ ([0-9]+),\ Skipped:\ ([0-9]+),\ Not\ Run:\ ([0-9]+) ]] && summary=$line
    done < "$3"
    if [ -z "$summary" ]; then
        fail "$name: ended with status $status and no summary of any test"
        return
    fi
    [[ $summary =~ Total:\ ([0-9]+),\ Errors:\ ([0-9]+),\ Failed:\ ([0-9]+),\ Skipped:\ ([0-9]+),\ Not\ Run:\ ([0-9]+) ]]
    local total=${BASH_REMATCH[1]} bad=$((BASH_REMATCH[2] + BASH_REMATCH[3])) left_out=$((BASH_REMATCH[4] + BASH_REMATCH[5]))
    failed=$((failed + bad))
    skipped=$((skipped + left_out))
    passed=$((passed + total - bad - left_out))
    if [ "$bad" -gt 0 ]; then
        failures+=("$name: $bad of $total")
    elif [ "$status" != 0 ]; then
        fail "$name: all tests passed, yet it ended with status $status"
    fi
}

smoke() {
    local text
    text=$("src/ParScale.Cli/bin/Release/$framework/parscale" generate -p 'ROMEO:' -n 32 --temp 0) || return 1
    printf '%s\n' "$text"
    [[ $text == ROMEO:?* ]]
}

js_clients() {
    [ -d scripts/js-clients/node_modules ] && return
    command -v npm > /dev/null || return 1
    (cd scripts/js-clients && timeout 120 npm ci --no-audit --no-fund --ignore-scripts > /dev/null 2>&1) || { rm -rf scripts/js-clients/node_modules; return 1; }
}

# What some tests need beside .NET. Without it they are skipped, which the summary counts.
tools() {
    scripts/install-openmpi.sh || echo 'no Open MPI: tests of many processes are skipped'
    js_clients || echo 'no clients for JavaScript: their checks are skipped'
    scripts/install-chromium.sh || echo 'no Chromium: tests of the page are skipped'
    if scripts/install-vulkan.sh; then touch "$logs/vulkan"; else echo 'no Vulkan: tests of the Vulkan engine are skipped'; fi
}

# Alone: it may exchange the C library, and no other program should start meanwhile.
later whole 'native libraries' scripts/install-libstdcxx.sh
drain 0
later true tools tools
later whole build dotnet build ParScale.slnx -c Release --nologo -v minimal -tl:off
drain 0
[[ " ${failures[*]} " == *' build '* ]] && finish
# Turns the skips of the Vulkan engine's tests into failures.
if [ -f "$logs/vulkan" ]; then export PARSCALE_VULKAN=required; fi

# Threads of libtorch that wait for work sleep: by default they spin, which takes the core that another test needs.
export OMP_WAIT_POLICY=passive
# The longest first, so that both ends come at about the same time. The trainer's tests count all tensors of their process and take turns
# in it: two processes have half of them each.
readonly runs='ParScale.Training.Tests.Runs*'
suite ParScale.Training.Tests 'all but runs' -namespace- "$runs"
suite ParScale.Training.Tests runs -namespace "$runs"
suite ParScale.Cli.Tests
suite ParScale.Tests
suite ParScale.Vulkan.Tests
later whole 'packages, installed offline' scripts/test-packages.sh
suite ParScale.Kernels.Tests
# Without AVX-512 that setting changes nothing.
if grep -qw avx512f /proc/cpuinfo 2> /dev/null; then DOTNET_EnableAVX512=0 suite ParScale.Kernels.Tests 'no AVX-512'; fi
DOTNET_EnableAVX2=0 suite ParScale.Kernels.Tests 'no AVX2'
DOTNET_EnableHWIntrinsic=0 suite ParScale.Kernels.Tests 'no intrinsics'
later whole format dotnet format whitespace ParScale.slnx --no-restore --verify-no-changes
for project in tests/*.Tests; do
    project=${project#tests/}
    [[ " ${names[*]} " == *" $project "* || $project = ParScale.Training.Tests ]] || suite "$project"
done
later whole 'generate with the embedded model' smoke
drain 0
finish
