"""Estimates beyond means, as arrays with an entry for each point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep.errors import UsageError, nearest
from sweep.request import quantile_label
from sweep_kernels.histogram import edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.result.result import Result

__all__ = ["Estimate", "Histogram", "covariance_of", "histogram_of", "quantile_of"]


class Estimate(NamedTuple):
    """What was found at each point.

    Attributes
    ----------
    value
        The estimate.
    low, high
        Its interval, at the study's confidence.
    stderr
        Its standard error; None for a quantile, whose interval comes from ranks.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    stderr: NDArray[np.float64] | None = None


class Histogram(NamedTuple):
    """How many values fell where.

    Attributes
    ----------
    edges
        Shape (bins + 1,). Bin `k` holds ``edges[k] <= x < edges[k + 1]``, the last one also its upper edge.
    counts
        int64, shape (points, bins).
    below, above
        int64, shape (points,): how many values were outside.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    below: NDArray[np.int64]
    above: NDArray[np.int64]


def quantile_of(result: Result, output: str, level: float) -> Estimate:
    """See `sweep.result.Result.quantile`."""
    _require_output(result, output)
    name = f"{output}_{quantile_label(level)}" if isinstance(level, float) else ""
    if name not in result.table.column_names:
        held = result.request.levels(output, "float" if _is_number(result, output) else "bool")
        has = f"it has {', '.join(map(str, held))}" if held else "it has none of this output"
        raise UsageError(
            f"the result has no quantile {level!r} of {output!r}: {has}. Ask for it in the study"
            f"{', and run it again: no trial is computed anew' if held else ', as in quantiles=[0.5, 0.99]'}"
        )
    return _estimate(result, name)


def covariance_of(result: Result, a: str, b: str, what: str) -> Estimate:
    """See `sweep.result.Result.covariance`; `what` is ``"cov"`` or ``"corr"``."""
    for name in (a, b):
        _require_output(result, name)
    for first, second in ((a, b), (b, a)):
        if (first, second) in result.request.covariance:
            return _estimate(result, f"{first}_{second}_{what}")
    raise UsageError(
        f"the result has no covariance of {a!r} and {b!r}: ask for it in the study, as in covariance=[({a!r}, {b!r})]"
    )


def histogram_of(result: Result, output: str) -> Histogram:
    """See `sweep.result.Result.histogram`."""
    _require_output(result, output)
    asked = dict(result.request.histograms)
    if output not in asked:
        raise UsageError(
            f"the result has no histogram of {output!r}: ask for it in the study, as in histograms={{{output!r}: (0.0, 50.0, 100)}}"
        )
    low, high, bins = asked[output]
    column = result.table[f"{output}_histogram"].combine_chunks()
    cells = np.asarray(column.flatten().to_numpy()).reshape(len(result), bins + 2)
    return Histogram(edges(low, high, bins), cells[:, 1:-1], cells[:, 0], cells[:, -1])


def _estimate(result: Result, name: str) -> Estimate:
    columns = result.table.column_names
    value, low, high = (result.table[f"{name}{end}"].to_numpy() for end in ("", "_ci_low", "_ci_high"))
    stderr = f"{name}_stderr"
    return Estimate(value, low, high, result.table[stderr].to_numpy() if stderr in columns else None)


def _require_output(result: Result, name: Any) -> None:
    if name not in result.outputs:
        raise UsageError(f"the result has no output {name!r}: {nearest(str(name), result.outputs)}")


def _is_number(result: Result, output: str) -> bool:
    return str(result.table[f"{output}_min"].type) != "bool"
