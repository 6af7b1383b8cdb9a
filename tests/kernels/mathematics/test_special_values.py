"""What C99 asks for (annex F.9) at infinities, zeros, NaN and the ends of a domain; for the normal distribution, what the limits are."""

from __future__ import annotations

import math
from math import inf, nan, pi

import pytest

from sweep_kernels import mathematics

ODD, EVEN = 3.0, 4.0
LARGE_ODD, LARGE_EVEN = 2.0**53 - 1, 2.0**53
FAMILIES = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (-inf, 0.0), (inf, inf), (710.0, inf), (-746.0, 0.0), (1e308, inf), (-745.0, 5e-324)],
    "exp2": [(0.0, 1.0), (-0.0, 1.0), (-inf, 0.0), (inf, inf), (1024.0, inf), (1023.0, 2.0**1023), (-1074.0, 5e-324), (-1076.0, 0.0), (10.0, 1024.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (-inf, -1.0), (inf, inf), (710.0, inf), (-60.0, -1.0), (5e-324, 5e-324), (-1e-310, -1e-310)],
    "log": [(1.0, 0.0), (0.0, -inf), (-0.0, -inf), (-1.0, nan), (-inf, nan), (-5e-324, nan), (inf, inf)],
    "log2": [(1.0, 0.0), (0.0, -inf), (-0.0, -inf), (-1.0, nan), (inf, inf), (5e-324, -1074.0), (2.0**1023, 1023.0)],
    "log10": [(1.0, 0.0), (0.0, -inf), (-0.0, -inf), (-1.0, nan), (inf, inf), (1e300, 300.0), (1000.0, 3.0), (1e-5, -5.0)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -inf), (-2.0, nan), (-inf, nan), (inf, inf), (5e-324, 5e-324), (-1e-310, -1e-310)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (inf, nan), (-inf, nan), (2.0**51, nan), (-1e300, nan), (5e-324, 5e-324)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (inf, nan), (-inf, nan), (2.0**51, nan), (-1e300, nan), (5e-324, 1.0)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (inf, nan), (-inf, nan), (2.0**51, nan), (-1e300, nan), (-5e-324, -5e-324)],
    "asin": [(0.0, 0.0), (-0.0, -0.0), (1.0, pi / 2), (-1.0, -pi / 2), (1.1, nan), (-inf, nan), (5e-324, 5e-324)],
    "acos": [(1.0, 0.0), (0.0, pi / 2), (-1.0, pi), (1.1, nan), (-inf, nan)],
    "atan": [(0.0, 0.0), (-0.0, -0.0), (inf, pi / 2), (-inf, -pi / 2), (1.0, pi / 4), (-5e-324, -5e-324)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -inf), (711.0, inf), (-1e300, -inf), (-5e-324, -5e-324)],
    "cosh": [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, inf), (711.0, inf), (-1e300, inf)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (30.0, 1.0), (5e-324, 5e-324)],
    "asinh": [(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -inf), (-5e-324, -5e-324)],
    "acosh": [(1.0, 0.0), (0.99, nan), (-inf, nan), (inf, inf)],
    "atanh": [(0.0, 0.0), (-0.0, -0.0), (1.0, inf), (-1.0, -inf), (1.5, nan), (-inf, nan), (5e-324, 5e-324)],
    "cbrt": [(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -inf), (-27.0, -3.0), (2.0**-1074, 2.0**-358)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (6.0, 1.0), (-30.0, -1.0)],
    "erfc": [(0.0, 1.0), (-0.0, 1.0), (inf, 0.0), (-inf, 2.0), (28.0, 0.0), (-7.0, 2.0), (5e-324, 1.0)],
    "gamma": [
        (0.0, inf), (-0.0, -inf), (inf, inf), (-inf, nan), (-1.0, nan), (-(2.0**52), nan), (-1e300, nan), (1.0, 1.0), (5.0, 24.0), (23.0, 1.1240007277776077e21),
        (172.0, inf), (1e300, inf), (-190.5, -0.0), (-191.5, 0.0), (5e-324, inf), (-5e-324, -inf),
    ],
    "lgamma": [
        (1.0, 0.0), (2.0, 0.0), (0.0, inf), (-0.0, inf), (inf, inf), (-inf, inf), (-3.0, inf), (-1e300, inf), (-(2.0**53), inf),
        (3.0, math.log(2.0)), (1.7e308, inf),
    ],
    "normal_cdf": [(0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (-inf, 0.0), (-39.0, 0.0), (9.0, 1.0), (-1e300, 0.0), (5e-324, 0.5)],
    "normal_quantile": [(0.5, 0.0), (0.0, -inf), (-0.0, -inf), (1.0, inf), (-0.1, nan), (1.1, nan), (inf, nan), (-inf, nan)],
}  # fmt: skip
PAIRS = {
    "atan2": [
        (0.0, 0.0, 0.0), (-0.0, 0.0, -0.0), (0.0, -0.0, pi), (-0.0, -0.0, -pi), (0.0, -1.0, pi), (-0.0, -1.0, -pi), (0.0, 1.0, 0.0),
        (-0.0, 1.0, -0.0), (-1.0, 0.0, -pi / 2), (-1.0, -0.0, -pi / 2), (1.0, 0.0, pi / 2), (1.0, -inf, pi), (-1.0, -inf, -pi),
        (1.0, inf, 0.0), (-1.0, inf, -0.0), (inf, 5.0, pi / 2), (-inf, -5.0, -pi / 2), (inf, -inf, 3 * pi / 4), (-inf, -inf, -3 * pi / 4),
        (inf, inf, pi / 4), (-inf, inf, -pi / 4), (nan, 1.0, nan), (1.0, nan, nan), (nan, inf, nan), (5e-324, 5e-324, pi / 4),
        (1.5e308, 1.5e308, pi / 4), (5e-324, 1e300, 0.0), (-5e-324, 1.0, -5e-324),
    ],
    "hypot": [
        (0.0, 0.0, 0.0), (-0.0, -0.0, 0.0), (inf, nan, inf), (nan, -inf, inf), (-inf, 1.0, inf), (nan, 1.0, nan), (3.0, -4.0, 5.0),
        (1e308, 1e308, math.hypot(1e308, 1e308)), (1.7e308, 1.7e308, inf), (5e-324, 0.0, 5e-324), (3e-320, 4e-320, 5e-320),
    ],
    "pow": [
        *[(sign * 0.0, -ODD, sign * inf) for sign in (1.0, -1.0)],
        *[(sign * 0.0, y, inf) for sign in (1.0, -1.0) for y in (-EVEN, -1.5, -inf, -LARGE_EVEN)],
        *[(sign * 0.0, y, sign * 0.0) for sign in (1.0, -1.0) for y in (ODD, LARGE_ODD)],
        *[(sign * 0.0, y, 0.0) for sign in (1.0, -1.0) for y in (EVEN, 0.5, inf, LARGE_EVEN)],
        (-1.0, inf, 1.0), (-1.0, -inf, 1.0),
        *[(1.0, y, 1.0) for y in (nan, inf, -inf, 0.0, -7.5)],
        *[(x, y, 1.0) for x in (nan, inf, -inf, 0.0, -0.0, -2.5) for y in (0.0, -0.0)],
        *[(x, y, nan) for x in (-1.0, -2.5, -1e300, -5e-324) for y in (0.5, -1.5, 1e-300)],
        *[(x, -inf, inf) for x in (0.5, -0.5, 0.0, 5e-324)], *[(x, -inf, 0.0) for x in (1.5, -1.5, inf, -inf)],
        *[(x, inf, 0.0) for x in (0.5, -0.5, 0.0, 5e-324)], *[(x, inf, inf) for x in (1.5, -1.5, inf, -inf)],
        (-inf, -ODD, -0.0), (-inf, -EVEN, 0.0), (-inf, -1.5, 0.0), (-inf, ODD, -inf), (-inf, EVEN, inf), (-inf, 1.5, inf),
        (inf, -1.5, 0.0), (inf, 1.5, inf), (nan, 1.0, nan), (2.0, nan, nan), (nan, nan, nan), (nan, inf, nan), (0.0, nan, nan),
        (-2.0, ODD, -8.0), (-2.0, EVEN, 16.0), (-1.0, LARGE_ODD, -1.0), (-1.0, LARGE_EVEN, 1.0), (-1.0, 1e300, 1.0),
        (2.0, 1024.0, inf), (-2.0, 1025.0, -inf), (2.0, -1074.0, 5e-324), (-2.0, -1075.0, -0.0), (-2.0, -1200.0, 0.0), (0.5, 1e300, 0.0),
        (1.0000000000000002, 1e300, inf), (0.9999999999999999, -1e300, inf), (10.0, 22.0, 1e22), (5e-324, 0.5, 2.0**-537),
    ],
}  # fmt: skip
PAIRS["power"] = PAIRS["pow"]


def alike(found: float, expected: float) -> bool:
    return repr(found) == repr(expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_of_one_number(name):
    function = getattr(mathematics, name)
    assert math.isnan(function(nan))
    wrong = [(x, function(x), expected) for x, expected in FAMILIES[name] if not alike(function(x), expected)]
    assert not wrong


@pytest.mark.parametrize("name", PAIRS)
def test_of_two_numbers(name):
    function = getattr(mathematics, name)
    wrong = [(x, y, function(x, y), expected) for x, y, expected in PAIRS[name] if not alike(function(x, y), expected)]
    assert not wrong


def test_names_are_those_of_math():
    for name, function in mathematics.BY_NAME.items():
        given = (0.5, 0.25) if name in PAIRS else (1.5,) if name == "acosh" else (0.5,)
        assert function(*given) == pytest.approx(getattr(math, name)(*given), rel=1e-15)
