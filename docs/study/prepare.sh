#!/usr/bin/env bash
# Makes tokenizers and token shards of the study's two corpora below OUT.
# usage: prepare.sh GSM8K_FOLDER PYTHON_LIBRARY OUT     (the folder with gsm8k-train.jsonl and gsm8k-test.jsonl; for example /usr/lib/python3.11)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
gsm8k=$1 library=$2 out=$3
train=${PARSCALE_TRAIN:-$here/../../src/ParScale.Training/bin/Release/net10.0/parscale-train}
mkdir -p "$out/text"

# A document is a question and its answer. 160 of the 1,319 test documents are enough to tell models apart.
jq -c '{text: (.question + "\n" + .answer)}' "$gsm8k/gsm8k-train.jsonl" > "$out/text/gsm8k.jsonl"
jq -c '{text: (.question + "\n" + .answer)}' "$gsm8k/gsm8k-test.jsonl" | head -n 160 > "$out/text/gsm8k-val.jsonl"
jq -r .text "$out/text/gsm8k.jsonl" > "$out/text/gsm8k.txt"
find "$library" -name '*.py' -not -path '*/test*' -not -path '*-packages*' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cat > "$out/text/code.txt"

"$train" tokenizer --data "$out/text/gsm8k.txt" --vocab 1024 -o "$out/tokenizer-gsm8k"
"$train" tokenizer --data "$out/text/code.txt" --vocab 1024 -o "$out/tokenizer-code"
"$train" data --data "$out/text/gsm8k.jsonl" --val-data "$out/text/gsm8k-val.jsonl" --tokenizer "$out/tokenizer-gsm8k" -o "$out/gsm8k"
"$train" data --data "$library" --include '*.py' --skip-bad --val-fraction 0.01 --tokenizer "$out/tokenizer-code" -o "$out/code"
for corpus in gsm8k code; do
    [ $corpus = gsm8k ] && rate="5e-3, \"min_lr\": 5e-4" || rate="2e-3, \"min_lr\": 2e-4"
    sed "s/CORPUS/$corpus/g; s/\"lr\": [^,]*, \"min_lr\": [^,]*/\"lr\": $rate/" "$here/grid.json" > "$out/$corpus.json"
done
