"""What share of two cores does `sweep run` turn into trials?

    python benchmarks/end_to_end.py [--executor NAME] [--trials N] [--rounds N] [--quick] [--json FILE]

For pi and an Asian option of 100 steps: trials a second of a whole command on two workers, from the shell to the result, over twice what the compiled
driver alone makes on one core just before and just after. Start-up, the same command for 1,000 trials, is shown, and the share without it as well.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sweep.plan import BLOCK_SIZE
from sweep_kernels import models
from sweep_kernels.driver import Blocks, Driver, parameter_words

WORKERS = 2
ASIAN = {"spot": 100.0, "strike": 100.0, "rate": 0.03, "volatility": 0.2, "maturity": 1.0, "steps": 100}
CASES = {"pi": (models.pi, {}), "asian_option": (models.asian_option, ASIAN)}
COMMAND = [sys.executable, "-c", "from sweep.cli.main import main; main()", "run"]
STUDY = """
from sweep import Sweep, grid
from sweep_kernels.models import {name}
study = Sweep({name}, grid({axes}), trials=1000, seed=1)
"""


def driver_rate(name: str, seconds: float) -> float:
    """Trials a second of the compiled driver on one core."""
    each, arguments = CASES[name]
    kinds = tuple(type(arguments[parameter]).__name__ for parameter in each.parameters)
    words = parameter_words([np.array([arguments[parameter]]) for parameter in each.parameters], kinds, 1)
    driver = Driver(each, kinds, seed=1, trials=1 << 44, block_size=BLOCK_SIZE)
    done, width, begun = 0, 64, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        driver.run(Blocks(0, done, width, 0, width), words)
        done += width
    return done * BLOCK_SIZE / (time.perf_counter() - begun)


def command_seconds(study: Path, trials: int, executor: str) -> float:
    """How long a command takes."""
    with tempfile.TemporaryDirectory() as store:
        options = [
            "--trials",
            str(trials),
            "--store",
            f"{store}/results",
            "--workers",
            str(WORKERS),
            "--quiet",
            "--executor",
            executor,
        ]
        begun = time.perf_counter()
        subprocess.run([*COMMAND, str(study), *options], check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
        return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=10**9)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--executor", default="auto", help="of `sweep run`: inprocess, ray, or auto, which is inprocess here"
    )
    parser.add_argument("--quick", action="store_true", help="10**8 trials, one round")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    executor = arguments.executor
    trials, rounds = (10**8, 1) if arguments.quick else (arguments.trials, arguments.rounds)
    results: dict[str, dict[str, float]] = {}
    for name, (_, given) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            study = Path(folder) / "study.py"
            study.write_text(
                STUDY.format(name=name, axes=", ".join(f"{each}=[{value}]" for each, value in given.items()))
            )
            command_seconds(study, 1000, executor)
            found: list[dict[str, float]] = []
            for _ in range(rounds):
                before = driver_rate(name, 3.0)
                start_up = command_seconds(study, 1000, executor)
                whole = command_seconds(study, trials, executor)
                alone = (before + driver_rate(name, 3.0)) / 2
                best = trials / (WORKERS * alone)
                found.append({
                    "ns_alone": 1e9 / alone, "start_up": start_up, "seconds": whole, "share": best / whole,
                    "share_without_start_up": best / (whole - start_up),
                })  # fmt: skip
        results[name] = {key: statistics.median(each[key] for each in found) for key in found[0]}
        print(f"{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in results[name].items()), flush=True)
    if arguments.json:
        Path(arguments.json).write_text(
            json.dumps({"trials": trials, "executor": executor, **results}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
