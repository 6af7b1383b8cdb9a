"""Poisson numbers: ``poisson``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import fma
from sweep_kernels.draws.primitive import standard_uniform
from sweep_kernels.mathematics.in_range import exp_in_range, log_in_range

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["log_poisson", "poisson"]

BY_INVERSION = 10.0
BY_DEVIANCE = 1e10


def log_factorial(k: float) -> float:
    """``log(k!)`` for an integer ``k >= 0``, by Stirling's series above 9 (Abramowitz & Stegun 6.1.41)."""
    x = k + 1.0
    product = 1.0
    while x < 10.0:
        product = product * x
        x = x + 1.0
    inverse = 1.0 / x
    z = inverse * inverse
    series = fma(z, fma(z, fma(z, -1.0 / 1680.0, 1.0 / 1260.0), -1.0 / 360.0), 1.0 / 12.0)
    return fma(x - 0.5, log_in_range(x), 0.91893853320467274178 - x) + fma(series, inverse, -log_in_range(product))


def log_poisson(k: float, mean: float, log_mean: float) -> float:
    """Logarithm of the probability of `k`.

    Large means need the deviance ``k log(k / mean) + mean - k`` as a series in ``e = k / mean - 1``, for its terms cancel (C. Loader, "Fast and
    accurate computation of binomial probabilities", 2000): ``mean e**2 (1/2 - e/6 + e**2/12 - e**3/20)``, right to 1e-12 where
    ``|e| < 1e-3``; beyond, the probability is below ``exp(-4000)``.
    """
    if mean < BY_DEVIANCE:
        return fma(k, log_mean, -mean) - log_factorial(k)
    difference = k - mean
    e = difference / mean
    if abs(e) > 1e-3:
        return -math.inf
    series = fma(-e, fma(-e, fma(-e, 1.0 / 20.0, 1.0 / 12.0), 1.0 / 6.0), 0.5)
    return fma(-difference * e, series, -0.5 * log_in_range(6.28318530717958647692 * k))


def poisson_by_inversion(rng: Rng, mean: float) -> int:
    """Search the distribution function from zero. One U."""
    u = standard_uniform(rng)
    k = 0
    term = exp_in_range(-mean)
    below = term
    while u >= below:
        k = k + 1
        ratio = mean / float(k)
        above = fma(term, ratio, below)
        if above == below:  # the rest of the tail is below the resolution of U
            break
        term = term * ratio
        below = above
    return k


def poisson_by_rejection(rng: Rng, mean: float) -> int:
    """Reject from a transformed uniform, with a squeeze (PTRS). Two U a try, 1.1 to 1.3 tries.

    W. Hörmann, "The transformed rejection method for generating Poisson random variables", Insurance: Mathematics and Economics 12
    (1993), https://doi.org/10.1016/0167-6687(93)90997-4.
    """
    b = fma(2.53, math.sqrt(mean), 0.931)
    a = fma(0.02483, b, -0.059)
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2.0)
    log_mean = log_in_range(mean)
    while True:
        u = standard_uniform(rng) - 0.5
        v = 1.0 - standard_uniform(rng)
        us = 0.5 - abs(u)
        if us == 0.0:
            continue
        k = math.floor(fma(2.0 * a / us + b, u, mean + 0.43))
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        accepted = log_in_range(v * inverse_alpha / (a / (us * us) + b))
        if accepted <= log_poisson(float(k), mean, log_mean):
            return k


def poisson(rng: Rng, mean: float) -> int:
    """Poisson with ``0 <= mean <= 1e15``. One U below a mean of 10, else two U a try (1.1 to 1.3 tries).

    Raises
    ------
    ValueError
        If `mean` is negative, NaN or above 1e15.
    """
    if not (mean >= 0.0 and mean <= 1e15):
        raise ValueError("poisson: the mean must be between 0 and 1e15")
    if mean < BY_INVERSION:
        return poisson_by_inversion(rng, mean)
    return poisson_by_rejection(rng, mean)
