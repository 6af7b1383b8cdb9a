"""Intervals of confidence for proportions, means, quantiles and correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "correlation_interval",
    "mean_interval",
    "proportion_interval",
    "quantile_ranks",
    "weighted_proportion_interval",
]

EXACT_BELOW = 1000
"""With fewer hits or misses than this a proportion's interval is Clopper and Pearson's; from here on Wilson's, which differs little."""

LARGE = 10**6
"""From so many trials on the few are counted as Poisson's: `betaincinv` is wrong by 1e-8 here, by a factor of 14 at 10**12."""


def proportion_interval(
    hits: ArrayLike, n: ArrayLike, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound probabilities from counts.

    C. J. Clopper and E. S. Pearson (1934, https://doi.org/10.1093/biomet/26.4.404) where hits or misses are few: never below the
    nominal coverage, the exact upper bound for no hits at all. E. B. Wilson (1927, https://doi.org/10.1080/01621459.1927.10502953)
    where both are many. Compare Brown, Cai and DasGupta (2001, https://doi.org/10.1214/ss/1009213286).

    Parameters
    ----------
    hits, n
        Counts, ``0 <= hits <= n``, of one shape.
    confidence
        ``0 < confidence < 1``.

    Returns
    -------
    low, high : ndarray
        0 and 1 where `n` is 0.

    Examples
    --------
    >>> low, high = proportion_interval([0, 5], [10, 10], 0.95)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.1871], [0.3085, 0.8129])
    """
    x, count = np.broadcast_arrays(np.asarray(hits, np.int64), np.asarray(n, np.int64))
    low, high = _wilson(x, count, confidence)
    few = np.flatnonzero((x < EXACT_BELOW) | (count - x < EXACT_BELOW))
    if len(few):
        low.flat[few], high.flat[few] = _clopper_pearson(x.flat[few], count.flat[few], confidence)
    return low, high


def _wilson(
    x: NDArray[np.int64], n: NDArray[np.int64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.special import ndtri

    z = float(ndtri(0.5 + confidence / 2.0))
    safe = np.maximum(n, 1)
    p = x / safe
    centre = (p + z * z / (2.0 * safe)) / (1.0 + z * z / safe)
    half = z * np.sqrt(p * (1.0 - p) / safe + z * z / (4.0 * safe * safe.astype(np.float64))) / (1.0 + z * z / safe)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def _clopper_pearson(
    x: NDArray[np.int64], n: NDArray[np.int64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Invert the binomial distribution once for each pair of counts: few differ."""
    pairs, back = np.unique(np.stack([x, n]), axis=1, return_inverse=True)
    hits, count = pairs
    tail = (1.0 - confidence) / 2.0
    low, high = np.zeros(len(hits)), np.ones(len(hits))
    some, missed = hits > 0, hits < count
    low[some] = _beta_quantile(hits[some], count[some], tail)
    high[missed] = _beta_quantile(hits[missed] + 1, count[missed], 1.0 - tail)
    return low[back.ravel()], high[back.ravel()]


def _beta_quantile(a: NDArray[np.int64], n: NDArray[np.int64], q: float) -> NDArray[np.float64]:
    """Return the quantile `q` of the beta distribution with the parameters ``a`` and ``n + 1 - a``."""
    from scipy.special import betaincinv

    found = betaincinv(a, n + 1 - a, q)
    large = n >= LARGE
    found[large] = np.where(
        a[large] <= EXACT_BELOW,
        _rare(a[large], n[large], q),
        1.0 - _rare(n[large] + 1 - a[large], n[large], 1.0 - q),
    )
    return found


def _rare(a: NDArray[np.int64], n: NDArray[np.int64], q: float) -> NDArray[np.float64]:
    """Return that quantile for ``a`` far below ``n``: a gamma quantile, corrected to a relative error of ``(a / n)**2 / 100``."""
    from scipy.special import gammaincinv

    events = gammaincinv(a, q)
    return events / (n + (events - (a - 1)) / 2.0)


def mean_interval(
    n: ArrayLike, mean: ArrayLike, std: ArrayLike, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound means by Student's t.

    Right for large `n`, and for any where the values are normal; heavy tails need more trials than the interval says.

    Parameters
    ----------
    n, mean, std
        Count, mean and sample standard deviation, of one shape.
    confidence
        ``0 < confidence < 1``.

    Returns
    -------
    low, high : ndarray
        Infinite where `n` is 1, NaN where it is 0.
    """
    from scipy.special import stdtrit

    count = np.asarray(n, np.float64)
    values, back = np.unique(count, return_inverse=True)
    factors = np.full(len(values), np.inf)
    several = values > 1
    factors[several] = stdtrit(values[several] - 1.0, 0.5 + confidence / 2.0)
    half = factors[back.ravel()].reshape(count.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.where(count > 1, half * np.asarray(std) / np.sqrt(count), np.where(count == 1, np.inf, np.nan))
    return np.asarray(mean) - half, np.asarray(mean) + half


def weighted_proportion_interval(
    mean: ArrayLike, stderr: ArrayLike, heaviest: ArrayLike, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound probabilities from trials with weights.

    Gamma distributions with the estimate's mean and variance, the upper one as if there had been another hit of the greatest weight: M. P. Fay and
    E. J. Feuer, "Confidence intervals for directly standardized rates: a method based on the gamma distribution", Statistics in Medicine 16
    (1997), 791-801. With weights of 1 these are the exact ones for few hits; unlike Student's t they are as skew as the weights. The variance is the
    sample's, not that of Poisson counts, which it would be for rare hits.

    Parameters
    ----------
    mean, stderr
        Of the weights of the trials that hit, and 0 for the others.
    heaviest
        The greatest of these weights, divided by the number of trials.
    confidence
        ``0 < confidence < 1``.

    Returns
    -------
    low, high : ndarray
        Within 0 and 1; 0 and 1 where nothing hit, for weights that were not seen have no bound; NaN where something is.
    """
    from scipy.special import gammaincinv

    estimate, spread, step = (np.asarray(each, np.float64) for each in np.broadcast_arrays(mean, stderr, heaviest))
    tail = (1.0 - confidence) / 2.0
    with np.errstate(invalid="ignore", divide="ignore", over="ignore", under="ignore"):
        relative = np.maximum(spread, step) / estimate  # squares of probabilities may be below the least float
        low = estimate * relative**2 * gammaincinv(relative**-2, tail)
        above, more = estimate + step, np.hypot(spread, step) / (estimate + step)
        high = above * more**2 * gammaincinv(more**-2, 1.0 - tail)
    known = np.isfinite(estimate) & np.isfinite(spread) & np.isfinite(step)
    low, high = np.where(estimate > 0.0, low, 0.0), np.where(estimate > 0.0, np.minimum(high, 1.0), 1.0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def quantile_ranks(
    n: ArrayLike, level: float, confidence: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return which of `n` values in rising order estimate a quantile, and between which two it lies.

    How many values are below the quantile is binomial whatever they are distributed like, so ranks bound it without any assumption: H. A. David
    and H. N. Nagaraja, Order Statistics (3rd ed., 2003), section 7.1, https://doi.org/10.1002/0471722162. Each side is missed with
    probability ``(1 - confidence) / 2`` at most; where values are tied, less often.

    Parameters
    ----------
    n
        Counts.
    level
        ``0 < level < 1``.
    confidence
        ``0 < confidence < 1``.

    Returns
    -------
    rank, low, high : ndarray
        Counted from 1. The estimate is the smallest value that at least ``level * n`` of them do not exceed: the inverse of their
        distribution function. `low` is 0 and `high` is ``n + 1`` where no value bounds the quantile.

    Examples
    --------
    >>> [int(each[0]) for each in quantile_ranks([100], 0.5, 0.95)]
    [50, 40, 61]
    """
    from scipy.stats import binom

    count = np.asarray(n, np.int64)
    few, back = np.unique(count, return_inverse=True)
    tail = (1.0 - confidence) / 2.0
    exact = level * few.astype(np.float64)
    rank = np.clip(np.ceil(exact - exact * 2.0**-51), 1, np.maximum(few, 1))  # 0.07 * 100 is 7, whatever floats say
    low = np.maximum(binom.ppf(tail, few, level), 0.0)
    high = np.maximum(binom.isf(tail, few, level), 0.0) + 1.0
    found = (each.astype(np.int64)[back.ravel()].reshape(count.shape) for each in (rank, low, high))
    rank, low, high = found
    return rank, low, high


def correlation_interval(
    r: ArrayLike, stderr: ArrayLike, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound correlations on the scale of R. A. Fisher's ``atanh(r)`` (1921), from standard errors that hold for any distribution.

    Parameters
    ----------
    r, stderr
        Correlations and their standard errors, of one shape.
    confidence
        ``0 < confidence < 1``.

    Returns
    -------
    low, high : ndarray
        Within -1 and 1; both `r` where that is -1 or 1; NaN where it is NaN.
    """
    from scipy.special import ndtri

    rho = np.asarray(r, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = float(ndtri(0.5 + confidence / 2.0)) * np.asarray(stderr) / (1.0 - rho * rho)
        centre = np.arctanh(rho)
        ends = np.tanh(centre - half), np.tanh(centre + half)
    is_bound = np.abs(rho) == 1.0
    return np.where(is_bound, rho, ends[0]), np.where(is_bound, rho, ends[1])
