"""Each function with what it ought to be, how far off it may be, and where it is tried."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import mpmath

from sweep_kernels import mathematics
from tests.kernels.mathematics.points import (
    CHANCE,
    any_magnitude,
    around,
    magnitudes,
    near_multiples_of_half_pi,
    uniform,
)

COUNT = 150


@dataclass
class Case:
    """A function of `sweep_kernels.mathematics`.

    Attributes
    ----------
    exact
        The same of mpmath.
    bound
        Largest error, in units in the last place of the exact result.
    points
        Arguments, or tuples of them.
    """

    name: str
    exact: Any
    bound: float
    points: list[Any] = field(default_factory=list)

    @property
    def function(self) -> Any:
        return getattr(mathematics, self.name)


def quantile(p: mpmath.mpf) -> mpmath.mpf:
    tail = min(p, 1 - p)
    x = mpmath.mpf(mathematics.normal_quantile(float(tail)))
    for _ in range(2):  # Newton's, on the logarithm: from 53 bits to all
        below = mpmath.ncdf(x)
        x -= mpmath.log(below / tail) * below / mpmath.npdf(x)
    return x if p < 0.5 else -x


def log_gamma(x: mpmath.mpf) -> mpmath.mpf:
    """mpmath's, which wants more bits beside its zeros."""
    with mpmath.workprec(400):
        return mpmath.loggamma(x)


def powers() -> list[tuple[float, float]]:
    pairs = [(abs(x), y) for x, y in zip(any_magnitude(COUNT), magnitudes(1e-3, 3.0, COUNT), strict=True)]
    for low, high in ((1e-300, 1e300), (0.7, 1.5), (1 - 1e-9, 1 + 1e-9)):
        bases = [
            CHANCE.uniform(low, high) if high < 2 else math.exp(CHANCE.uniform(math.log(low), math.log(high)))
            for _ in range(COUNT)
        ]
        pairs += [(x, CHANCE.uniform(-745, 709.7) / math.log(x)) for x in bases]
    pairs += [(-x, float(n)) for x, n in zip(uniform(0.1, 10, COUNT), range(-COUNT // 2, COUNT), strict=False)]
    return pairs + [(x, y) for x in around(2.0**0.5, 0.5**0.5, 1.0, 2.0)[:12] for y in (2.0, 0.5, -3.0, 1000.0, 1 / 3)]


def pairs(count: int) -> list[tuple[float, float]]:
    near = list(zip(magnitudes(1e-3, 1e3, count), magnitudes(1e-3, 1e3, count), strict=True))
    far = list(zip(any_magnitude(count), any_magnitude(count), strict=True))
    like = [(x, x * CHANCE.uniform(-3, 3)) for x in any_magnitude(count)]
    return near + far + like


LOGARITHM = any_magnitude(2 * COUNT) + uniform(0.5, 2, COUNT) + around(2.0**0.5, 0.5**0.5, 2.0**-1022, 1.0)
ANGLES = (
    uniform(-10, 10, 2 * COUNT) + magnitudes(1e-300, 2.0**51, COUNT) + near_multiples_of_half_pi()
    + around(*(k * math.pi / 4 for k in range(1, 9)), 2.0**51)
)  # fmt: skip
UNIT = uniform(-1, 1, 2 * COUNT) + magnitudes(1e-300, 1, COUNT) + around(0.5, 1.0, 2.0**-30, 2.0**-54)
REAL = uniform(-3, 3, 2 * COUNT) + magnitudes(1e-300, 710, COUNT) + around(0.3466, 2.0**-30, 40.0, 710.4758, 1.0)
EXPONENTS = (
    uniform(-745.2, 709.9, 2 * COUNT)
    + uniform(-1, 1, COUNT)
    + around(709.782712893384, 745.1332191019411, 708.3964185322641, 0.34657359)
)
TAILS = (
    uniform(-39, 39, COUNT)
    + uniform(-6, 6, COUNT)
    + uniform(-1, 1, COUNT)
    + around(0.5, 0.6, 1.0, 6.0, 26.5, 27.2, 37.5, 38.4)
)
PROBABILITIES = (
    uniform(0, 1, COUNT) + [abs(x) for x in magnitudes(5e-324, 0.5, COUNT)] + [0.5 + x for x in magnitudes(1e-16, 0.4, COUNT)]
    + [abs(x) for x in around(0.25, 0.75, 4.5e-3, 2.8e-8, 4.5e-32)]
)  # fmt: skip

CASES = [
    Case("exp", mpmath.exp, 0.76, EXPONENTS),
    Case("exp2", lambda x: mpmath.power(2, x), 0.76, uniform(-1075, 1024, COUNT) + uniform(-1, 1, COUNT) + around(0.5, 1023.0, 1022.0, 1074.0)),
    Case("expm1", mpmath.expm1, 0.6, EXPONENTS + REAL),
    Case("log", mpmath.log, 0.8, LOGARITHM),
    Case("log2", lambda x: mpmath.log(x) / mpmath.ln2, 0.7, LOGARITHM),
    Case("log10", mpmath.log10, 0.62, LOGARITHM),
    Case("log1p", mpmath.log1p, 0.65, LOGARITHM + UNIT),
    Case("sin", mpmath.sin, 0.75, ANGLES),
    Case("cos", mpmath.cos, 0.75, ANGLES),
    Case("tan", mpmath.tan, 0.93, ANGLES),
    Case("asin", mpmath.asin, 0.65, UNIT),
    Case("acos", mpmath.acos, 0.65, UNIT),
    Case("atan", mpmath.atan, 0.68, any_magnitude(COUNT) + REAL + around(2.0**0.5 - 1, 2.0**0.5 + 1)),
    Case("atan2", mpmath.atan2, 0.7, pairs(COUNT)),
    Case("sinh", mpmath.sinh, 0.6, REAL),
    Case("cosh", mpmath.cosh, 0.6, REAL),
    Case("tanh", mpmath.tanh, 0.6, REAL),
    Case("asinh", mpmath.asinh, 0.65, any_magnitude(COUNT) + REAL + around(2.0**500)),
    Case("acosh", mpmath.acosh, 0.65, [1 + abs(x) for x in magnitudes(1e-16, 1e300, 2 * COUNT)] + around(1.0, 2.0**500)),
    Case("atanh", mpmath.atanh, 0.65, UNIT),
    Case("pow", mpmath.power, 0.76, powers()),
    Case("power", mpmath.power, 3.0, [(x, y) for x, y in powers() if abs(y) < 4.0 or y != int(y)]),
    Case("hypot", mpmath.hypot, 0.6, pairs(COUNT)),
    Case("cbrt", lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), 0.51, any_magnitude(2 * COUNT) + uniform(-10, 10, COUNT) + [float(n**3) for n in range(-50, 50)]),
    Case("erf", mpmath.erf, 0.65, TAILS + REAL),
    Case("erfc", mpmath.erfc, 0.8, TAILS + REAL),
    Case("gamma", mpmath.gamma, 0.9, uniform(0, 171.6, COUNT) + uniform(-184, 0, COUNT) + magnitudes(1e-308, 5, COUNT) + around(0.5, 3.0, 20.5)),
    Case("lgamma", log_gamma, 0.6, [*map(abs, any_magnitude(COUNT)), *uniform(0, 5, COUNT), *map(abs, around(0.5, 1.0, 2.0, 3.0, 2.0**60))]),
    Case("normal_cdf", mpmath.ncdf, 0.8, TAILS + REAL),
    Case("normal_quantile", quantile, 0.6, PROBABILITIES),
]  # fmt: skip
