"""Run a compiled kernel over blocks of trials."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.cache import object_code
from sweep_kernels.counter import key_of
from sweep_kernels.objectcode import load
from sweep_kernels.statistics import APART, LARGEST, SLOTS, SMALLEST
from sweep_kernels.tables import table_kind, table_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sweep_kernels.declaration import Kernel
    from sweep_kernels.observer import Observed, Observer
    from sweep_kernels.tables import Table

__all__ = ["EXACT", "Blocks", "Driver", "TrialRaisedError", "parameter_words"]


WIDEST = 64
"""The most trials side by side."""

FEW, NARROW = 2, 16
"""Up to so many trials of a point are run one after the other, or so many side by side."""

EXACT = 2**53
"""Integers below it are held exactly by float64."""


class TrialRaisedError(Exception):
    """A trial raised in compiled code, or returned an integer from 2**53 on; `Kernel.trial` does the same in plain Python."""

    def __init__(self, point: int, trial: int) -> None:
        super().__init__(f"trial {trial} of point {point} raised")
        self.point = point
        self.trial = trial

    def __reduce__(self) -> tuple[Any, ...]:
        return (TrialRaisedError, (self.point, self.trial))


@dataclass(frozen=True)
class Blocks:
    """Blocks of trials in a rectangle of points x blocks, walked point by point.

    Attributes
    ----------
    first_point
        The point of the first row of `parameters`.
    first_block, width
        Each point's blocks in the rectangle: ``first_block <= block < first_block + width``.
    start, count
        Which of the rectangle's blocks, counted point by point: ``start <= i < start + count``.
    """

    first_point: int
    first_block: int
    width: int
    start: int
    count: int

    def point(self, i: int) -> int:
        """Return the point of block `i`, ``0 <= i < count``."""
        return self.first_point + (self.start + i) // self.width

    def block(self, i: int) -> int:
        """Return the index within its point of block `i`."""
        return self.first_block + (self.start + i) % self.width


def parameter_words(columns: list[NDArray[Any]], kinds: tuple[str, ...], rows: int) -> NDArray[np.int64]:
    """Pack parameters as the driver reads them.

    Parameters
    ----------
    columns
        One array of length `rows` for each parameter: float64, int64 (also category codes) or bool; whatever for a table, whose word is 0.
    kinds
        Their kinds.
    rows
        How many points.

    Returns
    -------
    ndarray of int64, shape (rows, len(columns))
        Floats by their bits.
    """
    words = np.empty((rows, max(len(columns), 1)), dtype=np.int64)
    for position, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
        if kind == "float":
            words[:, position] = np.ascontiguousarray(column, dtype=np.float64).view(np.int64)
        elif kind == "float32":
            words[:, position] = np.asarray(column, dtype=np.float32).astype(np.float64).view(np.int64)
        elif table_kind(kind):
            words[:, position] = 0
        else:
            words[:, position] = column
    return words


def _suited(trials: int) -> int | None:
    """Return how many trials side by side suit a point with few of them, for empty lanes cost as much as full ones; None where there are many."""
    return 1 if trials <= FEW else NARROW if trials <= NARROW else None


class Driver:
    """A kernel's compiled driver; safe to call from many threads at once.

    Parameters
    ----------
    kernel
        The kernel.
    kinds
        Kinds of its parameters in order.
    seed
        ``0 <= seed < 2**64``.
    trials
        Trials of every point.
    block_size
        Trials of a block, a power of two.
    common_random_numbers
        Whether every point gets the draws of point 0.
    width
        How many trials side by side; when left out, few where there are only few; see `sweep_kernels.cache.object_code`. The results are the
        same to the bit.
    tables
        By the names of the parameters whose kind is a table's.

    Attributes
    ----------
    code
        What runs.
    probe_trials
        The most trials that `probe` runs.

    Raises
    ------
    KernelError
        If the kernel cannot be compiled.
    """

    def __init__(
        self,
        kernel: Kernel,
        kinds: tuple[str, ...],
        *,
        seed: int,
        trials: int,
        block_size: int,
        common_random_numbers: bool = False,
        width: int | None = None,
        tables: Mapping[str, Table] | None = None,
    ) -> None:
        code = self.code = object_code(kernel, kinds, width, most=_suited(min(trials, block_size)))
        self.output_kinds = code.output_kinds
        self._whole = [output for output, kind in enumerate(code.output_kinds) if kind == "int"]
        self._function = load(code)
        self._key = key_of(seed)
        self._common = int(common_random_numbers)
        self._trials = trials
        self._block_size = block_size
        self.probe_trials = min(trials, block_size)
        self._outputs = len(kernel.columns)
        self._state = code.state
        self._room = threading.local()
        self._tables = dict(tables or {})  # held, for compiled code knows their addresses
        self._table_words = table_words(self._tables, kernel.parameters)

    def run(self, blocks: Blocks, words: NDArray[np.int64]) -> NDArray[np.float64]:
        """Run blocks and return their statistics.

        Parameters
        ----------
        blocks
            Which ones.
        words
            The parameters of the rectangle's points, from `parameter_words`.

        Returns
        -------
        ndarray, shape (blocks.count, outputs, len(SLOTS))

        Raises
        ------
        TrialRaisedError
            If a trial raised, or returned an integer of 2**53 or more; names the first one.
        """
        scratch, values = self._scratch()
        return self._call(blocks, words, values, scratch, kept_stride=0)

    def run_keeping(self, blocks: Blocks, words: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Run blocks and return their statistics and what every trial returned, shape ``(outputs, trials run)``.

        A NaN is always the same one: which of them an operation gives, processors do not agree on.
        """
        scratch, _ = self._scratch()
        total = sum(self._length(blocks.block(i)) for i in range(blocks.count))
        values = np.empty((self._outputs, total))
        rows = self._call(blocks, words, values, scratch, kept_stride=total)
        values[np.isnan(values)] = np.nan
        return rows, values

    def run_observed(
        self, blocks: Blocks, words: NDArray[np.int64], observer: Observer, ends: NDArray[np.bool_], *, keep: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], Observed]:
        """Run blocks and return their statistics, what every trial returned (if `keep`, else nothing), and what `observer` was asked for.

        Parameters
        ----------
        blocks, words
            As in `run`.
        observer
            Made for this kernel's outputs and block size.
        ends
            For each block, whether what is counted is added up until it and no further; True for the last one.
        keep
            Whether to return what every trial returned.
        """
        scratch, values = self._scratch()
        total = sum(self._length(blocks.block(i)) for i in range(blocks.count))
        if keep:
            values = np.empty((self._outputs, total))
        watch = observer.watch(ends, total)
        try:
            rows = self._call(blocks, words, values, scratch, kept_stride=total if keep else 0, observer=watch.address)
        except TrialRaisedError:
            observer.forget()
            raise
        return rows, values if keep else values[:, :0], watch.observed()

    def probe(self, point: int, words: NDArray[np.int64], trials: int) -> None:
        """Run the first `trials` trials of a point, at most `probe_trials`, for the time that it takes.

        Raises
        ------
        TrialRaisedError
            If a trial raised.
        """
        scratch, values = self._scratch()
        rows = np.empty((1, self._outputs, len(SLOTS)))
        if self._raw(Blocks(point, 0, 1, 0, 1), words, values, scratch, rows, trials, 0) != 0:
            raise TrialRaisedError(point, 0)

    def _length(self, block: int) -> int:
        return min(self._block_size, self._trials - block * self._block_size)

    def _scratch(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if not hasattr(self._room, "arrays"):
            scratch = self._block_size + self._state * (self._block_size + WIDEST)
            self._room.arrays = (np.empty(scratch), np.empty((self._outputs, self._block_size + APART)))
        return self._room.arrays

    def _call(
        self,
        blocks: Blocks,
        words: NDArray[np.int64],
        values: NDArray[np.float64],
        scratch: NDArray[np.float64],
        kept_stride: int,
        observer: int = 0,
    ) -> NDArray[np.float64]:
        rows = np.empty((blocks.count, self._outputs, len(SLOTS)))
        status = self._raw(blocks, words, values, scratch, rows, self._trials, kept_stride, observer)
        if status != 0 or self._is_inexact(rows):
            raise self._find_failure(blocks, words)
        return rows

    def _raw(
        self,
        blocks: Blocks,
        words: NDArray[np.int64],
        values: NDArray[np.float64],
        scratch: NDArray[np.float64],
        rows: NDArray[np.float64],
        trials: int,
        kept_stride: int,
        observer: int = 0,
    ) -> int:
        nothing, raised = ctypes.c_void_p(), ctypes.c_void_p()
        return self._function(
            ctypes.addressof(nothing), ctypes.addressof(raised), *self._key, self._common,
            blocks.first_point, blocks.first_block, blocks.width, blocks.start, blocks.count,
            trials, self._block_size, kept_stride, observer,
            words.ctypes.data, self._table_words.ctypes.data, values.ctypes.data, scratch.ctypes.data, rows.ctypes.data,
        )  # fmt: skip

    def _find_failure(self, blocks: Blocks, words: NDArray[np.int64]) -> TrialRaisedError:
        """Find the first trial that raises: the first block that does, then the shortest prefix of it."""
        for i in range(blocks.count):
            block = blocks.block(i)
            one = Blocks(blocks.first_point, block, 1, (blocks.start + i) // blocks.width, 1)
            low, high = 1, self._length(block)
            if not self._raises(one, words, high):
                continue
            while low < high:
                middle = (low + high) // 2
                if self._raises(one, words, middle):
                    high = middle
                else:
                    low = middle + 1
            return TrialRaisedError(blocks.point(i), block * self._block_size + high - 1)
        return TrialRaisedError(blocks.point(0), blocks.block(0) * self._block_size)

    def _raises(self, one: Blocks, words: NDArray[np.int64], trials: int) -> bool:
        """Tell whether one of the first `trials` trials of a block raises; in this thread's own room, which holds a whole block."""
        scratch, values = self._scratch()
        rows = np.empty((1, self._outputs, len(SLOTS)))
        status = self._raw(one, words, values, scratch, rows, one.first_block * self._block_size + trials, 0)
        return status != 0 or self._is_inexact(rows)

    def _is_inexact(self, rows: NDArray[np.float64]) -> bool:
        """Tell whether an integer output was so large that float64, in which outputs are held, may have rounded it."""
        if not self._whole:
            return False
        return bool(np.any(rows[:, self._whole, LARGEST] >= EXACT) or np.any(rows[:, self._whole, SMALLEST] <= -EXACT))
