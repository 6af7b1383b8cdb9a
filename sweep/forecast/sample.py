"""Which units are timed: a frame that stands for all of them, and some of it that lie as far apart as they can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FRAME", "drawn", "frame_of", "spread"]

FRAME = 20_000
"""Units whose parameters are looked at; no more than these are ever held."""

EVENLY = 0.2
"""Share of the draws that does not follow the predicted costs, so that no unit weighs more than five times what it would in an even
sample, however wrong the prediction: T. Hesterberg (1995), https://doi.org/10.1080/00401706.1995.10484303."""


def frame_of(size: int, dice: np.random.Generator, most: int = FRAME) -> NDArray[np.int64]:
    """Return all units, or `most` of them: one at random from each of as many stretches of equal length.

    >>> frame_of(3, np.random.default_rng(1)).tolist()
    [0, 1, 2]
    """
    if size <= most:
        return np.arange(size)
    edges = np.array([size * i // most for i in range(most + 1)], dtype=np.int64)
    return dice.integers(edges[:-1], edges[1:])


def spread(
    features: NDArray[np.float64], chosen: list[int], count: int, weights: NDArray[np.float64] | None = None
) -> list[int]:
    """Add rows to those that are chosen, each as far as can be from all before: a space's ends come first, then its gaps.

    T. F. Gonzalez (1985), https://doi.org/10.1016/0304-3975(85)90224-5.

    Parameters
    ----------
    features
        Shape ``(rows, d)``, scaled to 0 to 1.
    chosen
        Rows to begin with.
    count
        How many to return at most, with those.
    weights
        Of the rows: where they are large, those that are added lie closer.
    """
    found = list(dict.fromkeys(chosen)) or [0]
    weights = np.ones(len(features)) if weights is None else weights
    near = np.min([_distance(features, row) for row in found], axis=0)
    while len(found) < count:
        row = int(np.argmax(near * weights))
        if near[row] <= 0.0:  # the others are no different: any will do
            rest = np.setdiff1d(np.arange(len(features)), found)
            return [*found, *rest[:: max(1, len(rest) // max(1, count - len(found)))].tolist()][:count]
        found.append(row)
        near = np.minimum(near, _distance(features, row))
    return found


def _distance(features: NDArray[np.float64], row: int) -> NDArray[np.float64]:
    return ((features - features[row]) ** 2).sum(axis=1)


def drawn(
    predicted: NDArray[np.float64], count: int, dice: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draw units with replacement, nearly in proportion to what they are predicted to cost.

    M. H. Hansen and W. N. Hurwitz (1943), https://doi.org/10.1214/aoms/1177731356.

    Returns
    -------
    rows, chances : ndarray
        Shape ``(count,)``: which ones, and with what chance each draw took them.
    """
    chance = EVENLY / len(predicted) + (1.0 - EVENLY) * predicted / predicted.sum()
    rows = dice.choice(len(predicted), size=count, p=chance / chance.sum())
    return rows, chance[rows]
