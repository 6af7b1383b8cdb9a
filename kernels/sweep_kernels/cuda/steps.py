"""The steps of a wave: for each, what a thread does, and the types of what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_kernels.cuda import elements

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STEPS", "THREADS", "Step"]

THREADS = 128
"""Threads of a CUDA block. Told to the compiler, so that a thread may have up to 255 registers."""

INTEGER, INTEGERS, FLOATS = "integer", "integers", "floats"


@dataclass(frozen=True)
class Step:
    """One step of a wave.

    Attributes
    ----------
    name
        Of its entry in the machine code: a thread runs `element` for every index of its own below the count that is the entry's first argument.
    element
        What is done for one index.
    arguments
        Of what `element` is given after the index: ``"integer"``, ``"integers"`` or ``"floats"``, the latter two by address.
    """

    name: str
    element: Callable[..., None]
    arguments: tuple[str, ...]


_VALUES = (FLOATS, INTEGER)
_LANES = (FLOATS, INTEGER)

STEPS = (
    Step("sweep_open", elements.open_block, (INTEGERS, *[INTEGER] * 7)),
    Step("sweep_trials", elements.run_trial, (INTEGERS, *[INTEGER] * 3, INTEGERS, INTEGERS, *_VALUES)),
    Step("sweep_sums", elements.sum_lane, (INTEGERS, INTEGER, INTEGER, *_VALUES, *_LANES)),
    Step("sweep_centres", elements.centre_cell, (INTEGERS, INTEGER, FLOATS, FLOATS)),
    Step("sweep_finite_sums", elements.sum_lane_of_finite, (INTEGERS, INTEGER, INTEGER, *_VALUES, *_LANES, FLOATS)),
    Step(
        "sweep_finite_centres", elements.centre_cell_of_finite, (INTEGERS, INTEGER, INTEGER, *_VALUES, FLOATS, FLOATS)
    ),
    Step("sweep_spreads", elements.spread_lane, (INTEGERS, INTEGER, INTEGER, *_VALUES, *_LANES, FLOATS)),
    Step("sweep_rows", elements.close_cell, (INTEGERS, INTEGER, *_LANES, FLOATS, FLOATS)),
)
"""In the order in which they are run."""
