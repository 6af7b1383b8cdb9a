"""Statistics of weighted trials to the columns that people read.

A trial that was drawn from a proposal has the weight ``w = p(x) / q(x)``, and the mean of ``w y`` estimates the mean of an output ``y`` under what is
meant, without bias (A. B. Owen, "Monte Carlo theory, methods and examples", 2013, section 9.1, https://artowen.su.domains/mc/). Whether it can be
believed, the effective sample size tells: ``sum(w y)**2 / sum((w y)**2)``, so many trials of one weight would be worth as much (section 9.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.intervals import mean_interval, weighted_proportion_interval
from sweep.work.summary import columns_of_rows
from sweep_kernels.statistics import FINITE, LARGEST, MEAN, SMALLEST, SQUARES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.plan import Plan
    from sweep.work.rows import Rows

__all__ = ["effective_size", "heaviest_part", "weighted_columns"]

LEAST_SQUARES = 1e-290
"""Sums of squares below it have lost digits, or all of them."""


def weighted_columns(plan: Plan, rows: Rows, kinds: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Return the columns of all outputs, of which the last is the weight.

    Parameters
    ----------
    plan
        Of weighted trials.
    rows
        One a point.
    kinds
        Of the plan's columns.

    Returns
    -------
    dict
        Of each output what `sweep.work.summary.output_columns` has, ``_mean``, ``_std``, ``_stderr``, ``_ci_low`` and ``_ci_high`` being of the
        output times the weight, ``_ess`` and ``_heaviest``. These are NaN where a trial gave NaN or inf: a mean without some of its weights is none.
        Trials of programs that failed, or lack an output, are left out, as they are of programs without weights.
    """
    *outputs, weight = plan.kernel.outputs
    of_weight = rows.statistics[:, len(outputs)]
    columns: dict[str, NDArray[Any]] = {}
    for place, (name, kind) in enumerate(zip(outputs, kinds, strict=False)):
        own, times = rows.statistics[:, place], rows.statistics[:, len(outputs) + 1 + place]
        found = columns_of_rows(plan, rows, place, kind)
        found.update({f"{name}_{what}": each for what, each in _estimates(kind, times, plan.confidence).items()})
        one_sign = (own[:, SMALLEST] >= 0.0) | (own[:, LARGEST] <= 0.0)
        found[f"{name}_ess"] = np.where(one_sign, effective_size(times), effective_size(of_weight))
        found[f"{name}_heaviest"] = heaviest_part(times)
        unknown = times[:, FINITE] < (own[:, FINITE] if plan.kernel.is_program else rows.trials)
        for what in ("mean", "std", "stderr", "ci_low", "ci_high", "ess", "heaviest"):
            found[f"{name}_{what}"] = np.where(unknown, np.nan, found[f"{name}_{what}"])
        columns.update(found)
    found = columns_of_rows(plan, rows, len(outputs), "float")
    found |= {f"{weight}_ess": effective_size(of_weight), f"{weight}_heaviest": heaviest_part(of_weight)}
    return columns | found


def _estimates(kind: str, times: NDArray[np.float64], confidence: float) -> dict[str, NDArray[np.float64]]:
    """Return the estimate of an output from statistics of it times the weight."""
    n = times[:, FINITE]
    mean = np.where(n > 0, times[:, MEAN], np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        std = np.where((n > 1) & ~_lost(times), np.sqrt(np.maximum(times[:, SQUARES], 0.0) / (n - 1.0)), np.nan)
        stderr = std / np.sqrt(n)
        if kind == "bool":
            low, high = weighted_proportion_interval(mean, stderr, times[:, LARGEST] / n, confidence)
        else:
            low, high = mean_interval(n, mean, std, confidence)
            none = (
                np.maximum(-times[:, SMALLEST], times[:, LARGEST]) == 0.0
            )  # of what was not seen weights have no bound
            low, high = np.where(none, -np.inf, low), np.where(none, np.inf, high)
    return {"mean": mean, "std": std, "stderr": stderr, "ci_low": low, "ci_high": high}


def _lost(slots: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell where squares are too small for a float, so that values that differ seem not to."""
    return (slots[:, SQUARES] < LEAST_SQUARES) & (slots[:, SMALLEST] < slots[:, LARGEST])


def effective_size(slots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many equal values would have the same relative error: ``sum(x)**2 / sum(x**2)``, 0 where all are 0, NaN where squares are no floats.

    Parameters
    ----------
    slots
        Shape (points, len(SLOTS)).
    """
    n, mean, m2 = (slots[:, slot] for slot in (FINITE, MEAN, SQUARES))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        size = n / (1.0 + (np.sqrt(np.maximum(m2, 0.0) / n) / mean) ** 2)
    return np.where(mean == 0.0, 0.0, np.where(_lost(slots) | ~np.isfinite(m2), np.nan, size))


def heaviest_part(slots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what part of ``sum(x**2)``, from which the error is estimated, the value furthest from 0 is; 0 where all are 0.

    Where it is much the error rests on a few values, as it does when the variance is infinite, however large the effective size.

    Parameters
    ----------
    slots
        Shape (points, len(SLOTS)).
    """
    n, mean, m2 = (slots[:, slot] for slot in (FINITE, MEAN, SQUARES))
    furthest = np.maximum(np.abs(slots[:, SMALLEST]), np.abs(slots[:, LARGEST]))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        part = (furthest / np.hypot(np.sqrt(np.maximum(m2, 0.0)), np.sqrt(n) * mean)) ** 2
    return np.where(furthest == 0.0, 0.0, np.where(_lost(slots) | ~np.isfinite(m2), np.nan, np.minimum(part, 1.0)))
