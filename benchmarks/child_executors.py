"""Threads or Ray inside one container: how long one shard takes, and how much memory. Prints one table; writes JSON with ``--json FILE``.

Both run the same child of the same submission, one after the other, so many times; the machine is best left alone meanwhile.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sweep.child.task import EXECUTORS, Task
from sweep.child.work import Range, work_of_plan
from sweep.holdings import Holdings
from sweep.load import load_sweep
from sweep.machine import processors
from sweep.store import open_store
from sweep.submit.package import pack
from sweep.work import keys

STUDY = """
from sweep import Sweep, grid, kernel, linspace


@kernel(outputs=["hit", "distance"])
def seeker(rng, speed):
    distance = 0.0
    for _ in range(50):
        distance += speed * rng.exponential()
    return distance > 25.0, distance


study = Sweep(seeker, grid(speed=linspace(0.5, 1.5, 6)), trials={trials}, seed=1)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000_000, help="of each of six points")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    measured = {each: [] for each in EXECUTORS}
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study.py"
        study.write_text(STUDY.format(trials=arguments.trials))
        run(study, Path(folder) / "warm", "threads")
        for number in range(arguments.repeat):
            for each in EXECUTORS:
                measured[each].append(run(study, Path(folder) / f"{each}-{number}", each))
    rows = {
        each: [statistics.median(column) for column in zip(*found, strict=True)] for each, found in measured.items()
    }
    print(f"one shard of 6 x {arguments.trials:,} trials on {processors()} processors, median of {arguments.repeat}")
    print(f"{'':8} {'seconds':>8} {'memory MiB':>11}")
    for each, (seconds, memory) in rows.items():
        print(f"{each:8} {seconds:8.1f} {memory:11.0f}")
    print(
        f"ray takes {rows['ray'][0] / rows['threads'][0]:.2f} of the time, {rows['ray'][1] / rows['threads'][1]:.1f} of the memory"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=1))


def run(study: Path, place: Path, executor: str) -> tuple[float, float]:
    """Run map's only child; return its time and most memory, of all its processes together."""
    store, swept = open_store(place), load_sweep(study)
    plan = swept.plan()
    wave = Holdings().begin(store, plan, 1, Holdings().missing(plan))
    packed = pack(str(study), plan)
    packed.write(store)
    work = work_of_plan(plan, packed.sha256, (Range(wave.number, 0, 1),))
    store.create(keys.work_key(work.sha256), work.to_json())
    task = Task(store.url, work.sha256, packed.sha256, plan.hash, "map", 0, processors(), executor)
    begun = time.perf_counter()
    child = subprocess.Popen([sys.executable, *task.command()[1:]], stdout=subprocess.DEVNULL)
    most = 0.0
    while child.poll() is None:
        most = max(most, memory_of(child.pid))
        time.sleep(0.2)
    assert child.returncode == 0
    return time.perf_counter() - begun, most


def memory_of(pid: int) -> float:
    """Return MiB of a process and all its descendants, with what they share counted once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        own = next(int(each.split()[1]) for each in lines if each.startswith("Pss:")) / 1024
        children = [
            each for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()
        ]
    except (OSError, StopIteration):
        return 0.0
    return own + sum(memory_of(int(each)) for each in children)


if __name__ == "__main__":
    main()
