#!/usr/bin/env bash
# Two stages, and streams alone, on the GSM8K text at size S, after `parscale-train sweep OUT/gsm8k.json -o OUT/sweep-gsm8k`.
# usage: modes.sh OUT      (what prepare.sh made); one JSON a run in OUT/modes
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
train=$(realpath "${PARSCALE_TRAIN:-$here/../../src/ParScale.Training/bin/Release/net10.0/parscale-train}")
cd "$1"
mkdir -p modes
plain=sweep-gsm8k/runs/S-p1-s1/final

run() {
    local name=$1
    shift
    [ -d "modes/$name/final" ] && return
    rm -rf "modes/$name"
    "$train" train --data gsm8k --tokenizer tokenizer-gsm8k --context 128 --batch 8 --threads 1 --compute f32 --save-dtype f32 \
        --eval-every 1000 --save-every 1000 --json -o "modes/$name" "$@" > "modes/$name.json"
}

# 95 % of the tokens plain at a constant rate, then 5 % with streams while the rate falls. The same 5 % without streams for comparison.
run stage1 --hidden 64 --intermediate 176 --layers 4 --heads 4 --kv-heads 2 --streams 1 --steps 475 --lr 5e-3 --min-lr 5e-3 --warmup 40
second=(--from modes/stage1/final --steps 25 --lr 5e-3 --min-lr 5e-4 --warmup 2 --seed 2)
run two-p1 "${second[@]}" --streams 1
for p in 2 4 8; do
    for init in keep paper; do run "two-p$p-$init" "${second[@]}" --streams $p --prefix-tokens 8 --init $init; done
done

# Prefixes and aggregator alone, on the trained plain model; and all of its weights for as many steps, without streams.
for p in 2 4 8; do
    run "frozen-p$p" --from $plain --train streams --streams $p --prefix-tokens 8 --steps 150 --lr 5e-3 --min-lr 5e-4 --warmup 10 --seed 2
done
run more-p1 --from $plain --streams 1 --steps 150 --lr 5e-4 --min-lr 5e-5 --warmup 10 --seed 2
