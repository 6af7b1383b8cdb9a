"""What is surveyed: units of work by index, of which only few can be timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Measure", "Population", "Timed"]


class Timed(NamedTuple):
    """What one unit takes.

    Attributes
    ----------
    seconds
        Estimate for the whole unit, on one core.
    variance
        Of that estimate, from differences within the unit; 0 where it was measured whole.
    spent
        Seconds that the timing took.
    """

    seconds: float
    variance: float
    spent: float


Measure = "Callable[[int, float], Timed]"
"""Times a unit for about so many seconds."""


@dataclass(frozen=True)
class Population:
    """Units of work.

    Attributes
    ----------
    size
        How many; 10**12 are no more trouble than ten.
    features
        Returns what is known of some units beforehand, shape ``(units, d)``: what their costs may depend on.
    corners
        Units at the ends of the axes, which are all timed if the budget allows.
    """

    size: int
    features: Callable[[NDArray[np.int64]], NDArray[np.float64]]
    corners: tuple[int, ...] = ()
