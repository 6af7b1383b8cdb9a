"""How rain and fog weaken light, as plain functions that kernels may call.

Fog: I. I. Kim, B. McArthur and E. Korevaar, "Comparison of laser beam propagation at 785 nm and 1550 nm in fog and haze for optical wireless
communications", Proceedings of SPIE 4214 (2001), 26-37, https://doi.org/10.1117/12.417512, after P. W. Kruse, L. D. McGlauchlin and
R. B. McQuistan, "Elements of Infrared Technology" (1962); Recommendation ITU-R P.1814-1 (2025) has the same formula. Rain: the power law of
T. H. Carbonneau and D. R. Wisely, "Opportunities and challenges for optical wireless: the competitive advantage of free space telecommunications
links in today's crowded marketplace", Proceedings of SPIE 3232 (1998), 119-128, as M. Al Naboulsi, H. Sizun and F. de Fornel, "Propagation of
optical and infrared waves in the atmosphere", URSI General Assembly (2005), paper F01P.7, and others after them give it.
"""

from __future__ import annotations

import math

__all__ = ["DB_PER_NEPER", "fog_extinction", "rain_extinction", "transmission"]

DB_PER_NEPER = 10.0 / math.log(10.0)
"""dB of power in an extinction by 1/e."""

CONTRAST = 3.912
"""``-log(0.02)``: visibility is the distance at which 2 % of a contrast at 550 nm is left (Koschmieder, 1924)."""

REFERENCE_WAVELENGTH = 550e-9
RAIN_FACTOR = 1.076
RAIN_EXPONENT = 0.67


def fog_extinction(visibility: float, wavelength: float) -> float:
    """Return the extinction coefficient of fog and haze in 1/km, by Kim's model.

    Below 500 m it does not depend on the wavelength. For 0.4 to 1.55 um. It is a fit to one number: fogs of one visibility differ.

    Parameters
    ----------
    visibility
        km, above 0.
    wavelength
        m.
    """
    if visibility > 50.0:
        exponent = 1.6
    elif visibility > 6.0:
        exponent = 1.3
    elif visibility > 1.0:
        exponent = 0.16 * visibility + 0.34
    else:
        exponent = max(visibility - 0.5, 0.0)
    return CONTRAST / visibility * math.pow(wavelength / REFERENCE_WAVELENGTH, -exponent)


def rain_extinction(rain_rate: float) -> float:
    """Return the extinction coefficient of rain in 1/km: ``1.076 rain_rate**0.67`` dB/km at any wavelength, which drops are large beside.

    Other laws say more: Recommendation ITU-R P.1814-1 (2025) has ``1.2924 rain_rate**0.6436`` for an exponential distribution of drop sizes, 20 %
    more at 1 mm/h and 6 % at 100; geometric optics with the drops of Marshall and Palmer (1948) ``1.584 rain_rate**0.63``, 47 % and 22 %. A
    receiver catches part of what drops scatter forward.

    Parameters
    ----------
    rain_rate
        mm/h, 0 or more.
    """
    return RAIN_FACTOR * math.pow(rain_rate, RAIN_EXPONENT) / DB_PER_NEPER if rain_rate > 0.0 else 0.0


def transmission(distance: float, extinction: float) -> float:
    """Return the part of the power that is left after a path (Beer and Lambert).

    Parameters
    ----------
    distance
        m.
    extinction
        1/km; coefficients of rain and fog add up if the visibility is that without the rain.
    """
    return math.exp(-0.001 * distance * extinction)
