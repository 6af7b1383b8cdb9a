"""Gamma and what is made of it: ``gamma``, ``chisquare``, ``beta``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.draws.primitive import standard_normal, standard_uniform
from sweep_kernels.mathematics.exponential import exp
from sweep_kernels.mathematics.in_range import log_in_range
from sweep_kernels.mathematics.logarithmic import log

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["beta", "chisquare", "gamma"]

BY_SERIES = 1e6
LEAST_SHAPE, LARGEST_SHAPE = 1e-300, 1e300
SMALLEST = 5e-324  # half of it is 0


def standard_gamma(rng: Rng, shape: float) -> float:
    """Gamma of a `shape` of at least 1 and scale 1. One Z and one U a try; 1.05 tries at a shape of 1, fewer above.

    ``d (1 + Z / sqrt(9 d))**3``, ``d = shape - 1/3``, rejected to fit: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma
    variables", ACM Transactions on Mathematical Software 26 (2000), https://doi.org/10.1145/358407.358414.
    """
    d = shape - 1.0 / 3.0
    c = 1.0 / (3.0 * math.sqrt(d))
    while True:
        z = standard_normal(rng)
        u = 1.0 - standard_uniform(rng)
        t = c * z
        root = 1.0 + t
        if root > 0.0 and log_in_range(u) <= log_acceptance(z, t, root, d):
            return d * (root * root * root)


def log_acceptance(z: float, t: float, root: float, d: float) -> float:
    """``z**2 / 2 + d (1 - v + log v)`` with ``v = root**3``, ``root = 1 + t``, ``t = z / sqrt(9 d)``.

    Its terms are up to `d`, and cancel: for a large `d` by their series in `t`, ``-(z t)**2 (1/12 - t/15 + t**2/18)``, right to 1e-11 from
    ``d = 1e6`` on.
    """
    if d < BY_SERIES:
        fall = fma(-t, fma(t, 3.0 + t, 3.0), 3.0 * log_in_range(root))
        return fma(0.5 * z, z, d * fall)
    return -(z * t) * (z * t) * fma(t, fma(t, 1.0 / 18.0, -1.0 / 15.0), 1.0 / 12.0)


def gamma(rng: Rng, shape: float, scale: float = 1.0) -> float:
    """Gamma of a shape of at least 1: one Z and one U a try, at most 1.05 tries. Below 1, another U.

    Below a shape of 1, a draw for ``shape + 1`` times ``U**(1 / shape)``, by logarithms; 0 where that is below 5e-324.

    Raises
    ------
    ValueError
        If `shape` is not positive and finite, or `scale` is negative or not finite.
    """
    if not (shape > 0.0 and shape < math.inf and scale >= 0.0 and scale < math.inf):
        raise ValueError("gamma: the shape must be above 0, the scale 0 or more, and both finite")
    small = shape < 1.0
    variate = standard_gamma(rng, select(small, 1.0 + shape, float(shape)))
    if small:
        return exp(log_in_range(variate) + log(float(scale)) + log_in_range(1.0 - standard_uniform(rng)) / shape)
    return scale * variate


def chisquare(rng: Rng, df: float) -> float:
    """Chi-square with `df` degrees of freedom, any positive number: twice a gamma of shape ``df / 2``, and as many words.

    Raises
    ------
    ValueError
        If `df` is not positive and finite.
    """
    if not (df > 0.0 and df < math.inf):
        raise ValueError("chisquare: the degrees of freedom must be above 0, and finite")
    return gamma(rng, max(0.5 * df, SMALLEST), 2.0)


def beta(rng: Rng, a: float, b: float) -> float:
    """Beta: of two gammas `X` and `Y` of shapes `a` and `b`, ``X / (X + Y)``; words as for these.

    Where a shape is below 1 by their logarithms, for both may be below what a float64 holds.

    Raises
    ------
    ValueError
        If `a` or `b` is not between 1e-300 and 1e300.
    """
    if not (a >= LEAST_SHAPE and a <= LARGEST_SHAPE and b >= LEAST_SHAPE and b <= LARGEST_SHAPE):
        raise ValueError("beta: a and b must be between 1e-300 and 1e300")
    x = standard_gamma(rng, select(a < 1.0, 1.0 + a, float(a)))
    y = standard_gamma(rng, select(b < 1.0, 1.0 + b, float(b)))
    if a >= 1.0 and b >= 1.0:
        return x / (x + y)
    log_ratio = log_in_range(y) - log_in_range(x)
    if a < 1.0:
        log_ratio = log_ratio - log_in_range(1.0 - standard_uniform(rng)) / a
    if b < 1.0:
        log_ratio = log_ratio + log_in_range(1.0 - standard_uniform(rng)) / b
    return 1.0 / (1.0 + exp(log_ratio))
