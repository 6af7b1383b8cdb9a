"""One uniform through the inverse of a distribution function: ``exponential``, ``rayleigh``, ``weibull``, ``triangular``, ``geometric``.

L. Devroye, "Non-Uniform Random Variate Generation" (1986), II.2 and X.2, http://luc.devroye.org/rnbookindex.html. Nothing branches,
so trials side by side stay in step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import select
from sweep_kernels.draws.primitive import standard_uniform
from sweep_kernels.mathematics.exponential import exp
from sweep_kernels.mathematics.in_range import log_in_range
from sweep_kernels.mathematics.logarithmic import log1p

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["exponential", "geometric", "rayleigh", "triangular", "weibull"]


def standard_exponential(rng: Rng) -> float:
    """Exponential with mean 1: ``-log(1 - U)``, at most 36.8. One U."""
    return -log_in_range(1.0 - standard_uniform(rng))


def exponential(rng: Rng, scale: float = 1.0) -> float:
    """Exponential with mean `scale`. One U.

    Raises
    ------
    ValueError
        If `scale` is negative or not finite.
    """
    if not (scale >= 0.0 and scale < math.inf):
        raise ValueError("exponential: the scale must be 0 or more, and finite")
    return scale * standard_exponential(rng)


def rayleigh(rng: Rng, scale: float = 1.0) -> float:
    """Rayleigh, the length of two independent normals of standard deviation `scale`: ``scale sqrt(-2 log(1 - U))``. One U.

    Raises
    ------
    ValueError
        If `scale` is negative or not finite.
    """
    if not (scale >= 0.0 and scale < math.inf):
        raise ValueError("rayleigh: the scale must be 0 or more, and finite")
    return scale * math.sqrt(2.0 * standard_exponential(rng))


def weibull(rng: Rng, a: float, scale: float = 1.0) -> float:
    """Weibull of shape `a`: ``scale E**(1 / a)``, `E` exponential. One U.

    Raises
    ------
    ValueError
        If `a` is not positive and finite, or `scale` is negative or not finite.
    """
    if not (a > 0.0 and a < math.inf and scale >= 0.0 and scale < math.inf):
        raise ValueError("weibull: the shape must be above 0, the scale 0 or more, and both finite")
    e = standard_exponential(rng)
    none = e == 0.0
    x = exp(log_in_range(select(none, 1.0, e)) / a)
    return select(none | (scale == 0.0), 0.0, scale * x)


def triangular(rng: Rng, left: float, mode: float, right: float) -> float:
    """Triangular on ``[left, right]``, densest at `mode`. One U.

    Raises
    ------
    ValueError
        If not ``left <= mode <= right``, `left` is `right`, or they are infinitely far apart.
    """
    width = right - left
    if not (left <= mode <= right and width > 0.0 and width < math.inf):
        raise ValueError("triangular: it must be that left <= mode <= right, left < right, and all finite")
    u = standard_uniform(rng)
    rising = (mode - left) / width
    up = u < rising
    root = width * math.sqrt(select(up, u, 1.0 - u) * select(up, rising, (right - mode) / width))
    return select(up, left + root, right - root)


def geometric(rng: Rng, p: float) -> int:
    """Trials up to the first success of probability `p`: 1, 2, ... One U.

    ``1 + floor(E / -log(1 - p))``, `E` exponential. `p` is at least 1e-14, so that the number is below 2**53.

    Raises
    ------
    ValueError
        If not ``1e-14 <= p <= 1``.
    """
    if not (p >= 1e-14 and p <= 1.0):
        raise ValueError("geometric: the probability must be between 1e-14 and 1")
    return 1 + int(standard_exponential(rng) / -log1p(-p))
