"""Totals of a population from the units that were timed, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sweep.forecast.population import Timed

__all__ = ["Total", "of_all", "of_draws"]

MANY = 1000.0
"""Degrees of freedom from which on Student's t is taken for the normal distribution."""


@dataclass(frozen=True)
class Total:
    """An estimate of a sum of positive costs.

    Attributes
    ----------
    seconds
        The estimate.
    relative_error
        Its standard error as part of it.
    freedom
        Degrees of freedom of that.
    """

    seconds: float
    relative_error: float
    freedom: float

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return bounds at equal factors below and above: a cost is positive, and what is missed is more often too little.

        >>> [round(each, 2) for each in Total(10.0, 0.1, 1e9).interval()]
        [8.22, 12.17]
        """
        from scipy.special import ndtri, stdtrit

        p = 0.5 + confidence / 2.0
        factor = float(ndtri(p) if self.freedom >= MANY else stdtrit(self.freedom, p))
        width = math.exp(min(factor * self.relative_error, 50.0))
        return self.seconds / width, self.seconds * width

    def with_noise(self, relative: float) -> Total:
        """Add an error that all timings share, as part of the total."""
        return replace(self, relative_error=math.hypot(self.relative_error, relative))

    def times(self, factor: float) -> Total:
        """Return the total in another unit."""
        return replace(self, seconds=self.seconds * factor)

    def plus(self, seconds: float, uncertain: float = 0.0) -> Total:
        """Add other seconds, of which a part is `uncertain`."""
        whole = self.seconds + seconds
        error = math.hypot(self.relative_error * self.seconds, uncertain * seconds)
        return replace(self, seconds=whole, relative_error=error / whole if whole else 0.0)


def of_all(timed: list[Timed]) -> Total:
    """Add up units that were all timed, each in part."""
    seconds = sum(each.seconds for each in timed)
    variance = sum(each.variance for each in timed)
    return Total(seconds, math.sqrt(variance) / seconds if seconds else 0.0, MANY)


def of_draws(
    certain: list[Timed],
    predicted: NDArray[np.float64],
    expansion: float,
    drawn: NDArray[np.float64],
    expected: NDArray[np.float64],
    chances: NDArray[np.float64],
) -> Total:
    """Add up those that were taken for certain, and estimate the others: what was predicted, corrected by what the draws differ from it.

    A difference estimator over draws with unequal chances, which is unbiased whatever the prediction is worth: W. G. Cochran, Sampling
    Techniques (3rd ed., 1977), sections 7.2 and 9A.3; with a frame that is itself a sample, in two phases, section 12.2. The variance
    between draws holds that of the timing of each (section 11.9).

    Parameters
    ----------
    certain
        Units that are no part of the frame.
    predicted
        Costs over the frame.
    expansion
        Units that one of the frame stands for.
    drawn, expected, chances
        Of each draw: its cost, that which was predicted, the chance of one draw to take it.
    """
    corrections = (drawn - expected) / chances
    m, n = len(corrections), len(predicted)
    rest = expansion * (float(predicted.sum()) + float(corrections.mean()))
    variance = expansion**2 * float(corrections.var(ddof=1)) / m
    of_frame = (1.0 - 1.0 / expansion) * expansion**2 * n * float(predicted.var()) if expansion > 1.0 else 0.0
    known = sum(each.seconds for each in certain)
    seconds = known + max(rest, expansion * float(drawn.min()))
    whole = variance + of_frame + sum(each.variance for each in certain)
    return Total(seconds, math.sqrt(whole) / seconds, float(m - 1))
