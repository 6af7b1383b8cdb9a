"""How much longer does a sweep take than its kernel alone?

    python benchmarks/overhead.py [--quick] [--json FILE]

For each case the sweep (plan, pilot, shards, Parquet, reduce, merge, result) and the bare compiled driver over the same blocks, on as many
threads, are run in turn, each in a process of its own; the table shows the medians of the pairs. What a sweep of twenty trials takes just before,
with Ray up but its workers not started, is shown as start-up and left out of the ratio.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from sweep import Sweep, grid, kernel, linspace

WORKERS = 2


@kernel(outputs=["y"])
def microsecond(rng, x):
    total = x
    for _ in range(130):
        total += rng.normal()
    return total


@kernel(outputs=["y"])
def cheap(rng, x):
    return x + rng.uniform()


CASES = {
    "10,000 points x 1,000": (microsecond, 10_000, 1_000),
    "1 point x 10^8": (microsecond, 1, 10**8),
    "10^6 points x 1": (cheap, 10**6, 1),
}
QUICK = {
    "10,000 points x 1,000": (microsecond, 2_000, 1_000),
    "1 point x 10^8": (microsecond, 1, 4 * 10**6),
    "10^6 points x 1": (cheap, 10**5, 1),
}


def study(name: str, quick: bool) -> Sweep:
    function, points, trials = (QUICK if quick else CASES)[name]
    return Sweep(function, grid(x=linspace(0, 1, points)), trials=trials, seed=1)


class Stages:
    """Note when each stage of a run begins."""

    def __init__(self) -> None:
        self.times: list[tuple[str, float]] = []

    def started(self, **_: object) -> None:
        pass

    def advance(self, trials: int) -> None:
        pass

    def note(self, text: str) -> None:
        print(text, file=sys.stderr)

    def children(self, stage: str, done: int, size: int) -> None:
        pass

    def stage(self, name: str) -> None:
        self.times.append((name, time.perf_counter()))


def whole(sweep: Sweep, executor: str) -> dict:
    """Time a sweep into a fresh folder, by stages."""
    from sweep.executors.cluster import Cluster

    with tempfile.TemporaryDirectory() as folder:
        small = Sweep(sweep.kernel, grid(x=[0.0, 1.0]), trials=10)
        small.run(f"{folder}/warm", workers=WORKERS)  # imports and the kernel's object code
        if executor == "ray":
            Cluster(WORKERS)
            small.run(f"{folder}/warm-ray", executor="ray", workers=WORKERS)
        begun = time.perf_counter()
        small.run(f"{folder}/start-up", executor=executor, workers=WORKERS, shards=WORKERS)  # each worker gets one
        startup = time.perf_counter() - begun
        stages = Stages()
        begun = time.perf_counter()
        sweep.run(f"{folder}/store", executor=executor, workers=WORKERS, progress=stages)
        ended = time.perf_counter()
    marks = [*stages.times, ("", ended)]
    parts = {name: after - at for (name, at), (_, after) in zip(marks, marks[1:], strict=False)}
    return {"seconds": ended - begun - startup, "startup": startup, "stages": parts}


def alone(sweep: Sweep) -> dict:
    """Time the bare driver over the same blocks, on as many threads."""
    from sweep.rectangle import Rectangle
    from sweep.work.arguments import argument_kinds, argument_words
    from sweep_kernels.driver import Driver

    plan = sweep.plan()
    driver = Driver(
        sweep.kernel, argument_kinds(sweep.kernel, plan), seed=1, trials=plan.trials, block_size=plan.block_size
    )
    words = argument_words(sweep.kernel, plan, 0, plan.points)
    driver.probe(0, words, 1)
    rectangle = Rectangle(0, plan.points, 0, plan.blocks_per_point)
    at_once = max(1, rectangle.blocks // 64)
    pieces = [rectangle.slice(low, min(low + at_once, rectangle.blocks)) for low in range(0, rectangle.blocks, at_once)]
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not pieces:
                    return
                piece = pieces.pop()
            driver.run(piece, words)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    begun = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return {"seconds": time.perf_counter() - begun}


def profile(sweep_: Sweep) -> None:
    """Print where one thread's time goes, all stages in turn."""
    from sweep import run
    from sweep.store import open_store

    def one_after_the_other(stages, *_: object) -> None:
        for stage in stages:
            for index in range(stage.size):
                stage.task(index, lambda _: None)

    run.run_stages = one_after_the_other
    with tempfile.TemporaryDirectory() as folder:
        Sweep(sweep_.kernel, grid(x=[0.0]), trials=10).run(f"{folder}/warm")
        profiler = cProfile.Profile()
        profiler.enable()
        run.run_plan(sweep_.kernel, sweep_.plan(), open_store(f"{folder}/store"), executor="inprocess", workers=1)
        profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(14)


def one(arguments: argparse.Namespace) -> dict:
    sweep = study(arguments.case, arguments.quick)
    found = alone(sweep) if arguments.executor == "alone" else whole(sweep, arguments.executor)
    return found | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def in_a_process(case: str, executor: str, quick: bool) -> dict:
    command = [sys.executable, __file__, "--case", case, "--executor", executor, *(["--quick"] if quick else [])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller cases: under a minute")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--on", nargs="+", choices=["inprocess", "ray"], default=["inprocess", "ray"], help="which executors"
    )
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    parser.add_argument("--profile", choices=CASES, help="print where one thread's time goes")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--executor", choices=["inprocess", "ray", "alone"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.profile:
        profile(study(arguments.profile, arguments.quick))
        return
    if arguments.case:
        print(json.dumps(one(arguments)))
        return
    raw = []
    print(
        f"{'case':<24}{'on':<11}{'sweep s':>9}{'kernel s':>9}{'ratio':>7}{'us/point':>9}{'peak MiB':>9}{'start-up':>9}  stages, s"
    )
    for case, (_, points, _) in (QUICK if arguments.quick else CASES).items():
        for executor in arguments.on:
            pairs = []
            for _ in range(arguments.repeats):
                pairs.append(
                    (in_a_process(case, executor, arguments.quick), in_a_process(case, "alone", arguments.quick))
                )
            raw.append({"case": case, "executor": executor, "pairs": pairs})
            whole_, alone_ = (statistics.median(each["seconds"] for each in side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(a["seconds"] / b["seconds"] for a, b in pairs)
            over = 1e6 * statistics.median(a["seconds"] - b["seconds"] for a, b in pairs) / points
            stages = " ".join(f"{name} {seconds:.2f}" for name, seconds in pairs[-1][0]["stages"].items())
            peak = max(a["peak_mib"] for a, _ in pairs)
            print(
                f"{case:<24}{executor:<11}{whole_:>9.2f}{alone_:>9.2f}{ratio:>7.3f}{over:>9.2f}{peak:>9.0f}{pairs[-1][0]['startup']:>9.2f}  {stages}",
                flush=True,
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


if __name__ == "__main__":
    main()
