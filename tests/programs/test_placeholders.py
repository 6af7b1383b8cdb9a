"""Arguments with placeholders."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweep.errors import KernelError
from sweep.programs.placeholders import Template, written

unhurried = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines differ


@unhurried
@given(st.lists(st.one_of(st.text("aä %:.!", max_size=5), st.sampled_from(["{a}", "{b}", "{{", "}}"]))))
def test_filling_is_what_python_makes_of_it(pieces):
    text = "".join(pieces)
    assert Template.of(text, "argument").filled({"a": "x", "b": "y"}) == text.format(a="x", b="y")


@unhurried
@given(st.floats(allow_nan=False))
def test_floats_are_written_in_full(value):
    assert float(written(value)) == value


@pytest.mark.parametrize("text", ["{", "}", "{a", "{a.b}", "{a[0]}", "{}", "{0}", "{a!r}", "{a:{b}}"])
def test_what_is_no_placeholder_is_refused(text):
    with pytest.raises(KernelError, match="written twice"):
        Template.of(text, "argument")


def test_a_format_that_a_value_does_not_have_is_told():
    with pytest.raises(ValueError, match="format"):
        Template.of("{a:d}", "argument").filled({"a": 1.5})
