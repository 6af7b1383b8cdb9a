"""The line that keeps a kernel's trials from running side by side."""

from __future__ import annotations

import math

import pytest

from sweep import kernel
from sweep.blame import line_to_blame
from sweep_kernels.cpu import compile_kernel


@kernel
def direct(rng):
    x = rng.uniform()
    return math.ldexp(x, 3)


def mantissa(x):
    return math.frexp(x)[0]


@kernel
def by_a_helper(rng):
    return mantissa(rng.normal())


def made():
    power = math.ldexp

    @kernel
    def closed(rng):
        return power(rng.uniform(), 2)

    return closed


@kernel
def alike(rng):
    return rng.normal()


@pytest.mark.parametrize(
    ("which", "line"),
    [(direct, "return math.ldexp(x, 3)"), (by_a_helper, "return math.frexp(x)[0]"), (alike, "")],
    ids=["in the kernel", "in a helper", "none"],
)
def test_a_line_is_told_where_trials_run_one_after_the_other(which, line):
    code = compile_kernel(which, ())
    assert (code.width == 1) == bool(line)
    told = line_to_blame(which, code.why_alone)
    assert told.endswith(line)
    assert not line or told.startswith(f"{__file__}:")


def test_a_reason_without_a_line_of_its_own_names_none():
    assert line_to_blame(made(), "branches that cross") == ""
