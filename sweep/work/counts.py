"""Counts by bin, of which only those that are not zero are held: a list of bins and counts for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep_kernels.observer import Observed

__all__ = ["Counts", "counts_of"]


@dataclass(frozen=True)
class Counts:
    """How many values of one output fell into which bins.

    Attributes
    ----------
    length
        int64, shape (rows,): how many bins of each row are not empty.
    bin, count
        int64, shape (sum of `length`,): these bins, row by row, in rising order within a row; and how many values each holds.
    """

    length: NDArray[np.int64]
    bin: NDArray[np.int64]
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
        return cls(*(np.concatenate([getattr(each, name) for each in pieces]) for name in ("length", "bin", "count")))

    def to_arrow(self) -> tuple[pa.Array, pa.Array]:
        """Return two columns of lists, one list a row: the bins, int32, and the counts, int64."""
        import pyarrow as pa

        ends = np.concatenate([[0], np.cumsum(self.length)]).astype(np.int32)
        made = (
            pa.ListArray.from_arrays(pa.array(ends), pa.array(values))
            for values in (self.bin.astype(np.int32), self.count)
        )
        bins, counts = made
        return bins, counts

    @classmethod
    def from_arrow(cls, bins: pa.ChunkedArray, counts: pa.ChunkedArray) -> Counts:
        """Read what `to_arrow` laid out."""
        bins, counts = bins.combine_chunks(), counts.combine_chunks()
        length = bins.value_lengths().to_numpy().astype(np.int64)
        return cls(length, bins.flatten().to_numpy().astype(np.int64), counts.flatten().to_numpy())


def counts_of(observed: Observed) -> tuple[Counts, ...]:
    """Take apart what a driver counted: for each output, rows that are the call's ranges."""
    ranges, outputs = observed.lengths.shape
    output = np.repeat(np.tile(np.arange(outputs), ranges), observed.lengths.ravel())
    row = np.repeat(np.repeat(np.arange(ranges), outputs), observed.lengths.ravel())
    found: list[Counts] = []
    for each in range(outputs):
        mine = output == each if outputs > 1 else slice(None)
        found.append(_summed(row[mine], observed.bins[mine], observed.counts[mine], ranges))
    return tuple(found)


def _summed(row: NDArray[np.int64], bin_: NDArray[np.int64], count: NDArray[np.int64], rows: int) -> Counts:
    """Sort by row, then bin, and add up what is of the same."""
    if not len(bin_):
        return Counts(np.zeros(rows, dtype=np.int64), bin_, count)
    low = int(bin_.min())
    span = int(bin_.max()) - low + 1
    key = row * span + (bin_ - low)
    order = np.argsort(key)
    key = key[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    row, bin_ = np.divmod(key[first], span)
    return Counts(np.bincount(row, minlength=rows), bin_ + low, np.add.reduceat(count[order], first))
