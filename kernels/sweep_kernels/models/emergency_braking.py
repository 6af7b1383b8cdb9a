"""Automatic emergency braking (AEB): sensor, tracker, time-to-collision trigger and brakes in a closed loop, along one lane.

Time to collision (TTC) is the gap over the closing speed: J. C. Hayward, "Near-miss determination through use of a scale of danger", Highway
Research Record 384 (1972), 24-34, https://onlinepubs.trb.org/Onlinepubs/hrr/1972/384/384-004.pdf. The tracker is like the alpha-beta filter of
T. R. Benedict and G. W. Bordner, "Synthesis of an optimal set of radar track-while-scan smoothing equations", IRE Transactions on Automatic
Control 7 (1962), 27-32, https://doi.org/10.1109/TAC.1962.1105477. Theirs has positions only, and takes the speed from their residuals by a gain
beta; here the closing speed is measured, too, and smoothed by the same gain as the gap.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["CYCLE", "LONGEST_TTC", "WINDOW", "braking_distance", "emergency_braking"]

CYCLE = 0.05
"""Seconds between two measurements, and the time step: that of an automotive radar."""

WINDOW = 100
"""Cycles for which the sensor is followed: what has not braked in these 5 s is left to the driver, and is no collision."""

LONGEST_TTC = 10.0
"""Seconds. Longer times to collision, and those of a gap that does not close, count as this one."""

GAIN = 0.4
"""Weight of a measurement in the track: the noise of many is half of one's."""

TINY = 1e-9
"""Keeps a division by a deceleration of 0 from being one."""


def emergency_braking(
    rng: Rng,
    gap: float,
    speed: float,
    lead_speed: float,
    lead_braking: float,
    dropout: float,
    latency: float,
    range_noise: float,
    speed_noise: float,
    confirmations: int,
    ttc_trigger: float,
    braking: float,
    braking_spread: float,
    jerk: float,
) -> tuple[bool, float, float]:
    """Follow a vehicle ahead until the gap is safe or gone; a part of kernels, which say what the arguments are (SI units).

    Draws: two uniforms; then, up to the braking, a uniform and two normals a cycle.

    The first measurement comes at a uniform time within the first `CYCLE`. From then on each is lost with probability `dropout`, or updates
    the track. After `confirmations` measurements in a row the track is confirmed and outlives losses, in which it is predicted. The
    brakes are applied `latency` after the first measurement time at which a confirmed track has a TTC below `ttc_trigger`, and stay applied.

    Deceleration rises by `jerk` to its greatest value. It is taken to be linear within a step, so gap and speeds are exact where its corners
    are ends of steps, and within millimetres elsewhere.

    Returns
    -------
    tuple
        Whether the vehicles touch; the closing speed at that moment, m/s, else 0; the smallest TTC at the ends of steps, s.
    """
    if not (jerk > 0.0 and confirmations > 0 and 0.0 <= braking_spread < braking):
        raise ValueError(
            "emergency braking needs a jerk above 0, a confirmation, and a deceleration above its spread of 0 or more"
        )
    t = CYCLE * rng.uniform()  # since the vehicle ahead was `gap` ahead
    limit = braking + braking_spread * (2.0 * rng.uniform() - 1.0)
    stop = lead_speed / max(lead_braking, TINY)  # when it stands

    # Until the brakes are triggered: a uniform and two normals a cycle. Selections rather than branches keep all lanes busy, and what is a
    # function of the time alone is not carried from cycle to cycle.
    near = gap
    closing = speed - lead_speed
    tracked_gap = gap
    tracked_speed = closing
    in_row = 0
    cycle = 0
    while cycle < WINDOW:
        driven = min(t, stop)
        near = gap - speed * t + driven * (lead_speed - 0.5 * lead_braking * driven)
        closing = speed - lead_speed + lead_braking * driven
        is_seen = rng.uniform() >= dropout
        measured_gap = near + range_noise * rng.normal()
        measured_speed = closing + speed_noise * rng.normal()
        predicted = tracked_gap - CYCLE * tracked_speed
        gain = (1.0 if in_row == 0 else GAIN) if is_seen else 0.0
        tracked_gap = predicted + gain * (measured_gap - predicted)
        tracked_speed += gain * (measured_speed - tracked_speed)
        in_row = in_row if in_row >= confirmations else (in_row + 1 if is_seen else 0)
        if near <= 0.0 or (in_row >= confirmations and tracked_gap < ttc_trigger * tracked_speed):
            break
        t += CYCLE
        cycle += 1

    # From there on no draws.
    is_braking = cycle < WINDOW
    shortest = min(near / closing, LONGEST_TTC) if closing > 0.0 else LONGEST_TTC  # it has only become shorter
    moved = speed * t
    since = -latency
    deceleration = 0.0
    while is_braking and near > 0.0 and speed > 0.0 and (closing > 0.0 or deceleration < lead_braking):
        since += CYCLE
        harder = min(max(since * jerk, 0.0), limit)
        moved += CYCLE * (speed - CYCLE * (2.0 * deceleration + harder) / 6.0)
        speed -= 0.5 * CYCLE * (deceleration + harder)
        deceleration = harder
        t += CYCLE
        driven = min(t, stop)
        near = gap - moved + driven * (lead_speed - 0.5 * lead_braking * driven)
        closing = speed - lead_speed + lead_braking * driven
        shortest = min(shortest, near / closing) if closing > 0.0 else shortest
    backwards = min(speed, 0.0)  # a vehicle that brakes does not: it has stopped within the step
    near -= 0.5 * backwards * backwards / max(deceleration, TINY)
    net = deceleration - (lead_braking if t < stop else 0.0)
    return _ended(near, closing - backwards, net, shortest)


def _ended(gap: float, closing: float, net: float, shortest: float) -> tuple[bool, float, float]:
    """Tell what the last step came to, with the relative deceleration `net` in it: the gap was smallest where the closing speed was 0."""
    is_turned = closing < 0.0 and -closing <= net * CYCLE
    collision = gap <= 0.0 or (is_turned and closing * closing >= 2.0 * net * gap)
    at_contact = math.sqrt(max(closing * closing - 2.0 * net * gap, 0.0))
    return collision, at_contact if collision else 0.0, 0.0 if collision else shortest


def braking_distance(closing: float, latency: float, jerk: float, braking: float) -> float:
    """Return by how many metres a gap shrinks before the vehicle behind is as slow as the one ahead, which keeps its speed.

    Parameters
    ----------
    closing
        Closing speed at first, m/s, 0 or more.
    latency
        Seconds until the deceleration begins to rise.
    jerk, braking
        By how much it rises, m/s^3, and to what, m/s^2.

    Examples
    --------
    >>> braking_distance(closing=12.0, latency=0.0, jerk=1e9, braking=6.0).__round__(6)
    12.0
    """
    ramp = min(braking / jerk, math.sqrt(2.0 * closing / jerk))
    left = closing - 0.5 * jerk * ramp * ramp
    return closing * (latency + ramp) - jerk * ramp**3 / 6.0 + left * left / (2.0 * braking)
