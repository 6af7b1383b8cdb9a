"""The share of a square that its inscribed circle covers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.declaration import kernel

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["COVERED", "pi"]

COVERED = math.pi / 4.0
"""Probability that the point lies inside."""


@kernel(outputs=["inside"])
def pi(rng: Rng) -> bool:
    """Whether a point of the unit square lies in the quarter circle: four times the mean is pi."""
    x = rng.uniform()
    y = rng.uniform()
    return x * x + y * y < 1.0
