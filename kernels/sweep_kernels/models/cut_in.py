"""A cut-in on a motorway: a slower vehicle enters the lane close ahead, and automatic emergency braking has to notice it in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.declaration import kernel
from sweep_kernels.models.emergency_braking import CYCLE, braking_distance, emergency_braking

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sweep_kernels.rng import Rng

__all__ = ["aeb_cut_in", "cut_in_collision"]


@kernel(outputs=["collision", "impact_speed", "min_ttc"])
def aeb_cut_in(
    rng: Rng,
    time_gap: float = 0.6,
    speed_difference: float = 10.0,
    dropout: float = 0.1,
    speed: float = 30.0,
    lead_braking: float = 0.0,
    latency: float = 0.2,
    range_noise: float = 0.5,
    speed_noise: float = 0.3,
    confirmations: int = 3,
    ttc_trigger: float = 1.6,
    braking: float = 8.0,
    braking_spread: float = 1.5,
    jerk: float = 30.0,
) -> tuple[bool, float, float]:
    """Whether emergency braking avoids the vehicle that cuts in, and how close it comes.

    See `sweep_kernels.models.emergency_braking` for the loop. Valid for dry or wet roads without steering; a gap that is not critical within 5 s is
    the driver's. Time step and sensor cycle are 50 ms.

    Parameters
    ----------
    rng
        The trial's draws: two uniforms; then, up to the braking, a uniform and two normals a cycle.
    time_gap
        Between the vehicles as the other one comes into the lane, s: the gap is ``time_gap * speed``.
    speed_difference
        By how much the other one is slower, m/s; at most `speed`.
    dropout
        Probability that a measurement is lost, 0 to 1, each independently.
    speed
        Of the vehicle behind, m/s, above 0.
    lead_braking
        Deceleration of the other vehicle once it is in the lane, m/s^2, 0 or more; it comes to a stand.
    latency
        From a measurement to the first rise of the deceleration, s, 0 or more: sensor, processing, hydraulics.
    range_noise, speed_noise
        Standard deviations of a measured gap and closing speed, m and m/s.
    confirmations
        Measurements in a row that make a track, 1 or more.
    ttc_trigger
        Time to collision below which the brakes are applied, s.
    braking, braking_spread
        The full deceleration is uniform within `braking_spread` on either side of `braking`, m/s^2: tyres, road, load.
    jerk
        By how much the deceleration rises, m/s^3, above 0.

    Returns
    -------
    tuple
        Whether the vehicles touch; their closing speed then, m/s, else 0; the smallest time to collision, s, at most 10.
    """
    return emergency_braking(
        rng,
        time_gap * speed,
        speed,
        speed - speed_difference,
        lead_braking,
        dropout,
        latency,
        range_noise,
        speed_noise,
        confirmations,
        ttc_trigger,
        braking,
        braking_spread,
        jerk,
    )


def cut_in_collision(
    time_gap: ArrayLike,
    speed_difference: float,
    dropout: ArrayLike,
    speed: float = 30.0,
    latency: float = 0.2,
    braking: float = 8.0,
    jerk: float = 30.0,
) -> Any:
    """Return the probability of `aeb_cut_in`'s collision where nothing but lost measurements and the first one's time are left to chance.

    That is: no noise, no spread, no braking ahead, one measurement that confirms, and a gap that is below the trigger from the start. The
    first measurement that gets through is number ``K``, geometric from 0, ``K + U`` cycles after the cut-in with `U` uniform on [0, 1); it is
    too late when the gap is then smaller than the distance that braking takes. Of arrays, element by element.

    >>> [round(float(cut_in_collision(0.5, 10.0, p)), 4) for p in (0.0, 0.5, 0.9)]
    [0.0, 0.0005, 0.318]
    """
    lost = np.asarray(dropout, np.float64)
    room = np.asarray(time_gap, np.float64) * speed - braking_distance(speed_difference, latency, jerk, braking)
    cycles = np.maximum(room / (speed_difference * CYCLE), 0.0)
    whole = np.floor(cycles)
    late = lost ** (whole + 1.0) + lost**whole * (1.0 - lost) * (1.0 - (cycles - whole))
    return np.where(room > 0.0, late, 1.0)
