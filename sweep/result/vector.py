"""An output that is a vector, such as a curve over time: its statistics as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import UsageError, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.result.result import Result

__all__ = ["Vector", "sparkline", "vector_of"]

BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, eq=False)
class Vector:
    """Statistics of a vector, component by component.

    Attributes
    ----------
    mean, std, stderr, low, high
        float64, shape (points, length); `low` and `high` are the ends of each component's own interval, which says nothing of all of them at once.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    stderr: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def vector_of(result: Result, name: str) -> Vector:
    """Gather the columns of a vector's components.

    Raises
    ------
    UsageError
        If there is no such vector.
    """
    vectors = result.vectors
    if name not in vectors:
        known = nearest(name, list(vectors)) if vectors else "its outputs are numbers"
        raise UsageError(f"the result has no vector {name!r}: {known}")

    def columns(suffix: str) -> Any:
        found = [result.table[f"{name}[{i}]_{suffix}"].to_numpy() for i in range(vectors[name])]
        return np.stack(found, axis=1).astype(np.float64, copy=False)

    return Vector(*map(columns, ("mean", "std", "stderr", "ci_low", "ci_high")))


def sparkline(values: NDArray[np.float64], low: float, high: float, width: int = 24) -> str:
    """Draw numbers between `low` and `high` as bars; neighbours share one where there are more than `width`.

    >>> sparkline(np.array([0.0, 1.0, np.nan, 2.0]), 0.0, 2.0)
    '▁▅ █'
    """
    pieces = np.array_split(values, min(width, len(values)))
    with np.errstate(invalid="ignore"):
        heights = [(float(each.mean()) - low) / (high - low or 1.0) * (len(BARS) - 1) for each in pieces]
    return "".join(BARS[min(max(round(each), 0), len(BARS) - 1)] if np.isfinite(each) else " " for each in heights)
