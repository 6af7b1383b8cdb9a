"""A batch of blocks that is to be run, and what came of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep.work.rows import subtree_ends

if TYPE_CHECKING:
    import pyarrow as pa
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

    def ends(self, *, counts: bool) -> NDArray[np.bool_]:
        """Tell after which blocks what is counted is a range of its own: where one of their largest subtrees ends."""
        if not counts:
            return np.zeros(len(self.point), dtype=np.bool_)
        return subtree_ends(self.point, self.block, self.trials, self.block_size)


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
    failed
        bool, shape (trials,): which trials have failed and count nowhere; None where none can.
    failures
        A table of these, and of others that something is to be said of; see `sweep.work.failures`.
    """

    statistics: NDArray[np.float64]
    values: NDArray[np.float64] | None
    observed: Observed | None
    failed: NDArray[np.bool_] | None = None
    failures: pa.Table | None = None
