"""A plan's points as units that can be timed: one point, or a run of neighbours where a point alone is over in no time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep.forecast.corners import corners
from sweep.forecast.features import Features
from sweep.forecast.population import Population
from sweep.forecast.sample import frame_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.plan import Plan

__all__ = ["Units"]

UNIT_SECONDS = 5e-3
"""A unit of many points takes about this long: a call's own cost is then nothing."""

MOST_POINTS = 1 << 16
LOOKED_AT = 4
"""Points of a unit whose parameters speak for it."""


@dataclass(frozen=True)
class Units:
    """Runs of `width` neighbouring points; the last one may be shorter.

    Attributes
    ----------
    points
        How many in all.
    width
        Points of a unit.
    features
        Of points.
    """

    points: int
    width: int
    features: Features

    @classmethod
    def of(cls, plan: Plan, seconds_per_point: float) -> Units:
        """Cut a plan's points, given what one takes."""
        seen = frame_of(plan.points, np.random.default_rng(0))
        ends = np.array(corners(plan.space), np.int64)
        wanted = round(UNIT_SECONDS / max(seconds_per_point, 1e-9))
        width = int(np.clip(wanted, 1, min(MOST_POINTS, plan.points)))
        return cls(plan.points, width, Features.over(plan.space, np.union1d(seen, ends)))

    @property
    def count(self) -> int:
        """How many units."""
        return -(-self.points // self.width)

    def bounds(self, unit: int) -> tuple[int, int]:
        """Return the half-open range of a unit's points."""
        return unit * self.width, min((unit + 1) * self.width, self.points)

    def of_units(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return features of units: the mean of those of a few of their points."""
        within = sorted({(2 * i + 1) * self.width // (2 * LOOKED_AT) for i in range(LOOKED_AT)})
        each = [self.features(np.minimum(units * self.width + place, self.points - 1)) for place in within]
        return np.mean(each, axis=0)

    def population(self) -> Population:
        """Return them as what is surveyed."""
        ends = sorted({point // self.width for point in corners(self.features.space)})
        return Population(self.count, self.of_units, tuple(ends))
