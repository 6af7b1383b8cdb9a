"""Functions that the C library has not in 80 bits, as references for `mathematics.py`: series and continued fractions in long double."""

from __future__ import annotations

import numpy as np

LONG = np.longdouble
ROOT_TWO = np.sqrt(LONG(2))
ROOT_PI = LONG("1.7724538509055160272981674833411451828")


def square_in_two(x):
    """x**2 as a sum of two long doubles: exact, for x has 53 bits."""
    high = x.astype(np.float64).astype(np.float32).astype(LONG)
    low = x - high
    total = x * x
    return total, ((high * high - total) + 2 * high * low) + low * low


def erf_series(x):
    """erf by its series of positive terms (DLMF 7.6.2), for |x| < 3."""
    square, rest = square_in_two(x)
    term = total = x.copy()
    for n in range(1, 75):
        term = term * (2 * square) / (2 * n + 1)
        total = total + term
    return 2 / ROOT_PI * np.exp(-square) * (1 - rest) * total


def fraction_below(x):
    """1 / (x + 2 / (x + 3 / (x + ...))) (DLMF 7.9.1, 8.9), for x >= 1.4, by parts: it takes the fewer terms the larger x is."""
    below = np.empty_like(x)
    for part, terms in ((x < 2.8, 400), (x >= 2.8, 130)):
        these, rest = x[part], np.zeros(int(part.sum()), LONG)
        for n in range(terms, 0, -1):
            rest = LONG(n) / (these + rest)
        below[part] = rest
    return below


def normal_tail(x):
    """normal_cdf(-x) for x > 0.6."""
    near, found = x < 1.4, np.empty_like(x)
    found[near] = LONG(0.5) - normal_middle(x[near])
    far = x[~near]
    square, rest = square_in_two(far)
    found[~near] = np.exp(-square / 2) * (1 - rest / 2) / ((far + fraction_below(far)) * ROOT_TWO * ROOT_PI)
    return found


def erfc_far(x):
    square, rest = square_in_two(x)
    return np.exp(-square) * (1 - rest) * ROOT_TWO / ((x * ROOT_TWO + fraction_below(x * ROOT_TWO)) * ROOT_PI)


def erfc(x):
    near, found = x < 1, np.empty_like(x)
    found[near] = 1 - erf(x[near])
    found[~near] = erfc_far(x[~near])
    return found


def erf(x):
    near, found = np.abs(x) < 2.5, np.empty_like(x)
    found[near] = erf_series(x[near])
    found[~near] = np.sign(x[~near]) * (1 - erfc_far(np.abs(x[~near])))
    return found


def normal_middle(x):
    """normal_cdf(x) - 1/2, by the series of positive terms (DLMF 7.6.2)."""
    square, rest = square_in_two(x)
    term = total = x.copy()
    for n in range(1, 40):
        term = term * square / (2 * n + 1)
        total = total + term
    return np.exp(-square / 2) * (1 - rest / 2) * total / (ROOT_TWO * ROOT_PI)


def normal_cdf(x):
    near = np.abs(x) < 0.7
    tail = normal_tail(np.where(near, LONG(1), np.abs(x)))
    return np.where(near, LONG(0.5) + normal_middle(np.where(near, x, LONG(0))), np.where(x > 0, 1 - tail, tail))


def gamma(x):
    """By Stirling's formula at ``x + 20``, and by reflection below zero."""
    size = np.abs(x)
    y = size + 20
    series = np.exp(
        (
            1 / LONG(12)
            - (1 / LONG(360) - (1 / LONG(1260) - (1 / LONG(1680) - 1 / LONG(1188) / y**2) / y**2) / y**2) / y**2
        )
        / y
    )
    found = (
        ROOT_TWO * ROOT_PI * np.power(y, (y - LONG(0.5)) / 2) * np.exp(-y) * series * np.power(y, (y - LONG(0.5)) / 2)
    )
    for n in range(20):
        found = found / (size + n)
    rest = np.abs(size - np.rint(size))
    sine = np.sin(ROOT_PI * ROOT_PI * rest) * np.where(np.floor(size) % 2 == 0, -1, 1)
    return np.where(x > 0, found, ROOT_PI * ROOT_PI / (np.where(x > 0, 1, sine * size) * found))


def lgamma(x):
    """By Stirling's formula; near its zeros of no use, but mpmath has the last word."""
    y = np.where(x < 20, x + 20, x)
    series = (
        1 / LONG(12)
        - (1 / LONG(360) - (1 / LONG(1260) - (1 / LONG(1680) - 1 / LONG(1188) / y**2) / y**2) / y**2) / y**2
    ) / y
    found = (y - LONG(0.5)) * np.log(y) - y + np.log(ROOT_TWO * ROOT_PI) + series
    for n in range(20):
        found = found - np.where(x < 20, np.log(x + n), LONG(0))
    return found
