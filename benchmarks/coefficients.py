"""Which polynomials are in the elementary functions, and how near do they come?

    python benchmarks/coefficients.py [NAME ...]

Each is the interpolating polynomial at Chebyshev points, computed with 300 bits, its coefficients then rounded to float64; within a factor of 2 or
3 of the best there is (L. N. Trefethen, "Approximation Theory and Approximation Practice", 2013, ch. 16). Prints the largest error, relative to
the function that it serves, in bits, and the coefficients, highest first; constants in two parts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
from mpmath import mpf

mpmath.mp.prec = 300
TINY = mpf(10) ** -40
LN2, ROOT_TWO_PI = mpmath.log(2), mpmath.sqrt(2 * mpmath.pi)


def unweighted(_):
    return mpf(1)


@dataclass(frozen=True)
class Fit:
    """A polynomial.

    Attributes
    ----------
    function
        What is interpolated.
    low, high, degree
        Interval, in the polynomial's variable.
    weight
        An error there, relative to the function that it serves, is the polynomial's error times this.
    """

    function: Any
    low: Any
    high: Any
    degree: int
    weight: Any = unweighted


def interpolated(fit: Fit) -> list[mpf]:
    """Return the coefficients, lowest first: Newton's divided differences, multiplied out."""
    count = fit.degree + 1
    middle, half = (mpf(fit.low) + fit.high) / 2, (mpf(fit.high) - fit.low) / 2
    points = [middle + half * mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    differences = [fit.function(x) for x in points]
    for step in range(1, count):
        for i in range(count - 1, step - 1, -1):
            differences[i] = (differences[i] - differences[i - 1]) / (points[i] - points[i - step])
    coefficients = [differences[-1]]
    for i in range(count - 2, -1, -1):
        shifted = [mpf(0), *coefficients]
        coefficients = [a - points[i] * b for a, b in zip(shifted, [*coefficients, mpf(0)], strict=True)]
        coefficients[0] += differences[i]
    return coefficients


def error_bits(fit: Fit, coefficients: list[mpf]) -> float:
    rounded = [coefficients[0], *[mpf(float(each)) for each in coefficients[1:]]]
    places = [fit.low + (mpf(fit.high) - fit.low) * (i + mpf("0.37")) / 100 for i in range(100)]
    worst = max(abs((mpmath.polyval(rounded[::-1], x) - fit.function(x)) * fit.weight(x)) for x in places)
    return float(mpmath.log(worst, 2))


def near_zero(limit, function):
    """`function`, with its limit at zero."""
    return lambda x: limit if abs(x) < TINY else function(x)


def of_root(limit, function):
    """`function` of the square root, with its limit at zero."""
    return near_zero(limit, lambda z: function(mpmath.sqrt(z)))


def relative(function):
    return lambda x: 1 / function(x)


def tail(function, centre):
    """`function` in the variable ``(x - centre) / (x + centre)``."""
    return lambda t: function(centre * (1 + t) / (1 - t))


def moved(x, centre):
    return (mpf(x) - centre) / (mpf(x) + centre)


@cache
def quantile_over_root(w):
    """x / sqrt(w), where w = -log(4 p (1 - p)) and p = normal_cdf(x), by Newton's method."""
    if w < mpf(10) ** -30:
        return mpmath.sqrt(mpmath.pi / 2)
    x = (
        mpmath.sqrt(w * mpf("1.57"))
        if w < 3
        else mpmath.sqrt(max(2 * w - mpmath.log(2 * mpmath.pi * w), w * mpf("1.57")))
    )
    step = x
    while abs(step) > mpf(10) ** -60 * x:
        below = mpmath.ncdf(-x)
        step = (-mpmath.log(4 * below * (1 - below)) - w) / (mpmath.npdf(x) * (1 / below - 1 / (1 - below)))
        x -= step
    return x / mpmath.sqrt(w)


def erfc_scaled(x):
    return mpmath.exp(x * x) * mpmath.erfc(x) * (1 + x)


def tail_scaled(x):
    return mpmath.exp(x * x / 2) * mpmath.ncdf(-x) * (1 + x)


def root_of_moved(centre):
    return lambda t: quantile_over_root(centre * (1 + t) / (1 - t))


def square_of_moved(t):
    s = mpf("15.25") * (1 + t) / (1 - t)
    return quantile_over_root(s * s)


def near_the_zeros(x):
    """log gamma(x) / ((x - 1)(x - 2)), with its limits."""
    if abs(x - 1) < TINY:
        return +mpmath.euler
    return 1 - mpmath.euler if abs(x - 2) < TINY else mpmath.loggamma(x) / ((x - 1) * (x - 2))


def stirling_rest(z):
    """What Stirling's formula lacks at ``x = 1 / sqrt(z)``, times x."""
    x = 1 / mpmath.sqrt(z)
    return (mpmath.loggamma(x) - ((x - mpf("0.5")) * mpmath.log(x) - x + mpmath.log(2 * mpmath.pi) / 2)) * x


FITS = {
    "exponential: exp": Fit(
        near_zero(mpf(1) / 2, lambda r: (mpmath.expm1(r) - r) / r**2), -0.3475, 0.3475, 10, lambda r: r * r
    ),
    "exponential: exp2": Fit(
        near_zero(LN2**2 / 2, lambda r: (mpmath.expm1(r * LN2) - r * LN2) / r**2), -0.5005, 0.5005, 10, lambda r: r * r
    ),
    "logarithmic: log_of_one_plus": Fit(
        lambda z: ((2 * mpmath.atanh(mpmath.sqrt(z)) / mpmath.sqrt(z) - 2) / z - mpf(2) / 3) / z,
        0,
        0.02952,
        7,
        lambda z: z * z / 2,
    ),
    "trigonometric: sine": Fit(
        of_root(-mpf(1) / 6, lambda r: (mpmath.sin(r) / r - 1) / r**2), 0, 0.8836, 6, lambda z: z
    ),
    "trigonometric: cosine": Fit(
        of_root(mpf(1) / 24, lambda r: (mpmath.cos(r) - 1 + r * r / 2) / r**4), 0, 0.8836, 6, lambda z: z * z
    ),
    "inverse_trigonometric: asin": Fit(
        of_root(mpf(1) / 6, lambda r: (mpmath.asin(r) / r - 1) / r**2), 0, 0.2501, 13, lambda z: z
    ),
    "inverse_trigonometric: atan": Fit(
        of_root(-mpf(1) / 3, lambda r: (mpmath.atan(r) / r - 1) / r**2), 0, 0.1722, 11, lambda z: z
    ),
    "error_function: erf": Fit(
        of_root(-2 / (3 * mpmath.sqrt(mpmath.pi)), lambda r: (mpmath.erf(r) / r - 2 / mpmath.sqrt(mpmath.pi)) / r**2),
        0,
        1,
        11,
        lambda z: z,
    ),
    "error_function: erfc": Fit(
        tail(erfc_scaled, mpf("3.25")),
        moved(0.5, 3.25),
        moved(27.5, 3.25),
        22,
        relative(tail(erfc_scaled, mpf("3.25"))),
    ),
    "gamma_function: near_zeros": Fit(
        tail(near_the_zeros, mpf("1.25")),
        moved(0.5, 1.25),
        moved(3, 1.25),
        24,
        relative(tail(near_the_zeros, mpf("1.25"))),
    ),
    "gamma_function: stirling": Fit(near_zero(mpf(1) / 12, stirling_rest), 0, mpf(1) / 9, 11, mpmath.sqrt),
    "normal_distribution: middle": Fit(
        of_root(-1 / (6 * ROOT_TWO_PI), lambda r: ((mpmath.ncdf(r) - mpf(1) / 2) / r - 1 / ROOT_TWO_PI) / r**2),
        0,
        0.3701,
        8,
        lambda z: z,
    ),
    "normal_distribution: tail": Fit(
        tail(tail_scaled, mpf("4.5")), moved(0.5, 4.5), moved(39, 4.5), 23, relative(tail(tail_scaled, mpf("4.5")))
    ),
    "normal_distribution: quantile, one": Fit(lambda u: quantile_over_root(u + 2), -2, mpf(2.01) ** 2 - 2, 20),
    "normal_distribution: quantile, two": Fit(root_of_moved(8), moved(mpf(1.99) ** 2, 8), moved(mpf(4.01) ** 2, 8), 20),
    "normal_distribution: quantile, three": Fit(
        root_of_moved(34), moved(mpf(3.99) ** 2, 34), moved(mpf(8.45) ** 2, 34), 20
    ),
    "normal_distribution: quantile, four": Fit(square_of_moved, moved(8.4, 15.25), moved(27.35, 15.25), 20),
}


def main() -> None:
    for name, fit in FITS.items():
        if sys.argv[1:] and not any(each in name for each in sys.argv[1:]):
            continue
        coefficients = interpolated(fit)
        print(f"{name}: error 2**{error_bits(fit, coefficients):.1f}, with its last coefficient in two parts")
        for each in reversed(coefficients):
            print(f"    {float(each)!r}")
        print(f"    {float(coefficients[0] - mpf(float(coefficients[0])))!r}")


if __name__ == "__main__":
    main()
