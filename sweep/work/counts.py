"""Counts by bin, of which only those that are not zero are held: a list of bins and counts for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.work.lists import lists_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep_kernels.observer import Observed

__all__ = ["Counts", "counts_of"]

WORD = 64


@dataclass(frozen=True)
class Counts:
    """How many values of one output fell into which bins.

    Attributes
    ----------
    length
        int64, shape (rows,): how many bins of each row are not empty.
    bin, count
        int32 and int64, shape (sum of `length`,): these bins, row by row, in rising order within a row; and how many values each holds.
    """

    length: NDArray[np.int64]
    bin: NDArray[np.int32]
    count: NDArray[np.int64]

    @property
    def row(self) -> NDArray[np.int64]:
        """The row of each bin."""
        return np.repeat(np.arange(len(self.length)), self.length)

    @property
    def total(self) -> NDArray[np.int64]:
        """How many values were counted in each row."""
        before = np.concatenate([[0], np.cumsum(self.count)])
        ends = np.cumsum(self.length)
        return before[ends] - before[ends - self.length]

    def take(self, selection: Any) -> Counts:
        """Select rows by a mask, indices or a slice."""
        rows = np.arange(len(self.length))[selection]
        length = self.length[rows]
        starts = (np.cumsum(self.length) - self.length)[rows]
        entries = np.repeat(starts - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
        return Counts(length, self.bin[entries], self.count[entries])

    def added(self, owner: NDArray[np.int64], rows: int) -> Counts:
        """Add up the rows that go into the same one of `rows` new rows; `owner` says into which each goes."""
        return _summed(np.repeat(owner, self.length), self.bin, self.count, rows)

    @classmethod
    def concatenated(cls, pieces: list[Counts]) -> Counts:
        """Put rows one after the other."""
        if len(pieces) == 1:
            return pieces[0]
        return cls(*(np.concatenate([getattr(each, name) for each in pieces]) for name in ("length", "bin", "count")))

    def to_arrow(self) -> tuple[pa.Array, pa.Array]:
        """Return two columns of lists, one list a row: the bins, int32, and the counts, int64."""
        return lists_of(self.length, self.bin), lists_of(self.length, self.count)

    @classmethod
    def from_arrow(cls, bins: pa.ChunkedArray, counts: pa.ChunkedArray) -> Counts:
        """Read what `to_arrow` laid out."""
        bins, counts = bins.combine_chunks(), counts.combine_chunks()
        length = bins.value_lengths().to_numpy().astype(np.int64)
        return cls(length, bins.flatten().to_numpy(), counts.flatten().to_numpy())


def counts_of(observed: Observed) -> tuple[Counts, ...]:
    """Take apart what a driver counted: for each output, rows that are the call's ranges."""
    ranges, outputs = observed.lengths.shape
    output = np.repeat(np.tile(np.arange(outputs), ranges), observed.lengths.ravel())
    found: list[Counts] = []
    for each in range(outputs):
        mine = output == each if outputs > 1 else slice(None)
        found.append(Counts(observed.lengths[:, each], observed.bins[mine].astype(np.int32), observed.counts[mine]))
    return tuple(found)


def _summed(row: NDArray[np.int64], bin_: NDArray[Any], count: NDArray[np.int64], rows: int) -> Counts:
    """Sort by row, then bin, and add up what is of the same."""
    if not len(bin_):
        return Counts(np.zeros(rows, dtype=np.int64), bin_.astype(np.int32), count)
    low = int(bin_.min())
    span = int(bin_.max()) - low + 1
    key, count = _sorted(row * span + (bin_ - low), count)
    is_first = np.concatenate([[True], key[1:] != key[:-1]])
    if not is_first.all():
        first = np.flatnonzero(is_first)
        key, count = key[first], np.add.reduceat(count, first)
    row, bin_ = np.divmod(key, span)
    return Counts(np.bincount(row, minlength=rows), (bin_ + low).astype(np.int32), count)


def _sorted(key: NDArray[np.int64], count: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sort by key; both in one word where there is room, which NumPy sorts several times as fast as it finds an order."""
    bits = int(count.max()).bit_length()
    if int(key.max()).bit_length() + bits < WORD:
        both = np.sort(key << bits | count)
        return both >> bits, both & ((1 << bits) - 1)
    order = np.argsort(key)
    return key[order], count[order]
