"""One wave after another on one machine: buffers, and the steps in their order."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.cuda.elements import CELL, LANE_KINDS, PLACES
from sweep_kernels.statistics import LANES, SLOTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_kernels.cuda.machine import Machine, Program
    from sweep_kernels.driver import Blocks

__all__ = ["BYTES", "Shape", "Terms", "Wave", "free"]

BYTES = 8
"""Of every number."""


@dataclass(frozen=True)
class Terms:
    """What is the same for all blocks of a plan: key, trials of a point, trials of a block, whether points share their draws."""

    k0: int
    k1: int
    trials: int
    block_size: int
    common_numbers: int


@dataclass(frozen=True)
class Shape:
    """How large a wave is.

    Attributes
    ----------
    blocks
        The most blocks.
    outputs
        Of a trial.
    shift
        A block has room for ``2**shift`` trials.
    """

    blocks: int
    outputs: int
    shift: int

    @classmethod
    def fitting(cls, near_bytes: int, outputs: int, longest: int) -> Shape:
        """Return the largest wave whose arrays take `near_bytes`, of blocks with up to `longest` trials.

        >>> Shape.fitting(1 << 24, outputs=1, longest=4096)
        Shape(blocks=494, outputs=1, shift=12)
        """
        shift = (longest - 1).bit_length()
        one = sum(cls(1, outputs, shift).sizes.values()) * BYTES
        return cls(max(1, near_bytes // one), outputs, shift)

    @property
    def sizes(self) -> dict[str, int]:
        """How many numbers each array holds."""
        cells = self.blocks * self.outputs
        return {
            "blocks": self.blocks * PLACES,
            "values": cells << self.shift,
            "lanes": LANE_KINDS * cells * LANES,
            "cells": cells * CELL,
            "rows": cells * len(SLOTS),
        }


class Wave:
    """Room for one wave, and a stream of its own: two of these keep a machine busy while what the other has made is taken away.

    Parameters
    ----------
    machine, program
        What runs it, and what it runs.
    shape
        How large it may be.

    Attributes
    ----------
    table
        After `wait`: the blocks' `PLACES`, shape ``(shape.blocks, PLACES)``.
    rows
        After `wait`: statistics, shape ``(shape.blocks, outputs, len(SLOTS))``.
    values
        After `wait`, if they were to be kept: what trials returned, shape ``(outputs, shape.blocks, 2**shift)``.

    Raises
    ------
    OutOfMemoryError
        If the machine has no room for it; then it holds nothing.
    """

    def __init__(self, machine: Machine, program: Program, shape: Shape) -> None:
        self._machine, self._program, self._shape = machine, program, shape
        self._addresses: dict[str, int] = {}
        try:
            for name, size in shape.sizes.items():
                self._addresses[name] = machine.allocate(size * BYTES)
            self._stream = machine.stream()
            self.table: NDArray[np.int64] = machine.staging((shape.blocks, PLACES), np.int64)
            self.rows: NDArray[np.float64] = machine.staging((shape.blocks, shape.outputs, len(SLOTS)), np.float64)
        except BaseException:
            self.free()
            raise
        self.values: NDArray[np.float64] | None = None

        weakref.finalize(self, free, machine, self._addresses).atexit = False

    def free(self) -> None:
        """Give its memory back."""
        free(self._machine, self._addresses)

    def upload(self, address: int, words: NDArray[Any]) -> None:
        """Copy an array to the machine's memory."""
        self._stream.upload(address, words)
        self._stream.wait()

    def begin(self, terms: Terms, blocks: Blocks, parameters: int, tables: int, *, keep: bool) -> None:
        """Have some blocks run, and what they give copied here.

        Parameters
        ----------
        terms
            Of the plan.
        blocks
            At most ``shape.blocks``.
        parameters
            Address of the rectangle's words.
        tables
            Address of the tables' words.
        keep
            Whether what trials return is wanted as well.
        """
        shape, at, run = self._shape, self._addresses, self._run
        outputs, shift, count = shape.outputs, shape.shift, blocks.count
        cells = count * outputs
        lanes, room = cells * LANES, shape.blocks * outputs * LANES
        stride = shape.blocks << shift
        run(
            "sweep_open", count, at["blocks"], blocks.first_point, blocks.first_block, blocks.width, blocks.start,
            terms.trials, terms.block_size, terms.common_numbers,
        )  # fmt: skip
        run(
            "sweep_trials",
            count << shift,
            at["blocks"],
            shift,
            terms.k0,
            terms.k1,
            parameters,
            tables,
            at["values"],
            stride,
        )
        seen = (at["blocks"], shift, outputs, at["values"], stride, at["lanes"])
        run("sweep_sums", lanes, *seen, room)
        run("sweep_centres", cells, at["blocks"], outputs, at["lanes"], at["cells"])
        run("sweep_finite_sums", lanes, *seen, room, at["cells"])
        run("sweep_finite_centres", cells, *seen, at["cells"])
        run("sweep_spreads", lanes, *seen, room, at["cells"])
        run("sweep_rows", cells, at["blocks"], outputs, at["lanes"], room, at["cells"], at["rows"])
        self._stream.download(self.table[:count], at["blocks"])
        self._stream.download(self.rows[:count], at["rows"])
        if keep:
            self._bring_values(count)

    def wait(self) -> None:
        """Return when what was begun is here."""
        self._stream.wait()

    def _run(self, step: str, count: int, *arguments: int) -> None:
        self._stream.launch(self._program.steps[step], count, *arguments)

    def _bring_values(self, count: int) -> None:
        shape = self._shape
        if self.values is None:
            self.values = self._machine.staging((shape.outputs, shape.blocks, 1 << shape.shift), np.float64)
        for output in range(shape.outputs):
            start = (output * shape.blocks << shape.shift) * BYTES
            self._stream.download(self.values[output, :count], self._addresses["values"] + start)


def free(machine: Machine, addresses: dict[str, int]) -> None:
    """Give memory back, and forget its addresses."""
    while addresses:
        machine.free(addresses.popitem()[1])
