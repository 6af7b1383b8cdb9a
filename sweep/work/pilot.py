"""Time a few trials, to cut shards of a few seconds; what they return is thrown away."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.shares import LEAST_FULL, STEPS, Cut, tapered
from sweep.work.arguments import argument_kinds, argument_words
from sweep.work.programmed import kept_of
from sweep.work.raised import explain, require_outputs
from sweep_kernels.cache import prefer
from sweep_kernels.driver import TrialRaisedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep.work.study import Study
    from sweep_kernels.cuda.driver import CudaDriver
    from sweep_kernels.driver import Driver

__all__ = ["Pilot", "choose_faster", "cut_of", "mean_seconds", "pilot", "require_sound", "spread_points"]

POINTS = 5
FIRST = 16
"""Trials of a point that are run first."""
SECONDS = 0.01
SHARD_SECONDS = 4.0
"""What is lost of a worker that is killed, at most."""
SHORTEST_SECONDS = 0.25
TAPERED_SECONDS = 4.0
"""Of each worker: of less the shortest shards would be shorter than what a shard takes by itself is worth."""
SMALL = 0.2
SHARDS_PER_WORKER = 4
EVEN_SHARDS_PER_WORKER = 16
KEPT_ROWS = 1 << 22
LOOK_SECONDS = 2.0
"""How long a run of a program is waited for."""
ROUNDS = 3
GUESSED_SECONDS = 1.0
"""What a run of a program is taken to last where nobody has looked."""
FASTER = 0.9
"""Part of the time that one after the other may take at most to be called faster."""


@dataclass(frozen=True)
class Pilot:
    """What a trial costs.

    Attributes
    ----------
    seconds_per_trial
        Mean over a few points spread over the space, on one core, or on a GPU.
    """

    seconds_per_trial: float


def pilot(study: Study, first: Sequence[tuple[int, int]] = ((0, 0),), workers: int = 1) -> Pilot:
    """Time trials at up to five points spread over the space, about 10 ms each.

    Of a command the `first` that are missing, by point and trial, are run, and not run again; its servers are started for so many workers.
    """
    runner = study.runner
    if runner is not None:
        kept = kept_of(study, runner.command)
        found = runner.glance(first, study.plan.space.__getitem__, LOOK_SECONDS, kept, workers)
        return Pilot(found if found < LOOK_SECONDS else SHARD_SECONDS)  # it may take any time: a shard of its own
    return Pilot(mean_seconds(study.driver_of(None) if study.device == "cpu" else study.driver, study))


def require_sound(study: Study) -> None:
    """See that the first trials at points spread over the space do not raise.

    Raises
    ------
    TrialError
        If one does.
    """
    driver = study.driver_of(None)
    for point in spread_points(study.plan.points):
        words = argument_words(study.compiled, study.plan, point, point + 1)
        try:
            driver.probe(point, words, min(FIRST, driver.probe_trials))
        except TrialRaisedError as raised:
            explain(study, raised.point, raised.trial)


def choose_faster(study: Study) -> None:
    """Find out whether trials that part ways run faster one after the other, and have all workers of this machine do what is faster.

    What is found is kept for good, so others on the machine must not decide it: both ways take turns at each point, and the least times count.
    """
    side_by_side = study.driver_of(None)
    if side_by_side.code.parts:
        drivers = study.driver_of(1), side_by_side
        points = spread_points(study.plan.points)
        times = [[[_seconds(each, study, point) for each in drivers] for _ in range(ROUNDS)] for point in points]
        alone, together = (sum(min(turn[side] for turn in turns) for turns in times) for side in (0, 1))
        if alone < FASTER * together:
            prefer(study.compiled, argument_kinds(study.compiled, study.plan), 1)


def mean_seconds(driver: Driver | CudaDriver, study: Study) -> float:
    """Return what a trial costs on average at up to five points spread over the space, on one core or a GPU.

    Raises
    ------
    KernelError
        If what a trial returns is not what its kernel names.
    """
    chosen = spread_points(study.plan.points)
    return sum(_seconds(driver, study, point) for point in chosen) / len(chosen)


def spread_points(points: int) -> list[int]:
    """Return up to five points of a space of so many, from its first to its last.

    >>> spread_points(3), spread_points(101)
    ([0, 1, 2], [0, 25, 50, 75, 100])
    """
    return sorted({round(i * (points - 1) / (POINTS - 1)) for i in range(POINTS)})


def _seconds(driver: Driver | CudaDriver, study: Study, point: int) -> float:
    words = argument_words(study.compiled, study.plan, point, point + 1)
    most = driver.probe_trials
    trials = min(FIRST, most)  # enough for the first call's cold caches not to count
    while True:
        begun = time.perf_counter()
        try:
            driver.probe(point, words, trials)
        except TrialRaisedError as raised:
            require_outputs(study, raised.point, raised.trial)
            return SECONDS  # it will be met again, and explained, by the shard that holds it
        elapsed = time.perf_counter() - begun
        if elapsed >= SECONDS or trials == most:
            return elapsed / trials
        trials = min(most, trials * 4)


def cut_of(seconds: float, blocks: int, workers: int, rows_kept: int, most: int) -> Cut:
    """Choose into what to cut.

    Parameters
    ----------
    seconds
        Expected time of all the work on one core.
    blocks
        How many there are; a shard holds at least one.
    workers
        How many will work at a time.
    rows_kept
        How many trials will be kept, at most: a shard holds its own in memory.
    most
        Never more shards than this.

    Returns
    -------
    Cut
        Shards of at most four seconds, or longer ones where they would be too many, that taper off, so that no worker waits long for the
        last; shards alike of at least a quarter of a second where there is less work, or too few blocks; at least four a worker when
        there is work enough; one when there is next to none.

    Examples
    --------
    >>> cut_of(0.01, blocks=500, workers=2, rows_kept=0, most=10_000)
    Cut(shards=1, taper=0)
    >>> cut_of(4.0, blocks=500, workers=2, rows_kept=0, most=10_000)
    Cut(shards=16, taper=0)
    >>> cut_of(24.0, blocks=500, workers=2, rows_kept=0, most=10_000)
    Cut(shards=24, taper=2)
    >>> cut_of(78_000.0, blocks=10**7, workers=2, rows_kept=0, most=10_000)
    Cut(shards=10000, taper=2)
    >>> cut_of(24.0, blocks=50, workers=2, rows_kept=0, most=10_000)
    Cut(shards=32, taper=0)
    """
    least = max(1, -(-rows_kept // KEPT_ROWS))
    most_full = most // workers - STEPS
    if seconds > TAPERED_SECONDS * workers and most_full >= LEAST_FULL:
        cut = tapered(seconds, workers, max(SHARD_SECONDS, seconds / workers / most_full))
        if cut.weight <= blocks and least == 1:
            return cut
    length = min(max(seconds / workers / EVEN_SHARDS_PER_WORKER, SHORTEST_SECONDS), SHARD_SECONDS)
    wanted = max(round(seconds / length), least)
    if seconds > SMALL:
        wanted = max(wanted, SHARDS_PER_WORKER * workers)
    elif seconds > SMALL / 10:
        wanted = max(wanted, workers)
    return Cut(min(wanted, blocks, most))
