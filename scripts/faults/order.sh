#!/usr/bin/env bash
# F4: the order in which one checkpoint reaches the disk, from strace: every file flushed, its folder, the manifest, the folder again, the rename,
# the parent folder; and only then the older checkpoint renamed and deleted.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
words "$work/run" 6
strace -f -qq -y --seccomp-bpf -o "$work/trace" -e trace=fsync,rename,renameat2,unlink,unlinkat,rmdir "${command[@]}" 2> /dev/null
sed -n '/unfinished-checkpoint-6/,$p' "$work/trace" | sed "s#$work/run/##g; s#$work/run#.#g; s/^[0-9]* *//" | sed '/unfinished-final/,$d' |
    grep -v 'log.jsonl' | awk '
        /^fsync/ { match($0, /<[^>]*>/); print "flush  " substr($0, RSTART + 1, RLENGTH - 2); next }
        /^rename/ { print; next }
        /^(unlink|rmdir)/ { deleted++ }
        END { print "deleted after that: " deleted " entries" }' | tee "$work/order"
last=$(grep -n 'flush .*unfinished-checkpoint-6/\(\.\|model\|optimizer\|trainer\)' "$work/order" | tail -1 | cut -d: -f1)
manifest=$(grep -n 'flush .*manifest' "$work/order" | head -1 | cut -d: -f1)
moved=$(grep -n 'rename.*unfinished-checkpoint-6"' "$work/order" | head -1 | cut -d: -f1)
parent=$(grep -n 'flush  \.$' "$work/order" | tail -1 | cut -d: -f1)
removed=$(grep -n 'rename.*removed' "$work/order" | head -1 | cut -d: -f1)
echo "data $last < manifest $manifest < rename $moved < folder $parent < older one $removed"
[ "$last" -lt "$manifest" ] && [ "$manifest" -lt "$moved" ] && [ "$moved" -lt "$parent" ] && [ "$parent" -lt "$removed" ]
