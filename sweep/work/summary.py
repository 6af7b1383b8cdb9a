"""Statistics to the columns that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.intervals import mean_interval, proportion_interval
from sweep_kernels.statistics import FINITE, LARGEST, MEAN, SMALLEST, SQUARES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.plan import Plan
    from sweep.work.rows import Rows

__all__ = ["COLUMNS", "columns_of_rows", "output_columns"]

COLUMNS = ("mean", "std", "stderr", "ci_low", "ci_high", "min", "max")


def columns_of_rows(plan: Plan, rows: Rows, output: int, kind: str) -> dict[str, NDArray[Any]]:
    """Return the columns of a plan's output of that position, of which `rows` hold the statistics, one a point; see `output_columns`."""
    slots = rows.statistics[:, output]
    return output_columns(
        plan.kernel.outputs[output],
        kind,
        n=rows.trials,
        finite=slots[:, FINITE],
        mean=slots[:, MEAN],
        m2=slots[:, SQUARES],
        smallest=slots[:, SMALLEST],
        largest=slots[:, LARGEST],
        hits=rows.hits[:, output],
        confidence=plan.confidence,
        may_lack=plan.kernel.is_program,
    )


def output_columns(
    name: str,
    kind: str,
    *,
    n: NDArray[np.int64],
    finite: NDArray[np.float64],
    mean: NDArray[np.float64],
    m2: NDArray[np.float64],
    smallest: NDArray[np.float64],
    largest: NDArray[np.float64],
    hits: NDArray[np.int64],
    confidence: float,
    may_lack: bool = False,
) -> dict[str, NDArray[Any]]:
    """Return an output's columns.

    Parameters
    ----------
    name, kind
        The output, and whether it is ``"bool"``, ``"int"`` or ``"float"``.
    n
        Trials of each point.
    finite
        How many of them gave a finite value; the other columns speak of these.
    mean, m2, smallest, largest
        Mean, sum of squared deviations from it, minimum and maximum.
    hits
        For a bool, how often it was true.
    confidence
        Of the interval.
    may_lack
        Whether any trial may be without the output, whatever its kind, as those of a command may.

    Returns
    -------
    dict
        ``<name>_mean``, ``_std``, ``_stderr``, ``_ci_low``, ``_ci_high``, ``_min``, ``_max``, and for floats ``_nonfinite``: how
        many trials gave NaN or inf, or failed. NaN where there is nothing to say: a standard error of one trial, a mean of none.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        if kind == "bool":
            average = hits / finite
            std = np.sqrt(average * (1.0 - average) * finite / (finite - 1.0))
            low, high = proportion_interval(hits, finite.astype(np.int64), confidence)
        else:
            average = np.where(finite > 0, mean, np.nan)
            std = np.sqrt(np.maximum(m2, 0.0) / (finite - 1.0))
            low, high = mean_interval(finite, average, std, confidence)
        std = np.where(finite > 1, std, np.nan)
        stderr = std / np.sqrt(finite)
    columns: dict[str, NDArray[Any]] = dict(zip(COLUMNS, (average, std, stderr, low, high), strict=False))
    columns["min"], columns["max"] = (_typed(kind, each, finite) for each in (smallest, largest))
    if kind == "float" or may_lack:
        columns["nonfinite"] = n - finite.astype(np.int64)
    return {f"{name}_{column}": values for column, values in columns.items()}


def _typed(kind: str, values: NDArray[np.float64], finite: NDArray[np.float64]) -> NDArray[Any]:
    if kind == "float":
        return np.where(finite > 0, values, np.nan)
    known = np.where(finite > 0, values, 0.0).astype(np.bool_ if kind == "bool" else np.int64)
    return known if np.all(finite > 0) else np.ma.masked_array(known, finite == 0)
