"""One trial at a few points, or as many as run side by side, before a pilot that cannot be stopped runs thousands."""

from __future__ import annotations

import math
import time
from concurrent.futures import TimeoutError as NotYetError
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.aside import started
from sweep.errors import UsageError
from sweep.work.arguments import argument_words
from sweep.work.pilot import spread_points
from sweep_kernels.driver import TrialRaisedError

if TYPE_CHECKING:
    from sweep.work.study import Study

__all__ = ["require_quick"]

LOOKED_AT = 1000
"""Trials that a pilot runs at least, about: some dozens at each of some dozens of points."""

OVERDRAWN = 10
"""By what factor a pilot may overdraw its budget."""

LEAST_SECONDS = 10.0
"""For one trial, whatever the budget."""

HOUR = 3600.0


def require_quick(study: Study, budget: float) -> None:
    """See that trials are over soon enough to be timed within a budget, by the fewest that can be run at each of up to five points.

    Parameters
    ----------
    study
        What to run; its kernel is compiled.
    budget
        Seconds.

    Raises
    ------
    UsageError
        If a trial does not end, or some hundreds of them would overdraw the budget by much: says what all trials would take.
    """
    points = spread_points(study.plan.points)
    times = [_seconds(study, point, max(budget, LEAST_SECONDS)) for point in points]
    mean = sum(times) / len(times)
    trials = study.plan.points * study.plan.trials
    needed = mean * min(trials, LOOKED_AT) / OVERDRAWN
    if needed > budget:
        raise UsageError(
            f"--budget {budget:g} is too short for trials of {mean:.2g} s (as at points {', '.join(map(str, points))}): "
            f"give --budget {math.ceil(needed)}; all {trials:,} trials take some {trials * mean / HOUR:,.1f} core-hours"
        )


def _seconds(study: Study, point: int, limit: float) -> float:
    """Return the seconds of a trial: of those side by side, empty lanes cost as much as full ones."""
    words = argument_words(study.compiled, study.plan, point, point + 1)
    driver = study.driver_of(None)
    trials = min(driver.code.width, driver.probe_trials)

    def run() -> float:
        begun = time.perf_counter()
        with suppress(TrialRaisedError):  # the pilot meets it again, and names it
            driver.probe(point, words, trials)
        return (time.perf_counter() - begun) / trials

    try:
        return started(run).result(limit)
    except NotYetError:
        raise UsageError(
            f"{'trial 0 of' if trials == 1 else f'trials 0 to {trials - 1} of'} point {point} did not end in {limit:g} s: "
            "see that loops end, or give a longer --budget"
        ) from None
