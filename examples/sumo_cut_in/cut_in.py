"""A cut-in on a motorway, driven by Eclipse SUMO: once, or as often as is asked for on standard input.

    python cut_in.py '{"time_gap": 0.8, "speed_difference": 10, "tau": 1.0, "reaction": 0.3, "sensor_range": 60, "dropout": 0.2, "seed": 7}'
    SUMO_GUI=1 python cut_in.py ...    # the same, to be looked at
    python cut_in.py --serve           # a trial for each line

A car in the next lane is slower than ours, and changes into our lane `time_gap` seconds ahead. Ours brakes as SUMO's model of
following does, but only for what its sensor has seen: until then, and whenever the sensor has lost it, it goes on as fast as it is.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

HERE = Path(__file__).parent
STEP = 0.1  # seconds
SPEED = 30.0  # metres a second
START = 200.0  # metres
CUT_IN = 5  # steps before the other car changes lanes
LAST = 150  # steps
CONFIRMED, LOST = 2, 4  # sightings one after the other until it is believed; misses until it is forgotten
HARD = 4.0  # metres per second squared
NONE = 99.0  # seconds to a collision that is not in sight
FREE, OBSTINATE = -1, 0  # speed by SUMO's model; a speed mode that checks nothing
CAREFUL = 31  # SUMO's own


def options(seed: int) -> list[str]:
    """Return SUMO's options."""
    told = {
        "net-file": HERE / "motorway.net.xml",
        "route-files": HERE / "traffic.rou.xml",
        "step-length": STEP,
        "seed": seed % 2**31,
        "collision.action": "warn",
        "collision.mingap-factor": 0,
        "no-step-log": "true",
        "no-warnings": "true",
    }
    return [word for name, value in told.items() for word in (f"--{name}", str(value))]


class Sensor:
    """Sees a car ahead within its range, or misses it by chance; what it has seen twice running it believes until it has missed it for a while."""

    def __init__(self, reach: float, dropout: float, seed: int) -> None:
        self._reach, self._dropout = reach, dropout
        self._dice = random.Random(seed)  # noqa: S311 - chance, not secrets
        self._seen = self._missed = 0
        self.has_track = False

    def look(self, gap: float | None) -> None:
        """Take one frame; `gap` in metres, None where nothing is in our lane."""
        drops = self._dice.random() < self._dropout
        if gap is not None and gap <= self._reach and not drops:
            self._seen, self._missed = self._seen + 1, 0
        else:
            self._seen, self._missed = 0, self._missed + 1
        self.has_track = self._missed < LOST if self.has_track else self._seen >= CONFIRMED


def run(sumo, *, time_gap, speed_difference, tau, reaction, sensor_range, dropout, seed) -> dict[str, float | bool]:
    """Drive once; SUMO is loaded and at its first step."""
    sumo.simulationStep()
    sumo.vehicletype.setTau("car", tau)
    sumo.vehicletype.setActionStepLength("car", reaction, resetActionOffset=True)
    ego, other = sumo.vehicle, sumo.vehicle
    other.moveTo("other", "motorway_1", START + SPEED * time_gap + sumo.vehicle.getLength("other"))
    other.setLaneChangeMode("other", 0)
    other.setSpeedMode("other", OBSTINATE)
    other.setPreviousSpeed("other", SPEED - speed_difference)
    other.setSpeed("other", SPEED - speed_difference)
    ego.moveTo("ego", "motorway_0", START)
    ego.setLaneChangeMode("ego", 0)
    sensor = Sensor(sensor_range, dropout, int(seed))
    least, hardest, collision = NONE, 0.0, False
    for step in range(LAST):
        if step == CUT_IN:
            other.changeLane("other", 0, STEP * LAST)
        leader = ego.getLeader("ego", 500.0)
        gap = leader[1] + ego.getMinGap("ego") if leader and leader[0] else None
        sensor.look(gap)
        ego.setSpeedMode("ego", CAREFUL if sensor.has_track else OBSTINATE)
        ego.setSpeed("ego", FREE if sensor.has_track else ego.getSpeed("ego"))
        sumo.simulationStep()
        if sumo.simulation.getCollisions():
            collision, least = True, 0.0
            break
        closing = ego.getSpeed("ego") - other.getSpeed("other")
        if gap is not None and closing > 0.0:
            least = min(least, gap / closing)
        hardest = max(hardest, -ego.getAcceleration("ego"))
    return {"collision": collision, "least_ttc": round(least, 6), "hard_braking": hardest > HARD}


def drive(sumo, parameters: dict[str, float]) -> dict[str, float | bool]:
    """Load the road anew and drive."""
    sumo.load(options(int(parameters["seed"])))
    return run(sumo, **parameters)


def serve(sumo) -> None:
    """Answer trials, a line each, until there are no more."""
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        told = json.loads(line)
        print(json.dumps(drive(sumo, {**told["parameters"], "seed": told["seed"]})), flush=True)


def main(words: list[str]) -> None:
    """Drive once with the parameters that are given as JSON, or with --serve as often as asked for."""
    if os.environ.get("SUMO_GUI"):
        import traci as sumo

        sumo.start(["sumo-gui", "--start", "--delay", "100", *options(0)], stdout=sys.stderr)
    else:
        os.environ["LIBSUMO_AS_TRACI"] = "quiet"  # of pyarrow, which it does not use here
        import libsumo as sumo

        sumo.start(["sumo", *options(0)])
    if "--serve" in words:
        serve(sumo)
    else:
        print(json.dumps(drive(sumo, json.loads(words[-1]))))


if __name__ == "__main__":
    main(sys.argv[1:])
