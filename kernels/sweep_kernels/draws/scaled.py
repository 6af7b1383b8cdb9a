"""The primitive draws, shifted and scaled: ``uniform``, ``normal``; and the exponential of a normal: ``lognormal``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.draws.primitive import standard_normal, standard_uniform
from sweep_kernels.mathematics.exponential import exp

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["lognormal", "normal", "uniform"]


def uniform(rng: Rng, low: float = 0.0, high: float = 1.0) -> float:
    """Draw from ``[low, high)`` uniformly: ``low + (high - low) U``, rounded once, which may be `high`. One U.

    Raises
    ------
    ValueError
        If `high` is below `low`, or they are infinitely far apart.
    """
    span = high - low
    if not (span >= 0.0 and span < math.inf):
        raise ValueError("uniform: high must not be below low, and both must be finite")
    u = standard_uniform(rng)
    return select((low == 0.0) & (span == 1.0), u, fma(float(span), u, float(low)))


def normal(rng: Rng, loc: float = 0.0, scale: float = 1.0) -> float:
    """Draw a normal with mean `loc` and standard deviation `scale`: ``loc + scale Z``, rounded once. One Z.

    Raises
    ------
    ValueError
        If `loc` is not finite, or `scale` is negative or not finite.
    """
    if not (abs(loc) < math.inf and scale >= 0.0 and scale < math.inf):
        raise ValueError("normal: the standard deviation must be 0 or more, and it and the mean must be finite")
    z = standard_normal(rng)
    return select((loc == 0.0) & (scale == 1.0), z, fma(float(scale), z, float(loc)))


def lognormal(rng: Rng, mean: float = 0.0, sigma: float = 1.0) -> float:
    """Lognormal: ``exp(mean + sigma Z)``; `mean` and `sigma` are the logarithm's. One Z.

    Raises
    ------
    ValueError
        If `mean` is not finite, or `sigma` is negative or not finite.
    """
    if not (abs(mean) < math.inf and sigma >= 0.0 and sigma < math.inf):
        raise ValueError("lognormal: sigma must be 0 or more, and it and the mean must be finite")
    return exp(fma(float(sigma), standard_normal(rng), float(mean)))
