from __future__ import annotations

import enum

import numpy as np
import pytest

from sweep import Sweep, grid, kernel
from sweep.errors import TrialError


class Mode(enum.IntEnum):
    FAST = 2


TWO = np.float64(2.0)


@kernel(outputs=["count", "half"])
def counting(rng, a, mode=Mode.FAST, scale=TWO):
    return 2**53 - a, 0.5 * mode * scale


def test_an_integer_output_is_exact_or_refused():
    held = Sweep(counting, grid(a=[1, 2]), trials=10).run()
    assert [row["count_max"] for row in held] == [2**53 - 1, 2**53 - 2]
    assert held[0]["half_mean"] == 2.0
    told = r"returned count=9007199254740992, an integer that is not below 2\*\*53 .*, in trial 0 of point 1 \(a=0\)"
    with pytest.raises(TrialError, match=told):
        Sweep(counting, grid(a=[1, 0]), trials=10).run()


@kernel(outputs=["x"])
def constant(rng):
    return 0.1


def test_the_mean_of_a_constant_is_the_constant():
    (row,) = Sweep(constant, grid(), trials=12_345).run()
    assert row["x_mean"] == row["x_ci_low"] == row["x_ci_high"] == 0.1
