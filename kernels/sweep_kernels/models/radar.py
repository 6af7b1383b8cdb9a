"""Detection of a fluctuating target by a radar with a square-law detector and non-coherent integration.

P. Swerling, "Probability of detection for fluctuating targets", IRE Transactions on Information Theory 6 (1960),
269-308, https://doi.org/10.1109/TIT.1960.1057561; M. A. Richards, "Fundamentals of Radar Signal Processing", 3rd edition (2022), chapter 6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.declaration import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sweep_kernels.rng import Rng

__all__ = ["detection_probability", "radar_detection"]


@kernel(outputs=["detected"])
def radar_detection(rng: Rng, snr_db: float = 10.0, pfa: float = 1e-6, pulses: int = 1, swerling: int = 0) -> bool:
    """Whether a radar detects a target in the noise.

    The detector adds up the squared envelopes of all pulses, in units of the noise power: noise alone gives a sum ``S`` with the gamma
    distribution of shape `pulses`. The target is detected when ``S`` exceeds the threshold that noise alone exceeds with probability
    `pfa`, that is, when the probability of a larger sum from noise alone, ``exp(-S) sum_{k < pulses} S**k / k!``, is below `pfa`.

    Parameters
    ----------
    rng
        The trial's draws: two normals a pulse; for a fluctuating target one or two uniforms a scan (cases 1, 3) or a pulse (2, 4).
    snr_db
        Mean signal-to-noise ratio of one pulse, dB.
    pfa
        Probability of a false alarm, ``0 < pfa < 1``.
    pulses
        How many are integrated, 1 or more.
    swerling
        Fluctuation of the cross section: 0 none; 1 and 2 exponential, from scan to scan and from pulse to pulse; 3 and 4 chi-square with
        four degrees of freedom, likewise.
    """
    mean_snr = math.pow(10.0, 0.1 * snr_db)
    snr = mean_snr
    if swerling == 1:
        snr = mean_snr * rng.exponential()
    elif swerling == 3:
        snr = mean_snr * 0.5 * (rng.exponential() + rng.exponential())
    total = 0.0
    for _ in range(pulses):
        if swerling == 2:
            snr = mean_snr * rng.exponential()
        elif swerling == 4:
            snr = mean_snr * 0.5 * (rng.exponential() + rng.exponential())
        in_phase = math.sqrt(2.0 * snr) + rng.normal()
        quadrature = rng.normal()
        total += 0.5 * (in_phase * in_phase + quadrature * quadrature)
    term = math.exp(-total)
    tail = term
    for k in range(1, pulses):
        term = term * total / k
        tail += term
    return tail < pfa


def detection_probability(snr_db: ArrayLike, pfa: ArrayLike, pulses: ArrayLike = 1, swerling: ArrayLike = 0) -> Any:
    """Return the probability that `radar_detection` is true. Arguments broadcast; see there.

    Given the signal, twice the sum is non-central chi-square: gamma with a shape raised by a Poisson number. Averaged over the target's
    fluctuation that number is negative binomial, so for all cases

        ``Pd = 1 - sum_j P(J = j) P(pulses + j, threshold)``

    with the regularised lower incomplete gamma function, which vanishes quickly once ``pulses + j`` exceeds the threshold.

    >>> float(detection_probability(13.2, 1e-6).round(3))  # the textbook value for a steady target: 0.9 at 13.2 dB
    0.902
    """
    from scipy.special import gammainc, gammainccinv

    snr, alarm, n, case = np.broadcast_arrays(10.0 ** (0.1 * np.asarray(snr_db, np.float64)), pfa, pulses, swerling)
    threshold = gammainccinv(n, alarm)
    missed = np.zeros(snr.shape)
    most = float(threshold.max())
    for j in range(int(most + 15.0 * math.sqrt(most) + 50.0)):
        missed += _extra_shape(j, snr, n, case) * gammainc(n + j, threshold)
    return 1.0 - missed


def _extra_shape(j: int, snr: Any, n: Any, case: Any) -> Any:
    """Probability that the signal raises the gamma's shape by `j`."""
    from scipy.stats import nbinom, poisson

    signal = n * snr
    return np.select(
        [case == 0, case == 1, case == 2, case == 3, case == 4],
        [
            poisson.pmf(j, signal),
            nbinom.pmf(j, 1, 1.0 / (1.0 + signal)),
            nbinom.pmf(j, n, 1.0 / (1.0 + snr)),
            nbinom.pmf(j, 2, 2.0 / (2.0 + signal)),
            nbinom.pmf(j, 2 * n, 2.0 / (2.0 + snr)),
        ],
        default=np.nan,
    )
