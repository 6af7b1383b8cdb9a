"""How long a sweep takes on so many processors, and into how many shards it is best cut."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep.forecast.volume import wave_of
from sweep.ledger import MAX_SHARDS
from sweep.shares import Cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sweep.forecast.pilot import Pilot
    from sweep.forecast.volume import Weights
    from sweep.plan import Plan

__all__ = ["Costs", "Schedule", "best", "finish", "scheduled"]

LOOKED_AT = 1 << 16
"""Points of all shards together whose costs are predicted."""

MOST_EACH = 64
ALIKE = 1.02
"""Of two numbers of shards the smaller one is taken, if it takes at most this much longer."""


@dataclass(frozen=True)
class Costs:
    """What shards take on one processor of this machine.

    Attributes
    ----------
    pilot
        Predicts the trials.
    weights
        What writing takes.
    speed
        Of the other machine's processors beside this one's.
    """

    pilot: Pilot
    weights: Weights
    speed: float = 1.0

    @property
    def plan(self) -> Plan:
        """What is run."""
        return self.pilot.study.plan

    def of_trials(self, cut: Cut) -> NDArray[np.float64]:
        """Return seconds of the trials of each shard; they add up to the estimated total."""
        wave = wave_of(self.plan, cut)
        each = int(np.clip(LOOKED_AT // wave.shards, 1, MOST_EACH))
        width = self.plan.blocks_per_point
        ends = np.array([0, *(wave.bounds(shard)[1] for shard in range(wave.shards))], dtype=np.int64)
        length = np.diff(ends)
        within = (2 * np.arange(each) + 1) / (2.0 * each)
        looked = ends[:-1, None] + (length[:, None] * within).astype(np.int64)
        seconds = self._of_points((looked // width).ravel()).reshape(looked.shape).mean(axis=1) * length
        return seconds * (self.pilot.survey.total.seconds / seconds.sum() / self.speed)

    def _of_points(self, points: NDArray[np.int64]) -> NDArray[np.float64]:
        units, survey = self.pilot.units, self.pilot.survey
        found, back = np.unique(points // units.width, return_inverse=True)
        costs = survey.surface(units.of_units(found))
        for place, unit in enumerate(found.tolist()):
            if unit in survey.timed:
                costs[place] = survey.timed[unit].seconds
        return costs[back]

    def beside(self, shards: int) -> tuple[float, float]:
        """Return the seconds of one shard, beside its trials, in map and reduce."""
        rows = self.plan.points * self.plan.blocks_per_point / shards
        rows = min(rows, max(self.plan.points / shards, 1.0) * 2.0)
        kept = self.plan.points * self.plan.trials * self.weights.kept_share / shards
        of_kept = self.weights.kept_seconds(kept) if kept else 0.0
        return (self.weights.map_seconds(rows) + of_kept) / self.speed, self.weights.reduce_seconds(rows) / self.speed

    def of_merge(self, shards: int) -> float:
        """Return the seconds of the one child that makes the result."""
        merge = self.weights.merge_seconds
        return (merge.fixed * shards + merge.each * self.plan.points) / self.speed

    def in_all(self, shards: int) -> float:
        """Return the seconds of everything but trials."""
        return sum(self.beside(shards)) * shards + self.of_merge(shards)


@dataclass(frozen=True)
class Schedule:
    """A run on some processors.

    Attributes
    ----------
    vcpus, shards
        How many.
    seconds
        From the first child's start to the result.
    longest
        Seconds of the longest shard: no number of processors makes the run shorter than that.
    middle
        Seconds of the middle one.
    startup
        Seconds of each child before its work begins.
    busy
        Part of the processors' time that is work.
    """

    vcpus: int
    shards: int
    seconds: float
    longest: float
    middle: float
    startup: float
    busy: float


def finish(seconds: Sequence[float] | NDArray[np.float64], workers: int) -> float:
    """Return when the last of some tasks is over, each given in turn to the worker that is free first.

    R. L. Graham (1966), https://doi.org/10.1002/j.1538-7305.1966.tb01709.x.

    >>> finish([3.0, 1.0, 1.0, 1.0], 2)
    3.0
    """
    if workers >= len(seconds):
        return float(max(seconds))
    free = [0.0] * workers
    for each in seconds:
        heapq.heapreplace(free, free[0] + float(each))
    return max(free)


def scheduled(costs: Costs, vcpus: int, cut: Cut, startup: float) -> Schedule:
    """Lay out a run: map and reduce children one after the other where there is room, then the merge."""
    trials = costs.of_trials(cut)
    in_map, in_reduce = costs.beside(len(trials))
    each = trials + in_map + in_reduce + startup
    merge = costs.of_merge(len(trials)) + startup
    seconds = finish(each, vcpus) + merge
    work = float(trials.sum()) + (in_map + in_reduce) * len(trials) + merge - startup
    longest, middle = float(trials.max()) + in_map, float(np.median(trials)) + in_map
    return Schedule(vcpus, len(trials), seconds, longest, middle, startup, work / (seconds * vcpus))


def best(costs: Costs, vcpus: int, startup: float) -> Schedule:
    """Find into how many shards a run is best cut: few are uneven at the end, many start often."""
    blocks = costs.plan.points * costs.plan.blocks_per_point
    most = min(MAX_SHARDS, blocks)
    counts = sorted({min(most, max(1, round(vcpus * 2**i))) for i in range(-2, 14)})
    found = [scheduled(costs, vcpus, Cut(count), startup) for count in counts]
    shortest = min(each.seconds for each in found)
    return next(each for each in found if each.seconds <= ALIKE * shortest)
