"""The functions are straight lines of the allowed operations, whatever runs them."""

from __future__ import annotations

import pytest

from sweep_kernels.arithmetic import bits_of
from sweep_kernels.mathematics import power, sincos
from tests.kernels.mathematics.cases import CASES
from tests.kernels.mathematics.interpretations import CHECKED, SYMBOLIC, Symbol, rebound
from tests.kernels.mathematics.points import SPECIAL, any_magnitude

FUNCTIONS = [*(each.function for each in CASES), sincos]
TWO = {"atan2", "hypot", "pow", "power"}
EACH = pytest.mark.parametrize("function", FUNCTIONS, ids=[each.__name__ for each in FUNCTIONS])


@EACH
def test_no_branch_no_call_no_mixed_types_and_no_product_that_a_compiler_could_contract(function):
    traced = rebound(function, SYMBOLIC)(*[Symbol("f", "argument") for _ in range(1 + (function.__name__ in TWO))])
    for each in traced if isinstance(traced, tuple) else [traced]:
        assert each.kind == "f"


@EACH
def test_no_integer_overflows_and_nothing_raises(function):
    checked = rebound(function, CHECKED)
    points = SPECIAL + any_magnitude(100)
    for each in [(x, y) for x in SPECIAL for y in points] if function.__name__ in TWO else [(x,) for x in points]:
        checked(*each)


@EACH
def test_every_nan_is_the_same_one(function):
    if function in {sincos, power}:  # a power that is multiplied out is the NaN that it is given
        return
    given = [(x, y) for x in SPECIAL for y in SPECIAL] if function.__name__ in TWO else [(x,) for x in SPECIAL]
    found = [function(*each) for each in given]
    assert {bits_of(y) for y in found if y != y} <= {0x7FF8000000000000}


def test_the_sine_and_the_cosine_of_sincos_are_those_of_sin_and_cos():
    by_name = {each.name: each for each in CASES}
    for x in by_name["sin"].points + SPECIAL:
        assert [*map(bits_of, sincos(x))] == [bits_of(by_name[name].function(x)) for name in ("sin", "cos")]
