"""The closed loop of `sweep_kernels.models.cut_in` as it is written without us: a loop in plain Python, and NumPy's arrays with a trial an element.

The vehicle ahead keeps its speed here, which spares both some work: only the gap and the closing speed count.
"""

from __future__ import annotations

import math

import numpy as np

CYCLE, WINDOW, LONGEST_TTC = 0.05, 100, 10.0
GAIN = 0.4
SPEED, LATENCY, RANGE_NOISE, SPEED_NOISE = 30.0, 0.2, 0.5, 0.3
CONFIRMATIONS, TTC_TRIGGER, BRAKING, SPREAD, JERK = 3, 1.6, 8.0, 1.5, 30.0


def python_trial(rng, time_gap, speed_difference, dropout):
    """One trial with a `random.Random`: collision, impact speed, smallest time to collision."""
    limit = rng.uniform(BRAKING - SPREAD, BRAKING + SPREAD)
    closing = speed_difference
    gap = time_gap * SPEED - closing * CYCLE * rng.random()
    tracked_gap, tracked_speed = gap, closing
    in_row = 0
    for _ in range(WINDOW):
        if gap <= 0.0:
            return True, closing, 0.0
        tracked_gap -= CYCLE * tracked_speed
        if rng.random() >= dropout:
            gain = 1.0 if in_row == 0 else GAIN
            tracked_gap += gain * (gap + rng.gauss(0.0, RANGE_NOISE) - tracked_gap)
            tracked_speed += gain * (closing + rng.gauss(0.0, SPEED_NOISE) - tracked_speed)
            in_row += 1
        elif in_row < CONFIRMATIONS:
            in_row = 0
        if in_row >= CONFIRMATIONS and tracked_gap < TTC_TRIGGER * tracked_speed:
            break
        gap -= CYCLE * closing
    else:
        return False, 0.0, min(gap / closing + CYCLE, LONGEST_TTC)
    shortest = min(gap / closing, LONGEST_TTC)
    since, deceleration = -LATENCY, 0.0
    while gap > 0.0 and closing > 0.0:
        since += CYCLE
        harder = min(max(since, 0.0) * JERK, limit)
        gap -= CYCLE * (closing - CYCLE * (2.0 * deceleration + harder) / 6.0)
        closing -= 0.5 * CYCLE * (deceleration + harder)
        deceleration = harder
        if closing > 0.0:
            shortest = min(shortest, gap / closing)
    contact = closing * closing - 2.0 * deceleration * gap
    if gap <= 0.0 or (closing < 0.0 and contact >= 0.0):
        return True, math.sqrt(max(contact, 0.0)), 0.0
    return False, 0.0, shortest


def numpy_trials(rng, n, time_gap, speed_difference, dropout):
    """`n` trials with a `numpy.random.Generator`; those that are decided leave the arrays. Arrays of shape (n,)."""
    closing = speed_difference
    limit = rng.uniform(BRAKING - SPREAD, BRAKING + SPREAD, n)
    gap = time_gap * SPEED - closing * CYCLE * rng.random(n)
    collision, impact = np.zeros(n, bool), np.zeros(n)
    shortest = np.empty(n)
    tracked_gap, tracked_speed, in_row = gap.copy(), np.full(n, closing), np.zeros(n, np.int64)
    here = np.arange(n)  # whose elements these are
    triggered, triggered_gap = [], []
    for _ in range(WINDOW):
        seen = rng.random(here.size) >= dropout
        predicted = tracked_gap - CYCLE * tracked_speed
        gain = np.where(in_row == 0, 1.0, GAIN) * seen
        tracked_gap = predicted + gain * (gap + RANGE_NOISE * rng.standard_normal(here.size) - predicted)
        tracked_speed += gain * (closing + SPEED_NOISE * rng.standard_normal(here.size) - tracked_speed)
        in_row = np.where(in_row >= CONFIRMATIONS, in_row, (in_row + 1) * seen)
        met = gap <= 0.0
        braked = (in_row >= CONFIRMATIONS) & (tracked_gap < TTC_TRIGGER * tracked_speed) & ~met
        collision[here[met]], impact[here[met]], shortest[here[met]] = True, closing, 0.0
        shortest[here[braked]] = np.minimum(gap[braked] / closing, LONGEST_TTC)
        triggered.append(here[braked])
        triggered_gap.append(gap[braked])
        stay = ~(met | braked)
        here, gap, in_row = here[stay], gap[stay] - CYCLE * closing, in_row[stay]
        tracked_gap, tracked_speed = tracked_gap[stay], tracked_speed[stay]
        if not here.size:
            break
    shortest[here] = np.minimum(gap / closing + CYCLE, LONGEST_TTC)
    _brake(np.concatenate(triggered), np.concatenate(triggered_gap), closing, limit, collision, impact, shortest)
    return collision, impact, shortest


def _brake(here, gap, closing, limit, collision, impact, shortest):
    """Brake all that have been triggered, from that moment on."""
    closing, limit = np.full(here.size, closing), limit[here]
    since, deceleration = -LATENCY, np.zeros(here.size)
    while here.size:
        since += CYCLE
        harder = np.minimum(max(since, 0.0) * JERK, limit)
        gap = gap - CYCLE * (closing - CYCLE * (2.0 * deceleration + harder) / 6.0)
        closing = closing - 0.5 * CYCLE * (deceleration + harder)
        moving = closing > 0.0
        ttc = np.maximum(gap, 0.0) / np.where(moving, closing, 1.0)
        shortest[here] = np.where(moving, np.minimum(shortest[here], ttc), shortest[here])
        done = (gap <= 0.0) | ~moving
        contact = closing * closing - 2.0 * harder * gap
        met = done & ((gap <= 0.0) | (contact >= 0.0))
        collision[here[met]], impact[here[met]], shortest[here[met]] = True, np.sqrt(np.maximum(contact[met], 0.0)), 0.0
        here, gap, closing, limit, deceleration = (each[~done] for each in (here, gap, closing, limit, harder))
