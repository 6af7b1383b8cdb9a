"""Compile what looks at the values of a block once its trials have run: the same code for every kernel and every request.

Imported only when there is no object code for it yet; see ``sweep_kernels.observer`` for how it is used. What is wanted, and room for it,
is found through `state`, an array of integers with the places below; a driver knows nothing of it but where it is.
"""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
import hashlib
from typing import Any

from numba import types  # type: ignore[import-untyped]

from sweep_kernels.counting import CHUNK, SETTLED, count, drain
from sweep_kernels.covariance import WIDTH, block_comoments
from sweep_kernels.histogram import histogram_indices
from sweep_kernels.modules import assembly_of, emitted
from sweep_kernels.native import compiled
from sweep_kernels.objectcode import ObjectCode
from sweep_kernels.pointers import counters_at, floats_at, integers_at
from sweep_kernels.shelf import cache_folder, read, toolchain, write
from sweep_kernels.sketch import sketch_indices
from sweep_kernels.state import (
    BINS,
    BLOCK_SIZE,
    COMOMENTS,
    COUNTED,
    DIVISIONS,
    ENDS,
    ENTRIES,
    FIRST,
    HEADER,
    HIGH,
    INDICES,
    IS_SETTLED,
    LAST,
    LOW,
    MARKED,
    MARKS,
    OUTPUT,
    OUTPUTS,
    PAIRS,
    ROOM,
    SPARE,
    STARTS,
    TABLE,
    TALLY,
    TOUCHED,
    TOUCHED_COUNT,
    WRITTEN,
)
from sweep_kernels.statistics import FINITE, MEAN, SLOTS

__all__ = ["observing_code"]

SLOT_COUNT = len(SLOTS)
ARGUMENTS = 7


def observing_code() -> ObjectCode:
    """Return the object code, from disk where it is."""
    digest = hashlib.sha256(f"observe {toolchain()}".encode()).hexdigest()[:32]
    path = cache_folder() / f"observe-{digest}.o"
    data = read(path)
    found = None if data is None else ObjectCode.from_bytes(data)
    if found is None:
        made = assembly_of(_observe(), types.void(*[types.int64] * ARGUMENTS))
        code, symbols = emitted([made.text], made.entry)
        found = ObjectCode(code, made.entry, symbols, ())
        write(path, found.to_bytes())
    return found


def _observe() -> Any:
    sketch, histogram, add, move, comoments = (
        compiled(each, inline=False) for each in (sketch_indices, histogram_indices, count, drain, block_comoments)
    )

    def observe(state_at, values_at, stride, base, n, j, rows_at):
        state = integers_at(state_at)
        outputs = state[OUTPUTS]
        indices = integers_at(state[INDICES])
        for t in range(state[COUNTED]):
            place = state_at + 8 * (HEADER + t * TALLY)
            tally = integers_at(place)
            x = floats_at(values_at + 8 * (tally[OUTPUT] * stride + base))
            table = counters_at(tally[TABLE])
            touched = integers_at(tally[TOUCHED])
            for start in range(0, n, CHUNK):
                some = min(CHUNK, n - start)
                if tally[DIVISIONS] > 0:
                    sketch(x, start, some, tally[DIVISIONS], indices)
                else:
                    ends = floats_at(place)
                    histogram(x, start, some, ends[LOW], ends[HIGH], tally[BINS], indices)
                before = tally[TOUCHED_COUNT]
                after = add(indices, some, table, touched, before, tally[IS_SETTLED] != 0)
                tally[TOUCHED_COUNT] = after
                tally[IS_SETTLED] = 1 if after - before < SETTLED else 0
        for p in range(state[PAIRS]):
            pair = integers_at(state_at + 8 * (HEADER + state[COUNTED] * TALLY + 2 * p))
            first, second = pair[0], pair[1]
            row = floats_at(rows_at + 8 * (j * outputs + first) * SLOT_COUNT)
            other = floats_at(rows_at + 8 * (j * outputs + second) * SLOT_COUNT)
            comoments(
                floats_at(values_at + 8 * (first * stride + base)),
                floats_at(values_at + 8 * (second * stride + base)),
                n,
                row[MEAN],
                other[MEAN],
                row[FINITE] == n and other[FINITE] == n,
                floats_at(state[ROOM] + 16 * state[BLOCK_SIZE]),
                floats_at(state[ROOM]),
                floats_at(state[ROOM] + 8 * state[BLOCK_SIZE]),
                floats_at(state[COMOMENTS] + 8 * (j * state[PAIRS] + p) * WIDTH),
            )
        if state[COUNTED] > 0 and integers_at(state[ENDS])[j] != 0:
            marks = integers_at(state[MARKS])
            entries = integers_at(state[ENTRIES])
            for t in range(state[COUNTED]):
                tally = integers_at(state_at + 8 * (HEADER + t * TALLY))
                state[WRITTEN] = move(
                    counters_at(tally[TABLE]),
                    integers_at(tally[TOUCHED]),
                    tally[TOUCHED_COUNT],
                    tally[FIRST],
                    tally[LAST],
                    entries,
                    state[WRITTEN],
                    integers_at(state[SPARE]),
                    integers_at(state[STARTS]),
                )
                tally[TOUCHED_COUNT] = tally[IS_SETTLED] = 0
                marks[state[MARKED]] = state[WRITTEN]
                state[MARKED] += 1

    return observe
