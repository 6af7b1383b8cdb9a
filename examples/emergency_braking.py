"""How often, and how fast, does a car that brakes for a standing obstacle still hit it?"""

import math

from sweep import Sweep, grid, kernel, linspace


@kernel(outputs=["collision", "impact_speed"])
def braking(rng, gap, speed):  # metres, metres per second
    friction = 0.7 + 0.08 * rng.normal()
    latency = 0.3 + 0.1 * rng.exponential()  # seconds
    left = max(gap - speed * latency, 0.0)
    impact = math.sqrt(max(speed * speed - 2.0 * 9.81 * friction * left, 0.0))
    return impact > 0.0, impact


study = Sweep(braking, grid(gap=linspace(10, 40, 7), speed=[10.0, 15.0]), trials=1_000_000, seed=1)
