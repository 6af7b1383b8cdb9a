"""How long from the shell to the result of a small study, and where does the time go?

    python benchmarks/startup.py [--repeats N] [--json FILE]

Cold: no object code of the kernel. Warm: object code is there, the store is new. The stages are those of one warm run, told by the command itself.
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

STUDY = Path(__file__).parents[1] / "examples" / "emergency_braking.py"
COMMAND = [sys.executable, "-c", "from sweep.cli.main import main; main()"]

STAGES = """
import sys, time
begun = time.perf_counter()
marks = []
def mark(name):
    marks.append((name, time.perf_counter()))
import sweep.cli.main
mark("import the command")
from sweep.cli.options import read_study
study = read_study(sys.argv[1], 10_000, None)
mark("read the study")
plan = study.plan()
mark("plan")
import pyarrow, pyarrow.parquet
mark("import pyarrow")
import llvmlite.binding
mark("import llvmlite")
from sweep.work.study import Study
from sweep.store import open_store
store = open_store(sys.argv[2])
Study(study.kernel, plan, store).driver
mark("load the kernel")
import scipy.special
mark("import scipy.special")
result = study.run(store)
mark("run (pilot, map, reduce, merge)")
from sweep.result import format_table
format_table(result, "text")
mark("format")
for name, at in marks:
    print(f"{name}\\t{at - begun}")
    begun = at
"""


def run(arguments: list[str], cache: str) -> float:
    begun = time.perf_counter()
    subprocess.run(
        [*COMMAND, *arguments], check=True, env={**os.environ, "SWEEP_CACHE_DIR": cache}, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    raw: dict[str, list[float]] = {"help": [], "cold": [], "warm": [], "again": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.repeats):
            cache = f"{folder}/cache-{number}"
            small = ["run", str(STUDY), "--trials", "10000", "--quiet", "--store"]
            raw["help"].append(run(["--help"], cache))
            raw["cold"].append(run([*small, f"{folder}/cold-{number}"], cache))
            raw["warm"].append(run([*small, f"{folder}/warm-{number}"], cache))
            raw["again"].append(run([*small, f"{folder}/warm-{number}"], cache))
        environment = {**os.environ, "SWEEP_CACHE_DIR": cache}
        stages = subprocess.run(
            [sys.executable, "-c", STAGES, str(STUDY), f"{folder}/stages"],
            check=True,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
    print(f"{'sweep --help, s':<32}{statistics.median(raw['help']):>8.3f}")
    print(f"{'sweep run, cold, s':<32}{statistics.median(raw['cold']):>8.3f}")
    print(f"{'sweep run, warm, s':<32}{statistics.median(raw['warm']):>8.3f}")
    print(f"{'sweep run, nothing to do, s':<32}{statistics.median(raw['again']):>8.3f}")
    print("a warm run by parts, s")
    for line in stages.splitlines():
        name, seconds = line.split("\t")
        print(f"  {name:<30}{float(seconds):>8.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(raw | {"stages": stages.splitlines()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
