"""Time units of a plan with the code of a shard; what the trials returned is kept, for the width of intervals and the size of objects."""

from __future__ import annotations

import dataclasses
import functools
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import TrialError
from sweep.forecast.population import Timed
from sweep.work.arguments import argument_words
from sweep.work.rows import concatenated, merged
from sweep.work.simulate import Done, run_blocks
from sweep_kernels.driver import Blocks, TrialRaisedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.forecast.units import Units
    from sweep.work.rows import Rows
    from sweep.work.study import Study

__all__ = ["Timing", "seconds_of"]

LANES = 32
"""Trials that run side by side: fewer cost as much."""

FEW = 17
"""Trials from which on a kernel is compiled as for many."""

SHORT, PIECE = 2e-3, 1e-2
"""Seconds of a piece of work that is long enough to be timed, and of one that is to tell how steady the machine is."""

LEAST_PART = 0.5
"""Part of a piece's time that is its trials', at least."""

TWICE = 2
"""How often the same work is timed."""

MOST_KEPT, MOST_ROWS = 64, 4096
"""Tables of kept trials, and rows of a unit, that are held."""

CHUNKS, VARIANTS = 8, 4
"""Pieces that a unit's time is divided into, to see how much they differ; and seeds for those that are less than a block."""


class Timing:
    """Measures units.

    Parameters
    ----------
    study
        What to run.
    units
        Of its plan.
    clock
        Seconds on this thread's processor.

    Attributes
    ----------
    rows
        By unit: statistics of what was run there, a row a point.
    trials
        How many were run in all.
    """

    def __init__(self, study: Study, units: Units, clock: Callable[[], float] = time.thread_time) -> None:
        self._study, self._units, self._clock = study, units, clock
        self._shorter = functools.cache(self._shortened)
        self.rows: dict[int, Rows] = {}
        self._tables: dict[int, Any] = {}
        self._kept: dict[int, dict[int, tuple[int, int]]] = {}
        self.trials = 0

    def __call__(self, unit: int, seconds: float) -> Timed:
        """Time a unit for about so many seconds.

        Raises
        ------
        TrialError
            If a trial raises.
        """
        first, last = self._units.bounds(unit)
        plan = self._study.plan
        if last - first > 1 or plan.trials <= FEW:
            return self._whole(unit, first, last, seconds)
        begun = self._clock()
        trials, elapsed = self._grown(unit, first)
        if trials < plan.block_size and trials < plan.trials:
            chunks = self._parts(first, trials, elapsed, begun + seconds)
        else:
            chunks = self._blocks(unit, first, elapsed, begun + seconds)
        own = [(max(taken - self._call, LEAST_PART * taken), ran) for taken, ran in chunks]
        return _extrapolated(own, plan.trials, self._clock() - begun)

    @functools.cached_property
    def _call(self) -> float:
        """Seconds of a call that are not its trials': in a run a call has so many of them that this is nothing."""
        most = min(self._study.plan.trials, self._study.plan.block_size)
        few = min(self._least(self._shorter(0, LANES), Blocks(0, 0, 1, 0, 1)) for _ in range(CHUNKS))
        if few > SHORT or most <= LANES:
            return 0.0
        many = min(self._least(self._shorter(0, most), Blocks(0, 0, 1, 0, 1)) for _ in range(CHUNKS))
        return max(few - LANES * (many - few) / (most - LANES), 0.0)

    @property
    def tables(self) -> list[Any]:
        """Tables of kept trials, no trial twice."""
        return [self._tables[unit] for unit in sorted(self._tables)]

    @property
    def kept_shares(self) -> dict[int, float]:
        """By unit: the part of its trials that was kept, of those that were run."""
        found = {}
        for unit, pieces in self._kept.items():
            kept, ran = (sum(each) for each in zip(*pieces.values(), strict=True))
            found[unit] = kept / ran
        return found

    def piece(self, unit: int) -> Callable[[], float]:
        """Return a piece of a unit's work that takes the same each time, but for the machine; it may be run on any thread."""
        first, last = self._units.bounds(unit)
        plan = self._study.plan
        if last - first > 1 or plan.trials <= FEW:
            width = plan.blocks_per_point
            return lambda: self._least(self._study, Blocks(first, 0, width, 0, width * (last - first)))
        trials, elapsed = self._grown(unit, first)
        if trials < plan.block_size and trials < plan.trials:
            return lambda: self._least(self._shorter(0, trials), Blocks(first, 0, 1, 0, 1))
        count = int(np.clip(PIECE / max(elapsed, 1e-7), 1, plan.blocks_per_point))
        return lambda: self._least(self._study, Blocks(first, 0, plan.blocks_per_point, 0, count))

    def _whole(self, unit: int, first: int, last: int, seconds: float) -> Timed:
        """Run all trials of a unit, again and again: what differs is the machine."""
        width = self._study.plan.blocks_per_point
        blocks = Blocks(first, 0, width, 0, width * (last - first))
        times = [self._run(self._study, blocks, unit)]
        while len(times) < TWICE or (sum(times) < seconds and len(times) < CHUNKS):
            times.append(self._run(self._study, blocks))
        return Timed(min(times), 0.0, sum(times))

    def _grown(self, unit: int, point: int) -> tuple[int, float]:
        """Run more and more of a point's first block, until it takes long enough to be timed."""
        plan = self._study.plan
        most, trials = min(plan.trials, plan.block_size), min(LANES, plan.trials)
        while True:
            elapsed = self._run(self._shorter(0, trials), Blocks(point, 0, 1, 0, 1), unit)
            if trials == most or elapsed >= SHORT:
                return trials, elapsed
            trials = min(most, trials * 8)

    def _parts(self, point: int, trials: int, elapsed: float, until: float) -> list[tuple[float, int]]:
        """Time as many other trials of a point as there is time for; larger pieces of them where those are small."""
        most = self._study.plan.block_size
        left = max(until - self._clock(), 0.0)
        wanted = left / VARIANTS / TWICE / elapsed * trials
        while 2 * trials <= min(wanted, most):  # few different numbers: each is a driver of its own
            trials *= 2
        chunks: list[tuple[float, int]] = []
        for variant in range(VARIANTS):
            if chunks and self._clock() >= until:
                break
            try:
                chunks.append((self._least(self._shorter(variant, trials), Blocks(point, 0, 1, 0, 1)), trials))
            except TrialError:
                if variant == 0:
                    raise
                break  # trials of another seed are nobody's: the run will tell of its own
        return chunks

    def _blocks(self, unit: int, point: int, elapsed: float, until: float) -> list[tuple[float, int]]:
        """Time as many of a point's blocks as there is time for."""
        plan = self._study.plan
        width = plan.blocks_per_point
        wanted = max((until - self._clock()) / (CHUNKS + 2) / TWICE, SHORT)
        each, most = 1, max(1, width // CHUNKS)
        while elapsed < wanted / 2 and each < most:  # many blocks take less than as many times one: a call has a price
            each = min(most, max(2 * each, int(each * min(wanted / elapsed, 64.0))))
            elapsed = self._run(self._study, Blocks(point, 0, width, 0, each))
        chunks: list[tuple[float, int]] = []
        for start in range(0, width, each):
            if chunks and (self._clock() >= until or len(chunks) >= CHUNKS):
                break
            count = min(each, width - start)
            ran = min((start + count) * plan.block_size, plan.trials) - start * plan.block_size
            chunks.append((self._least(self._study, Blocks(point, 0, width, start, count), unit), ran))
        return chunks

    def _least(self, study: Study, blocks: Blocks, unit: int | None = None) -> float:
        """Return the lesser of two times of the same work: what is added to it is not the work's."""
        return min(self._run(study, blocks, unit) for _ in range(TWICE))

    def _run(self, study: Study, blocks: Blocks, unit: int | None = None) -> float:
        """Return the seconds that blocks take; keep what came of them as the unit's."""
        begun = self._clock()
        pieces = list(run_blocks(study, blocks))
        rows = merged(concatenated([each.rows for each in pieces]), study.plan.block_size)
        elapsed = self._clock() - begun
        self.trials += int(rows.trials.sum())
        if unit is not None:
            self.rows[unit] = rows.take(slice(0, MOST_ROWS))
            self._keep(unit, blocks.start, pieces)
        return elapsed

    def _keep(self, unit: int, start: int, pieces: list[Done]) -> None:
        """Count the trials that were kept, from one start no more than once; hold the first of them."""
        if pieces[0].kept is None:
            return
        count = sum(each.kept.num_rows for each in pieces), sum(int(each.rows.trials.sum()) for each in pieces)
        self._kept.setdefault(unit, {})[start] = count
        if unit in self._tables or len(self._tables) < MOST_KEPT:
            self._tables[unit] = pieces[0].kept

    def _shortened(self, variant: int, trials: int) -> Study:
        """Return the study with fewer trials of another seed, loaded and its memory touched, so that no timing holds that."""
        plan = self._study.plan
        seed = (plan.seed + variant) % (1 << 64)
        study = dataclasses.replace(self._study, plan=dataclasses.replace(plan, trials=trials, seed=seed))
        with suppress(TrialRaisedError):
            study.driver.probe(0, argument_words(study.compiled, study.plan, 0, 1), 1)
        _ = study.observer
        return study


def _extrapolated(chunks: list[tuple[float, int]], trials: int, spent: float) -> Timed:
    """Estimate a point's seconds from pieces of its trials: a ratio, with the variance between pieces of those that were not run."""
    times, counts = (np.array(each, np.float64) for each in zip(*chunks, strict=True))
    rate = float(times.sum() / counts.sum())
    seconds = rate * trials
    if len(chunks) == 1:
        return Timed(seconds, 0.0, spent)
    left = max(1.0 - float(counts.sum()) / trials, 0.0)
    variance = float(((times - rate * counts) ** 2).sum()) / (len(chunks) - 1) / len(chunks) / float(counts.mean()) ** 2
    return Timed(seconds, left * variance * trials**2, spent)


def seconds_of(work: Callable[[], Any], clock: Callable[[], float] = time.thread_time) -> float:
    """Return the least of some times that something takes."""

    def once() -> float:
        begun = clock()
        work()
        return clock() - begun

    return min(once() for _ in range(CHUNKS))
