#!/usr/bin/env bash
# Two stages, as the paper trains: plain models of independent seeds, then streams on each. Finished rows of the second stage are copied here, to be
# committed: docs/study/two-stages/run.sh PYTHON_LIBRARY [JOBS], for example /usr/lib/python3.11. Stop it at any time with Ctrl+C; the same command goes on.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
train=${PARSCALE_TRAIN:-$here/../../../src/ParScale.Training/bin/Release/net10.0/parscale-train}
work=$here/../../../artifacts/study
if [ $# -lt 1 ] || [ ! -d "$1" ]; then
  echo "usage: docs/study/two-stages/run.sh PYTHON_LIBRARY [JOBS], PYTHON_LIBRARY the folder of Python's own modules, JOBS the runs at a time" >&2
  exit 2
fi
if [ ! -x "$train" ]; then
  echo "run.sh: $train is not there; build src/ParScale.Training with -c Release, or set PARSCALE_TRAIN" >&2
  exit 2
fi
library=$1 jobs=${2:-1}
mkdir -p "$work"
if [ ! -d "$work/code-tokenizer" ]; then
  find "$library" -name '*.py' -not -path '*/test*' -not -path '*-packages*' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cat > "$work/code.txt"
  "$train" tokenizer --data "$work/code.txt" --vocab 1024 -o "$work/code-tokenizer"
fi
[ -d "$work/code" ] || "$train" data --data "$library" --include '*.py' --skip-bad --val-fraction 0.02 --tokenizer "$work/code-tokenizer" -o "$work/code"

nice -n 19 "$train" sweep "$here/first.json" -o "$work/sweep-first" --threads 1 --jobs "$jobs"
table=$here/results.csv
done=()
[ -f "$table" ] && done=(--done "$table")
code=0
nice -n 19 "$train" sweep "$here/second.json" -o "$work/sweep-second" --threads 1 --jobs "$jobs" "${done[@]}" || code=$?
# Rows of finished runs stay whatever ended the sweep. A table of the first line alone says nothing.
if [ -f "$work/sweep-second/results.csv" ] && [ "$(wc -l < "$work/sweep-second/results.csv")" -gt 1 ]; then
  cp "$work/sweep-second/results.csv" "$table"
  "$train" compare "$table" --baseline plain || true
fi
exit "$code"
