#!/usr/bin/env bash
# Runs what is left of stage 2 and copies the finished rows here, to be committed: docs/study/run.sh TEXT_FILE [TASK...]
# Stop it at any time with Ctrl+C; the same command goes on. Another machine takes finished runs from the committed tables.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
train=${PARSCALE_TRAIN:-$here/../../src/ParScale.Training/bin/Release/net10.0/parscale-train}
work=$here/../../artifacts/study
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
  echo "usage: docs/study/run.sh TEXT_FILE [TASK...], TEXT_FILE a text of about a million characters, TASK of sum3, reach, khop, text" >&2
  exit 2
fi
if [ ! -x "$train" ]; then
  echo "run.sh: $train is not there; build src/ParScale.Training with -c Release, or set PARSCALE_TRAIN" >&2
  exit 2
fi
text=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- sum3 reach khop text

# Difficulties at which P = 1 is right 30 to 70 % of the time (README.md).
difficulty() {
  case $1 in
    sum3) echo --length 6 --modulus 10 ;;
    reach) echo --length 5 --edges 5 ;;
    khop) echo --length 8 --hops 2 ;;
  esac
}

# Makes data once. Folders appear whole: one that is there is finished.
prepare() {
  mkdir -p "$work"
  if [ "$1" = text ]; then
    # Sweeps count relative paths from their own file, so the text stands beside the other data.
    cmp -s "$text" "$work/text.txt" || cp "$text" "$work/text.txt"
    [ -d "$work/text-tokenizer" ] || "$train" tokenizer --data "$work/text.txt" --vocab 512 --val-fraction 0.1 -o "$work/text-tokenizer"
    return
  fi
  [ -d "$work/$1" ] || "$train" task "$1" -o "$work/$1" $(difficulty "$1") --examples 150000 --val-examples 2000 --seed 1
  [ -d "$work/$1/shards" ] || "$train" data --data "$work/$1/train.jsonl" --val-data "$work/$1/validation.jsonl" \
    --tokenizer "$work/$1/tokenizer" -o "$work/$1/shards" --threads 1
}

for task in "$@"; do
  if [ ! -f "$here/stage2/$task.json" ]; then
    echo "run.sh: there is no plan stage2/$task.json" >&2
    exit 2
  fi
  prepare "$task"
  table=$here/stage2/results-$task.csv
  done=()
  [ -f "$table" ] && done=(--done "$table")
  code=0
  # The sweep says how far it is and how long the rest takes.
  nice -n 19 "$train" sweep "$here/stage2/$task.json" -o "$work/sweep-$task" --threads 1 "${done[@]}" || code=$?
  # Rows of finished runs stay whatever ended the sweep. A table of the first line alone says nothing.
  if [ -f "$work/sweep-$task/results.csv" ] && [ "$(wc -l < "$work/sweep-$task/results.csv")" -gt 1 ]; then
    cp "$work/sweep-$task/results.csv" "$table"
    "$train" compare "$table" --baseline plain || true
  fi
  [ "$code" = 0 ] || exit "$code"
done
