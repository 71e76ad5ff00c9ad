#!/usr/bin/env bash
# F3: a disk that fills up at every place. First a file system of K KiB, K swept (`unshare -rm` and a tmpfs); then, under strace, the n-th
# write, flush or rename of the run refused, n swept. Each time: exit 4 with one error line, what was saved before is whole, and once there is
# space the run goes on to the end of one that never failed.
#   scripts/faults/disk-full.sh [STEP_OF_K] [STEP_OF_N; 0 leaves the second part out]
[ "${1:-}" = inside ] || exec unshare -rm "$0" inside "$@"
shift
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
k_step=${1:-16} n_step=${2:-0} steps=8
run "$work/whole" $steps 2> /dev/null
bad=0
disk=$work/disk
mkdir "$disk"

# judge NAME CODE: what the failed run left, and whether it goes on.
judge() {
    local name=$1 code=$2 fault=
    [ "$code" -eq 4 ] || fault="exit $code"
    [ "$(grep -c '^parscale-train: error' "$work/err")" -eq 1 ] || fault="$fault, not one error line"
    grep -qE '^   at |Unhandled' "$work/err" && fault="$fault, a trace"
    mount -o remount,size=64m "$disk"
    run "$disk/run" $steps --resume 2> "$work/err2" || fault="$fault, does not resume"
    grep -q '^note: skipped' "$work/err2" && fault="$fault, an unusable checkpoint"
    cmp -s "$work/whole/final/model.safetensors" "$disk/run/final/model.safetensors" || fault="$fault, another end"
    [ -z "$(strays "$disk/run")" ] || fault="$fault, left: $(strays "$disk/run" | tr '\n' ' ')"
    [ -z "$fault" ] || { bad=$((bad + 1)); echo "$name:$fault: $(grep error "$work/err" | head -1)"; }
}

sizes=0
for ((k = 4; ; k += k_step)); do
    mount -t tmpfs -o size="${k}k" none "$disk"
    code=0
    run "$disk/run" $steps 2> "$work/err" || code=$?
    [ "$code" -eq 0 ] && { umount "$disk"; break; }
    sizes=$((sizes + 1))
    judge "$k KiB" "$code"
    umount "$disk"
done
echo "disk of 4 to $((k - k_step)) KiB: $sizes sizes, $bad with a fault; $k KiB is enough"

[ "$n_step" -gt 0 ] || exit $((bad > 0))

places=0 bad_before=$bad
for fault in pwrite64:ENOSPC pwritev:ENOSPC fsync:EIO rename:ENOSPC mkdir:ENOSPC; do
    call=${fault%:*}
    for ((n = 1; ; n += n_step)); do
        mount -t tmpfs -o size=64m none "$disk"
        words "$disk/run" $steps
        code=0
        strace -f -qq --seccomp-bpf -o /dev/null -e "trace=$call" -e "inject=$call:error=${fault#*:}:when=$n" "${command[@]}" 2> "$work/err" || code=$?
        [ "$code" -eq 0 ] && { umount "$disk"; break; }
        places=$((places + 1))
        judge "$call $n" "$code"
        umount "$disk"
    done
    echo "$call: the run makes fewer than $n"
done
echo "$places places refused, $((bad - bad_before)) with a fault"
[ "$bad" -eq 0 ]
