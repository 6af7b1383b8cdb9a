"""Binomial numbers: ``binomial``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.draws.poisson_numbers import log_poisson
from sweep_kernels.draws.primitive import standard_uniform
from sweep_kernels.mathematics.in_range import exp_in_range, log_in_range
from sweep_kernels.mathematics.logarithmic import log1p, odd_rest

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["binomial", "log_binomial"]

BY_INVERSION = 10.0
MANY = 1e3
MOST = 10**15


def stirling_error(n: float) -> float:
    """``log n! - log(sqrt(2 pi n) (n / e)**n)`` for ``n >= 10``; error below 1e-12 (Abramowitz & Stegun 6.1.40)."""
    inverse = 1.0 / n
    z = inverse * inverse
    series = fma(z, fma(z, fma(z, fma(z, 1.0 / 1188.0, -1.0 / 1680.0), 1.0 / 1260.0), -1.0 / 360.0), 1.0 / 12.0)
    return inverse * series


def log_factorial(n: float) -> float:
    """``log n!`` for an integer ``n >= 0`` without a branch; below 10 by that of ``n + 10``."""
    small = n < 10.0
    x = select(small, n + 10.0, n)
    product = (n + 1.0) * (n + 2.0) * (n + 3.0) * (n + 4.0) * (n + 5.0)
    product = product * ((n + 6.0) * (n + 7.0) * (n + 8.0) * (n + 9.0) * (n + 10.0))
    shift = select(small, log_in_range(select(small, product, 1.0)), 0.0)
    return fma(x + 0.5, log_in_range(x), 0.91893853320467274178 - x) + (stirling_error(x) - shift)


def log_binomial(k: float, n: float, p: float, q: float) -> float:
    """Logarithm of the probability of `k`, less a term of `n` alone; ``n p <= n q``, ``q = 1 - p``, ``n p >= 10``.

    From a thousand trials on as a Poisson number's, corrected for the failures: ``log(n / (n - k)) / 2 - D(n - k) - (Stirling's error of n - k)``,
    `D` the deviance of the failures from ``n q`` (C. Loader, "Fast and accurate computation of binomial probabilities", 2000), which with
    ``v = (x - m) / (x + m)`` is ``v (x - m + x R(v**2))``, fdlibm's `R`. Where ``|v| >= 0.17`` the probability is below ``exp(-42)``, and
    no draw of 53 bits accepts it.
    """
    if n < MANY:
        return fma(k, log_in_range(p / q), -log_factorial(k) - log_factorial(n - k))
    failures, mean = n - k, n * q
    difference = failures - mean
    v = difference / (failures + mean)
    near = abs(v) < 0.17
    failures = select(near, failures, mean)
    deviance = v * fma(failures, odd_rest(v * v), difference)
    correction = fma(0.5, log_in_range(n / failures), -deviance) - stirling_error(failures)
    mean = n * p
    return select(near, log_poisson(k, mean, log_in_range(mean)) + correction, -math.inf)


def binomial_by_inversion(rng: Rng, n: float, p: float) -> int:
    """Search the distribution function from zero. One U."""
    u = standard_uniform(rng)
    odds = p / (1.0 - p)
    k = 0.0
    term = exp_in_range(n * log1p(-p))
    below = term
    while u >= below and k < n:
        ratio = (n - k) / (k + 1.0) * odds
        above = fma(term, ratio, below)
        k = k + 1.0
        if above == below:  # the rest of the tail is below the resolution of U
            break
        term = term * ratio
        below = above
    return int(k)


def binomial_by_rejection(rng: Rng, n: float, p: float) -> int:
    """Reject from a transformed uniform, with a squeeze (BTRS). Two U a try, 1.13 to 1.42 tries.

    W. Hörmann, "The generation of binomial random variates", Journal of Statistical Computation and Simulation 46 (1993),
    https://doi.org/10.1080/00949659308811496.
    """
    q = 1.0 - p
    deviation = math.sqrt(n * p * q)
    b = fma(2.53, deviation, 1.15)
    a = fma(0.01, p, fma(0.0248, b, -0.0873))
    v_r = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * deviation
    at_mode = log_binomial(float(math.floor((n + 1.0) * p)), n, p, q)
    while True:
        u = standard_uniform(rng) - 0.5
        v = 1.0 - standard_uniform(rng)
        us = 0.5 - abs(u)
        if us == 0.0:
            continue
        k = float(math.floor(fma(2.0 * a / us + b, u, fma(n, p, 0.5))))
        if us >= 0.07 and v <= v_r:
            return int(k)
        if k < 0.0 or k > n:
            continue
        if log_in_range(v * alpha / (a / (us * us) + b)) <= log_binomial(k, n, p, q) - at_mode:
            return int(k)


def binomial(rng: Rng, n: int, p: float) -> int:
    """Successes of probability `p` in `n` trials, ``0 <= n <= 1e15``. One U where fewer than 10 successes or failures are expected, else two U a try.

    Raises
    ------
    ValueError
        If `n` is not whole or not between 0 and 1e15, or `p` not between 0 and 1.
    """
    if not (n >= 0 and n <= MOST and p >= 0.0 and p <= 1.0):
        raise ValueError("binomial: n must be between 0 and 1e15, and p between 0 and 1")
    whole = int(n)
    if whole != n:
        raise ValueError("binomial: n must be a whole number")
    trials = float(whole)
    rarer = select(p > 0.5, 1.0 - p, float(p))
    by_inversion = trials * rarer < BY_INVERSION
    k = binomial_by_inversion(rng, trials, rarer) if by_inversion else binomial_by_rejection(rng, trials, rarer)
    return select(p > 0.5, whole - k, k)
