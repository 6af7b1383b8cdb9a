"""What one thread does, as plain functions of an index: a block of trials by steps between which nothing is shared.

A wave is some blocks of trials. Each function below is run for every index of its range, in any order and on any number of threads,
before the next one begins; so no thread waits for another, and the steps may as well be run on a CPU. Together they do to each output of a
block, in the same order of additions, what `sweep_kernels.statistics.block_statistics` does.

Numbers of a wave lie in these arrays, where a cell is one output of one block, cells are counted block by block, and a lane is one of a
cell's `LANES`:

========== ============================= =======================================================================
``blocks``  int64, (blocks, PLACES)       where each block stands, its draws, and whether one of its trials raised
``values``  float64, (outputs, stride)    what trial t of block j returned, at ``j * block_size + t``
``lanes``   float64, (4, stride of lanes) sums, minima, maxima, sums of squares, lane by lane
``cells``   float64, (cells, CELL)        how many values count, their mean, the first one that is not finite, whether one is not
``rows``    float64, (cells, len(SLOTS))  statistics
========== ============================= =======================================================================
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sweep_kernels.arithmetic import fma
from sweep_kernels.counter import high_word
from sweep_kernels.statistics import LANES, SLOTS, fold

__all__ = [
    "CELL",
    "LANE_KINDS",
    "PLACES",
    "RAISED",
    "beyond",
    "centre_cell",
    "centre_cell_of_finite",
    "close_cell",
    "open_block",
    "run_one",
    "run_trial",
    "spread_lane",
    "sum_lane",
    "sum_lane_of_finite",
]

PLACES = 7
ROW, FIRST_TRIAL, COUNT, HIGH, TRIAL_WORD, POINT_WORD, RAISED = range(PLACES)
CELL = 4
N, MEAN, FIRST_NONFINITE, IS_MIXED = range(CELL)
LANE_KINDS = 4
SLOT_COUNT = len(SLOTS)
MASK = 0xFFFFFFFF


def run_one(
    k0: int,
    k1: int,
    c1: int,
    c2: int,
    c3: int,
    parameters: Any,
    row: int,
    tables: Any,
    values: Any,
    stride: int,
    i: int,
) -> int:
    """Run one trial of the kernel that is linked in, and return 0 unless it raises. Compiled only."""
    raise NotImplementedError


def beyond(pointer: Any, start: int) -> Any:
    """Return ``pointer + start``. Compiled only."""
    raise NotImplementedError


def open_block(
    j: int,
    blocks: Any,
    first_point: int,
    first_block: int,
    width: int,
    start: int,
    trials: int,
    block_size: int,
    common_numbers: int,
) -> None:
    """Say where block `j` of a wave stands: its row of parameters, its trials, the words of their counter."""
    row = (start + j) // width
    first_trial = (first_block + (start + j) % width) * block_size
    point = 0 if common_numbers != 0 else first_point + row
    at = j * PLACES
    blocks[at + ROW] = row
    blocks[at + FIRST_TRIAL] = first_trial
    blocks[at + COUNT] = min(block_size, trials - first_trial)
    blocks[at + HIGH] = high_word(point, first_trial)
    blocks[at + TRIAL_WORD] = first_trial & MASK
    blocks[at + POINT_WORD] = point & MASK
    blocks[at + RAISED] = 0


def run_trial(
    i: int, blocks: Any, shift: int, k0: int, k1: int, parameters: Any, tables: Any, values: Any, stride: int
) -> None:
    """Run trial `i` of a wave, counted block by block, if its block is so long; blocks have ``2**shift`` trials."""
    at = (i >> shift) * PLACES
    t = i & ((1 << shift) - 1)
    if t < blocks[at + COUNT]:
        c1, c2, c3 = blocks[at + HIGH], blocks[at + TRIAL_WORD] + t, blocks[at + POINT_WORD]
        if run_one(k0, k1, c1, c2, c3, parameters, blocks[at + ROW], tables, values, stride, i) != 0:
            blocks[at + RAISED] = 1  # whichever thread writes it, it is the same


def sum_lane(e: int, blocks: Any, shift: int, outputs: int, values: Any, stride: int, lanes: Any, room: int) -> None:
    """Sum, minimum and maximum of lane `e`."""
    cell, lane = e // LANES, e % LANES
    j, output = cell // outputs, cell % outputs
    x = beyond(values, output * stride + (j << shift))
    total, smallest, largest = 0.0, np.inf, -np.inf
    for i in range(lane, blocks[j * PLACES + COUNT], LANES):
        value = x[i]
        total += value
        smallest = min(smallest, value)
        largest = max(largest, value)
    lanes[e] = total
    lanes[room + e] = smallest
    lanes[2 * room + e] = largest


def centre_cell(cell: int, blocks: Any, outputs: int, lanes: Any, cells: Any) -> None:
    """Mean of cell `cell`, if all its values are finite and so is their sum."""
    n = blocks[cell // outputs * PLACES + COUNT]
    total = fold(beyond(lanes, cell * LANES))
    at = cell * CELL
    cells[at + N] = n
    cells[at + MEAN] = total / n
    cells[at + FIRST_NONFINITE] = -1.0
    cells[at + IS_MIXED] = 0.0 if math.isfinite(total) else 1.0


def sum_lane_of_finite(
    e: int, blocks: Any, shift: int, outputs: int, values: Any, stride: int, lanes: Any, room: int, cells: Any
) -> None:
    """Sum, minimum and maximum of lane `e` over the finite values, which are counted off to the lanes as if there were no others."""
    cell, lane = e // LANES, e % LANES
    if cells[cell * CELL + IS_MIXED] == 0.0:
        return
    j, output = cell // outputs, cell % outputs
    x = beyond(values, output * stride + (j << shift))
    total, smallest, largest = 0.0, np.inf, -np.inf
    kept = 0
    for i in range(blocks[j * PLACES + COUNT]):
        value = x[i]
        if math.isfinite(value):
            if kept % LANES == lane:
                total += value
                smallest = min(smallest, value)
                largest = max(largest, value)
            kept += 1
    lanes[e] = total
    lanes[room + e] = smallest
    lanes[2 * room + e] = largest


def centre_cell_of_finite(
    cell: int, blocks: Any, shift: int, outputs: int, values: Any, stride: int, lanes: Any, cells: Any
) -> None:
    """Count and mean of the finite values of cell `cell`, where `centre_cell` found that there are others or that their sum is none."""
    at = cell * CELL
    if cells[at + IS_MIXED] == 0.0:
        return
    j, output = cell // outputs, cell % outputs
    x = beyond(values, output * stride + (j << shift))
    total = fold(beyond(lanes, cell * LANES))
    count = blocks[j * PLACES + COUNT]
    kept = 0
    first = -1
    scaled = 0.0
    for i in range(count):
        if math.isfinite(x[i]):
            kept += 1
            scaled += x[i] * 2.0**-64
        elif first < 0:
            first = i
    mean = total / kept if kept > 0 else 0.0
    cells[at + N] = kept
    cells[at + MEAN] = mean if math.isfinite(mean) else scaled / kept * 2.0**64
    cells[at + FIRST_NONFINITE] = first


def spread_lane(
    e: int, blocks: Any, shift: int, outputs: int, values: Any, stride: int, lanes: Any, room: int, cells: Any
) -> None:
    """Sum and sum of squares of the deviations from the mean, of lane `e`."""
    cell, lane = e // LANES, e % LANES
    j, output = cell // outputs, cell % outputs
    x = beyond(values, output * stride + (j << shift))
    n = blocks[j * PLACES + COUNT]
    mean = cells[cell * CELL + MEAN]
    total, squares = 0.0, 0.0
    if cells[cell * CELL + IS_MIXED] == 0.0:
        for i in range(lane, n, LANES):
            deviation = x[i] - mean
            total += deviation
            squares = fma(deviation, deviation, squares)
    else:
        kept = 0
        for i in range(n):
            if math.isfinite(x[i]):
                if kept % LANES == lane:
                    deviation = x[i] - mean
                    total += deviation
                    squares = fma(deviation, deviation, squares)
                kept += 1
    lanes[e] = total
    lanes[3 * room + e] = squares


def close_cell(cell: int, blocks: Any, outputs: int, lanes: Any, room: int, cells: Any, rows: Any) -> None:
    """Write the row of cell `cell`."""
    sums, squares = beyond(lanes, cell * LANES), beyond(lanes, 3 * room + cell * LANES)
    smallest, largest = beyond(lanes, room + cell * LANES), beyond(lanes, 2 * room + cell * LANES)
    n, mean, first = cells[cell * CELL + N], cells[cell * CELL + MEAN], cells[cell * CELL + FIRST_NONFINITE]
    low, high = np.inf, -np.inf
    for lane in range(LANES):
        low = min(low, smallest[lane])
        high = max(high, largest[lane])
    drift = fold(sums) / n if n > 0 else 0.0
    spread = fold(squares)
    row = beyond(rows, cell * SLOT_COUNT)
    row[0] = n
    row[1] = mean + drift if math.isfinite(drift) else mean
    row[2] = spread - drift * drift * n if math.isfinite(spread) else np.inf
    row[3] = low
    row[4] = high
    row[5] = blocks[cell // outputs * PLACES + FIRST_TRIAL] + first if first >= 0 else -1.0
