"""Words to variates: what every method of a trial's ``rng`` does.

A trial has two primitive sequences: uniforms ``U[0], U[1], ...`` and normals ``Z[0], Z[1], ...``. Each is a pure function of
(seed, point, trial, i); every other distribution is built from them. The functions take the generator's state as ``rng`` (see
``sweep_kernels.rng``) and are the same source in plain Python and compiled.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import fma
from sweep_kernels.counter import NORMAL_STREAM, UNIFORM_STREAM
from sweep_kernels.mathematics.in_range import exp_in_range, log_in_range, sincos_turns
from sweep_kernels.philox import philox4x32

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["METHODS", "bernoulli", "exponential", "integers", "normal", "poisson", "uniform"]

POISSON_BY_INVERSION = 10.0
POISSON_BY_DEVIANCE = 1e10
MOST_INTEGERS = 1 << 32


def closed_open(high: int, low: int) -> float:
    """Two words to a multiple of 2**-53 in ``[0, 1)``."""
    return float((high << 21) | (low >> 11)) * 2.0**-53


def open_closed(high: int, low: int) -> float:
    """Two words to ``(w + 1/2) / 2**64`` in ``(0, 1]``, rounded once: fine steps near zero, where logarithms look."""
    return fma(float(low) + 0.5, 2.0**-64, float(high) * 2.0**-32)


def uniform(rng: Rng) -> float:
    """Draw from ``[0, 1)`` uniformly, with 53 random bits. One U."""
    i = rng.uniforms
    rng.uniforms = i + 1
    if (i & 1) != 0:
        return rng.spare_uniform
    block = i >> 1
    a, b, c, d = philox4x32(block, rng.c1 | UNIFORM_STREAM, rng.c2, rng.c3, rng.k0, rng.k1)
    rng.spare_uniform = closed_open(c, d)
    return closed_open(a, b)


def normal(rng: Rng) -> float:
    """Draw a standard normal. One Z.

    Box and Muller (1958), https://doi.org/10.1214/aoms/1177706645, with a 64-bit radius: ``|z|`` reaches 9.49, and a value beyond
    8 has the probability that it ought to have to one part in 100,000.
    """
    i = rng.normals
    rng.normals = i + 1
    if (i & 1) != 0:
        return rng.spare_normal
    block = i >> 1
    a, b, c, d = philox4x32(block, rng.c1 | NORMAL_STREAM, rng.c2, rng.c3, rng.k0, rng.k1)
    radius = math.sqrt(-2.0 * log_in_range(open_closed(a, b)))
    sine, cosine = sincos_turns(closed_open(c, d))
    rng.spare_normal = radius * sine
    return radius * cosine


def exponential(rng: Rng) -> float:
    """Exponential with mean 1, by inversion: ``-log(1 - U)``. One U."""
    return -log_in_range(1.0 - rng.uniform())


def integers(rng: Rng, low: int, high: int) -> int:
    """Integer on ``low <= k < high``, at most 2**32 values. One U.

    ``low + floor(U (high - low))``: a value's probability is off by at most one part in ``2**53 / (high - low)``.

    Raises
    ------
    ValueError
        If there is no integer to draw, or there are more than 2**32.
    """
    span = high - low
    if not (span >= 1 and span <= MOST_INTEGERS):
        raise ValueError("integers: high must be above low, by at most 2**32")
    return low + int(rng.uniform() * float(span))


def bernoulli(rng: Rng, p: float) -> bool:
    """Return whether an event of probability `p` happens: ``U < p``. One U.

    Raises
    ------
    ValueError
        If `p` is not between 0 and 1.
    """
    if not (p >= 0.0 and p <= 1.0):
        raise ValueError("bernoulli: the probability must be between 0 and 1")
    return rng.uniform() < p


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
    if mean < POISSON_BY_DEVIANCE:
        return fma(k, log_mean, -mean) - log_factorial(k)
    difference = k - mean
    e = difference / mean
    if abs(e) > 1e-3:
        return -math.inf
    series = fma(-e, fma(-e, fma(-e, 1.0 / 20.0, 1.0 / 12.0), 1.0 / 6.0), 0.5)
    return fma(-difference * e, series, -0.5 * log_in_range(6.28318530717958647692 * k))


def poisson_by_inversion(rng: Rng, mean: float) -> int:
    """Search the distribution function from zero. One U."""
    u = rng.uniform()
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
        u = rng.uniform() - 0.5
        v = 1.0 - rng.uniform()
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
    if mean < POISSON_BY_INVERSION:
        return poisson_by_inversion(rng, mean)
    return poisson_by_rejection(rng, mean)


METHODS = {
    "uniform": uniform,
    "normal": normal,
    "exponential": exponential,
    "integers": integers,
    "bernoulli": bernoulli,
    "poisson": poisson,
}
