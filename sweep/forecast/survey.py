"""Find out what a population costs within a budget of seconds: time its ends, predict the rest, check the prediction by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep.forecast.sample import drawn, frame_of, spread
from sweep.forecast.surface import fitted
from sweep.forecast.total import Total, of_all, of_draws

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sweep.forecast.population import Population, Timed
    from sweep.forecast.surface import Surface

__all__ = ["Survey", "survey"]

FIRST = 40
"""Units that the prediction is fitted to, as far as a third of the budget goes."""

FEWEST_FIRST, FEWEST_DRAWS = 6, 8
MOST_DRAWS = 64
ALL = 160
"""Populations up to this size are timed whole, if the budget allows."""

LEAST = 1e-9
DECILE = 0.1


@dataclass(frozen=True)
class Survey:
    """What was found.

    Attributes
    ----------
    total
        Of the population.
    timed
        By unit.
    even
        Those units that were not taken for their cost: they speak for the others.
    is_census
        Whether all units were timed.
    surface
        Predicts costs from features, fitted to all that were timed.
    slowest_decile
        Part of the total that the slowest tenth of the units takes, as predicted.
    weights
        By unit that was timed: how many of the population it stands for, in a mean of something else than the cost.
    """

    total: Total
    timed: dict[int, Timed]
    even: tuple[int, ...]
    is_census: bool
    surface: Surface
    slowest_decile: float
    weights: dict[int, float]


def survey(population: Population, measure: Callable[[int, float], Timed], budget: float, seed: int = 0) -> Survey:
    """Estimate the total cost of a population.

    Two phases: units spread over the space, its corners first, to fit a surface of costs; then units drawn by chance, nearly in proportion
    to what that predicts. The estimate rests on the draws alone, so a surface that is wrong costs width, not truth. Populations that
    are small and cheap enough are timed whole.

    Parameters
    ----------
    population
        The units.
    measure
        Times one of them for about so many seconds.
    budget
        Seconds to spend; a unit that takes longer than its share may overdraw it.
    seed
        Of the draws.
    """
    dice = np.random.default_rng(seed)
    frame = np.unique(np.concatenate([frame_of(population.size, dice), np.array(population.corners, np.int64)]))
    features = population.features(frame)
    look = _Look(measure, frame)
    first = _first(look, features, population, budget)
    mean = look.spent / len(look.timed)
    if population.size <= ALL and (population.size - len(look.timed)) * mean <= 2.0 * (budget - look.spent) + mean:
        left = [row for row in range(len(frame)) if row not in first]
        for row in left:
            look.at(row, max(budget - look.spent, 0.0) / len(left))
        total = of_all([look.timed[int(unit)] for unit in frame])
        return _told(look, features, total, frame.tolist(), dict.fromkeys(frame.tolist(), 1.0), census=True)
    return _drawn(look, features, population, first, budget, dice)


class _Look:
    """Times units of a frame, each once."""

    def __init__(self, measure: Callable[[int, float], Timed], frame: NDArray[np.int64]) -> None:
        self._measure = measure
        self.frame = frame
        self.timed: dict[int, Timed] = {}
        self.spent = 0.0

    def at(self, row: int, seconds: float) -> Timed:
        unit = int(self.frame[row])
        if unit not in self.timed:
            self.timed[unit] = self._measure(unit, seconds)
            self.spent += self.timed[unit].spent
        return self.timed[unit]

    def seconds(self, rows: list[int]) -> NDArray[np.float64]:
        return np.maximum([self.timed[int(self.frame[row])].seconds for row in rows], LEAST)


def _first(look: _Look, features: NDArray[np.float64], population: Population, budget: float) -> list[int]:
    """Time units that are spread over the frame, then more of them where those were slow, until a third of the budget is gone."""
    share, most = budget / 3.0, min(FIRST, len(look.frame))
    chosen = np.searchsorted(look.frame, np.array(population.corners, np.int64)).tolist()
    done: list[int] = []
    for count in (max(most // 2, min(len(chosen), most)), most):
        weights = fitted(features[done], look.seconds(done))(features) if done else None
        chosen = spread(features, chosen, count, weights)[:count]
        for row in chosen[len(done) :]:
            if look.spent >= share and len(done) >= FEWEST_FIRST:
                return done
            look.at(row, share / most)
            done.append(row)
    return done


def _drawn(
    look: _Look,
    features: NDArray[np.float64],
    population: Population,
    first: list[int],
    budget: float,
    dice: np.random.Generator,
) -> Survey:
    """Draw units by chance; those that were timed first count once each, and are drawn no more."""
    certain = [look.timed[int(look.frame[row])] for row in first]
    surface = fitted(features[first], look.seconds(first))
    others = np.setdiff1d(np.arange(len(look.frame)), first)
    predicted = surface(features[others])
    left = max(budget - look.spent, 0.0)
    count = int(np.clip(left / (look.spent / len(first)), FEWEST_DRAWS, MOST_DRAWS))
    places, chances = drawn(predicted, count, dice)
    rows = others[places]
    for row in rows.tolist():
        look.at(row, left / count)
    expansion = (population.size - len(first)) / len(others)
    total = of_draws(certain, predicted, expansion, look.seconds(rows.tolist()), predicted[places], chances)
    weights = dict.fromkeys(look.frame[first].tolist(), 1.0)
    for unit, each in zip(look.frame[rows].tolist(), _stood_for(chances, population.size - len(first)), strict=True):
        weights[unit] = weights.get(unit, 0.0) + each  # a unit may be drawn more than once
    return _told(look, features, total, look.frame[first].tolist(), weights, census=False)


def _stood_for(chances: NDArray[np.float64], units: int) -> list[float]:
    """Share units among draws, by the inverse of the chance of each: Hajek's ratio estimator (C.-E. Sarndal et al., 1992, section 5.7)."""
    inverse = 1.0 / chances
    return (units * inverse / inverse.sum()).tolist()


def _told(
    look: _Look,
    features: NDArray[np.float64],
    total: Total,
    even: list[int],
    weights: dict[int, float],
    *,
    census: bool,
) -> Survey:
    rows = np.searchsorted(look.frame, sorted(look.timed)).tolist()
    surface = fitted(features[rows], look.seconds(rows))
    costs = np.sort(look.seconds(rows) if census else surface(features))
    top = costs[-max(1, round(DECILE * len(costs))) :]
    return Survey(total, look.timed, tuple(even), census, surface, float(top.sum() / costs.sum()), weights)
