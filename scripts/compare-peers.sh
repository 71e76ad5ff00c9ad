#!/usr/bin/env bash
# Compares parscale's decode steps and prompts with llama.cpp as LLamaSharp packages it, on random models of one shape. Both run in turn,
# several rounds; a Markdown table goes to stdout. Downloads only packages; the normal build needs none of them.
#   scripts/compare-peers.sh                      # 1.8B, q8 and q4, about 8 minutes on two cores, 2 GB on the disk for temporary files
#   scripts/compare-peers.sh --shape 0.7B --rounds 1
#   scripts/compare-peers.sh --avx2               # both sides without AVX-512
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

readonly framework=net10.0 peers=benchmarks/ParScale.PeerBenchmarks
if [ "$(uname -s)" = Linux ] && ! ldconfig -p 2>/dev/null | grep -q 'libgomp\.so\.1'; then
    echo 'compare-peers: llama.cpp needs the OpenMP runtime; install your system'"'"'s libgomp1' >&2
    exit 4
fi
dotnet build src/ParScale.Cli -c Release --nologo -v quiet -tl:off >&2
dotnet build "$peers" -c Release --nologo -v quiet -tl:off >&2
exec "$peers/bin/Release/$framework/ParScale.PeerBenchmarks" compare "$PWD/src/ParScale.Cli/bin/Release/$framework/parscale" "$@"
