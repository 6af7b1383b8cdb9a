"""A radar's signal-to-noise ratio by the range equation, and detection with it.

M. I. Skolnik, "Introduction to Radar Systems", 3rd edition (2001), chapter 2; M. A. Richards, "Fundamentals of Radar Signal Processing", 2nd
edition (2014), section 2.2.1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.declaration import kernel
from sweep_kernels.models.constants import BOLTZMANN, REFERENCE_TEMPERATURE
from sweep_kernels.models.radar import radar_detection

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sweep_kernels.rng import Rng

__all__ = ["detection_range", "radar_at_range", "received_power", "signal_to_noise"]

FOUR_PI_CUBED = (4.0 * math.pi) ** 3


@kernel(outputs=["detected"])
def radar_at_range(
    rng: Rng,
    distance: float = 100.0,
    cross_section: float = 10.0,
    power: float = 0.01,
    gain_db: float = 18.0,
    wavelength: float = 0.0039,
    bandwidth: float = 50.0,
    noise_figure_db: float = 14.0,
    losses_db: float = 5.0,
    pfa: float = 1e-6,
    pulses: int = 1,
    swerling: int = 1,
) -> bool:
    """Whether a radar detects a target at a distance, by the range equation.

    The defaults are an automotive radar at 77 GHz and a car. Valid in the far field, in free space: without multipath, clutter or rain.

    Parameters
    ----------
    rng
        The trial's draws, as in `radar_detection`.
    distance
        To the target, m, above 0.
    cross_section
        Mean radar cross section, m^2, above 0.
    power
        Transmitted peak power, W.
    gain_db
        Of the antenna, the same for sending and receiving, dB.
    wavelength
        m.
    bandwidth
        Of the noise after coherent processing, Hz: the reciprocal of the time over which a measurement is integrated.
    noise_figure_db, losses_db
        Of the receiver; of everything else, both ways. dB.
    pfa, pulses, swerling
        As in `radar_detection`.
    """
    gain = math.pow(10.0, 0.1 * gain_db)
    squared = distance * distance
    received = power * gain * gain * wavelength * wavelength * cross_section / (FOUR_PI_CUBED * squared * squared)
    noise = BOLTZMANN * REFERENCE_TEMPERATURE * bandwidth
    snr_db = 10.0 * math.log10(received / noise) - noise_figure_db - losses_db
    return radar_detection(rng, snr_db, pfa, pulses, swerling)


def received_power(
    distance: ArrayLike, cross_section: ArrayLike, power: ArrayLike, gain_db: ArrayLike, wavelength: ArrayLike
) -> Any:
    """Return the power of the echo in W, before losses. Arguments broadcast; see `radar_at_range`.

    >>> round(float(received_power(10e3, 100.0, 1e3, 44.15, 0.03) * 1e9), 2)  # a jumbo jet at 10 km: nanowatts
    3.07
    """
    gain = 10.0 ** (0.1 * np.asarray(gain_db, np.float64))
    squares = np.square(gain) * np.square(wavelength) / np.asarray(distance, np.float64) ** 4
    return np.asarray(power) * squares * np.asarray(cross_section) / FOUR_PI_CUBED


def signal_to_noise(
    distance: ArrayLike = 100.0,
    cross_section: ArrayLike = 10.0,
    power: ArrayLike = 0.01,
    gain_db: ArrayLike = 18.0,
    wavelength: ArrayLike = 0.0039,
    bandwidth: ArrayLike = 50.0,
    noise_figure_db: ArrayLike = 14.0,
    losses_db: ArrayLike = 5.0,
) -> Any:
    """Return the mean signal-to-noise ratio of `radar_at_range` in dB. Arguments broadcast.

    >>> round(float(signal_to_noise(100.0) - signal_to_noise(200.0)), 2)  # the fourth power of the distance
    12.04
    """
    received = received_power(distance, cross_section, power, gain_db, wavelength)
    noise = BOLTZMANN * REFERENCE_TEMPERATURE * np.asarray(bandwidth, np.float64)
    return 10.0 * np.log10(received / noise) - np.asarray(noise_figure_db) - np.asarray(losses_db)


def detection_range(snr_db: ArrayLike, **radar: ArrayLike) -> Any:
    """Return the distance in m at which the ratio is `snr_db`; `radar` has the other arguments of `signal_to_noise`.

    >>> round(float(detection_range(signal_to_noise(80.0))), 9)
    80.0
    """
    return 10.0 ** ((signal_to_noise(1.0, **radar) - np.asarray(snr_db, np.float64)) / 40.0)
