"""How much longer does a sweep of a program take than a shell loop over the same program?

    python benchmarks/command_rate.py [--quick] [--json FILE]

A program that computes for about 0.3 s, and one for about 5 ms, print a number as JSON. `xargs -P2` runs them, two at a time, for each number of a
list; a sweep runs them as trials on two threads, each in a fresh folder, watched, its result read, reduced and written. Sweep and loop are run in
turn, many pairs of short runs rather than few of long ones, so that what else the machine does falls on both; the table shows medians over the
pairs. What a sweep costs once (plan, result) is timed with two trials, and left out of the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from sweep import Sweep, command, grid

WORKERS = 2
AWK = shutil.which("mawk") or shutil.which("awk") or "awk"
PROGRAM = 'BEGIN { for (i = 0; i < n; i++) s += i % 7; printf "{\\"y\\": %d}\\n", s + x }'
CASES = {"0.3 s": (0.3, 60), "5 ms": (0.005, 1000)}
QUICK = {"0.3 s": (0.3, 16), "5 ms": (0.005, 200)}
SERVER = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    s = 0
    for i in range({n}): s += i % 7
    print(json.dumps({{"y": s + asked["parameters"]["x"]}}), flush=True)
"""


def loops(seconds: float) -> int:
    """Find how many passes take so long."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([AWK, "-v", "n=4000000", "-v", "x=1", PROGRAM], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begun)
    return max(1, round(4_000_000 * seconds / min(times)))


def loop(n: int, runs: int) -> float:
    """Time the shell loop."""
    numbers = "\n".join(map(str, range(runs)))
    begun = time.perf_counter()
    subprocess.run(
        ["xargs", "-P", str(WORKERS), "-I{}", AWK, "-v", f"n={n}", "-v", "x={}", PROGRAM],
        input=numbers, text=True, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - begun


def sweep_of(n: int, runs: int) -> Sweep:
    program = command(
        [AWK, "-v", f"n={n}", "-v", "x={x}", PROGRAM.replace("{", "{{").replace("}", "}}")], outputs=["y"]
    )
    return Sweep(program, grid(x=range(runs)), trials=1, seed=1)


def timed(sweep: Sweep) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        sweep.run(f"{folder}/store", workers=WORKERS)
        return time.perf_counter() - begun


def pair(n: int, runs: int) -> dict:
    once = timed(sweep_of(1, 2))
    whole = timed(sweep_of(n, runs)) - once
    return {"loop": loop(n, runs), "sweep": whole, "once": once}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs: under a minute")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    raw = []
    print(f"{'program':<10}{'runs':>6}{'loop /s':>10}{'sweep /s':>10}{'ratio':>8}{'ms a run more':>15}{'once s':>8}")
    for case, (seconds, runs) in (QUICK if arguments.quick else CASES).items():
        n = loops(seconds)
        timed(sweep_of(1, 2))
        pairs = [pair(n, runs) for _ in range(arguments.repeats)]
        raw.append({"program": case, "runs": runs, "workers": WORKERS, "processors": os.cpu_count(), "pairs": pairs})
        bare, whole, once = (statistics.median(each[name] for each in pairs) for name in ("loop", "sweep", "once"))
        ratio = statistics.median(each["sweep"] / each["loop"] for each in pairs)
        more = 1e3 * WORKERS * statistics.median(each["sweep"] - each["loop"] for each in pairs) / runs
        print(
            f"{case:<10}{runs:>6}{runs / bare:>10.2f}{runs / whole:>10.2f}{ratio:>8.3f}{more:>15.2f}{once:>8.2f}",
            flush=True,
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


if __name__ == "__main__":
    main()
