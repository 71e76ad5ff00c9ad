#!/usr/bin/env bash
# Two stages, as the paper trains: plain models of independent seeds, then streams on each. Finished rows of the second stage are copied here, to be
# committed. Stop it at any time with Ctrl+C; the same command goes on.
#   docs/study/two-stages/run.sh sum3 [JOBS]
#   docs/study/two-stages/run.sh code PYTHON_LIBRARY [JOBS]     PYTHON_LIBRARY the folder of Python's own modules, for example /usr/lib/python3.11
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
train=${PARSCALE_TRAIN:-$here/../../../src/ParScale.Training/bin/Release/net10.0/parscale-train}
work=$here/../../../artifacts/study
corpus=${1:-}
if [ "$corpus" = sum3 ]; then
  jobs=${2:-1}
elif [ "$corpus" = code ] && [ -d "${2:-}" ]; then
  library=$2 jobs=${3:-1}
else
  echo "usage: docs/study/two-stages/run.sh sum3 [JOBS], or code PYTHON_LIBRARY [JOBS]; PYTHON_LIBRARY the folder of Python's own modules, JOBS the runs at a time" >&2
  exit 2
fi
if [ ! -x "$train" ]; then
  echo "run.sh: $train is not there; build src/ParScale.Training with -c Release, or set PARSCALE_TRAIN" >&2
  exit 2
fi
mkdir -p "$work"

# Folders appear whole: one that is there is finished.
prepare_code() {
  if [ ! -d "$work/code-tokenizer" ]; then
    find "$library" -name '*.py' -not -path '*/test*' -not -path '*-packages*' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cat > "$work/code.txt"
    "$train" tokenizer --data "$work/code.txt" --vocab 1024 -o "$work/code-tokenizer"
  fi
  [ -d "$work/code" ] || "$train" data --data "$library" --include '*.py' --skip-bad --val-fraction 0.02 --tokenizer "$work/code-tokenizer" -o "$work/code"
}

prepare_sum3() {
  local folder=$work/sum3-16
  [ -d "$folder" ] || "$train" task sum3 -o "$folder" --length 7 --modulus 16 --examples 400000 --val-examples 2000 --seed 1
  [ -d "$folder/shards" ] || "$train" data --data "$folder/train.jsonl" --val-data "$folder/validation.jsonl" --tokenizer "$folder/tokenizer" -o "$folder/shards" --threads 1
}

"prepare_$corpus"
nice -n 19 "$train" sweep "$here/$corpus-first.json" -o "$work/sweep-$corpus-first" --threads 1 --jobs "$jobs"
table=$here/$corpus-results.csv
done=()
[ -f "$table" ] && done=(--done "$table")
code=0
nice -n 19 "$train" sweep "$here/$corpus-second.json" -o "$work/sweep-$corpus-second" --threads 1 --jobs "$jobs" "${done[@]}" || code=$?
# Rows of finished runs stay whatever ended the sweep. A table of the first line alone says nothing.
if [ -f "$work/sweep-$corpus-second/results.csv" ] && [ "$(wc -l < "$work/sweep-$corpus-second/results.csv")" -gt 1 ]; then
  cp "$work/sweep-$corpus-second/results.csv" "$table"
  "$train" compare "$table" --baseline plain || true
fi
exit "$code"
