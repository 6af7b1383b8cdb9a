"""Where the functions are tried: all magnitudes, the usual range, both sides of every boundary, and all special values."""

from __future__ import annotations

import math
import random
import struct

import mpmath

CHANCE = random.Random(20)
SPECIAL = [
    0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, -(2.0**-1022), math.nextafter(2.0**-1022, 0.0), 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0,
    2.0**51, 2.0**52, 2.0**52 + 1, -(2.0**52 + 1), 2.0**53, -(2.0**53), 2.0**53 - 1, 1 - 2.0**53, 1.7976931348623157e308,
    -1.7976931348623157e308, math.inf, -math.inf, math.nan, 1.5, -1.5, 2.5, 1e-300, -1e300, 1e300,
]  # fmt: skip


def any_magnitude(count: int) -> list[float]:
    """Random bits."""
    return [struct.unpack("<d", CHANCE.randbytes(8))[0] for _ in range(count)]


def uniform(low: float, high: float, count: int) -> list[float]:
    return [CHANCE.uniform(low, high) for _ in range(count)]


def magnitudes(low: float, high: float, count: int) -> list[float]:
    """Both signs, uniform in the logarithm."""
    return [
        math.copysign(math.exp(CHANCE.uniform(math.log(low), math.log(high))), CHANCE.random() - 0.5)
        for _ in range(count)
    ]


def around(*places: float) -> list[float]:
    """Each place, and its neighbours on both sides, of both signs."""
    near = [x for each in places for x in (math.nextafter(each, -math.inf), each, math.nextafter(each, math.inf))]
    return near + [-x for x in near]


def near_multiples_of_half_pi() -> list[float]:
    """The float64 below 2**51 that are closest to a multiple of pi/2, one or a few an exponent: from convergents of ``2**e 2 / pi``."""
    found = []
    with mpmath.workprec(400):
        for exponent in range(-53, -1):
            rest = mpmath.ldexp(2 / mpmath.pi, exponent)
            before, last = 1, 0
            while True:
                digit = int(mpmath.floor(rest))
                before, last = last, digit * last + before
                if last >= 2**53:
                    break
                found.append(math.ldexp(last, exponent))
                rest = 1 / (rest - digit)
    return [x for x in found if 0.1 < x < 2.0**51]
