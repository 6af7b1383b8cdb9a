"""Where compiled code finds what it is to observe: places in an array of 64-bit integers, addresses among them.

A header; then `TALLY` places for each output that is counted; then two for each pair, the positions of its outputs.
"""

from __future__ import annotations

__all__ = [
    "BINS",
    "BLOCK_SIZE",
    "COMOMENTS",
    "COUNTED",
    "DIVISIONS",
    "ENDS",
    "ENTRIES",
    "FIRST",
    "FUNCTION",
    "HEADER",
    "HIGH",
    "INDICES",
    "IS_SETTLED",
    "LAST",
    "LOW",
    "MARKED",
    "MARKS",
    "OUTPUT",
    "OUTPUTS",
    "PAIRS",
    "ROOM",
    "SPARE",
    "STARTS",
    "TABLE",
    "TALLY",
    "TOUCHED",
    "TOUCHED_COUNT",
    "WRITTEN",
]

_HEADER = (
    "function",  # address of the code; all that a driver reads
    "outputs",  # of the kernel
    "block_size",
    "counted",  # how many outputs are counted
    "pairs",  # how many pairs
    "indices",  # address: room for the bins of a few values
    "room",  # address: room for two outputs of a block, then sums
    "comoments",  # address: a row for each block and pair
    "ends",  # address: for each block, whether what was counted so far is to be written
    "entries",  # address: pairs of bin and count
    "written",  # how many of these
    "marks",  # address: how many entries there were after each writing of each output
    "marked",  # how many of these
    "spare",  # address: room for the entries of one table
    "starts",  # address: room to sort them
)
(
    FUNCTION, OUTPUTS, BLOCK_SIZE, COUNTED, PAIRS, INDICES, ROOM, COMOMENTS, ENDS, ENTRIES, WRITTEN, MARKS, MARKED, SPARE, STARTS,
) = range(len(_HEADER))  # fmt: skip
HEADER = len(_HEADER)

_TALLY = (
    "output",  # its position
    "divisions",  # of an octave; 0 for a histogram
    "bins",
    "low",  # float, as are all edges
    "high",  # float
    "table",  # address: a counter for each bin
    "touched",  # address: the bins that came up
    "touched_count",
    "is_settled",
    "first",  # the half-open range of bins that matter
    "last",
)
(
    OUTPUT, DIVISIONS, BINS, LOW, HIGH, TABLE, TOUCHED, TOUCHED_COUNT, IS_SETTLED, FIRST, LAST,
) = range(len(_TALLY))  # fmt: skip
TALLY = len(_TALLY)
