"""Costs over a space, predicted from those of a few units: a Gaussian process on the logarithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Surface", "fitted"]

SHORTEST, LONGEST = np.log(0.05), np.log(20.0)
"""Lengths over which costs may change, where a space is 1 wide."""

LEAST_NOISE, MOST_NOISE = np.log(1e-3), np.log(2.0)
BEYOND = np.log(30.0)
"""How far a prediction may leave the range of what was seen."""

AT_ONCE = 1 << 14


@dataclass(frozen=True)
class Surface:
    """Predicts costs; C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning (2006), section 2.2.

    Attributes
    ----------
    known
        Features of the units that were timed, shape ``(n, d)``.
    weights
        What each of them adds, shape ``(n,)``.
    terms
        Logarithms of: a length for each feature, the sizes of the smooth, the linear and the random part.
    centre
        Mean of the logarithms.
    range
        Which logarithms a prediction may have.
    """

    known: NDArray[np.float64]
    weights: NDArray[np.float64]
    terms: NDArray[np.float64]
    centre: float
    range: tuple[float, float]

    def __call__(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predicted seconds, shape ``(rows,)``."""
        pieces = [
            _covariance(features[i : i + AT_ONCE], self.known, self.terms) @ self.weights
            for i in range(0, len(features), AT_ONCE)
        ]
        return np.exp(np.clip(self.centre + np.concatenate(pieces), *self.range))


def fitted(features: NDArray[np.float64], seconds: NDArray[np.float64]) -> Surface:
    """Fit a surface by the largest marginal likelihood.

    Parameters
    ----------
    features
        Shape ``(n, d)``, scaled to 0 to 1.
    seconds
        Above 0, shape ``(n,)``.
    """
    from scipy.linalg import cho_factor, cho_solve
    from scipy.optimize import minimize

    logs = np.log(seconds)
    centre, values = float(logs.mean()), logs - logs.mean()
    d = features.shape[1]
    size = np.log(max(float(values.std()), 1e-2))
    start = np.array([*np.full(d, np.log(0.7)), size, size, np.log(0.05)])
    bounds: Any = [
        *[(SHORTEST, LONGEST)] * d,
        *[(size - 6.0, size + 3.0)] * 2,
        (LEAST_NOISE, MOST_NOISE),
    ]
    options = {"maxiter": 40}
    found = minimize(_surprise, start, (features, values), "L-BFGS-B", jac=True, bounds=bounds, options=options)
    factor = cho_factor(_of_known(features, found.x), lower=True)
    ends = float(logs.min() - BEYOND), float(logs.max() + BEYOND)
    return Surface(features, cho_solve(factor, values), found.x, centre, ends)


def _surprise(
    terms: NDArray[np.float64], features: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return minus the logarithm of the marginal likelihood, with a mild preference for long lengths, and its gradient.

    Rasmussen and Williams, equations 5.8 and 5.9.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    d = features.shape[1]
    scaled = features / np.exp(terms[:d])
    smooth, linear = _parts(features, features, terms)
    noise = np.exp(2.0 * terms[-1])
    try:
        factor = cho_factor(smooth + linear + _diagonal(features, terms), lower=True)
    except LinAlgError:
        return 1e10, np.zeros(len(terms))
    inverse = cho_solve(factor, np.eye(len(features)))
    weights = inverse @ values
    slope = inverse - np.outer(weights, weights)
    pulled = slope * smooth
    apart = pulled.sum(axis=1) @ scaled**2 - ((pulled @ scaled) * scaled).sum(axis=0)
    gradient = np.array([*apart + 0.2 * terms[:d], pulled.sum(), (slope * linear).sum(), noise * np.trace(slope)])
    fit = 0.5 * float(values @ weights) + float(np.log(np.diag(factor[0])).sum())
    return fit + 0.1 * float((terms[:d] ** 2).sum()), gradient


def _of_known(features: NDArray[np.float64], terms: NDArray[np.float64]) -> NDArray[np.float64]:
    return _covariance(features, features, terms) + _diagonal(features, terms)


def _diagonal(features: NDArray[np.float64], terms: NDArray[np.float64]) -> NDArray[np.float64]:
    return (np.exp(2.0 * terms[-1]) + 1e-8) * np.eye(len(features))


def _covariance(a: NDArray[np.float64], b: NDArray[np.float64], terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how costs at `a` go together with those at `b`."""
    smooth, linear = _parts(a, b, terms)
    return smooth + linear


def _parts(
    a: NDArray[np.float64], b: NDArray[np.float64], terms: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both parts of a covariance: a smooth one, and one that is linear in the features."""
    d = a.shape[1]
    smooth, linear = np.exp(2.0 * terms[d : d + 2])
    lengths = np.exp(terms[:d])
    x, y = a / lengths, b / lengths
    apart = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2.0 * x @ y.T
    return smooth * np.exp(-0.5 * np.maximum(apart, 0.0)), linear * ((a - 0.5) @ (b - 0.5).T)
