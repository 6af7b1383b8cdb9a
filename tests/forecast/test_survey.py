"""The estimator on spaces whose costs are known: no clock."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.forecast.population import Population, Timed
from sweep.forecast.survey import survey

REPEATS = 20
FEWEST = 15
"""Of 20 intervals of 95 %: fewer hold the total with probability 3e-4 if 95 % do, and with 3 % if 88 % do. Seeded, so it is one outcome."""


def steep(x):
    return 10.0 ** (3.0 * x[:, 0]) * (1.0 + x[:, 1])


def saturated(x):
    return (1.0 + 500.0 * x[:, 0]) / (1.01 - x[:, 1])


def cliff(x):
    return np.where((x[:, 0] > 0.7) & (x[:, 1] > 0.5), 300.0, 1.0)


def rugged(x):
    return 10.0 ** (2.0 * np.abs(np.sin(1e4 * x[:, 0] + 3e5 * x[:, 1])))


def gridded(shape, cost, noise=0.05, spent=0.1):
    """Return a population over a grid and what measures it, given dice."""
    size = int(np.prod(shape))

    def features(units):
        return np.stack(np.unravel_index(units, shape), axis=1) / (np.array(shape) - 1)

    def measuring(dice):
        def measure(unit, seconds):
            exact = float(cost(features(np.array([unit])))[0])
            return Timed(exact * float(np.exp(noise * dice.standard_normal())), (noise * exact) ** 2, spent)

        return measure

    corners = tuple(sorted({0, shape[-1] - 1, size - shape[-1], size - 1}))
    return Population(size, features, corners), measuring


@pytest.mark.parametrize("shape", [(20, 20), (100, 100)], ids=["400", "10000"])
@pytest.mark.parametrize("cost", [steep, saturated, cliff, rugged])
def test_intervals_hold_the_total_about_as_often_as_they_say(cost, shape):
    population, measuring = gridded(shape, cost)
    total = float(cost(population.features(np.arange(population.size))).sum())
    found = [survey(population, measuring(np.random.default_rng(seed)), 10.0, seed).total for seed in range(REPEATS)]
    held = sum(low <= total <= high for low, high in (each.interval() for each in found))
    assert held >= FEWEST
    assert np.mean([each.seconds for each in found]) == pytest.approx(total, rel=0.1)


def test_a_space_of_10_to_the_12_is_estimated_from_a_few_units():
    population, measuring = gridded((1000,) * 4, steep)
    mean = float(steep(np.random.default_rng(0).random((10**6, 2))).mean())
    found = survey(population, measuring(np.random.default_rng(1)), 10.0)
    low, high = found.total.interval()
    assert low < mean * 1e12 < high
    assert high < 1.2 * low
    assert len(found.timed) <= 110
    assert set(population.corners) <= set(found.timed)


def test_smooth_costs_over_three_decades_are_known_to_a_few_percent():
    population, measuring = gridded((100, 100), steep)
    low, high = survey(population, measuring(np.random.default_rng(1)), 10.0).total.interval()
    assert high < 1.1 * low


def test_a_small_population_is_timed_whole():
    population, measuring = gridded((10, 10), steep, noise=0.0, spent=0.01)
    found = survey(population, measuring(np.random.default_rng(1)), 10.0)
    costs = steep(population.features(np.arange(100)))
    assert found.is_census
    assert len(found.timed) == 100
    assert found.total.seconds == pytest.approx(costs.sum())
    assert found.slowest_decile == pytest.approx(np.sort(costs)[-10:].sum() / costs.sum())


def test_one_unit():
    found = survey(
        Population(1, lambda units: np.zeros((len(units), 0)), (0,)), lambda unit, seconds: Timed(7.0, 0.49, 1.0), 10.0
    )
    assert found.total.seconds == 7.0
    assert found.total.relative_error == pytest.approx(0.1)


def test_a_slow_population_overdraws_the_budget_by_little():
    """Units that take four seconds each: as many are timed as the estimate needs, and no more."""
    population, measuring = gridded((100, 100), steep, spent=4.0)
    found = survey(population, measuring(np.random.default_rng(1)), 10.0)
    assert len(found.timed) <= 6 + 8


def test_units_without_features_are_sampled_evenly():
    costs = np.random.default_rng(5).gamma(2.0, size=5000)
    population = Population(5000, lambda units: np.zeros((len(units), 0)), (0, 4999))
    found = survey(population, lambda unit, seconds: Timed(float(costs[unit]), 0.0, 0.1), 10.0)
    low, high = found.total.interval()
    assert low < costs.sum() < high
    assert high < 2.0 * low


@pytest.mark.parametrize(("spent", "part"), [(0.002, 1e-9), (0.1, 0.1), (4.0, 0.3)], ids=["all", "many", "few"])
def test_weights_make_a_mean_of_something_else_than_the_cost(spent, part):
    """What is half where units are cheap and nothing where they are dear: the draws go by the cost, their weights undo that.

    A ratio of two estimates is biased by a part that falls with the draws: here there are eight of them where they are few.
    """
    population, measuring = gridded((12, 12), steep, spent=spent)

    def share(units):
        return 0.5 * (population.features(np.asarray(units))[:, 0] < 0.5)

    means = []
    for seed in range(REPEATS):
        weights = survey(population, measuring(np.random.default_rng(seed)), 10.0, seed).weights
        assert sum(weights.values()) == pytest.approx(population.size)
        means.append(float(np.average(share(list(weights)), weights=list(weights.values()))))
    assert np.mean(means) == pytest.approx(0.25, rel=part)
