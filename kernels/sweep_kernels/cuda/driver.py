"""Run a kernel over blocks of trials on GPUs; the same interface as `sweep_kernels.driver`, and the same bits."""

from __future__ import annotations

import contextlib
import queue
import weakref
from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.counter import key_of
from sweep_kernels.cuda.elements import COUNT, RAISED
from sweep_kernels.cuda.machine import OutOfMemoryError
from sweep_kernels.cuda.waves import BYTES, Shape, Terms, Wave, free
from sweep_kernels.driver import EXACT, Blocks, Driver
from sweep_kernels.errors import DeviceError
from sweep_kernels.statistics import LARGEST, SLOTS, SMALLEST
from sweep_kernels.tables import table_words

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from sweep_kernels.cuda.machine import Machine
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["CudaDriver"]

WORDS = ""
"""What the words that tell where tables are go by among the tables."""
WAVES = 2
"""On a machine at a time: one runs while the other's results are taken away."""


class CudaDriver:
    """A kernel compiled for the GPUs of this machine; safe to call from many threads at once, of which one at a time has a GPU.

    A block in which a trial raises, or returns an integer from 2**53 on, is run again on the CPU, which has the last word: so what is told of
    such a trial is what is told without a GPU.

    Parameters
    ----------
    kernel, kinds, seed, trials, block_size, common_random_numbers, tables
        As of `sweep_kernels.driver.Driver`.
    machines
        What runs it; all GPUs when left out.

    Attributes
    ----------
    output_kinds
        For each output ``"bool"``, ``"int"`` or ``"float"``.
    probe_trials
        The most trials that `probe` runs.

    Raises
    ------
    KernelError
        If the kernel cannot be compiled for a GPU.
    DeviceError
        If there is no GPU, or no driver for it.
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
        tables: Mapping[str, Table] | None = None,
        machines: Sequence[Machine] | None = None,
    ) -> None:
        here = _gpus() if machines is None else machines
        self._terms = Terms(*key_of(seed), trials, block_size, int(common_random_numbers))
        self._make_cpu = lambda: Driver(
            kernel,
            kinds,
            seed=seed,
            trials=trials,
            block_size=block_size,
            common_random_numbers=common_random_numbers,
            tables=tables,
        )
        self._cpu: Driver | None = None
        self._outputs = len(kernel.columns)
        longest = min(block_size, trials)
        self._seats: queue.LifoQueue[_Seat] = queue.LifoQueue()
        for each in reversed(here):
            shape = Shape.fitting(each.near_bytes, self._outputs, longest)
            self._seats.put(_Seat(each, kernel, kinds, shape, dict(tables or {})))
        with self._seat() as seat:
            self.output_kinds = seat.program.output_kinds
            self.probe_trials = min(trials, seat.shape.blocks * block_size)
        self._whole = [output for output, kind in enumerate(self.output_kinds) if kind == "int"]

    def run(self, blocks: Blocks, words: NDArray[np.int64]) -> NDArray[np.float64]:
        """Run blocks and return their statistics; see `sweep_kernels.driver.Driver.run`."""
        rows = np.empty((blocks.count, self._outputs, len(SLOTS)))
        with self._seat() as seat:
            for part, wave in seat.waves(self._terms, blocks, words, keep=False):
                at = part.start - blocks.start
                rows[at : at + part.count] = wave.rows[: part.count]
                for i in self._doubtful(wave, part.count):
                    rows[at + i] = self._on_cpu.run(_one(part, i), words)[0]
        return rows

    def run_keeping(self, blocks: Blocks, words: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Run blocks and return their statistics and what every trial returned; see `sweep_kernels.driver.Driver.run_keeping`."""
        rows = np.empty((blocks.count, self._outputs, len(SLOTS)))
        kept: list[NDArray[np.float64]] = []
        with self._seat() as seat:
            for part, wave in seat.waves(self._terms, blocks, words, keep=True):
                at = part.start - blocks.start
                rows[at : at + part.count] = wave.rows[: part.count]
                for i in self._doubtful(wave, part.count):
                    rows[at + i : at + i + 1], values = self._on_cpu.run_keeping(_one(part, i), words)
                    assert wave.values is not None  # noqa: S101 - our own mistake
                    wave.values[:, i, : values.shape[1]] = values
                kept.append(_within(wave, part.count))
        values = np.concatenate(kept, axis=1)
        values[np.isnan(values)] = np.nan
        return rows, values

    def probe(self, point: int, words: NDArray[np.int64], trials: int) -> None:
        """Run the first `trials` trials of a point, at most `probe_trials`, for the time that it takes.

        Raises
        ------
        TrialRaisedError
            If a trial raised.
        """
        terms = self._terms
        some = Terms(terms.k0, terms.k1, trials, terms.block_size, terms.common_numbers)
        count = -(-trials // terms.block_size)
        with self._seat() as seat:
            for part, wave in seat.waves(some, Blocks(point, 0, count, 0, count), words, keep=False):
                for i in self._doubtful(wave, part.count):
                    self._on_cpu.run(_one(part, i), words)

    @contextlib.contextmanager
    def _seat(self) -> Generator[_Seat]:
        """Have a machine to oneself."""
        seat = self._seats.get()
        try:
            seat.machine.use()
            yield seat
        finally:
            self._seats.put(seat)

    @property
    def _on_cpu(self) -> Driver:
        if self._cpu is None:
            self._cpu = self._make_cpu()
        return self._cpu

    def _doubtful(self, wave: Wave, count: int) -> list[int]:
        """Return the blocks of a wave that the CPU must look at, in order."""
        doubtful = wave.table[:count, RAISED] != 0
        if self._whole:
            rows = wave.rows[:count][:, self._whole]
            doubtful |= np.any((rows[..., LARGEST] >= EXACT) | (rows[..., SMALLEST] <= -EXACT), axis=1)
        return [int(i) for i in np.flatnonzero(doubtful)]


def _gpus() -> Sequence[Machine]:
    from sweep_kernels.cuda.devices import devices

    return devices()


class _Seat:
    """A machine with the kernel on it."""

    def __init__(
        self, machine: Machine, kernel: Kernel, kinds: tuple[str, ...], shape: Shape, tables: Mapping[str, Table]
    ) -> None:
        self.machine = machine
        self.shape = shape
        machine.use()
        self.program = machine.program(kernel, kinds)
        self._waves: list[Wave] = []
        self._parameters: dict[str, int] = {}
        self._room = 0
        self._tables, self._order = tables, kernel.parameters
        self._held: dict[str, int] = {}
        for addresses in (self._parameters, self._held):
            weakref.finalize(self, free, machine, addresses).atexit = False

    def waves(
        self, terms: Terms, blocks: Blocks, words: NDArray[np.int64], *, keep: bool
    ) -> Generator[tuple[Blocks, Wave]]:
        """Run blocks in waves; yield each part with the wave that holds what came of it, in order."""
        self._make_room()
        parameters, tables = self._uploaded(words), self._tables_there()
        begun: list[tuple[Blocks, Wave]] = []
        try:
            for number, first in enumerate(range(0, blocks.count, self.shape.blocks)):
                if len(begun) == len(self._waves):
                    yield _waited(begun)
                count = min(self.shape.blocks, blocks.count - first)
                part = Blocks(blocks.first_point, blocks.first_block, blocks.width, blocks.start + first, count)
                wave = self._waves[number % len(self._waves)]
                wave.begin(terms, part, parameters, tables, keep=keep)
                begun.append((part, wave))
            while begun:
                yield _waited(begun)
        finally:  # nobody may write into memory that is used again
            for _, wave in begun:
                wave.wait()

    def _make_room(self) -> None:
        """Allocate the waves, smaller ones where there is no room."""
        while not self._waves:
            try:
                for _ in range(WAVES):
                    self._waves.append(Wave(self.machine, self.program, self.shape))
            except OutOfMemoryError:
                while self._waves:
                    self._waves.pop().free()
                self.shape = self._smaller()

    def _smaller(self) -> Shape:
        shape = self.shape
        if shape.blocks == 1:
            raise DeviceError(
                f"{self.machine.name} has no memory free for one block of {1 << shape.shift:,} trials: end what else uses it"
            )
        return Shape(shape.blocks // 2, shape.outputs, shape.shift)

    def _uploaded(self, words: NDArray[np.int64]) -> int:
        """Copy parameters to the machine and return where they are."""
        words = np.ascontiguousarray(words)
        if self._room < words.size:
            free(self.machine, self._parameters)
            self._room = 0
            what = f"the parameters of {len(words):,} points"
            self._parameters["parameters"] = self._allocated(words.size * BYTES, what)
            self._room = words.size
        address = self._parameters["parameters"]
        self._waves[0].upload(address, words)
        return address

    def _tables_there(self) -> int:
        """Copy tables to the machine, once, and return where it is written down where they are."""
        if WORDS not in self._held:
            try:
                self._hold_tables()
            except BaseException:
                free(self.machine, self._held)
                raise
        return self._held[WORDS]

    def _hold_tables(self) -> None:
        places: dict[str, int] = {}
        for name, table in self._tables.items():
            plain = np.ascontiguousarray(table)
            places[name] = self._held[name] = self._allocated(max(plain.nbytes, 1), f"table {name!r}")
            self._waves[0].upload(places[name], plain.reshape(-1).view(np.uint8))
        words = table_words(self._tables, self._order, places)
        self._held[WORDS] = self._allocated(words.nbytes, "what a trial is told")
        self._waves[0].upload(self._held[WORDS], words)

    def _allocated(self, size: int, what: str) -> int:
        try:
            return self.machine.allocate(size)
        except OutOfMemoryError:
            raise DeviceError(
                f"{self.machine.name} has no memory free for {what} ({size:,} bytes): end what else uses it"
            ) from None


def _waited(begun: list[tuple[Blocks, Wave]]) -> tuple[Blocks, Wave]:
    part, wave = begun.pop(0)
    wave.wait()
    return part, wave


def _one(part: Blocks, i: int) -> Blocks:
    return Blocks(part.first_point, part.first_block, part.width, part.start + i, 1)


def _within(wave: Wave, count: int) -> NDArray[np.float64]:
    """Return what trials returned, without the room that short blocks leave; shape ``(outputs, trials)``."""
    assert wave.values is not None  # noqa: S101 - our own mistake
    values, lengths = wave.values[:, :count], wave.table[:count, COUNT]
    width = values.shape[2]
    if np.all(lengths == width):
        return values.reshape(len(values), -1).copy()
    return values[:, np.arange(width) < lengths[:, None]]
