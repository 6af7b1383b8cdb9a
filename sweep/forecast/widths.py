"""How wide the intervals of a result will be, from the variances that the pilot saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep.intervals import mean_interval, proportion_interval
from sweep.work.rows import concatenated, finished
from sweep_kernels.counter import TRIAL_LIMIT
from sweep_kernels.statistics import FINITE, MEAN, SQUARES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.plan import Plan
    from sweep.work.rows import Rows

__all__ = ["Place", "Width", "relative_widths", "trials_for", "widths_of"]


@dataclass(frozen=True)
class Place:
    """The interval of one output at one point.

    Attributes
    ----------
    point
        Which one.
    estimate
        As the pilot saw it.
    half
        Half the interval's width at the plan's trials.
    relative
        That as part of the estimate; infinite where it is 0.
    trials
        How many trials the wished width takes; None without a wish, or where no number does.
    """

    point: int
    estimate: float
    half: float
    relative: float
    trials: int | None = None


@dataclass(frozen=True)
class Width:
    """An output.

    Attributes
    ----------
    output, kind
        Its name, and ``"bool"``, ``"int"`` or ``"float"``.
    median, worst
        The points with the middle and the largest relative width among those that are sampled evenly; None where no trial gave a number.
    unseen
        At how many of these a proportion was 0, or a mean had no spread, in all trials that were run there: their width says nothing.
    points
        How many these are.
    """

    output: str
    kind: str
    median: Place | None
    worst: Place | None
    unseen: int
    points: int


def widths_of(plan: Plan, kinds: tuple[str, ...], timed: list[Rows], wished: float | None = None) -> list[Width]:
    """Return the expected widths of each output's intervals.

    Parameters
    ----------
    plan
        How many trials there will be.
    kinds
        Of the outputs.
    timed
        Statistics of points that were sampled evenly.
    wished
        Half the width, as part of the estimate, that trials are counted for.
    """
    rows = finished(concatenated(timed), plan.block_size)
    outputs = plan.kernel.outputs
    if (
        plan.kernel.is_weighted
    ):  # the estimates are means of what is counted after the weight: of outputs times the weight
        apart = len(outputs)
        return [
            _width(plan, name, "float", rows, output + apart, wished)
            for output, name in enumerate(outputs[:-1])
            if name not in plan.draws
        ]
    return [
        _width(plan, name, kind, rows, output, wished)
        for output, (name, kind) in enumerate(zip(outputs, kinds, strict=True))
        if name not in plan.draws
    ]


def _width(plan: Plan, name: str, kind: str, rows: Rows, output: int, wished: float | None) -> Width:
    ran, mean, squares = (rows.statistics[:, output, slot] for slot in (FINITE, MEAN, SQUARES))
    hits = rows.hits[:, output] if kind == "bool" else None
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = hits / ran if hits is not None else mean
        std = np.sqrt(np.maximum(squares, 0.0) / (ran - 1.0))
        half = relative_widths(kind, estimate, std, plan.trials, plan.confidence)
    spread = (estimate > 0.0) if kind == "bool" else (std > 0.0) & (estimate != 0.0)
    seen = np.flatnonzero((ran > 1) & spread & np.isfinite(half))
    order = seen[np.argsort(half[seen], kind="stable")]

    def place(row: int) -> Place:
        trials = None if wished is None else trials_for(kind, estimate[row], std[row], wished, plan.confidence)
        relative = float(half[row])
        return Place(int(rows.point[row]), float(estimate[row]), relative * abs(float(estimate[row])), relative, trials)

    ends = (place(int(order[len(order) // 2])), place(int(order[-1]))) if len(order) else (None, None)
    return Width(name, kind, *ends, unseen=len(rows) - len(seen), points=len(rows))


def relative_widths(
    kind: str, estimate: NDArray[np.float64], std: NDArray[np.float64], trials: int, confidence: float
) -> NDArray[np.float64]:
    """Return half the widths of intervals as part of the estimates, at so many trials: the intervals of `sweep.intervals`."""
    if kind == "bool":
        hits = np.clip(np.round(np.nan_to_num(estimate) * trials), 0, trials).astype(np.int64)
        low, high = proportion_interval(hits, np.full(len(hits), trials), confidence)
    else:
        low, high = mean_interval(np.full(len(estimate), trials), estimate, std, confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (high - low) / 2.0 / np.abs(estimate)


def trials_for(kind: str, estimate: float, std: float, wished: float, confidence: float) -> int | None:
    """Return the fewest trials, within 1 %, at which half an interval's width is at most `wished` of its estimate; None if 2**44 do not do.

    >>> 37_000 < trials_for("float", 1.0, 1.0, 0.01, 0.95) < 40_000
    True
    """

    def enough(trials: int) -> bool:
        found = relative_widths(kind, np.array([estimate]), np.array([std]), trials, confidence)[0]
        return bool(found <= wished)

    low, high = 1, 2
    while not enough(high):
        low, high = high, high * 2
        if high > TRIAL_LIMIT:
            return None
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
