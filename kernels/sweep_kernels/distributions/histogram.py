"""A density that is constant in each of several bins: ``Histogram``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.arithmetic import select
from sweep_kernels.distributions.base import Distribution, finite
from sweep_kernels.distributions.steps import position_of, probabilities_of, running_sums
from sweep_kernels.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Histogram"]


@dataclass(frozen=True)
class Histogram(Distribution):
    """Uniform within bins, of which each is as likely as its weight's part of their sum.

    Attributes
    ----------
    bins
        Of each, its low end, its high end and its weight, by rising ends. There may be gaps between them. A low end belongs to its bin, a high end
        to the last one only.

    Raises
    ------
    UsageError
        If a bin has no width, two overlap, or the weights are negative or all 0.

    Examples
    --------
    >>> Histogram(((0.0, 1.0, 0.5), (1.0, 3.0, 0.5))).inverse(0.75, 0.25)
    2.0
    """

    bins: tuple[tuple[float, float, float], ...]

    name = "histogram"

    def __post_init__(self) -> None:
        for low, high, _ in self.bins:
            if not finite("the low end of a bin", low) < finite("the high end of a bin", high):
                raise UsageError(f"the bin from {low:g} to {high:g} has no width")
        for (_, end, _), (start, _, _) in pairwise(self.bins):
            if start < end:
                raise UsageError(f"the bin that starts at {start:g} overlaps the one before, which ends at {end:g}")
        probabilities_of("bins", [weight for _, _, weight in self.bins])

    @property
    def _weighted(self) -> list[tuple[float, float, float]]:
        """The bins that have a weight, with their probabilities."""
        probabilities = probabilities_of("bins", [weight for _, _, weight in self.bins])
        return [(low, high, p) for (low, high, _), p in zip(self.bins, probabilities, strict=True) if p > 0.0]

    @property
    def support(self) -> tuple[float, float]:
        """The ends of the first and the last bin with a weight."""
        return self._weighted[0][0], self._weighted[-1][1]

    @property
    def marks(self) -> tuple[float, ...]:
        """The middles of the bins that have a weight."""
        return tuple(0.5 * (low + high) for low, high, _ in self._weighted)

    @property
    def gaps(self) -> tuple[float, ...]:
        """The middles of what is between them."""
        between = ((end, start) for (_, end, _), (start, _, _) in pairwise(self._weighted))
        return tuple(0.5 * (end + start) for end, start in between if end < start)

    @property
    def inverse(self) -> Callable[[float, float], float]:
        """See `Distribution.inverse`."""
        weighted = self._weighted
        lows, highs, probabilities = (np.array(column, dtype=np.float64) for column in zip(*weighted, strict=True))
        sums = running_sums(probabilities.tolist())
        before = np.array([0.0, *sums[:-1]])
        position = position_of(sums)

        def inverse(u: float, v: float) -> float:  # noqa: ARG001 - as the others
            i = position(u)
            share = (u - before[i]) / probabilities[i]
            share = select(share > 1.0, 1.0, share)
            x = (1.0 - share) * lows[i] + share * highs[i]
            x = select(x < lows[i], lows[i], x)
            return float(select(x > highs[i], highs[i], x))

        return inverse

    @property
    def log_density(self) -> Callable[[float], float]:
        """See `Distribution.log_density`."""
        weighted = self._weighted
        lows, highs, probabilities = (np.array(column, dtype=np.float64) for column in zip(*weighted, strict=True))
        logarithms = np.array([math.log(p / (high - low)) for low, high, p in weighted])
        count = len(probabilities)

        def log_density(x: float) -> float:
            found = -math.inf
            for i in range(count):
                inside = (x >= lows[i]) & (x <= highs[i])
                found = select(inside, logarithms[i], found)
            return float(found)

        return log_density
