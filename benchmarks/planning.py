"""What does a plan over a grid of 10^12 points cost, and a point of it?

python benchmarks/planning.py [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
import tracemalloc
from pathlib import Path

from sweep import Sweep, grid, kernel, linspace
from sweep.holdings import Holdings
from sweep.plan import Plan
from sweep.space import from_spec

REPEATS = 20
LOOKS = 20_000


@kernel(outputs=["y"])
def anything(rng, a, b, c, d):
    return a + b + c + d + rng.normal()


def planned() -> Plan:
    """Space, plan, hash, JSON and what is missing, from nothing."""
    space = grid(a=range(1000), b=linspace(0, 1, 1000), c=[i / 7 for i in range(1000)], d=range(1000))
    plan = Sweep(anything, space, trials=1000).plan()
    plan.to_json()
    Holdings().missing(plan)
    return plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    planned()  # imports
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        plan = planned()
        seconds.append(time.perf_counter() - begun)
    tracemalloc.start()
    plan = planned()
    grown = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    space = from_spec(plan.space.spec(), {})
    chance = random.Random(1)
    points = [chance.randrange(len(space)) for _ in range(LOOKS)] + [0, len(space) - 1]
    looks = []
    for _ in range(REPEATS // 4):
        begun = time.perf_counter()
        for i in points:
            space[i]
        looks.append((time.perf_counter() - begun) / len(points))
    figures = {"points": len(space), "plan_ms": 1e3 * statistics.median(seconds), "peak_mb": grown / 1e6}
    figures |= {
        "plan_ms_worst": 1e3 * max(seconds),
        "point_us": 1e6 * statistics.median(looks),
        "plan_bytes": len(plan.to_json()),
    }
    for name, value in figures.items():
        print(f"{name:<15}{value:>22,.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
