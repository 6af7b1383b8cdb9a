"""Range and velocity as a pulse-Doppler radar measures them: modulo its unambiguous intervals.

M. A. Richards, "Fundamentals of Radar Signal Processing", 2nd edition (2014), sections 5.2.4 and 5.5.3; for moments of what is folded,
K. V. Mardia and P. E. Jupp, "Directional Statistics" (2000), on the wrapped normal distribution.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.declaration import kernel
from sweep_kernels.models.constants import LIGHT_SPEED

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sweep_kernels.rng import Rng

__all__ = ["radar_ambiguity", "resultant", "unambiguous_range", "unambiguous_velocity"]


@kernel(outputs=["measured_range", "measured_velocity", "is_folded"])
def radar_ambiguity(
    rng: Rng,
    distance: float = 120.0,
    velocity: float = -30.0,
    repetition_rate: float = 20e3,
    wavelength: float = 0.0039,
    range_noise: float = 0.5,
    velocity_noise: float = 0.1,
) -> tuple[float, float, bool]:
    """Range and velocity that a pulse-Doppler radar reports of a target, and whether they are off by whole unambiguous intervals.

    The range is reported within ``[0, c / (2 repetition_rate))``, the velocity within half of ``wavelength repetition_rate / 2`` on either side of 0.
    Valid for a target that is slow beside light and stays in one range cell over a burst.

    Parameters
    ----------
    rng
        The trial's draws: two normals.
    distance, velocity
        Of the target, m and m/s, positive when it goes away.
    repetition_rate
        Of the pulses, Hz, above 0.
    wavelength
        m.
    range_noise, velocity_noise
        Standard deviations of a measurement, m and m/s, 0 or more.
    """
    most = LIGHT_SPEED / (2.0 * repetition_rate)
    span = 0.5 * wavelength * repetition_rate
    far = distance + range_noise * rng.normal()
    fast = velocity + velocity_noise * rng.normal()
    intervals = math.floor(far / most)
    turns = math.floor(fast / span + 0.5)
    return far - intervals * most, fast - turns * span, intervals != 0.0 or turns != 0.0


def unambiguous_range(repetition_rate: ArrayLike) -> Any:
    """Return the distance in m from which on echoes come after the next pulse.

    >>> float(unambiguous_range(1e3).round(-2))
    149900.0
    """
    return LIGHT_SPEED / (2.0 * np.asarray(repetition_rate, np.float64))


def unambiguous_velocity(repetition_rate: ArrayLike, wavelength: ArrayLike) -> Any:
    """Return the greatest velocity in m/s, of either sign, that is not taken for another one.

    >>> float(unambiguous_velocity(20e3, 0.0039))
    19.5
    """
    return np.asarray(wavelength, np.float64) * np.asarray(repetition_rate) / 4.0


def resultant(value: ArrayLike, noise: ArrayLike, span: ArrayLike) -> tuple[Any, Any]:
    """Return the means of ``cos(2 pi x / span)`` and the sine, for a measurement `x` that is folded into `span`. Arguments broadcast.

    Folding changes neither, so they are those of a normal variable: ``exp(-(2 pi noise / span)**2 / 2)`` times those of `value`.
    """
    turn = 2.0 * math.pi / np.asarray(span, np.float64)
    length = np.exp(-0.5 * np.square(turn * np.asarray(noise)))
    return length * np.cos(turn * np.asarray(value)), length * np.sin(turn * np.asarray(value))
