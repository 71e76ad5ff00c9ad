# Shared by the fault experiments: a small text, a tokenizer, and a run of a tiny model that saves every second step.
# PARSCALE_TRAIN names the program, if it is not the one built here.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
train=${PARSCALE_TRAIN:-$root/src/ParScale.Training/bin/Release/net10.0/parscale-train}
[ -x "$train" ] || { echo "build first: $train is not there" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat "$root"/README.md "$root"/CONTRIBUTING.md "$root"/docs/guides/*.md > "$work/text.txt"
"$train" tokenizer --data "$work/text.txt" --vocab 300 -o "$work/tok" 2> /dev/null

# words FOLDER STEPS FLAGS...: sets `command`. Every step is logged, so that the log tells how far the run came.
words() {
    local folder=$1 steps=$2
    shift 2
    command=("$train" train --data "$work/text.txt" --tokenizer "$work/tok" -o "$folder" --steps "$steps" --warmup 2 --streams 2 --hidden 16
        --intermediate 24 --layers 2 --heads 2 --kv-heads 1 --prefix-tokens 4 --context 16 --batch 2 --val-fraction 0.005 --eval-every 1
        --save-every 2 --dropout 0.1 --threads 1 "$@")
}

run() {
    words "$@"
    "${command[@]}"
}

# newest FOLDER: the step of the newest checkpoint, 0 for none.
newest() { ls "$1" 2> /dev/null | sed -n 's/^checkpoint-//p' | sort -n | tail -1 | grep . || echo 0; }

# logged FOLDER: the last step that has a whole row in the log.
logged() { sed -n 's/^{"step":\([0-9]*\),.*}$/\1/p' "$1/log.jsonl" 2> /dev/null | tail -1 | grep . || echo 0; }

# strays FOLDER: entries that no run leaves.
strays() { ls -A "$1" | grep -vxE 'checkpoint-[0-9]+|best|final|(log|samples)\.jsonl|run\.lock|[a-z]+\.(json|toml|svg)|events.*|tensorboard' || true; }
