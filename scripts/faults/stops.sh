#!/usr/bin/env bash
# F1 and F15: ends a run again and again at random moments, half of them inside saves, resumes it, and compares its end with that of a run
# that was never ended.
#   scripts/faults/stops.sh [STOPS] [KILL|TERM] [STEPS]
# KILL: no unusable checkpoint, at most one interval (2 steps) lost. TERM: exit 75 each time, nothing lost.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
stops=${1:-200} signal=${2:-KILL} steps=${3:-400}
run "$work/whole" "$steps" 2> /dev/null

folder=$work/run done_stops=0 in_save=0 skipped=0 stray=0 most_lost=0 most_ms=0 wrong_exit=0 runs=0 different=0
while [ "$done_stops" -lt "$stops" ]; do
    words "$folder" "$steps" --resume
    "${command[@]}" 2> "$work/err" &
    pid=$!
    before=$(logged "$folder")
    if [ $((done_stops % 2)) -eq 0 ]; then
        # Into a save: wait for a step, then for a folder that is being written.
        while kill -0 $pid 2> /dev/null && [ "$(logged "$folder")" -le "$before" ]; do :; done
        while kill -0 $pid 2> /dev/null && ! compgen -G "$folder/.unfinished-*" > /dev/null; do :; done
    else
        sleep "$((RANDOM % 4)).$((RANDOM % 10))$((RANDOM % 10))"
    fi
    start=$(date +%s%3N)
    kill -$signal $pid 2> /dev/null || true
    code=0; wait $pid 2> /dev/null || code=$?
    took=$(($(date +%s%3N) - start))
    skipped=$((skipped + $(grep -c '^note: skipped' "$work/err" || true)))
    if [ "$code" -eq 0 ]; then
        runs=$((runs + 1))
        cmp -s "$work/whole/final/model.safetensors" "$folder/final/model.safetensors" || different=$((different + 1))
        stray=$((stray + $(strays "$folder" | wc -l)))
        rm -rf "$folder"
        continue
    fi
    done_stops=$((done_stops + 1))
    if [ "$signal" = KILL ]; then expected=137; else expected=75; fi
    [ "$code" -eq "$expected" ] || { wrong_exit=$((wrong_exit + 1)); echo "exit $code: $(tail -1 "$work/err")"; }
    compgen -G "$folder/.[ur]*-*" > /dev/null && in_save=$((in_save + 1))
    [ "$signal" = TERM ] && sed -n 's/^stopped \(while [^,]*\).*/\1/p; s/^stopped and saved.*/at a step, a save or a validation/p' "$work/err" >> "$work/phases"
    [ -d "$folder" ] || continue
    lost=$(($(logged "$folder") - $(newest "$folder")))
    [ "$lost" -gt "$most_lost" ] && most_lost=$lost
    [ "$took" -gt "$most_ms" ] && most_ms=$took
done
run "$folder" "$steps" --resume 2> "$work/err"
skipped=$((skipped + $(grep -c '^note: skipped' "$work/err" || true)))
cmp -s "$work/whole/final/model.safetensors" "$folder/final/model.safetensors" || different=$((different + 1))
stray=$((stray + $(strays "$folder" | wc -l)))
echo "$done_stops stops by $signal, $in_save with half a save left behind; runs that came to their end: $((runs + 1))"
echo "unusable checkpoints $skipped, most steps lost $most_lost, stray files $stray, ends that differ from the unbroken run $different"
[ "$signal" = TERM ] && { echo "other exit codes than 75: $wrong_exit; longest time to exit: $most_ms ms"; sort "$work/phases" | uniq -c; }
[ "$skipped$stray$different$wrong_exit" = 0000 ] && [ "$most_lost" -le 2 ]
