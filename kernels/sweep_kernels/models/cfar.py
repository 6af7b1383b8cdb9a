"""Detection against a threshold that a radar sets by the cells around: cell-averaging CFAR, with a constant rate of false alarms.

H. M. Finn and R. S. Johnson, "Adaptive detection mode with threshold control as a function of spatially sampled clutter-level estimates", RCA
Review 29 (1968), 414-464; R. Nitzberg, "Analysis of the arithmetic mean CFAR normalizer for fluctuating targets", IEEE Transactions on
Aerospace and Electronic Systems 14 (1978), 44-47; M. A. Richards, "Fundamentals of Radar Signal Processing", 2nd edition (2014), section 6.5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.declaration import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sweep_kernels.rng import Rng

__all__ = ["cfar_factor", "cfar_loss_db", "cfar_probability", "radar_cfar"]


@kernel(outputs=["detected", "false_alarm"])
def radar_cfar(
    rng: Rng, snr_db: float = 15.0, pfa: float = 1e-6, cells: int = 24, clutter_step_db: float = 0.0
) -> tuple[bool, bool]:
    """Whether a cell-averaging CFAR detects a fluctuating target (Swerling 1), and whether it takes noise for one.

    The threshold is ``cells (pfa**(-1 / cells) - 1)`` times the mean power of `cells` cells of exponentially distributed noise. Valid for a
    square-law detector, one look and independent cells of equal power; `clutter_step_db` breaks that on purpose.

    Parameters
    ----------
    rng
        The trial's draws: a gamma a half of the cells, and two exponentials.
    snr_db
        Mean signal-to-noise ratio, dB.
    pfa
        Probability of a false alarm that the threshold is made for, ``0 < pfa < 1``.
    cells
        How many are averaged, both sides together; even, 2 or more.
    clutter_step_db
        By how much the cells of one side are stronger, as at the edge of clutter, dB: then fewer targets are detected.
    """
    half = cells // 2
    factor = math.pow(pfa, -1.0 / cells) - 1.0
    level = rng.gamma(half) + math.pow(10.0, 0.1 * clutter_step_db) * rng.gamma(half)
    threshold = factor * level
    noise = rng.exponential()
    target = (1.0 + math.pow(10.0, 0.1 * snr_db)) * rng.exponential()
    return target > threshold, noise > threshold


def cfar_factor(pfa: ArrayLike, cells: ArrayLike) -> Any:
    """Return the threshold over the mean power of the cells. Arguments broadcast.

    >>> round(float(cfar_factor(1e-6, 16)), 2), round(float(cfar_factor(1e-6, 10**7)), 2)  # without end, -log(pfa)
    (21.94, 13.82)
    """
    n = np.asarray(cells, np.float64)
    return n * np.expm1(-np.log(np.asarray(pfa, np.float64)) / n)


def cfar_probability(snr_db: ArrayLike, pfa: ArrayLike = 1e-6, cells: ArrayLike = 24) -> Any:
    """Return the probability that `radar_cfar` detects the target in even noise: ``(1 + factor / (cells (1 + snr)))**-cells``.

    >>> bool(np.isclose(cfar_probability(-np.inf, 1e-4, 16), 1e-4))  # without a target, the false alarms
    True
    """
    n = np.asarray(cells, np.float64)
    snr = 10.0 ** (0.1 * np.asarray(snr_db, np.float64))
    return np.exp(-n * np.log1p(cfar_factor(pfa, cells) / (n * (1.0 + snr))))


def cfar_loss_db(pd: ArrayLike, pfa: ArrayLike, cells: ArrayLike) -> Any:
    """Return by how many dB a target must be stronger than where the power of the noise is known. Arguments broadcast.

    Nitzberg's equation for a Swerling 1 target: ``snr = ((pd / pfa)**(1 / cells) - 1) / (1 - pd**(1 / cells))``.

    >>> float(cfar_loss_db(0.5, 1e-6, 16).round(1)), float(cfar_loss_db(0.5, 1e-6, 32).round(1))  # halved by twice the cells
    (2.0, 1.0)
    """
    d, a, n = (np.asarray(each, np.float64) for each in (pd, pfa, cells))
    needed = np.expm1(np.log(d / a) / n) / -np.expm1(np.log(d) / n)
    known = np.log(a) / np.log(d) - 1.0
    return 10.0 * np.log10(needed / known)
