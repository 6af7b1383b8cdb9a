"""The draws' elementary functions against mpmath, and compiled against plain."""

from __future__ import annotations

import math
import random

import mpmath
import pytest

from sweep_kernels.arithmetic import bits_of, float_of_bits, fma
from sweep_kernels.mathematics import in_range
from sweep_kernels.native import compiled

mpmath.mp.prec = 120
CHANCE = random.Random(11)
POSITIVE = [CHANCE.random() for _ in range(4000)] + [
    math.ldexp(CHANCE.random() + 0.5, CHANCE.randint(-1000, 1000)) for _ in range(4000)
]
POSITIVE += [1.0, math.nextafter(1.0, 2.0), math.nextafter(1.0, 0.0), 2.0**-65, 5e300, 2.0**-1022]
MODERATE = (
    [CHANCE.uniform(-700, 700) for _ in range(4000)]
    + [CHANCE.uniform(-1, 1) for _ in range(4000)]
    + [0.0, -0.0, 1.0, -700.0, 700.0]
)
TURNS = [CHANCE.random() for _ in range(6000)] + [i / 8 for i in range(8)] + [2.0**-53, 1.0 - 2.0**-53]


def ulps(found: float, exact) -> float:
    return abs(float((mpmath.mpf(found) - exact) / math.ulp(float(exact)))) if exact else abs(found)


def test_log_is_within_an_ulp():
    assert max(ulps(in_range.log_in_range(x), mpmath.log(x)) for x in POSITIVE) < 0.9


def test_exp_is_within_an_ulp():
    assert max(ulps(in_range.exp_in_range(x), mpmath.exp(x)) for x in MODERATE) < 0.95


def test_sine_and_cosine_of_turns():
    for v in TURNS:
        sine, cosine = in_range.sincos_turns(v)
        assert abs(sine - mpmath.sin(2 * mpmath.pi * v)) < 2.3e-16
        assert abs(cosine - mpmath.cos(2 * mpmath.pi * v)) < 2.3e-16


@pytest.mark.parametrize(
    ("name", "values"), [("log_in_range", POSITIVE), ("exp_in_range", MODERATE), ("sincos_turns", TURNS)]
)
def test_compiled_and_plain_agree_to_the_bit(name, values):
    plain = getattr(in_range, name)
    fast = compiled(plain)
    assert all(repr(plain(x)) == repr(fast(x)) for x in values)


def test_the_three_operations():
    assert float_of_bits(bits_of(-math.pi)) == -math.pi
    assert bits_of(-0.0) == -(1 << 63)
    assert fma(1.0 + 2.0**-30, 1.0 - 2.0**-30, -1.0) == -(2.0**-60)


def test_fma_answers_inf_and_nan_where_the_standard_does():
    assert fma(1e200, 1e200, 1.0) == math.inf
    assert fma(-1e200, 1e200, 1.0) == -math.inf
    assert math.isnan(fma(math.inf, 0.0, 1.0))
    assert math.isnan(fma(math.inf, 1.0, -math.inf))
