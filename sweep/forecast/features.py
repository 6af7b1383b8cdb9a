"""Parameters as numbers from 0 to 1, by which costs are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.space.base import Space

__all__ = ["Features"]

WIDE = 8.0
"""Positive values that span this factor are compared by their logarithms."""

CATEGORIES = 6
"""Categories up to this many have a feature each; more of them are compared by their codes."""


@dataclass(frozen=True)
class Features:
    """Scales parameters as they lie over some points.

    Attributes
    ----------
    space
        Whose points.
    scales
        By parameter that is not the same everywhere: how it is made features of.
    """

    space: Space
    scales: dict[str, Any]

    @classmethod
    def over(cls, space: Space, points: NDArray[np.int64]) -> Features:
        """Choose scales by the values at some points, among them the ends of the space."""
        held = space.at(points)
        kinds = {each.name: each for each in space.parameters}
        scales: dict[str, Any] = {}
        for name, values in held.items():
            low, high = float(np.min(values)), float(np.max(values))
            if low < high:
                is_text = kinds[name].kind == "str" and len(kinds[name].categories) <= CATEGORIES
                scales[name] = len(kinds[name].categories) if is_text else (low, high)
        return cls(space, scales)

    def __call__(self, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return features, shape ``(points, d)``."""
        held = self.space.at(points)
        columns: list[NDArray[np.float64]] = []
        for name, scale in self.scales.items():
            values = np.asarray(held[name], np.float64)
            columns += _one_hot(values, scale) if isinstance(scale, int) else [_scaled(values, *scale)]
        return np.stack(columns, axis=1) if columns else np.zeros((len(points), 0))


def _one_hot(codes: NDArray[np.float64], count: int) -> list[NDArray[np.float64]]:
    return [np.where(codes == code, 0.5, 0.0) for code in range(count)]


def _scaled(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Scale to 0 to 1, by logarithms where that is how the values are spread."""
    if low > 0.0 and high / low >= WIDE:
        return np.log(np.maximum(values, low) / low) / np.log(high / low)
    return (values - low) / (high - low)
