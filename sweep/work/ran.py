"""A batch of blocks that is to be run, and what came of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.plan import Plan
    from sweep_kernels.driver import Blocks
    from sweep_kernels.observer import Observed

__all__ = ["Batch", "Ran"]


@dataclass(frozen=True)
class Batch:
    """Blocks one after the other.

    Attributes
    ----------
    blocks
        Which, as a driver is told.
    point, block, trials
        int64, shape (blocks.count,): the point of each, its index within the point, how many trials it has.
    block_size
        Trials of a whole block.
    """

    blocks: Blocks
    point: NDArray[np.int64]
    block: NDArray[np.int64]
    trials: NDArray[np.int64]
    block_size: int

    @classmethod
    def of(cls, blocks: Blocks, plan: Plan) -> Batch:
        """Lay blocks of a plan out."""
        place = blocks.start + np.arange(blocks.count)
        block = blocks.first_block + place % blocks.width
        trials = np.minimum(plan.block_size, plan.trials - block * plan.block_size)
        return cls(blocks, blocks.first_point + place // blocks.width, block, trials, plan.block_size)

    @property
    def first_point(self) -> int:
        """The first point."""
        return int(self.point[0])

    @property
    def last_point(self) -> int:
        """One more than the last point."""
        return int(self.point[-1]) + 1

    @functools.cached_property
    def each_point(self) -> NDArray[np.int64]:
        """The point of each trial."""
        return np.repeat(self.point, self.trials)

    @functools.cached_property
    def each_trial(self) -> NDArray[np.int64]:
        """The index within its point of each trial."""
        within = np.arange(int(self.trials.sum())) - np.repeat(np.cumsum(self.trials) - self.trials, self.trials)
        return np.repeat(self.block * self.block_size, self.trials) + within


class Ran(NamedTuple):
    """What came of a batch.

    Attributes
    ----------
    statistics
        float64, shape (blocks, outputs, len(SLOTS)).
    values
        float64, shape (outputs, trials): what every trial returned; None where nobody asked for it.
    observed
        What was asked for beside statistics.
    """

    statistics: NDArray[np.float64]
    values: NDArray[np.float64] | None
    observed: Observed | None
