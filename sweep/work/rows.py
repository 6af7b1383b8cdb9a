"""Rows of block statistics and the fixed tree along which they are merged.

A row holds the statistics of ``2**level`` whole blocks of one point, starting at a multiple of that, or of the point's partial last
block. Such ranges are either nested or disjoint, whatever cut into shards they come from, and the statistics of a range do not depend on
the cut: so any set of rows that covers a point merges to the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.statistics import FINITE, MEAN, SLOTS, merge

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Rows", "concatenated", "finished", "merged", "without_nested"]

ALL_LEVELS = 64


@dataclass(frozen=True)
class Rows:
    """Statistics of runs of blocks, sorted by point, then block.

    Attributes
    ----------
    point, block, blocks, trials
        int64, shape (rows,): the point, its first block, how many blocks, how many trials.
    hits
        int64, shape (rows, outputs): the finite values' sum where an output is a bool, else 0.
    statistics
        float64, shape (rows, outputs, len(SLOTS)).
    """

    point: NDArray[np.int64]
    block: NDArray[np.int64]
    blocks: NDArray[np.int64]
    trials: NDArray[np.int64]
    hits: NDArray[np.int64]
    statistics: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.point)

    @classmethod
    def of_blocks(
        cls,
        point: NDArray[np.int64],
        block: NDArray[np.int64],
        trials: NDArray[np.int64],
        statistics: NDArray[np.float64],
        kinds: tuple[str, ...],
    ) -> Rows:
        """Make a row of each single block; a block's hits are exact, being at most its trials."""
        hits = np.zeros(statistics.shape[:2], dtype=np.int64)
        for output, kind in enumerate(kinds):
            if kind == "bool":
                hits[:, output] = np.rint(statistics[:, output, MEAN] * statistics[:, output, FINITE])
        return cls(point, block, np.ones_like(block), trials, hits, statistics)

    def take(self, selection: Any) -> Rows:
        """Select rows by a mask, indices or a slice."""
        return Rows(*(getattr(self, name)[selection] for name in _FIELDS))

    def full(self, block_size: int) -> NDArray[np.bool_]:
        """Tell which rows hold whole blocks only."""
        return self.trials == self.blocks * block_size

    def to_arrow(self, outputs: tuple[str, ...], kinds: tuple[str, ...]) -> pa.Table:
        """Lay the rows out as a table: ``point, block, blocks, n`` and columns ``<output>_<slot>``."""
        import pyarrow as pa

        columns: dict[str, Any] = {"point": self.point, "block": self.block, "blocks": self.blocks, "n": self.trials}
        for output, (name, kind) in enumerate(zip(outputs, kinds, strict=True)):
            for slot, label in enumerate(SLOTS):
                values = np.ascontiguousarray(self.statistics[:, output, slot])
                columns[f"{name}_{label}"] = values.astype(np.int64) if label in _WHOLE else values
            if kind == "bool":
                columns[f"{name}_hits"] = np.ascontiguousarray(self.hits[:, output])
        return pa.table(columns)

    @classmethod
    def from_arrow(cls, table: pa.Table, outputs: tuple[str, ...], kinds: tuple[str, ...]) -> Rows:
        """Read what `to_arrow` laid out."""
        point, block, blocks, trials = (table[name].to_numpy() for name in ("point", "block", "blocks", "n"))
        hits = np.zeros((len(point), len(outputs)), dtype=np.int64)
        statistics = np.empty((len(point), len(outputs), len(SLOTS)))
        for output, (name, kind) in enumerate(zip(outputs, kinds, strict=True)):
            for slot, label in enumerate(SLOTS):
                statistics[:, output, slot] = table[f"{name}_{label}"].to_numpy()
            if kind == "bool":
                hits[:, output] = table[f"{name}_hits"].to_numpy()
        return cls(point, block, blocks, trials, hits, statistics)


_FIELDS = ("point", "block", "blocks", "trials", "hits", "statistics")
_WHOLE = {"finite", "nonfinite_trial"}


def concatenated(pieces: list[Rows]) -> Rows:
    """Put rows one after the other."""
    return Rows(*(np.concatenate([getattr(each, name) for each in pieces]) for name in _FIELDS))


def merged(rows: Rows, block_size: int, levels: int = ALL_LEVELS) -> Rows:
    """Merge sibling subtrees until none is left.

    Parameters
    ----------
    rows
        Sorted by point, then block; disjoint.
    block_size
        Trials of a whole block.
    levels
        Make subtrees of at most ``2**levels`` blocks.
    """
    size = 1
    for _ in range(levels):
        if not len(rows) or size > int(rows.blocks.max()):
            break
        left = np.flatnonzero(_has_sibling(rows, size, block_size))
        if len(left):
            rows = _joined(rows, left)
        size *= 2
    return rows


def _has_sibling(rows: Rows, size: int, block_size: int) -> NDArray[np.bool_]:
    """Tell which rows are left children of `size` whole blocks whose right sibling is the next row."""
    whole = (rows.blocks == size) & rows.full(block_size)
    left = whole & (rows.block % (2 * size) == 0)
    follows = np.zeros(len(rows), dtype=np.bool_)
    follows[:-1] = whole[1:] & (rows.point[1:] == rows.point[:-1]) & (rows.block[1:] == rows.block[:-1] + size)
    return left & follows


def _joined(rows: Rows, left: NDArray[np.intp]) -> Rows:
    """Merge each row at `left` with the one after it."""
    right = left + 1
    statistics, hits = rows.statistics.copy(), rows.hits.copy()
    statistics[left] = merge(rows.statistics[left], rows.statistics[right])
    hits[left] += rows.hits[right]
    blocks, trials = rows.blocks.copy(), rows.trials.copy()
    blocks[left] += rows.blocks[right]
    trials[left] += rows.trials[right]
    stays = np.ones(len(rows), dtype=np.bool_)
    stays[right] = False
    return Rows(rows.point, rows.block, blocks, trials, hits, statistics).take(stays)


def without_nested(rows: Rows) -> Rows:
    """Sort rows and drop those that lie inside another one, as they do when two runs computed the same blocks."""
    order = np.lexsort((-rows.blocks, rows.block, rows.point))
    if not np.array_equal(order, np.arange(len(rows))):
        rows = rows.take(order)
    first_of_point = np.flatnonzero(np.diff(rows.point, prepend=-1) != 0)
    rank = np.cumsum(np.diff(rows.point, prepend=-1) != 0) - 1
    span = int((rows.block + rows.blocks).max(initial=0)) + 1
    ends = rank * span + rows.block + rows.blocks
    reached = np.maximum.accumulate(ends)
    before = np.concatenate([[0], reached[:-1]]) if len(rows) else reached
    before[first_of_point] = rank[first_of_point] * span
    return rows if np.all(ends > before) else rows.take(ends > before)


def finished(rows: Rows, block_size: int) -> Rows:
    """Merge the rows of each point to one: whole subtrees first, then the rest from the last blocks to the first."""
    rows = merged(rows, block_size)
    while True:
        same = rows.point[1:] == rows.point[:-1]
        last = np.concatenate([~same[1:], [True]]) if len(same) else same
        left = np.flatnonzero(same & last)
        if not len(left):
            return rows
        rows = _joined(rows, left)
