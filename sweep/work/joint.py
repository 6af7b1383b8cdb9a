"""Joint moments of two outputs to their covariance and correlation, with errors that hold whatever the distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.intervals import correlation_interval, mean_interval
from sweep_kernels.covariance import COUNT, MOMENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["covariance_columns"]


def covariance_columns(name: str, comoments: NDArray[np.float64], confidence: float) -> dict[str, NDArray[np.float64]]:
    """Return a pair's columns.

    The standard errors are the delta method's, from moments of the fourth order: A. Stuart and J. K. Ord, Kendall's Advanced Theory of Statistics,
    vol. 1 (6th ed., 1994), chapter 10.

    Parameters
    ----------
    name
        Of the pair.
    comoments
        Shape (points, WIDTH).
    confidence
        Of the intervals.

    Returns
    -------
    dict
        ``<name>_cov``, ``_cov_stderr``, ``_cov_ci_low``, ``_cov_ci_high``, and the same for ``_corr``. NaN where there is nothing to
        say: with less than two trials that gave two finite values, and for the correlation with an output that did not vary.
    """
    n = comoments[:, COUNT]
    several = n > 1
    with np.errstate(invalid="ignore", divide="ignore", over="ignore", under="ignore"):
        m = {order: comoments[:, place] / n for order, place in MOMENT.items()}
        cov = np.where(several, m[1, 1] * (n / (n - 1.0)), np.nan)
        spread = np.sqrt(np.maximum(m[2, 2] - m[1, 1] ** 2, 0.0) * (n / (n - 1.0)))
        spread = np.where(several, spread, np.nan)
        cov_low, cov_high = mean_interval(n, cov, spread, confidence)
        corr = np.clip(m[1, 1] / (np.sqrt(m[2, 0]) * np.sqrt(m[0, 2])), -1.0, 1.0)
        corr_stderr = np.where(several, _correlation_stderr(m, n), np.nan)
        corr_low, corr_high = correlation_interval(corr, corr_stderr, confidence)
        found = {"cov": (cov, spread / np.sqrt(n), cov_low, cov_high), "corr": (corr, corr_stderr, corr_low, corr_high)}
    ends = ("", "_stderr", "_ci_low", "_ci_high")
    return {
        f"{name}_{what}{end}": each for what, columns in found.items() for end, each in zip(ends, columns, strict=True)
    }


def _correlation_stderr(m: dict[tuple[int, int], NDArray[np.float64]], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale both to a variance of 1, then take the standard error of the mean of what moves the correlation to first order.

    With ``u`` and ``v`` so scaled this is ``u v - r (u**2 + v**2) / 2``, whose mean is 0.
    """
    x, y = np.sqrt(m[2, 0]), np.sqrt(m[0, 2])
    u = {(p, q): m[p, q] / x**p / y**q for p, q in ((1, 1), (2, 2), (3, 1), (1, 3), (4, 0), (0, 4))}
    r = u[1, 1]
    variance = u[2, 2] - r * (u[3, 1] + u[1, 3]) + r * r / 4.0 * (u[4, 0] + 2.0 * u[2, 2] + u[0, 4])
    return np.sqrt(np.maximum(variance, 0.0) / (n - 1.0))
