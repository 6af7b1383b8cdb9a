"""A sweep as its user writes it down."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from sweep import Sweep, grid
from sweep.errors import SpecError
from tests.studies import study


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ({"trails": 10}, "a Sweep has no 'trails': did you mean 'trials'?"),
        ({"trials": 10, "quantile": [0.5]}, "a Sweep has no 'quantile': did you mean 'quantiles'?"),
        ({"trials": 10, "xyz": 1}, "a Sweep has no 'xyz': expected one of 'kernel', 'space', 'trials'"),
        ({}, "a Sweep without trials"),
    ],
)
def test_a_name_that_a_sweep_has_not_is_told(named, text):
    with pytest.raises(SpecError) as caught:
        Sweep(study().kernel, grid(a=[1.0]), **named)
    assert str(caught.value).startswith(text)


def test_sweeps_are_copied():
    each = study(trials=7)
    assert copy.copy(each) == each == replace(each, trials=7)
