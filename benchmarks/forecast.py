"""Does a run take what its forecast said, over studies whose points differ in cost by a hundred times and more?

    python benchmarks/forecast.py [--repeats N] [--budget SECONDS] [--only CASE ...] [--json FILE]

Each repeat has a seed of its own for the pilot's choice of points and for the trials. The forecast is made first, then the study is run on two
threads into a fresh folder, and the two are compared as ``sweep forecast --compare`` does. Core-seconds are those of the threads' processors, so
what else runs on the machine counts only as far as it crowds caches and memory; the load beside each run is in the JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from sweep import Sweep, grid, kernel, linspace, logspace
from sweep.forecast.comparison import compare
from sweep.forecast.forecast import forecast
from sweep.store import open_store
from sweep_kernels.models import mm1_queue

WORKERS = 2


@kernel(outputs=["steps", "overshoot"])
def first_passage(rng, barrier, drift):
    x = 0.0
    steps = 0
    while x < barrier and steps < 100_000:
        x += drift + rng.normal()
        steps += 1
    return steps, x - barrier


@kernel(outputs=["highest"])
def walk(rng, steps, volatility):
    x = 0.0
    highest = 0.0
    for _ in range(steps):
        x += volatility * rng.normal()
        highest = max(highest, x)
    return highest


@kernel(outputs=["inside"])
def disc(rng, radius):
    x, y = rng.uniform(), rng.uniform()
    return x * x + y * y < radius * radius


CASES = {
    "M/M/1, 10 to 10,000 customers": lambda seed: Sweep(
        mm1_queue,
        grid(customers=[10, 30, 100, 300, 1000, 3000, 10_000], arrival_rate=linspace(0.1, 0.99, 40)),
        trials=1_000,
        seed=seed,
    ),
    "first passage, barrier 1 to 100": lambda seed: Sweep(
        first_passage, grid(barrier=logspace(1, 100, 12), drift=linspace(0.05, 1.0, 24)), trials=20_000, seed=seed
    ),
    "walk of 1 to 10,000 steps": lambda seed: Sweep(
        walk,
        grid(steps=[1, 3, 10, 30, 100, 300, 1000, 3000, 10_000], volatility=linspace(0.1, 2.0, 100)),
        trials=1_000,
        seed=seed,
    ),
    "1 point x 10^9": lambda seed: Sweep(disc, grid(radius=[0.7]), trials=10**9, seed=seed),
    "10^6 points x 1": lambda seed: Sweep(disc, grid(radius=linspace(0.1, 1.0, 10**6)), trials=1, seed=seed),
}


def once(case: str, seed: int, budget: float) -> dict:
    study = CASES[case](seed)
    load = os.getloadavg()[0]
    found = forecast(study.kernel, study.plan(), open_store("memory://"), budget=budget, workers=WORKERS, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        study.run(folder, executor="inprocess", workers=WORKERS)
        seconds = time.perf_counter() - begun
        compared = compare(open_store(folder), json.loads(found.to_json()))
    slowest, fastest = found.sampled.slowest[2], found.sampled.fastest[2]
    return {
        "seed": seed,
        "load": [load, os.getloadavg()[0]],
        "pilot_seconds": found.sampled.seconds,
        "points_timed": found.sampled.points,
        "slowest_over_fastest": slowest / fastest,
        "noise": found.sampled.noise,
        "crowding": found.sampled.crowding,
        "wall": {"forecast": found.here.seconds, "actual": seconds},
        **compared.to_dict(),
    }


def told(case: str, repeats: list[dict]) -> str:
    core = [each["lines"][0] for each in repeats]
    ratios = [each["ratio"] for each in core]
    inside = sum(each["is_inside"] for each in core)
    width = statistics.median(each["high"] / each["low"] for each in core)
    sizes = statistics.median(each["lines"][4]["ratio"] for each in repeats)
    spread = statistics.median(each["slowest_over_fastest"] for each in repeats)
    seconds = statistics.median(each["actual"] for each in core)
    return (
        f"{case:<32}{spread:>9,.0f}{seconds:>9.1f}{statistics.median(ratios):>8.3f}{min(ratios):>7.3f}{max(ratios):>7.3f}"
        f"{width:>10.3f}{inside:>6}/{len(core)}{sizes:>8.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--budget", type=float, default=2.0, help="seconds of each pilot")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    print(
        f"{'case':<32}{'slow/fast':>9}{'core s':>9}{'ratio':>8}{'least':>7}{'most':>7}{'high/low':>10}{'inside':>9}{'bytes':>8}"
    )
    raw = {"load": "1 min load average before and after each run", "budget": arguments.budget, "cases": {}}
    for case in arguments.only:
        once(case, 10_000, 0.5)  # compiles, and warms what is warm in the long run
        found = raw["cases"][case] = []
        for seed in range(arguments.repeats):
            found.append(once(case, seed, arguments.budget))
            if arguments.json:
                arguments.json.write_text(json.dumps(raw, indent=1) + "\n")
        print(told(case, found), flush=True)


if __name__ == "__main__":
    main()
