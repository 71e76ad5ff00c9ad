#!/usr/bin/env bash
# Builds everything and runs every check. Needs the .NET SDK, git and bash; nothing else.
# The last line is always `N passed, N failed, N skipped`; a suite that crashes, hangs or does not build is a failure.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

readonly framework=net10.0
readonly suite_limit=1200   # seconds before a suite counts as hanging
passed=0 failed=0 skipped=0
failures=()
plain=()
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || plain=(-noColor)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

title() { printf '\n=== %s\n' "$1"; }

fail() {
    failed=$((failed + 1))
    failures+=("$1")
    printf 'FAILED: %s\n' "$1"
}

finish() {
    if [ ${#failures[@]} -gt 0 ]; then
        title 'failures'
        printf '%s\n' "${failures[@]}"
    fi
    printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
    exit
}

# check NAME COMMAND...: one check that passes or fails as a whole.
check() {
    local name=$1 start=$SECONDS
    shift
    title "$name"
    if "$@"; then
        passed=$((passed + 1))
        printf 'ok (%d s)\n' $((SECONDS - start))
        return 0
    fi
    fail "$name"
    return 1
}

# suite NAME [VARIABLE=VALUE]: runs a test project's own executable, in an environment of its own.
suite() {
    local name=$1 setting=${2:-} start=$SECONDS label status log
    label="$name${setting:+ with $setting}"
    log="$logs/$name.log"
    title "$label"
    run "$name" "$setting" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    count "$label" "$status" "$log"
    printf '%s: %d s\n' "$label" $((SECONDS - start))
}

run() {
    local executable="tests/$1/bin/Release/$framework/$1"
    [ -x "$executable" ] || { echo "$executable was not built"; return 1; }
    env ${2:+"$2"} timeout "$suite_limit" "$executable" "${plain[@]}"
}

# count LABEL STATUS LOG: reads the runner's summary; without one the suite has crashed or was killed.
count() {
    local label=$1 status=$2 line summary=''
    while IFS= read -r line; do
        [[ $line =~ Total:\ ([0-9]+),\ Errors:\ ([0-9]+),\ Failed:\ ([0-9]+),\ Skipped:\ ([0-9]+),\ Not\ Run:\ ([0-9]+) ]] && summary=$line
    done < "$3"
    if [ -z "$summary" ]; then
        fail "$label: ended with status $status and no summary of any test"
        return
    fi
    [[ $summary =~ Total:\ ([0-9]+),\ Errors:\ ([0-9]+),\ Failed:\ ([0-9]+),\ Skipped:\ ([0-9]+),\ Not\ Run:\ ([0-9]+) ]]
    local total=${BASH_REMATCH[1]} bad=$((BASH_REMATCH[2] + BASH_REMATCH[3])) left_out=$((BASH_REMATCH[4] + BASH_REMATCH[5]))
    failed=$((failed + bad))
    skipped=$((skipped + left_out))
    passed=$((passed + total - bad - left_out))
    if [ "$bad" -gt 0 ]; then
        failures+=("$label: $bad of $total")
    elif [ "$status" -ne 0 ]; then
        fail "$label: all tests passed, yet it ended with status $status"
    fi
}

smoke() {
    local text
    text=$("src/ParScale.Cli/bin/Release/$framework/parscale" generate -p 'ROMEO:' -n 32 --temp 0) || return 1
    printf '%s\n' "$text"
    [[ $text == ROMEO:?* ]]
}

js_clients() {
    command -v npm > /dev/null || return 1
    (cd scripts/js-clients && timeout 120 npm ci --no-audit --no-fund --ignore-scripts > /dev/null 2>&1) || { rm -rf scripts/js-clients/node_modules; return 1; }
}

check 'native libraries' scripts/install-libstdcxx.sh
title 'Open MPI'
# Only training by many processes needs it: without it those tests are skipped, which the summary counts.
if scripts/install-openmpi.sh; then echo 'ok'; else echo 'not there: its tests are skipped'; fi
title 'clients for JavaScript'
# Without Node or the packages their checks are skipped, which the summary counts.
if [ -d scripts/js-clients/node_modules ] || js_clients; then echo 'ok'; else echo 'not there: their checks are skipped'; fi
title 'Chromium'
# Only the page's own tests need it.
if scripts/install-chromium.sh; then echo 'ok'; else echo 'not there: tests of the page are skipped'; fi
title 'Vulkan'
# Only the Vulkan engine's own tests need it. PARSCALE_VULKAN=required turns their skips into failures.
if scripts/install-vulkan.sh; then export PARSCALE_VULKAN=required; echo 'ok'; else echo 'not there: tests of the Vulkan engine are skipped'; fi
check 'build' dotnet build ParScale.slnx -c Release --nologo -v minimal -tl:off || finish
check 'format' dotnet format whitespace ParScale.slnx --no-restore --verify-no-changes

# The trainer's suite is the longest, and most of it uses one core: it runs beside the others and is shown after them.
run ParScale.Training.Tests > "$logs/training.log" 2>&1 &
training=$!
trap 'kill "$training" 2> /dev/null; rm -rf "$logs"' EXIT

suite ParScale.Kernels.Tests
# Without AVX-512 that setting changes nothing.
grep -qw avx512f /proc/cpuinfo 2> /dev/null && suite ParScale.Kernels.Tests DOTNET_EnableAVX512=0
suite ParScale.Kernels.Tests DOTNET_EnableAVX2=0
suite ParScale.Kernels.Tests DOTNET_EnableHWIntrinsic=0
for project in tests/*.Tests; do
    name=${project#tests/}
    [[ $name = ParScale.Kernels.Tests || $name = ParScale.Training.Tests ]] || suite "$name"
done

embedded=$(compgen -G 'models/*/config.json' || compgen -G 'models/config.json' || true)
if [ -n "$embedded" ]; then
    check 'generate with the embedded model' smoke
else
    title 'generate with the embedded model'
    echo 'skipped: models/ holds no model'
    skipped=$((skipped + 1))
fi
check 'packages, installed offline' scripts/test-packages.sh

title ParScale.Training.Tests
wait "$training"
status=$?
cat "$logs/training.log"
count ParScale.Training.Tests "$status" "$logs/training.log"
finish
