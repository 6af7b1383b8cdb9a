"""What runs on a worker: one child of map, of reduce, or of merge. Each is idempotent and may be carried to another process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.work.label import require_wave
from sweep.work.merge import merge
from sweep.work.reduce import reduce
from sweep.work.simulate import simulate
from sweep.work.timings import timed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.ledger import Wave
    from sweep.work.study import Study

__all__ = ["Map", "Merge", "Reduce"]


@dataclass(frozen=True)
class Map:
    """Child `i` simulates shard `i` of a wave."""

    study: Study
    wave: Wave

    def __call__(self, index: int, report: Callable[[int], None]) -> None:
        """Run the trials of shard `index`; `report` hears how many."""
        with timed(self.study.store, self.wave, index):
            simulate(self.study, self.wave, index, report)


@dataclass(frozen=True)
class Reduce:
    """Child `i` reduces what map child `i` wrote, or the shard at place `i` of a list."""

    study: Study
    wave: Wave | None = None
    shards: tuple[tuple[Wave, int], ...] = ()

    def __call__(self, index: int, report: Callable[[int], None]) -> None:
        """Reduce one shard."""
        wave, shard = self.shards[index] if self.wave is None else (self.wave, index)
        reduce(self.study.plan, self.study.store, wave, shard)
        report(0)


@dataclass(frozen=True)
class Merge:
    """The one child that makes the result of all reductions; waves that this run has `begun` must still count."""

    study: Study
    shards: tuple[tuple[Wave, int], ...]
    begun: tuple[Wave, ...] = ()

    def __call__(self, index: int, report: Callable[[int], None]) -> None:
        """Write the result."""
        del index
        report(0)
        self.study.dismiss_programs()
        for wave in self.begun:
            require_wave(self.study.store, wave)
        merge(self.study.plan, self.study.store, self.shards)
