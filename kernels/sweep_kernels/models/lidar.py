"""A lidar's echo: photons by the range equation, through rain and fog, and the range that comes of them.

A. V. Jelalian, "Laser Radar Systems" (1992); P. F. McManamon, "LiDAR Technologies and Systems" (2019), chapter on the range equation; for detection
by counting, J. W. Goodman, "Some effects of target-induced scintillation on optical radar performance", Proceedings of the IEEE 53 (1965),
1688-1700: of a rough target the counts are negative binomial, which many speckles make Poisson distributed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.declaration import kernel
from sweep_kernels.models.constants import LIGHT_SPEED, PLANCK
from sweep_kernels.models.extinction import fog_extinction, rain_extinction, transmission

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["footprint", "lidar_return", "photons", "return_probability"]

NANO = 1e-9


@kernel(outputs=["returned", "range_error"])
def lidar_return(
    rng: Rng,
    distance: float = 100.0,
    reflectivity: float = 0.1,
    target_size: float = 1.0,
    visibility: float = 20.0,
    rain_rate: float = 0.0,
    pulse_energy: float = 100.0,
    divergence: float = 0.003,
    aperture: float = 0.025,
    efficiency: float = 0.2,
    background: float = 1.0,
    threshold: int = 15,
    wavelength: float = 905e-9,
    pulse_length: float = 5.0,
    dropout: float = 0.01,
) -> tuple[bool, float]:
    """Whether a lidar's pulse comes back from a target, and how far off its range is.

    A Lambertian target across the beam scatters the part of the pulse that falls on it; the aperture collects its share of that; extinction
    works both ways; what is detected is Poisson distributed. There is a return when `threshold` photoelectrons are counted, unless it is lost
    for reasons that are not modelled. Valid where echoes of rain and fog themselves stay below the threshold, and where the aperture sees far more
    speckles than photoelectrons are counted: about ``(aperture * lit / (wavelength * distance))**2``, `lit` being the diameter of what is lit of
    the target, 8,000 by default.

    Parameters
    ----------
    rng
        The trial's draws: a uniform, a Poisson number, a normal.
    distance
        m, above 0.
    reflectivity
        Of the target, 0 to 1: 0.1 is a dark car or clothing, 0.8 a white wall.
    target_size
        Diameter of the target across the beam, m. Light beside it is lost.
    visibility, rain_rate
        Of the air without the rain, km (above 0), and of the rain, mm/h; see `sweep_kernels.models.extinction`.
    pulse_energy
        nJ.
    divergence
        Full angle of the beam, rad.
    aperture
        Diameter of beam and receiver at the lidar, m.
    efficiency
        Photoelectrons a photon that reaches the aperture, 0 to 1.
    background
        Mean photoelectrons of sunlight and dark current within a pulse's length, 0 or more.
    threshold
        Photoelectrons, 1 or more.
    wavelength
        m.
    pulse_length
        Standard deviation of the pulse, ns: timing errs by it over the square root of the photoelectrons, the Cramér-Rao bound of a Gaussian pulse
        without background.
    dropout
        Probability that a return is lost all the same, 0 to 1.

    Returns
    -------
    tuple
        Whether there is a return; range error in m, NaN without a return, so that its statistics are those of returns.
    """
    is_lost = rng.uniform() < dropout
    mean = photons(
        distance, reflectivity, target_size, visibility, rain_rate, pulse_energy, divergence, aperture, wavelength
    )
    counted = rng.poisson(efficiency * mean + background)
    noise = rng.normal()
    returned = counted >= threshold and not is_lost
    timing = pulse_length * NANO / math.sqrt(max(counted, 1))
    return returned, 0.5 * LIGHT_SPEED * timing * noise if returned else math.nan


def footprint(distance: float, divergence: float, aperture: float) -> float:
    """Return the diameter of the beam in m; distance and aperture in m, full divergence in rad.

    >>> round(footprint(100.0, 0.003, 0.025), 3)
    0.325
    """
    return aperture + 2.0 * distance * math.tan(0.5 * divergence)


def photons(
    distance: float,
    reflectivity: float,
    target_size: float,
    visibility: float,
    rain_rate: float,
    pulse_energy: float,
    divergence: float,
    aperture: float,
    wavelength: float,
) -> float:
    """Return the mean number of photons of a pulse that come back into the aperture; see `lidar_return` for the arguments."""
    covered = min(target_size / footprint(distance, divergence, aperture), 1.0)
    collected = aperture * aperture / (4.0 * distance * distance)
    one_way = transmission(distance, fog_extinction(visibility, wavelength) + rain_extinction(rain_rate))
    energy = pulse_energy * NANO * covered * covered * reflectivity * min(collected, 1.0) * one_way * one_way
    return energy * wavelength / (PLANCK * LIGHT_SPEED)


def return_probability(
    mean_photons: Any, efficiency: Any = 0.2, background: Any = 1.0, threshold: Any = 15, dropout: Any = 0.01
) -> Any:
    """Return the probability of a return: a Poisson number reaches the threshold. Arguments broadcast.

    >>> float(return_probability(0.0, background=1.0, threshold=1, dropout=0.0).round(4))  # 1 - exp(-1): false returns
    0.6321
    """
    from scipy.special import gammainc

    mean = np.asarray(efficiency, np.float64) * mean_photons + background
    return (1.0 - np.asarray(dropout)) * gammainc(threshold, mean)
