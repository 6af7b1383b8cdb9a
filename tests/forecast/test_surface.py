"""The surface of costs: its slopes are exact."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from sweep.forecast.surface import _surprise, fitted


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_gradient_is_that_of_the_likelihood(d):
    dice = np.random.default_rng(d)
    features, values = dice.random((40, d)), dice.standard_normal(40)
    terms = np.array([*dice.normal(-0.5, 0.5, d), 0.3, -0.2, -1.0])
    found = _surprise(terms, features, values)[1]
    apart = approx_fprime(terms, lambda each: _surprise(each, features, values)[0], 1e-6)
    assert found == pytest.approx(apart, rel=1e-4, abs=1e-4)


def test_a_plane_is_known_everywhere():
    dice = np.random.default_rng(7)
    features, elsewhere = dice.random((60, 3)), dice.random((100, 3))
    slopes = np.array([3.0, -1.0, 0.5])
    surface = fitted(features, np.exp(features @ slopes))
    assert surface(elsewhere) == pytest.approx(np.exp(elsewhere @ slopes), rel=0.01)
