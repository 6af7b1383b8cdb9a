"""The standard's expressions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.openscenario.datatypes import LiteralError
from sweep.openscenario.expressions import evaluated, is_expression, references

PARAMETERS = {"x": 2.5, "n": -7, "flag": True, "text": "car"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$x", 2.5),
        (" $text ", "car"),
        ("${2 + 3 * 4}", 14),
        ("${(2 + 3) * 4}", 20),
        ("${-$x + 1e1}", 7.5),
        ("${--2}", 2),
        ("${-2 * -3}", 6),
        ("${7 / 2}", 3.5),
        ("${$n % 4}", -3),
        ("${7.5 % 2}", 1.5),
        ("${round(2.5) + round(-2.5) + floor(-1.5) + ceil(1.2)}", 0),
        ("${pow(2, 10) + sqrt(9)}", 1027.0),
        ("${max($x, 3) - min(1, 2)}", 2),
        ("${abs($n) * sign($n)}", -7),
        ("${sin(0) + cos(0) + tan(0) + asin(0) + acos(1) + atan(0)}", 1.0),
        ("${not $flag or true and false}", False),
        ("${not not $flag}", True),
    ],
)
def test_values(text, value):
    assert is_expression(text)
    assert evaluated(text, PARAMETERS) == value
    assert type(evaluated(text, PARAMETERS)) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$y", r"refers to \$y, which has no value here"),
        ("${1 +}", "has 'its end' where a value was expected"),
        ("${(1}", r"has 'its end' where '\)' was expected"),
        ("${1 2}", "has '2' where an operator was expected"),
        ("${x}", "there is no function 'x'; parameters begin with a"),
        ("${__import__(1)}", "there is no function '__import__'"),
        ("${1 ; 2}", "no expression at '; 2'"),
        ("${1 / 0}", "divides by zero"),
        ("${1 % 0}", "divides by zero"),
        ("${sqrt(-1)}", "math domain error"),
        ("${pow(10, 400)}", "is '.*': "),
        ("${1e308 * 10}", "its value is inf"),
        ("${pow(2)}", "pow takes 2 values, not 1"),
        ("${not 1}", "1 is no boolean"),
        ("${$flag + 1}", "computes with True: only numbers can be"),
        ("${$text * 2}", "computes with 'car'"),
        ("${" + "(" * 60 + "1" + ")" * 60 + "}", "nested more than 50 deep"),
        ("${" + "-" * 60 + "1}", "nested more than 50 deep"),
        ("${" + "1+" * 3000 + "1}", "at most 4,000"),
    ],
)
def test_what_has_no_value(text, message):
    with pytest.raises(LiteralError, match=message):
        evaluated(text, PARAMETERS)


def test_references():
    assert references("${$a + $b_1 * 2}") == ["a", "b_1"]
    assert references("$a") == ["a"]
    assert references("costs $5 and $a") == []
    assert not is_expression("plain")


NUMBERS = st.integers(0, 999).map(str) | st.floats(0.0, 1e3, allow_subnormal=False).map(lambda each: f"{each:.6f}")
SUMS = st.recursive(
    NUMBERS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner) | st.builds("-{}".format, inner)
    ),
    max_leaves=12,
)


@given(SUMS)
def test_arithmetic_is_pythons(text):
    try:
        wanted = eval(text)
    except ZeroDivisionError:
        with pytest.raises(LiteralError, match="divides by zero"):
            evaluated(f"${{{text}}}", {})
        return
    if math.isfinite(wanted):
        assert evaluated(f"${{{text}}}", {}) == wanted


@given(st.text("${}()+-*/%,. 0123456789abcnotrud", max_size=40))
def test_any_text_has_a_value_or_is_told_of(text):
    try:
        evaluated("${" + text + "}", PARAMETERS)
    except LiteralError as error:
        assert "\n" not in str(error)  # noqa: PT017 - some have one
