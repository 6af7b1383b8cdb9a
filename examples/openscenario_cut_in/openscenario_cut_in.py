"""Cars cut in as the distribution file says; how often does automatic braking come too late, with one latency or another?

The other car keeps its speed. The ego brakes as hard as the surface allows, a latency after the other car is in its lane. First the trials are drawn
as the file says; then, a tenth as many, nearer and faster than it says, and weighted back.

python examples/openscenario_cut_in/openscenario_cut_in.py
"""

import math
from dataclasses import replace
from pathlib import Path

from sweep import Sweep, grid, kernel, linspace, openscenario
from sweep_kernels.distributions import Discrete, LogNormal, Normal

GRAVITY = 9.81  # metres per second squared
FRICTION = (0.8, 0.5, 0.12)  # dry, wet, icy: in the order of the distribution file


@kernel(outputs=["collision", "severe"])
def braking(rng, latency, gap, speed_difference, surface):
    delay = latency + 0.05 * rng.exponential()  # the other car is detected in one of the next frames
    left = gap - speed_difference * delay  # metres, when the brakes bite
    deceleration = GRAVITY * FRICTION[surface]
    impact = math.sqrt(max(speed_difference * speed_difference - 2.0 * deceleration * max(left, 0.0), 0.0))
    return impact > 0.0, impact > 10.0  # metres per second


scenario = openscenario.read(Path(__file__).with_name("cut_in_distribution.xosc"))
study = Sweep(braking, scenario * grid(latency=linspace(0.1, 1.5, 8)), keep="collision")
proposals = {
    "gap": LogNormal(2.6, 0.6, low=2.0, high=100.0),  # about 13 metres
    "speed_difference": Normal(11.0, 3.0, low=0.0, high=20.0),
    "surface": Discrete(("dry", "wet", "icy"), (0.25, 0.25, 0.5)),
}


def main() -> None:
    plain = study.run("sweep-results/openscenario_cut_in")
    weighted = replace(study, trials=20_000, proposals=proposals).run()
    print("As the file draws\n")
    print(plain)
    print("\nDrawn nearer and faster, and weighted back\n")
    print(weighted)

    picture = plain.plot("severe")
    weighted.plot("severe", ax=picture)
    picture.set(yscale="log", xlabel="latency, s", ylabel="probability of a collision above 10 m/s")
    picture.legend(picture.lines[:2], ["200,000 trials a point", "20,000 trials a point, weighted"])
    picture.figure.savefig("openscenario_cut_in.png", dpi=110)


if __name__ == "__main__":
    main()
