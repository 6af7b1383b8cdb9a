"""What a driver shows the values of every block to, once it is asked for more than statistics."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels import state as at
from sweep_kernels.counting import CHUNK, DIGITS, LIMIT, WAYS
from sweep_kernels.covariance import ROOM, WIDTH
from sweep_kernels.objectcode import linked
from sweep_kernels.tallies import Sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_kernels.tallies import Histogram, Tallies

__all__ = ["Observed", "Observer", "Watch"]


@dataclass(frozen=True)
class Observed:
    """What was found beside statistics.

    Attributes
    ----------
    comoments
        float64, shape (blocks, pairs, WIDTH).
    lengths
        int64, shape (ranges, counted): in how many bins of each output something was counted in each range.
    bins, counts
        int64: the bins, range by range, within it output by output, and within that in rising order; and how many values each holds.
    """

    comoments: NDArray[np.float64]
    lengths: NDArray[np.int64]
    bins: NDArray[np.int64]
    counts: NDArray[np.int64]


class _Table:
    """One output's counters in one thread, all zero between two calls."""

    def __init__(self, tally: Sketch | Histogram) -> None:
        length, self.first, self.last, self.bin_of_first = tally.layout
        self.counters = np.zeros(WAYS * length, dtype=np.int32)  # pages that nothing is written to take no memory
        self.touched = np.empty(WAYS * length + 1, dtype=np.int64)
        self.length = length


class Watch:
    """One call's room; not to be shared between threads.

    Attributes
    ----------
    address
        What the driver is given.
    """

    def __init__(self, tallies: Tallies, outputs: int, block_size: int) -> None:
        self._tallies = tallies
        self._tables = [_Table(each) for each in tallies.counted]
        self._indices = np.empty(CHUNK, dtype=np.int64)
        self._room = np.empty(2 * block_size + ROOM)
        self._spare = np.empty(2 * max((each.length for each in self._tables), default=0), dtype=np.int64)
        self._starts = np.empty(DIGITS, dtype=np.int64)
        self._entries = np.empty(0, dtype=np.int64)
        self._comoments, self._ends, self._marks = np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64)
        size = at.HEADER + at.TALLY * len(tallies.counted) + 2 * len(tallies.pairs)
        state = self._state = np.zeros(size, dtype=np.int64)
        state[at.FUNCTION] = _function_address()
        state[at.OUTPUTS], state[at.BLOCK_SIZE] = outputs, block_size
        state[at.COUNTED], state[at.PAIRS] = len(tallies.counted), len(tallies.pairs)
        state[at.INDICES], state[at.ROOM] = self._indices.ctypes.data, self._room.ctypes.data
        state[at.SPARE], state[at.STARTS] = self._spare.ctypes.data, self._starts.ctypes.data
        for place, (tally, table) in enumerate(zip(tallies.counted, self._tables, strict=True)):
            self._describe(at.HEADER + place * at.TALLY, tally, table)
        state[at.HEADER + at.TALLY * len(tallies.counted) :] = np.ravel(tallies.pairs)
        self.address = state.ctypes.data

    def _describe(self, place: int, tally: Sketch | Histogram, table: _Table) -> None:
        described = self._state[place : place + at.TALLY]
        described[at.OUTPUT], described[at.FIRST], described[at.LAST] = tally.output, table.first, table.last
        described[at.TABLE], described[at.TOUCHED] = table.counters.ctypes.data, table.touched.ctypes.data
        if isinstance(tally, Sketch):
            described[at.DIVISIONS] = tally.divisions
        else:
            described[at.BINS] = tally.bins
            described[at.LOW : at.HIGH + 1] = np.array([tally.low, tally.high], dtype=np.float64).view(np.int64)

    def begin(self, ends: NDArray[np.bool_], trials: int) -> None:
        """Make room for a call over ``len(ends)`` blocks of `trials` trials in all; see `Observer.watch`."""
        assert trials < LIMIT, "counters would wrap"  # noqa: S101 - our mistake
        ranges = int(np.count_nonzero(ends))
        most = sum(min(trials, ranges * table.length) for table in self._tables)
        if len(self._entries) < 2 * most:
            self._entries = np.empty(2 * most, dtype=np.int64)
        self._ends = ends.astype(np.int64)
        self._marks = np.empty(ranges * len(self._tables), dtype=np.int64)
        self._comoments = np.empty((len(ends), len(self._tallies.pairs), WIDTH))
        for name, array in (
            (at.ENDS, self._ends),
            (at.ENTRIES, self._entries),
            (at.MARKS, self._marks),
            (at.COMOMENTS, self._comoments),
        ):
            self._state[name] = array.ctypes.data
        self._state[at.WRITTEN] = self._state[at.MARKED] = 0

    def observed(self) -> Observed:
        """Return what the call found."""
        pairs = self._entries[: 2 * int(self._state[at.WRITTEN])].reshape(-1, 2)
        lengths = np.diff(self._marks, prepend=0).reshape(np.count_nonzero(self._ends), len(self._tables))
        offsets = np.array([each.bin_of_first for each in self._tables], dtype=np.int64)
        bins = pairs[:, 0] + np.repeat(np.tile(offsets, len(lengths)), lengths.ravel())
        return Observed(self._comoments, lengths, bins, pairs[:, 1].copy())


class Observer:
    """What is asked for beside statistics, with room to work for each thread.

    Parameters
    ----------
    tallies
        What is asked for.
    outputs
        How many outputs the kernel has.
    block_size
        Trials of a block.
    """

    def __init__(self, tallies: Tallies, outputs: int, block_size: int) -> None:
        self.tallies = tallies
        self._outputs, self._block_size = outputs, block_size
        self._rooms = threading.local()

    def watch(self, ends: NDArray[np.bool_], trials: int) -> Watch:
        """Begin a call of the driver in this thread.

        Parameters
        ----------
        ends
            For each block of the call, whether a range ends with it over which what is counted is to be added up. The last one's does.
        trials
            How many trials there will be at most.
        """
        watch = getattr(self._rooms, "watch", None)
        if watch is None:
            watch = self._rooms.watch = Watch(self.tallies, self._outputs, self._block_size)
        watch.begin(ends, trials)
        return watch

    def forget(self) -> None:
        """Drop this thread's room: a call ended early and left its counters."""
        self._rooms.watch = None


_linking = threading.Lock()


def _function_address() -> int:
    """Return the address of the code, which stays where it is as long as the process lives; linked by one thread."""
    with _linking:
        return _linked()[1]


@functools.cache
def _linked() -> tuple[Any, int]:
    from sweep_kernels.observing import observing_code

    return linked(observing_code())
