#!/bin/sh
# The dependencies of AWS Batch's own introduction: A is a job and B an array; the array C waits for A, and child by child for B; the array D
# waits child by child for C; the jobs E and F wait for all of D. Ends with a picture of who waited for whom.
set -eu
work='sleep 0.$((2 + AWS_BATCH_JOB_ARRAY_INDEX * 2))'  # child i takes 0.2 s, 0.4 s, ...

A=$(sweep jobs submit --name A -- sleep 0.5)
B=$(sweep jobs submit --name B --array 4 -- sh -c "$work")
C=$(sweep jobs submit --name C --array 4 --after "$A" --n-to-n "$B" -- sh -c "$work")
D=$(sweep jobs submit --name D --array 4 --n-to-n "$C" -- sh -c "$work")
E=$(sweep jobs submit --name E --after "$D" -- sleep 0.3)
F=$(sweep jobs submit --name F --after "$D" -- sleep 0.3)

sweep jobs wait "$A" "$B" "$C" "$D" "$E" "$F"
sweep jobs timeline "$A" "$B" "$C" "$D" "$E" "$F" --out "${1:-dependencies.png}"
