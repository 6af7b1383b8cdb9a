"""Points of the circle and the sphere, and orders: every one alike. Seeded; a right generator would fail one of these with another seed once in a thousand."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from numba import njit
from scipy import stats

from sweep_kernels import Rng
from sweep_kernels.counter import high_word
from sweep_kernels.native import make_rng
from tests.kernels.compiling import as_kernel, compiled_trials

FALSE_ALARM = 1e-4
COUNT = 1 << 18


def directions(rng):
    x, y, z = rng.sphere()
    return x, y, z, *rng.circle()


@pytest.fixture(scope="module")
def found() -> np.ndarray:
    return compiled_trials(as_kernel(directions, *"xyzcs"), 3, 1, 0, COUNT // 4096, 4096)


def test_the_circle_is_even(found):
    x, y = found[3:]
    np.testing.assert_allclose(x * x + y * y, 1.0, rtol=1e-15)
    assert stats.kstest(np.arctan2(y, x) / (2.0 * math.pi), "uniform", args=(-0.5, 1.0)).pvalue > FALSE_ALARM


def test_the_sphere_is_even_around_every_axis(found):
    """A coordinate is uniform, and so is the longitude around its axis, whatever the axis (Archimedes)."""
    np.testing.assert_allclose((found[:3] ** 2).sum(axis=0), 1.0, rtol=1e-15)
    for axis in range(3):
        x, y, z = np.roll(found[:3], axis, axis=0)
        longitude = np.arctan2(y, x) / (2.0 * math.pi)
        assert stats.kstest(z, "uniform", args=(-1.0, 2.0)).pvalue > FALSE_ALARM
        assert stats.kstest(longitude, "uniform", args=(-0.5, 1.0)).pvalue > FALSE_ALARM
        assert abs((z * longitude).mean()) * math.sqrt(36.0 * COUNT) < stats.norm.isf(FALSE_ALARM / 2)


@njit
def orders(c1, c3, trials, size):
    found = np.empty((trials, size), dtype=np.int64)
    for trial in range(trials):
        rng = make_rng(5, 6, c1, trial, c3)
        found[trial] = np.arange(size)
        rng.shuffle(found[trial])
    return found


def test_every_order_is_alike_and_the_same_in_plain_python():
    found = orders(high_word(7, 0), 7, 48_000, 4)
    rows = dict.fromkeys(permutations(range(4)), 0)
    for each in map(tuple, found.tolist()):
        rows[each] += 1
    assert stats.chisquare(list(rows.values())).pvalue > FALSE_ALARM
    for trial in range(50):
        x = np.arange(4.0)
        Rng(5 + (6 << 32), 7, trial).shuffle(x)
        assert x.tolist() == found[trial].tolist()


@pytest.mark.parametrize("size", [0, 1])
def test_what_has_one_order_takes_no_words(size):
    rng, x = Rng(1, 2, 3), list(range(size))
    rng.shuffle(x)
    assert (x, rng.uniforms) == (list(range(size)), 0)


def test_a_table_is_not_shuffled():
    with pytest.raises(ValueError, match="the array has 2 dimensions; it must have one"):
        Rng(1, 2, 3).shuffle(np.ones((3, 3)))
