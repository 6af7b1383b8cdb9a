"""Regular expressions of log lines: those of Python, where both have them, and in no more time than a line takes to be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.serve.operations.expressions import expression

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\.", r"\x61", " "])
TIMES = st.sampled_from(["", "", "*", "+", "?", "{2}", "{0}", "{1,}", "{0,2}", "{0,}"])
SEQUENCES = st.tuples(
    st.sampled_from(["", "^"]),
    st.lists(st.tuples(ATOMS, TIMES).map("".join), max_size=5).map("".join),
    st.sampled_from(["", "$"]),
).map("".join)


@given(st.lists(SEQUENCES, min_size=1, max_size=3).map("|".join), st.text("ab1. ", max_size=12))
def test_it_finds_what_python_finds(text, line):
    assert expression(text)(line) == (re.search(text, line) is not None)


@pytest.mark.parametrize("text", ["a*a*a*a*a*a*b", "a?" * 40 + "a" * 40 + "b", ".{0,99}.{0,99}.{0,99}b"])
def test_no_expression_takes_longer_than_a_line_is_long(text):
    assert not expression(text)("a" * 5_000)


@pytest.mark.parametrize(
    "text", ["(a)", "a)", "a**", "*", "[z-a]", "[", "a{", "\\", "\\b", "a^b", "a{9999}", "a{1,2000}"]
)
def test_what_is_no_expression_is_refused(text):
    with pytest.raises((ValueError, re.error)):
        expression(text)
