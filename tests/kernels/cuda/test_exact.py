from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sweep_kernels.arithmetic import bits_of
from sweep_kernels.cuda.exact import remainder, whole

FLOATS = st.floats() | st.floats(-1e3, 1e3)


@given(FLOATS, FLOATS)
@example(1.7976931348623157e308, 5e-324)
@example(1.7976931348623157e308, 2.2250738585072014e-308)
@example(-0.0, 1.0)
@example(-6.0, 2.0)
@example(5.0, math.inf)
def test_the_remainder_is_that_of_c(x, y):
    try:
        expected = math.fmod(x, y)
    except ValueError:
        expected = math.nan
    found = remainder(x, y)
    assert math.isnan(found) if math.isnan(expected) else bits_of(found) == bits_of(expected)


@given(st.floats(-(2.0**63), 2.0**63, exclude_max=True))
def test_whole_numbers_are_cut_towards_zero(x):
    assert whole(x) == int(x)


@pytest.mark.parametrize("x", [2.0**63, -(2.0**64), math.inf, -math.inf, math.nan])
def test_what_has_no_whole_number_is_the_least(x):
    assert whole(x) == -(2**63)
