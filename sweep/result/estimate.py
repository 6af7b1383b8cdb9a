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
    """What was found at each point; for a vector, of shape (points, length).

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
        int64, shape (points, bins); of a vector (points, length, bins).
    below, above
        int64, shape (points,), of a vector (points, length): how many values were outside.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    below: NDArray[np.int64]
    above: NDArray[np.int64]


def quantile_of(result: Result, output: str, level: float) -> Estimate:
    """See `sweep.result.Result.quantile`."""
    if output in result.vectors:
        return _stacked([quantile_of(result, each, level) for each in _components(result, output)])
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
    if a in result.vectors and b not in result.vectors:
        return _stacked([covariance_of(result, each, b, what) for each in _components(result, a)])
    if b in result.vectors and a not in result.vectors:
        return _stacked([covariance_of(result, a, each, what) for each in _components(result, b)])
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
    if output in result.vectors:
        each_of = [histogram_of(result, each) for each in _components(result, output)]
        return _of_one_range(output, each_of)
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


def _components(result: Result, vector: str) -> list[str]:
    return [f"{vector}[{i}]" for i in range(result.vectors[vector])]


def _stacked(each_of: list[Estimate]) -> Estimate:
    """Put the estimates of components side by side: shape (points, length)."""
    value, low, high, stderr = (
        None if column[0] is None else np.stack(column, axis=1) for column in zip(*each_of, strict=True)
    )
    return Estimate(value, low, high, stderr)  # type: ignore[arg-type] - only the last may be None


def _of_one_range(vector: str, each_of: list[Histogram]) -> Histogram:
    """Put the histograms of components side by side: counts of shape (points, length, bins)."""
    if any(not np.array_equal(each.edges, each_of[0].edges) for each in each_of):
        raise UsageError(
            f"the histograms of {vector!r} have different ranges: read one, as in histogram('{vector}[0]')"
        )
    counts, below, above = (np.stack(column, axis=1) for column in zip(*(each[1:] for each in each_of), strict=True))
    return Histogram(each_of[0].edges, counts, below, above)


def _estimate(result: Result, name: str) -> Estimate:
    columns = result.table.column_names
    value, low, high = (result.table[f"{name}{end}"].to_numpy() for end in ("", "_ci_low", "_ci_high"))
    stderr = f"{name}_stderr"
    return Estimate(value, low, high, result.table[stderr].to_numpy() if stderr in columns else None)


def _require_output(result: Result, name: Any) -> None:
    if name in result.vectors:
        raise UsageError(f"{name!r} is a vector: name two of the components, as in '{name}[0]', or one and a number")
    if name not in result.outputs:
        raise UsageError(f"the result has no output {name!r}: {nearest(str(name), [*result.vectors, *result.outputs])}")


def _is_number(result: Result, output: str) -> bool:
    return str(result.table[f"{output}_min"].type) != "bool"
