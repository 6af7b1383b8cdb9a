"""How many trials of a closed loop of sensor, tracker and brakes does a sweep make in a second, beside NumPy and a plain Python loop?

    python benchmarks/aeb_cut_in.py [--trials N] [--rounds N] [--quick] [--json FILE]

The study is 1,000 points of `sweep_kernels.models.cut_in`: time gap x speed difference x dropout. The table has ns of processor time a trial, over 48
of its points on one core: ours with a whole run of these points around it, plan, statistics and table; NumPy's and Python's trials alone, as
`estimators/cut_in.py` has them. They run in turn, round by round; ratios are medians of the rounds'. Before that the whole study goes through
`sweep run` on two workers, from the shell to the result, with `--trials` of each point (10**6 are the 10**9 that the study is meant to have).

All three must agree: at each point the means of NumPy and Python, of all outputs, within six standard errors of ours.
Exit code 1 if one does not.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from estimators.cut_in import numpy_trials, python_trial

from sweep import Sweep, grid, linspace, zipped
from sweep.errors import SweepError
from sweep_kernels.models import aeb_cut_in

WORKERS = 2
STUDY = """
from sweep import Sweep, grid, linspace
from sweep_kernels.models import aeb_cut_in

study = Sweep(
    aeb_cut_in,
    grid(time_gap=linspace(0.3, 1.2, 10), speed_difference=linspace(2, 20, 10), dropout=linspace(0, 0.9, 10)),
    trials=1000,
    seed=1,
)
"""
SPACE = grid(time_gap=linspace(0.3, 1.2, 10), speed_difference=linspace(2, 20, 10), dropout=linspace(0, 0.9, 10))
EVERY = 21  # of the points: prime to 10, so that all values of all axes are among them
COMMAND = [sys.executable, "-c", "from sweep.cli.main import main; main()", "run"]
TILE = 8192
OUTPUTS = aeb_cut_in.outputs
LEAST = 1e-3  # standard deviation of a trial that is taken at least


def some_points() -> list[dict[str, float]]:
    return [SPACE[point] for point in range(0, SPACE.size, EVERY)]


class Ours:
    """A run of the points in memory, by one thread."""

    def __init__(self, points: list[dict[str, float]], trials: int, _seed: int) -> None:
        self._space = zipped(**{name: [point[name] for point in points] for name in points[0]})
        self.trials = trials

    def __call__(self, number: int) -> np.ndarray:
        study = Sweep(aeb_cut_in, self._space, trials=self.trials, seed=number)
        table = study.run(executor="inprocess", workers=1).table
        return np.array([[table[f"{name}_{what}"].to_numpy() for what in ("mean", "std")] for name in OUTPUTS])


class Theirs:
    """Trials without an engine: NumPy's in tiles, Python's one by one."""

    def __init__(self, points: list[dict[str, float]], trials: int, seed: int) -> None:
        self._points, self.trials = points, trials
        self._numpy, self._python = np.random.default_rng(seed), random.Random(seed)

    def __call__(self, _number: int) -> np.ndarray:
        found = [self._of(point) for point in self._points]  # each of shape (outputs, trials)
        return np.array([[values.mean(axis=1), values.std(axis=1)] for values in found]).transpose(2, 1, 0)


class NumPy(Theirs):
    def _of(self, point):
        return np.concatenate([numpy_trials(self._numpy, TILE, **point) for _ in range(self.trials // TILE)], axis=1)


class Python(Theirs):
    def _of(self, point):
        return np.array([python_trial(self._python, **point) for _ in range(self.trials)], dtype=float).T


CONTESTANTS = {"sweep": Ours, "numpy": NumPy, "python": Python}


def race(rounds: int, trials: dict[str, int]) -> dict:
    """Time all contestants in turn on one core; gather what they found."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    points = some_points()
    runs = {name: each(points, trials[name], 7) for name, each in CONTESTANTS.items()}
    runs["sweep"](0)  # compiles
    found = {name: [] for name in runs}
    ns = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            begun = time.process_time()
            found[name].append(run(number + 1))
            ns[name].append((time.process_time() - begun) / (run.trials * len(points)) * 1e9)
    return {"points": len(points), "trials": trials, "ns": ns, "disagree": disagreements(found, trials, rounds)}


def disagreements(found: dict, trials: dict[str, int], rounds: int) -> list[str]:
    """Compare means with ours at every point, by six standard errors."""
    means = {name: np.mean(each, axis=0) for name, each in found.items()}  # shape (outputs, 2, points)
    said = []
    for name in ("numpy", "python"):
        share = math.sqrt(1.0 / (trials["sweep"] * rounds) + 1.0 / (trials[name] * rounds))
        for output, ours, theirs in zip(OUTPUTS, means["sweep"], means[name], strict=True):
            spread = np.maximum(np.maximum(ours[1], theirs[1]), LEAST)  # one of both may have met no rare event
            apart = np.abs(theirs[0] - ours[0]) / (spread * share)
            at = int(apart.argmax())
            if apart[at] > 6.0:
                said.append(f"{name}: {output} {theirs[0][at]:.5g}, not {ours[0][at]:.5g}, at {some_points()[at]}")
    return said


def command(trials: int) -> dict:
    """Run `sweep run` for the whole study: its seconds, and those of the processors."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study.py"
        study.write_text(STUDY)
        options = ["--trials", str(trials), "--store", f"{folder}/out", "--workers", str(WORKERS), "--quiet"]
        before = os.times()
        subprocess.run([*COMMAND, str(study), *options], check=True)
        after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return {"trials": SPACE.size * trials, "seconds": after.elapsed - before.elapsed, "processor_seconds": spent}


def whole(trials: int) -> dict:
    """The whole study, after a small one that warms the caches, and another that shows what a start takes."""
    command(1000)
    return {"start": command(1000), "run": command(trials)}


def show(raced: dict, ran: dict) -> None:
    ns = raced["ns"]
    print(f"{'':8}{'ns a trial':>12}{'trials a second':>17}{'time / sweep':>14}")
    for name, times in ns.items():
        ratio = median(theirs / ours for theirs, ours in zip(times, ns["sweep"], strict=True))
        print(f"{name:8}{median(times):>12,.0f}{1e9 / median(times):>17,.0f}{ratio:>14.2f}")
    print(f"\nsweep run of {SPACE.size:,} points on {WORKERS} workers")
    print(f"{'trials':>14}{'seconds':>9}{'processor s':>13}{'a second':>12}{'a core second':>15}")
    for each in ran.values():
        n, seconds, spent = each["trials"], each["seconds"], each["processor_seconds"]
        print(f"{n:>14,}{seconds:>9.1f}{spent:>13.1f}{n / seconds:>12,.0f}{n / spent:>15,.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--trials",
        type=lambda text: int(float(text)),
        default=20_000,
        help="of each of the 1,000 points through `sweep run`",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round of fewer trials")
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    full = {"sweep": 1 << 17, "numpy": 2 * TILE, "python": 400}
    quick = {"sweep": 1 << 14, "numpy": TILE, "python": 100}
    try:
        ran = whole(1000 if arguments.quick else arguments.trials)
        raced = race(1 if arguments.quick else arguments.rounds, quick if arguments.quick else full)
    except (SweepError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"aeb_cut_in.py: {error}") from None
    show(raced, ran)
    if arguments.json:
        arguments.json.write_text(json.dumps({"one_core": raced, "sweep_run": ran}, indent=1) + "\n")
    raise SystemExit("\n".join(raced["disagree"]) or 0)


if __name__ == "__main__":
    main()
