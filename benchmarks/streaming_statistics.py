"""How many ns a trial do quantiles, a histogram and a covariance add to a kernel and its usual statistics?

    python benchmarks/streaming_statistics.py [--quick] [--json FILE]

The compiled driver runs one point's blocks with and without each, in turn, round by round, on one core; a figure is the median of the rounds'
differences, in processor time of the thread, for the machine has other users. `one block a point` empties the counters after every
block, as a sweep of many points with 4,096 trials each does: sorting is in it, writing is not. The last column is the ratio to the same
kernel without.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from statistics import median

import numpy as np

from sweep.work.counts import counts_of
from sweep_kernels import Kernel, kernel
from sweep_kernels.driver import Blocks, Driver, parameter_words
from sweep_kernels.models import mm1_queue
from sweep_kernels.observer import Observer
from sweep_kernels.tallies import Histogram, Sketch, Tallies

BLOCK_SIZE = 4096
CUSTOMERS = 100


@kernel(outputs=["four_times_inside"])
def pi(rng):
    x, y = rng.uniform(), rng.uniform()
    return 4.0 if x * x + y * y < 1.0 else 0.0


@kernel(outputs=["x", "y"])
def normal(rng):
    x = rng.normal()
    return x, x + rng.normal()


@kernel(outputs=["x"])
def lognormal(rng):
    return math.exp(rng.normal())


KINDS = ("float", "float", "int")
QUEUE = parameter_words([np.array([0.8]), np.array([1.0]), np.array([CUSTOMERS])], KINDS, 1)
NOTHING = np.zeros((1, 1), dtype=np.int64)
CASES: dict[str, tuple[Kernel, tuple[str, ...], np.ndarray, int, tuple[float, float]]] = {
    "pi": (pi, (), NOTHING, 2000, (0.0, 4.0)),
    "normal": (normal, (), NOTHING, 1000, (-4.0, 4.0)),
    "lognormal": (lognormal, (), NOTHING, 1000, (0.0, 10.0)),
    "mm1": (mm1_queue, KINDS, QUEUE, 40, (0.0, 50.0)),
}


def requests(each: Kernel, low: float, high: float) -> dict[str, Tallies]:
    asked = {
        "quantiles, 1 %": Tallies((Sketch(0, 0.01),)),
        "quantiles, 0.1 %": Tallies((Sketch(0, 0.001),)),
        "histogram, 100": Tallies((Histogram(0, low, high, 100),)),
        "histogram, 10,000": Tallies((Histogram(0, low, high, 10_000),)),
    }
    return asked | ({"covariance": Tallies((), ((0, 1),))} if len(each.outputs) > 1 else {})


class Run:
    """A kernel's blocks with one request, or none."""

    def __init__(self, name: str, blocks: int, tallies: Tallies | None, *, is_split: bool = False) -> None:
        each, kinds, self._words, _, _ = CASES[name]
        self._driver = Driver(each, kinds, seed=1, trials=blocks * BLOCK_SIZE, block_size=BLOCK_SIZE)
        self._blocks = Blocks(0, 0, blocks, 0, blocks)
        self._observer = None if tallies is None else Observer(tallies, len(each.outputs), BLOCK_SIZE)
        self._ends = np.full(blocks, is_split)
        self._ends[-1] = True
        self._trials = blocks * BLOCK_SIZE

    def nanoseconds(self) -> float:
        begun = time.thread_time_ns()
        if self._observer is None:
            self._driver.run(self._blocks, self._words)
        else:
            found = self._driver.run_observed(self._blocks, self._words, self._observer, self._ends, keep=False)[2]
            counts_of(found)
        return (time.thread_time_ns() - begun) / self._trials


def measured(name: str, rounds: int, shrink: int) -> list[dict[str, object]]:
    each, _, _, blocks, (low, high) = CASES[name]
    blocks = max(1, blocks // shrink)
    runs = {"nothing": Run(name, blocks, None)}
    runs |= {asked: Run(name, blocks, tallies) for asked, tallies in requests(each, low, high).items()}
    one_a_point = "quantiles, 1 %, one block a point"
    runs[one_a_point] = Run(name, blocks, Tallies((Sketch(0, 0.01),)), is_split=True)
    for run in runs.values():
        run.nanoseconds()
    taken = [{asked: run.nanoseconds() for asked, run in runs.items()} for _ in range(rounds)]
    figures = []
    for asked in runs:
        figures.append(
            {
                "kernel": name,
                "asked": asked,
                "ns_a_trial": median(each[asked] for each in taken),
                "added_ns": median(each[asked] - each["nothing"] for each in taken),
                "ratio": median(each[asked] / each["nothing"] for each in taken),
            }
        )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds of few trials")
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    rounds, shrink = (3, 20) if arguments.quick else (25, 1)
    print(f"{'kernel':<11}{'asked':<36}{'ns a trial':>11}{'added':>9}{'ratio':>8}")
    figures = []
    for name in CASES:
        for row in measured(name, rounds, shrink):
            print(f"{name:<11}{row['asked']:<36}{row['ns_a_trial']:>11.2f}{row['added_ns']:>9.2f}{row['ratio']:>8.3f}")
            figures.append(row)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
