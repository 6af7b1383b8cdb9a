"""What two variants differ by when both were run on the same draws: differences within pairs, and their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep.intervals import mean_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Difference",
    "difference_of_means",
    "difference_of_proportions",
    "difference_of_weighted",
    "paired_proportion_interval",
]

HALVINGS = 100
"""Of the interval in which a bound is looked for: until it is as narrow as a float is fine."""


class Difference(NamedTuple):
    """What pairs of trials differ by, second minus first.

    Attributes
    ----------
    n
        Pairs.
    first, second
        The means of both.
    value, stderr
        The difference, and its standard error.
    low, high
        Its interval.
    gain
        How many times as many trials with draws of their own would have been needed for the same standard error; NaN where no pair differs.
    """

    n: int
    first: float
    second: float
    value: float
    stderr: float
    low: float
    high: float
    gain: float


def difference_of_proportions(both: int, first_only: int, second_only: int, n: int, confidence: float) -> Difference:
    """Compare how often something happens, from counts of pairs in which it does in both, or in one of them only.

    >>> found = difference_of_proportions(40, 10, 2, 1000, 0.95)
    >>> found.value, round(found.low, 4), round(found.high, 4), round(found.gain, 1)
    (-0.008, -0.0165, -0.0015, 7.4)
    """
    if n == 0:
        return Difference(0, np.nan, np.nan, np.nan, np.nan, -1.0, 1.0, np.nan)
    first, second = (both + first_only) / n, (both + second_only) / n
    value = (second_only - first_only) / n
    variance = (first_only + second_only) / n - value * value
    low, high = paired_proportion_interval([first_only], [second_only], [n], confidence)
    alone = first * (1.0 - first) + second * (1.0 - second)
    gain = alone / variance if variance > 0.0 else np.nan
    return Difference(n, first, second, value, float(np.sqrt(variance / n)), float(low[0]), float(high[0]), gain)


def difference_of_means(first: NDArray[np.float64], second: NDArray[np.float64], confidence: float) -> Difference:
    """Compare means, by Student's t on the differences within pairs; pairs with a value that is not finite are left out.

    Parameters
    ----------
    first, second
        Shape (pairs,).
    confidence
        ``0 < confidence < 1``.
    """
    finite = np.isfinite(first) & np.isfinite(second)
    a, b = first[finite], second[finite]
    n = len(a)
    if n < 2:
        one, other = (float(each.mean()) if n else np.nan for each in (a, b))
        return Difference(n, one, other, other - one, np.nan, -np.inf, np.inf, np.nan)
    differences = b - a
    value, std = float(differences.mean()), float(differences.std(ddof=1))
    low, high = mean_interval(n, value, std, confidence)
    gain = float(a.var(ddof=1) + b.var(ddof=1)) / std**2 if std > 0.0 else np.nan
    stderr = std / float(np.sqrt(n))
    return Difference(n, float(a.mean()), float(b.mean()), value, stderr, float(low), float(high), gain)


def difference_of_weighted(first: NDArray[np.float64], second: NDArray[np.float64], confidence: float) -> Difference:
    """Compare means of weighted trials, each value times its weight.

    As `difference_of_means`, but a mean without some of its weights is none, so that one value that is not finite leaves no estimate; and where
    all values are 0 the difference has no bound, for nothing was seen of it.
    """
    found = difference_of_means(first, second, confidence)
    if found.n < len(first):
        nothing = dict.fromkeys(("first", "second", "value", "stderr", "low", "high", "gain"), np.nan)
        return found._replace(n=len(first), **nothing)
    if not (first.any() or second.any()):
        return found._replace(low=-np.inf, high=np.inf)
    return found


def paired_proportion_interval(
    first_only: ArrayLike, second_only: ArrayLike, n: ArrayLike, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound by how much more often the second of a pair has something than the first.

    T. Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample design", Statistics in Medicine
    17 (1998), 891-908: the differences that a score test does not reject. Near its nominal coverage for rare events, too, and of some width
    where no pair differs at all: then ``z**2 / (n + z**2)`` on either side.

    Parameters
    ----------
    first_only, second_only
        Counts of pairs in which one of both has it, of one shape.
    n
        Counts of all pairs, 1 or more.
    confidence
        ``0 < confidence < 1``.

    Returns
    -------
    low, high : ndarray
        Within -1 and 1.

    Examples
    --------
    >>> low, high = paired_proportion_interval([7], [1], [21], 0.95)  # doi 10.1002/sim.6148, Bentur et al.: -0.52 to -0.03
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([-0.52], [-0.03])
    """
    from scipy.special import ndtri

    b, c, count = (np.asarray(each, np.float64) for each in np.broadcast_arrays(second_only, first_only, n))
    z = float(ndtri(0.5 + confidence / 2.0))
    return -_upper(c, b, count, z), _upper(b, c, count, z)


def _upper(b: NDArray[np.float64], c: NDArray[np.float64], n: NDArray[np.float64], z: float) -> NDArray[np.float64]:
    """Return the largest difference that is not rejected: the score falls from `z` above to `-z` below."""
    inside, outside = (b - c) / n, np.ones_like(n)
    for _ in range(HALVINGS):
        middle = 0.5 * (inside + outside)
        accepted = _score(b, c, n, middle) >= -z
        inside, outside = np.where(accepted, middle, inside), np.where(accepted, outside, middle)
    return inside


def _score(
    b: NDArray[np.float64], c: NDArray[np.float64], n: NDArray[np.float64], delta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the standardised distance of ``b - c`` from a difference, with the variance that is likeliest given that difference."""
    linear = (2.0 * n - b + c) * delta - b - c
    constant = c * delta * (1.0 - delta)
    root = np.sqrt(linear * linear + 8.0 * n * constant)
    with np.errstate(invalid="ignore", divide="ignore"):  # of both forms the one that does not cancel
        chance = np.where(linear > 0.0, 2.0 * constant / (root + linear), (root - linear) / (4.0 * n))
        spread = np.sqrt(n * np.maximum(2.0 * chance + delta * (1.0 - delta), 0.0))
        return np.where(spread > 0.0, (b - c - n * delta) / spread, np.where(b - c >= n * delta, np.inf, -np.inf))
