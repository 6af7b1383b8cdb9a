"""The pilot of a forecast: compile, cut the points into units, survey them, and see how steady the machine is."""

from __future__ import annotations

import dataclasses
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep.errors import KernelError, TrialError, UsageError
from sweep.forecast.first import require_quick
from sweep.forecast.survey import survey
from sweep.forecast.timing import Timing, seconds_of
from sweep.forecast.units import Units
from sweep.machine import cores
from sweep.work.pilot import choose_faster, mean_seconds
from sweep.work.simulate import run_blocks
from sweep_kernels.driver import Blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.forecast.population import Timed
    from sweep.forecast.survey import Survey
    from sweep.work.study import Study

__all__ = ["Pilot", "run_pilot"]

SETTLE_SECONDS = 10.0
"""Seconds of work from which on a run finds out how trials that part ways run fastest: `sweep.run.SETTLE_SECONDS`."""

CALL_SECONDS, NEIGHBOURS = 1e-3, 4096
"""Below so many seconds a point is timed with so many neighbours."""

EVERY = 6
"""Units between two looks at how steady the machine is."""

REPEATS, LAST = 7, 3

LONGER, COMPARED = 0.25, 6
"""Part of the budget for pieces as long as a run's, and how many units are timed so."""

NORMAL = 1.4826
"""Standard deviations of a normal distribution in its median absolute deviation."""

LEAST_NOISE = 0.03
"""By what part pieces of some milliseconds and a run of minutes differ, where the pilot saw less: `benchmarks/forecast.py`."""


@dataclass(frozen=True)
class Pilot:
    """What the pilot found.

    Attributes
    ----------
    study
        As it runs fastest.
    units, survey, timing
        What was timed, and what came of it.
    compile_seconds
        Until the kernel was ready; next to nothing where it was compiled before.
    seconds
        That the pilot took after that, by the clock.
    noise
        By what part the same piece of work took more or less from time to time.
    crowding
        How much more of a processor's time it takes while the others are at work too.
    mean_trial_seconds
        What a run's own short pilot makes of a trial; it decides how many shards there will be.
    """

    study: Study
    units: Units
    survey: Survey
    timing: Timing
    compile_seconds: float
    seconds: float
    noise: float
    crowding: float
    mean_trial_seconds: float

    @property
    def kept_share(self) -> float:
        """Part of the trials that a run keeps: a mean over the units, however many trials of each were run."""
        shares, weights = self.timing.kept_shares, self.survey.weights
        whole = sum(weights[unit] for unit in shares)
        return sum(weights[unit] * shares[unit] for unit in shares) / whole if shares else 0.0


def run_pilot(study: Study, budget: float, workers: int, seed: int = 0) -> Pilot:
    """Time a study.

    Parameters
    ----------
    study
        Kernel and plan; nothing is written to its store.
    budget
        Seconds, beside the time to compile.
    workers
        How many would be at work on this machine.
    seed
        Of the choice of points.

    Raises
    ------
    UsageError
        If the budget is no time, or too little for trials as long as these; or if a trial raises.
    """
    if not budget > 0.0 or not np.isfinite(budget):
        raise UsageError(f"--budget {budget:g} is no time to look: give seconds above 0, as in 10")
    begun = time.perf_counter()
    _ = study.driver, study.observer
    compile_seconds = time.perf_counter() - begun
    require_quick(study, budget)
    begun = time.perf_counter()
    mean = mean_seconds(study.driver_of(None), study)
    if mean * study.plan.points * study.plan.trials > SETTLE_SECONDS:
        choose_faster(study)
        study = dataclasses.replace(study)
    try:
        return _surveyed(study, budget, workers, seed, compile_seconds, mean, begun)
    except TrialError as error:
        raise UsageError(f"{error} (met while timing: a run would end there too)") from None
    except KernelError as error:
        raise UsageError(str(error)) from None


def _surveyed(
    study: Study, budget: float, workers: int, seed: int, compile_seconds: float, mean: float, begun: float
) -> Pilot:
    units = Units.of(study.plan, _seconds_per_point(study, mean * study.plan.trials))
    timing = Timing(study, units)
    steady = _Steady(timing)
    found = survey(units.population(), steady, (1.0 - LONGER) * budget, seed)
    noise, crowding = steady.noise, _crowding(steady.piece, workers)
    longer, uncertain = _lengthened(found, units, timing, LONGER * budget / COMPARED)
    total = found.total.times(longer * crowding).with_noise(noise).with_noise(uncertain)
    found = dataclasses.replace(found, total=total)
    seconds = time.perf_counter() - begun
    return Pilot(study, units, found, timing, compile_seconds, seconds, noise, crowding, mean)


def _lengthened(found: Survey, units: Units, timing: Timing, seconds: float) -> tuple[float, float]:
    """Time a few units once more, for longer, as a run's pieces are long: return by what factor they take less, and its standard error.

    Cheap measures are corrected by dear ones of a part of the sample: W. G. Cochran, Sampling Techniques (3rd ed., 1977), section 12.8. Which
    part goes by what is predicted, not by what was measured: the slowest as measured are those that were measured too slow.
    """
    known = np.array(sorted(found.timed), np.int64)
    order = known[np.argsort(found.surface(units.of_units(known)), kind="stable")]
    chosen = order[::-1][:: max(1, len(order) // (2 * COMPARED))][:COMPARED].tolist()
    short = np.array([found.timed[unit].seconds for unit in chosen])
    long = np.array([timing(unit, seconds).seconds for unit in chosen])
    factor = float(np.clip(long.sum() / short.sum(), 0.5, 2.0))
    if len(chosen) == 1:
        return factor, 0.0
    off = (long - factor * short) / short.mean()
    return factor, float(off.std(ddof=1) / np.sqrt(len(chosen)))


def _seconds_per_point(study: Study, alone: float) -> float:
    """Return what a point takes among its neighbours, where it takes so little alone that a call is most of it."""
    if alone > CALL_SECONDS:
        return alone
    plan = study.plan
    count = min(plan.points, NEIGHBOURS)
    first = (plan.points - count) // 2
    blocks = Blocks(first, 0, plan.blocks_per_point, 0, count * plan.blocks_per_point)
    return seconds_of(lambda: list(run_blocks(study, blocks))) / count


class _Steady:
    """Measures units, and now and then the same piece of work again: one of the slowest of the first units."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._done: dict[int, float] = {}
        self._again: list[float] = []
        self._piece: Callable[[], float] | None = None

    def __call__(self, unit: int, seconds: float) -> Timed:
        if self._done and len(self._done) % EVERY == 0:
            self._again.append(self.piece())
        found = self._timing(unit, seconds)
        self._done[unit] = found.seconds
        return found

    @property
    def piece(self) -> Callable[[], float]:
        """The piece of work; chosen when it is first asked for."""
        if self._piece is None:
            self._piece = self._timing.piece(max(self._done, key=lambda unit: self._done[unit]))
            self._piece()
        return self._piece

    @property
    def noise(self) -> float:
        """Spread of the piece's times, as part of them, from deviations of the median: one delay is no drift (P. J. Huber, 1981)."""
        times = np.array([*self._again, *(self.piece() for _ in range(LAST))])
        middle = float(np.median(times))
        return max(LEAST_NOISE, NORMAL * float(np.median(np.abs(times - middle))) / middle)


def _crowding(piece: Callable[[], float], workers: int) -> float:
    """Return how much longer work takes where every processor has some; from the least of several times, which chance adds least to."""
    if workers <= cores():
        return 1.0  # each has a core of its own
    alone = min(piece() for _ in range(REPEATS))
    over = threading.Event()
    crowded: list[float] = []

    def work() -> None:
        for _ in range(REPEATS):
            seconds = piece()
            if over.is_set():
                return  # others have ended: there is room again
            crowded.append(seconds)
        over.set()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return max(1.0, min(crowded) / alone)
