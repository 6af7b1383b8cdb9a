"""What runs on a worker: the map child and the reduce child of a shard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.work.reduce import reduce
from sweep.work.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.ledger import Wave
    from sweep.work.study import Study

__all__ = ["MapAndReduce", "ReduceOnly"]


@dataclass(frozen=True)
class MapAndReduce:
    """Run map child `i`, then reduce child `i`, which waits for that one alone (N_TO_N)."""

    study: Study
    wave: Wave

    def __call__(self, index: int, report: Callable[[int], None]) -> None:
        """Run both children of shard `index`."""
        simulate(self.study, self.wave, index, report)
        reduce(self.study.plan, self.study.store, self.wave, index)


@dataclass(frozen=True)
class ReduceOnly:
    """Run the reduce children of shards whose map child is done; `index` counts the pairs."""

    study: Study
    shards: tuple[tuple[Wave, int], ...]

    def __call__(self, index: int, report: Callable[[int], None]) -> None:
        """Run the reduce child of the shard at `index`."""
        wave, shard = self.shards[index]
        reduce(self.study.plan, self.study.store, wave, shard)
        report(0)
