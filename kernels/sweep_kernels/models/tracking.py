"""Confirmation of a track: M detections within N looks.

P. Swerling, "The 'double threshold' method of detection", RAND Research Memorandum RM-1008 (1952); S. S. Blackman and R. Popoli, "Design and
Analysis of Modern Tracking Systems" (1999), on confirmation by M of N. The closed forms follow the window of looks as a Markov chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.declaration import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_kernels.rng import Rng

__all__ = ["confirmed_by_look", "mean_looks", "track_confirmation"]


@kernel(outputs=["confirmed", "looks_taken"])
def track_confirmation(
    rng: Rng, detection: float = 0.7, needed: int = 3, window: int = 5, looks: int = 10
) -> tuple[bool, int]:
    """Whether a track is confirmed by M detections within N consecutive looks, and how many looks that takes.

    Parameters
    ----------
    rng
        The trial's draws: a uniform a look.
    detection
        Probability of a detection in one look, 0 to 1; a false-alarm probability to study false tracks. Looks are independent.
    needed, window
        M and N: ``1 <= needed <= window <= 60``. Fewer than N looks from the start count as a window too.
    looks
        How many there are, 1 or more.

    Returns
    -------
    tuple
        Whether it is confirmed; after how many looks, or else `looks`.
    """
    seen = 0  # a bit for each look of the window
    hits = 0
    for look in range(looks):
        hits -= (seen >> (window - 1)) & 1
        is_hit = 1 if rng.uniform() < detection else 0
        seen = ((seen << 1) | is_hit) & ((1 << window) - 1)
        hits += is_hit
        if hits >= needed:
            return True, look + 1
    return False, looks


def confirmed_by_look(detection: float, needed: int, window: int, looks: int) -> NDArray[np.float64]:
    """Return the probability that `track_confirmation` has confirmed the track by each look, shape (looks,).

    At most ``2**(window - 1)`` states: for windows up to about 16. After `window` looks it is the binomial probability of `needed` hits or more.

    >>> confirmed_by_look(0.5, 2, 3, 3).tolist()
    [0.0, 0.25, 0.5]
    """
    past = {0: 1.0}
    confirmed = np.zeros(looks)
    mask = (1 << (window - 1)) - 1
    total = 0.0
    for look in range(looks):
        after: dict[int, float] = {}
        for state, chance in past.items():
            if state.bit_count() + 1 >= needed:
                total += chance * detection
            else:
                hit = ((state << 1) | 1) & mask
                after[hit] = after.get(hit, 0.0) + chance * detection
            missed = (state << 1) & mask
            after[missed] = after.get(missed, 0.0) + chance * (1.0 - detection)
        confirmed[look] = total
        past = after
    return confirmed


def mean_looks(detection: float, needed: int) -> float:
    """Return the mean number of looks until `needed` hits in a row (M of N with N = M), without a last look.

    W. Feller, "An Introduction to Probability Theory and Its Applications", volume 1, 3rd edition (1968), section XIII.7.

    >>> mean_looks(0.5, 3)
    14.0
    """
    return (detection**-needed - 1.0) / (1.0 - detection)
