"""Which points are looked at, and by what they are compared."""

from __future__ import annotations

import numpy as np
import pytest

from sweep import grid, halton, kernel, linspace, table
from sweep.forecast.corners import corners
from sweep.forecast.features import Features
from sweep.forecast.sample import drawn, frame_of, spread
from sweep.forecast.units import Units
from sweep.plan import Plan


@kernel(outputs=["y"])
def anything(rng, a, b):
    return a + b + rng.normal()


def test_corners_of_a_grid_are_the_ends_of_all_axes():
    space = grid(a=range(7), b=linspace(0, 1, 11), c=["x", "y", "z"])
    found = [tuple(space[i].values()) for i in corners(space)]
    assert found == [(a, b, c) for a in (0, 6) for b in (0.0, 1.0) for c in ("x", "z")]


def test_corners_of_products_and_unions():
    left, right = grid(a=range(3)), table([{"b": 1}, {"b": 2}, {"b": 5}])
    assert corners(left * right) == (0, 2, 6, 8)
    assert corners(grid(a=range(3)) + grid(a=range(10, 20))) == (0, 2, 3, 12)


def test_a_space_of_10_to_the_12_has_its_corners_too():
    space = grid(a=range(1000), b=range(1000), c=range(1000), d=range(1000))
    found = corners(space)
    assert len(found) == 16
    assert all(set(space[i].values()) <= {0, 999} for i in found)


def test_of_many_corners_some_are_taken():
    space = grid(**{name: [0, 1] for name in "abcdefgh"})
    assert len(corners(space)) == 16
    assert {0, 255} <= set(corners(space))


def test_other_spaces_have_a_first_and_a_last_point():
    assert corners(halton(100, seed=1, a=(0, 1))) == (0, 99)
    assert corners(grid(a=[1])) == (0,)


def test_features_are_0_to_1_and_wide_ones_logarithms():
    space = grid(n=[1, 10, 100], p=[0.0, 0.25, 1.0], c=["x", "y"], same=[3])
    found = Features.over(space, np.arange(18))(np.array([0, 2, 6, 12]))
    assert found[:, 0].tolist() == pytest.approx([0.0, 0.0, 0.5, 1.0])
    assert found[:, 1].tolist() == pytest.approx([0.0, 0.25, 0.0, 0.0])
    assert found[0, 2:].tolist() == [0.5, 0.0]
    assert found.shape == (4, 4)


def test_units_hold_every_point_once():
    plan = Plan.make(anything, grid(a=range(100), b=range(7)), 1)
    units = Units.of(plan, 1e-4)
    assert units.width == 50
    bounds = [units.bounds(i) for i in range(units.count)]
    assert [first for first, _ in bounds[1:]] == [last for _, last in bounds[:-1]]
    assert bounds[0][0] == 0
    assert bounds[-1][1] == 700
    assert Units.of(plan, 1.0).count == 700


def test_a_frame_has_one_unit_of_each_stretch():
    frame = frame_of(10**12, np.random.default_rng(3), most=1000)
    assert (frame // 10**9).tolist() == list(range(1000))


def test_what_is_spread_fills_the_largest_gap():
    line = np.linspace(0.0, 1.0, 101)[:, None]
    assert spread(line, [0, 100], 5)[2:] == [50, 25, 75]


def test_draws_follow_the_prediction_but_never_leave_anything_out():
    predicted = np.array([1e-9, 1.0, 3.0])
    rows, chances = drawn(predicted, 20_000, np.random.default_rng(1))
    expected = np.array([0.2 / 3, 0.2 / 3 + 0.2, 0.2 / 3 + 0.6])
    assert np.bincount(rows) / 20_000 == pytest.approx(expected, abs=0.02)  # six standard errors
    assert chances == pytest.approx(expected[rows])
