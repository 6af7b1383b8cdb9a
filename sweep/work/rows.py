"""Rows of block statistics and the fixed tree along which they are merged.

A row holds the statistics of ``2**level`` whole blocks of one point, starting at a multiple of that, or of the point's partial last
block. Such ranges are either nested or disjoint, whatever cut into shards they come from, and the statistics of a range do not depend on
the cut: so any set of rows that covers a point merges to the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.work.counts import Counts
from sweep.work.lists import lists_of
from sweep_kernels.covariance import WIDTH, merge_comoments
from sweep_kernels.statistics import FINITE, MEAN, SLOTS, merge

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["ALL_LEVELS", "Rows", "Tallied", "concatenated", "finished", "merged", "subtree_ends", "without_nested"]

ALL_LEVELS = 64


@dataclass(frozen=True)
class Tallied:
    """What rows hold beside statistics, as columns: how many pairs of outputs, and the names of what is counted."""

    pairs: int = 0
    counted: tuple[str, ...] = ()


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
    comoments
        float64, shape (rows, pairs, WIDTH): joint moments of the pairs of outputs that are asked for.
    counts
        For each output that is counted into bins, as many rows.
    """

    point: NDArray[np.int64]
    block: NDArray[np.int64]
    blocks: NDArray[np.int64]
    trials: NDArray[np.int64]
    hits: NDArray[np.int64]
    statistics: NDArray[np.float64]
    comoments: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0, WIDTH)))
    counts: tuple[Counts, ...] = ()

    def __len__(self) -> int:
        return len(self.point)

    @property
    def beside(self) -> int:
        """How many numbers are held beside statistics."""
        return self.comoments.size + sum(len(each.count) for each in self.counts)

    @classmethod
    def of_blocks(
        cls,
        point: NDArray[np.int64],
        block: NDArray[np.int64],
        trials: NDArray[np.int64],
        statistics: NDArray[np.float64],
        kinds: tuple[str, ...],
        comoments: NDArray[np.float64] | None = None,
    ) -> Rows:
        """Make a row of each single block; a block's hits are exact, being at most its trials."""
        hits = np.zeros(statistics.shape[:2], dtype=np.int64)
        for output, kind in enumerate(kinds):
            if kind == "bool":
                hits[:, output] = np.rint(statistics[:, output, MEAN] * statistics[:, output, FINITE])
        if comoments is None:
            comoments = np.empty((len(point), 0, WIDTH))
        return cls(point, block, np.ones_like(block), trials, hits, statistics, comoments)

    def take(self, selection: Any) -> Rows:
        """Select rows by a mask, indices or a slice."""
        arrays = (getattr(self, name)[selection] for name in _FIELDS)
        return Rows(*arrays, counts=tuple(each.take(selection) for each in self.counts))

    def full(self, block_size: int) -> NDArray[np.bool_]:
        """Tell which rows hold whole blocks only."""
        return self.trials == self.blocks * block_size

    def to_arrow(
        self,
        outputs: tuple[str, ...],
        kinds: tuple[str, ...],
        tallied: Tallied = Tallied(),
    ) -> pa.Table:
        """Lay the rows out as a table: ``point, block, blocks, n`` and columns ``<output>_<slot>``; then what is `tallied`, as lists."""
        import pyarrow as pa

        columns: dict[str, Any] = {"point": self.point, "block": self.block, "blocks": self.blocks, "n": self.trials}
        for output, (name, kind) in enumerate(zip(outputs, kinds, strict=True)):
            for slot, label in enumerate(SLOTS):
                values = np.ascontiguousarray(self.statistics[:, output, slot])
                columns[f"{name}_{label}"] = values.astype(np.int64) if label in _WHOLE else values
            if kind == "bool":
                columns[f"{name}_hits"] = np.ascontiguousarray(self.hits[:, output])
        for name, counts in zip(tallied.counted, self.counts, strict=True):
            columns[f"{name}_bins"], columns[f"{name}_counts"] = counts.to_arrow()
        if tallied.pairs:
            columns["comoments"] = lists_of(np.full(len(self), tallied.pairs * WIDTH), self.comoments.ravel())
        return pa.table(columns)

    @classmethod
    def from_arrow(
        cls,
        table: pa.Table,
        outputs: tuple[str, ...],
        kinds: tuple[str, ...],
        tallied: Tallied = Tallied(),
    ) -> Rows:
        """Read what `to_arrow` laid out."""
        point, block, blocks, trials = (table[name].to_numpy() for name in ("point", "block", "blocks", "n"))
        hits = np.zeros((len(point), len(outputs)), dtype=np.int64)
        statistics = np.empty((len(point), len(outputs), len(SLOTS)))
        for output, (name, kind) in enumerate(zip(outputs, kinds, strict=True)):
            for slot, label in enumerate(SLOTS):
                statistics[:, output, slot] = table[f"{name}_{label}"].to_numpy()
            if kind == "bool":
                hits[:, output] = table[f"{name}_hits"].to_numpy()
        comoments = np.empty((len(point), tallied.pairs, WIDTH))
        if tallied.pairs:
            comoments.ravel()[:] = table["comoments"].combine_chunks().flatten().to_numpy()
        counts = tuple(Counts.from_arrow(table[f"{name}_bins"], table[f"{name}_counts"]) for name in tallied.counted)
        return cls(point, block, blocks, trials, hits, statistics, comoments, counts)


_FIELDS = ("point", "block", "blocks", "trials", "hits", "statistics", "comoments")
_WHOLE = {"finite", "nonfinite_trial"}


def concatenated(pieces: list[Rows]) -> Rows:
    """Put rows one after the other."""
    if len(pieces) == 1:
        return pieces[0]
    arrays = (np.concatenate([getattr(each, name) for each in pieces]) for name in _FIELDS)
    counted = range(len(pieces[0].counts))
    return Rows(*arrays, counts=tuple(Counts.concatenated([each.counts[i] for each in pieces]) for i in counted))


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
    given, rows = rows, replace(rows, counts=())
    size = 1
    for _ in range(levels):
        if not len(rows) or size > int(rows.blocks.max()):
            break
        left = np.flatnonzero(_has_sibling(rows, size, block_size))
        if len(left):
            rows = _joined(rows, left)
        size *= 2
    return _with_counts(rows, given)


def _with_counts(rows: Rows, given: Rows) -> Rows:
    """Give rows the counts of those that they were merged from: runs of neighbours, so one addition does for the whole tree."""
    if not given.counts or len(rows) == len(given):
        return replace(rows, counts=given.counts)
    owner = np.searchsorted(np.cumsum(rows.blocks), np.cumsum(given.blocks) - given.blocks, side="right")
    return replace(rows, counts=tuple(each.added(owner, len(rows)) for each in given.counts))


def subtree_ends(
    point: NDArray[np.int64], block: NDArray[np.int64], trials: NDArray[np.int64], block_size: int
) -> NDArray[np.bool_]:
    """Tell with which of these blocks, one after the other, one of their largest subtrees ends."""
    nothing = np.empty((len(point), 0, len(SLOTS)))
    subtrees = merged(Rows.of_blocks(point, block, trials, nothing, ()), block_size)
    ends = np.zeros(len(point), dtype=np.bool_)
    ends[np.cumsum(subtrees.blocks) - 1] = True
    return ends


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
    comoments = rows.comoments
    if comoments.size:
        comoments = comoments.copy()
        comoments[left] = merge_comoments(rows.comoments[left], rows.comoments[right])
    hits[left] += rows.hits[right]
    blocks, trials = rows.blocks.copy(), rows.trials.copy()
    blocks[left] += rows.blocks[right]
    trials[left] += rows.trials[right]
    stays = np.ones(len(rows), dtype=np.bool_)
    stays[right] = False
    return Rows(rows.point, rows.block, blocks, trials, hits, statistics, comoments).take(stays)


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
    given, rows = rows, merged(replace(rows, counts=()), block_size)
    while True:
        same = rows.point[1:] == rows.point[:-1]
        last = np.concatenate([~same[1:], [True]]) if len(same) else same
        left = np.flatnonzero(same & last)
        if not len(left):
            return _with_counts(rows, given)
        rows = _joined(rows, left)
