"""Following a vehicle that brakes hard: automatic emergency braking against the gap, the delay and the brakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_kernels.declaration import kernel
from sweep_kernels.models.emergency_braking import emergency_braking

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["aeb_braking_lead", "critical_gap"]


@kernel(outputs=["collision", "impact_speed", "min_ttc"])
def aeb_braking_lead(
    rng: Rng,
    gap: float = 40.0,
    lead_braking: float = 6.0,
    dropout: float = 0.1,
    speed: float = 13.9,
    latency: float = 0.2,
    range_noise: float = 0.5,
    speed_noise: float = 0.3,
    confirmations: int = 3,
    ttc_trigger: float = 1.6,
    braking: float = 8.0,
    braking_spread: float = 1.5,
    jerk: float = 30.0,
) -> tuple[bool, float, float]:
    """Whether emergency braking avoids the vehicle ahead, which brakes to a stand from the same speed.

    The defaults are one of the four tests with a braking target (CCRb) of Euro NCAP, "Test Protocol: AEB Car-to-Car systems", version 4.3.1
    (2024), section 8.2.2.3: 50 km/h, 12 or 40 m apart, 2 or 6 m/s^2. There the target has up to a second to reach its deceleration; here it has
    it at once, which is harder. See `sweep_kernels.models.emergency_braking` for the loop.

    Parameters
    ----------
    rng
        The trial's draws: two uniforms; then, up to the braking, a uniform and two normals a cycle.
    gap
        Between the vehicles as the one ahead begins to brake, m, above 0.
    lead_braking
        Its deceleration, m/s^2, 0 or more.
    speed
        Of both at first, m/s, above 0.
    dropout, latency, range_noise, speed_noise, confirmations, ttc_trigger, braking, braking_spread, jerk
        As in `sweep_kernels.models.cut_in.aeb_cut_in`.

    Returns
    -------
    tuple
        Whether the vehicles touch; their closing speed then, m/s, else 0; the smallest time to collision, s, at most 10.
    """
    return emergency_braking(
        rng,
        gap,
        speed,
        speed,
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


def critical_gap(speed: float, lead_braking: float, delay: float, braking: float) -> float:
    """Return the smallest gap in m at which two vehicles that brake to a stand do not touch, if the one behind does not brake harder.

    The one behind begins `delay` seconds after the one ahead, at once with full deceleration: stopping distances differ by
    ``speed * delay + speed**2 / 2 (1 / braking - 1 / lead_braking)``, and nowhere before the end are they nearer.

    >>> critical_gap(speed=20.0, lead_braking=8.0, delay=0.5, braking=8.0)
    10.0
    """
    return speed * delay + 0.5 * speed * speed * (1.0 / braking - 1.0 / lead_braking)
