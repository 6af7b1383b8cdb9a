"""Totals: exact where that can be worked out."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.forecast.population import Timed
from sweep.forecast.total import Total, of_all, of_draws


def test_a_prediction_that_is_right_leaves_no_error():
    costs = np.array([1.0, 5.0, 100.0])
    total = of_draws([], costs, 1.0, costs[[2, 1]], costs[[2, 1]], np.array([0.9, 0.08]))
    assert total.seconds == pytest.approx(106.0)
    assert total.relative_error == pytest.approx(0.0)


def test_the_mean_over_all_draws_is_the_total_however_wrong_the_prediction():
    costs, predicted = np.array([1.0, 5.0, 100.0, 3.0]), np.array([50.0, 5.0, 20.0, 30.0])
    chances = np.array([0.4, 0.1, 0.2, 0.3])
    mean = 0.0
    for i in range(4):
        for j in range(4):
            rows = [i, j]
            total = of_draws([], predicted, 1.0, costs[rows] + 1e3, predicted[rows], chances[rows])
            mean += chances[i] * chances[j] * total.seconds
    assert mean == pytest.approx(costs.sum() + 4e3)


def test_a_frame_stands_for_more():
    costs = np.full(10, 2.0)
    total = of_draws([Timed(5.0, 0.0, 1.0)], costs, 100.0, costs[:3], costs[:3], np.full(3, 0.1))
    assert total.seconds == pytest.approx(2005.0)


def test_a_census_adds_up_the_variances():
    total = of_all([Timed(3.0, 0.09, 1.0), Timed(7.0, 0.16, 1.0)])
    assert total.seconds == 10.0
    assert total.relative_error == pytest.approx(0.05)


def test_few_draws_make_wide_intervals():
    few, many = Total(1.0, 0.1, 3.0).interval(), Total(1.0, 0.1, 1e9).interval()
    assert few[0] < many[0] < 1.0 < many[1] < few[1]
    assert many[1] == pytest.approx(np.exp(0.1959964))


def test_what_is_known_well_makes_the_error_smaller():
    assert Total(1.0, 0.1, 9.0).plus(1.0).relative_error == pytest.approx(0.05)
    assert Total(3.0, 0.1, 9.0).plus(2.0, 0.2).relative_error == pytest.approx(0.1)
    assert Total(1.0, 0.03, 9.0).with_noise(0.04).relative_error == pytest.approx(0.05)
