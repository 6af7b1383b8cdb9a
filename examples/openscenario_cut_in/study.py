"""Cars cut in as the distribution file says; how often does automatic braking with one latency or another prevent the collision?

The other car keeps its speed. The ego brakes as hard as the surface allows, a latency after the other car is in its lane.
"""

import math
from pathlib import Path

from sweep import Sweep, grid, kernel, openscenario

GRAVITY = 9.81  # metres per second squared
FRICTION = (0.8, 0.5, 0.12)  # dry, wet, icy: in the order of the distribution file


@kernel(outputs=["collision", "impact_speed"])
def braking(rng, latency, gap, speed_difference, surface):
    delay = latency + 0.05 * rng.exponential()  # the other car is detected in one of the next frames
    left = gap - speed_difference * delay  # metres, when the brakes bite
    deceleration = GRAVITY * FRICTION[surface]
    impact = math.sqrt(max(speed_difference * speed_difference - 2.0 * deceleration * max(left, 0.0), 0.0))
    return impact > 0.0, impact


scenario = openscenario.read(Path(__file__).with_name("cut_in_distribution.xosc"))
study = Sweep(braking, scenario * grid(latency=[0.2, 0.5, 1.0, 1.5]), keep="collision")
