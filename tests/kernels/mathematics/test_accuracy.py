"""Every function against mpmath, and compiled against plain, on the same points."""

from __future__ import annotations

import math

import mpmath
import pytest

from sweep_kernels.arithmetic import bits_of
from sweep_kernels.native import Compiler
from tests.kernels.mathematics.cases import CASES, Case
from tests.kernels.mathematics.points import SPECIAL

COMPILER = Compiler(checked=False)
EACH = pytest.mark.parametrize("case", CASES, ids=[each.name for each in CASES])
TWO = {"atan2", "hypot", "pow", "power"}


def arguments(case: Case) -> list[tuple[float, ...]]:
    return [each if isinstance(each, tuple) else (each,) for each in case.points]


def error(case: Case, given: tuple[float, ...]) -> float:
    """How far off, in units in the last place of the exact result; 0 where there is none."""
    found = case.function(*given)
    if math.isnan(found) or not all(map(math.isfinite, given)):
        return 0.0
    exact = case.exact(*map(mpmath.mpf, given))
    nearest = float(exact)
    if math.isinf(found) or math.isinf(nearest):
        return 0.0 if found == nearest else math.inf
    return abs(float((exact - mpmath.mpf(found)) / mpmath.mpf(math.ulp(nearest))))


@EACH
def test_is_as_near_as_it_says(case):
    with mpmath.workprec(160):
        errors = {each: error(case, each) for each in arguments(case)}
    worst = max(errors, key=errors.__getitem__)
    assert errors[worst] < case.bound, worst


@EACH
def test_compiled_and_plain_agree_to_the_bit(case):
    compiled = COMPILER.compiled(case.function)
    special = [(x, y) for x in SPECIAL for y in SPECIAL] if case.name in TWO else [(x,) for x in SPECIAL]
    for each in arguments(case) + special:
        assert bits_of(case.function(*each)) == bits_of(compiled(*each)), each
