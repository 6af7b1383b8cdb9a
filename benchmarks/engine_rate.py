"""How many no-op children a second does the job engine bring from submission to SUCCEEDED, beside what others do with as many no-op tasks?

Functions run in this process and on Ray, commands as processes; the engine's journal is on disk. Beside it, in the same run and round by
round: `ray.get` of single tasks, concurrent.futures, joblib and dask.distributed (where installed) with a no-op function, and plain
`subprocess.Popen` of the same command, as many at a time.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sweep.jobs.definition import Container, Definition, Resources
from sweep.jobs.environment import Environment
from sweep.jobs.events import PutEnvironment, PutQueue, Register
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.jobs.queue import Queue
from sweep.jobs.request import Request
from sweep.jobs.status import Status

WORKERS = 2
TRUE = "/bin/true"


def nothing(_):
    """Do nothing."""


@contextmanager
def engine(make_worker, container, *, address=None, relaxed=()):
    """Yield what runs an array of some size on a fresh engine with its journal on disk."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "engine", relaxed)
        with Engine(lambda where, tell: make_worker(where, tell, Path(folder)), journal, relaxed=relaxed) as made:
            made.ask(PutEnvironment(Environment("here", WORKERS, 1 << 30, address=address), new=True))
            made.ask(PutQueue(Queue("q", 1, ("here",)), new=True))
            made.ask(Register(Definition("d", container=container)))

            def run(count: int) -> None:
                job_id = made.submit(Request("job", "q", "d", size=count))
                made.wait([job_id])
                with made.reading() as state:
                    assert state.jobs[job_id].counts[Status.SUCCEEDED] == count

            yield run


def inprocess(**options):
    from sweep.executors.inprocess import InProcess

    return engine(lambda _, tell, __: InProcess({"f": nothing}, tell), Container(function="f"), **options)


def on_ray():
    from sweep.executors.ray import RayWorker

    def make(where, tell, _):
        return RayWorker({"f": nothing}, where, tell)

    return engine(make, Container(function="f"), address="local")


def commands():
    from sweep.executors.commands.worker import Commands

    container = Container((TRUE,), resources=Resources(1.0, 100))
    return engine(lambda _, tell, folder: Commands(folder / "commands", tell), container)


@contextmanager
def plain_processes():
    def run(count: int) -> None:
        running = []
        for _ in range(count):
            if len(running) == WORKERS:
                running.pop(0).wait()
            running.append(subprocess.Popen([TRUE]))
        for each in running:
            each.wait()

    yield run


@contextmanager
def ray_tasks():
    import ray

    from sweep.executors.cluster import Cluster

    with Cluster(WORKERS):
        task = ray.remote(num_cpus=1)(nothing)
        yield lambda count: ray.get([task.remote(i) for i in range(count)])


@contextmanager
def threads():
    with ThreadPoolExecutor(WORKERS) as pool:
        yield lambda count: list(pool.map(nothing, range(count)))


@contextmanager
def processes():
    with ProcessPoolExecutor(WORKERS) as pool:
        yield lambda count: list(pool.map(nothing, range(count)))


@contextmanager
def joblib_loky():
    import joblib

    yield lambda count: joblib.Parallel(WORKERS)(joblib.delayed(nothing)(i) for i in range(count))


@contextmanager
def dask_distributed():
    import distributed

    options = {"n_workers": WORKERS, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield lambda count: client.gather(client.map(nothing, range(count), pure=False))


FUNCTIONS = {
    "engine, this process": inprocess,
    "concurrent.futures threads": threads,
    "concurrent.futures processes": processes,
    "joblib": joblib_loky,
    "dask.distributed": dask_distributed,
    "engine, Ray": on_ray,
    "ray.get of tasks": ray_tasks,
}
COMMANDS = {"engine, processes": commands, "subprocess.Popen": plain_processes}


def timed(run, count: int) -> float:
    begun = time.perf_counter()
    run(count)
    return time.perf_counter() - begun


def alone(name: str, count: int) -> dict:
    """Run one contestant in this process: a small run first, which starts everything up, then the one that counts."""
    with (FUNCTIONS | COMMANDS)[name]() as run:
        run(min(count, 200))
        return {"seconds": timed(run, count)}


def in_a_process(*arguments: str) -> dict | None:
    done = subprocess.run([sys.executable, __file__, *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        if "ModuleNotFoundError" not in done.stderr:
            raise SystemExit(done.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def side_by_side(names: list[str], count: int, repeats: int) -> dict[str, list[float]]:
    """Time each contestant once a round, each in a process of its own."""
    seconds: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name in names:
            found = in_a_process("--alone", name, "--count", str(count))
            if found is not None:
                seconds.setdefault(name, []).append(found["seconds"])
    return seconds


def million(count: int) -> dict:
    """Run one large array; memory is what the process grows by at its peak."""
    with inprocess(relaxed=("large-arrays",)) as run:
        run(1000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = timed(run, count)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return {"children": count, "seconds": seconds, "peak_bytes_per_child": grown / count}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer children and rounds: under 40 s")
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    parser.add_argument("--million", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--alone", choices=FUNCTIONS | COMMANDS, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.million:
        print(json.dumps(million(arguments.million)))
        return
    if arguments.alone:
        print(json.dumps(alone(arguments.alone, arguments.count)))
        return
    count, few, repeats = (10_000, 1_000, 5) if not arguments.quick else (10_000, 300, 1)
    raw = {"functions": side_by_side(list(FUNCTIONS), count, repeats)}
    raw["commands"] = side_by_side(list(COMMANDS), few, max(3, repeats))
    print(f"{'what':<30}{'children':>10}{'seconds':>10}{'children/s':>12}{'engine is':>11}")
    for group, size in (("functions", count), ("commands", few)):
        table(raw[group], size)
    large = 100_000 if arguments.quick else 1_000_000
    raw["large"] = in_a_process("--million", str(large))
    print(
        f"\none array of {large:,}: {raw['large']['seconds']:.1f} s, "
        f"{raw['large']['peak_bytes_per_child']:.0f} bytes a child at the peak (24 of them the child's row)"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(raw | {"count": count, "few": few}, indent=1) + "\n")


def table(seconds: dict[str, list[float]], count: int) -> None:
    """Print medians, and how many times faster the engine is, round by round."""
    ours = None
    for name, times in seconds.items():
        if name.startswith("engine"):
            ours = times if ours is None or "Ray" not in name else ours
        ratio = ""
        rival = seconds.get("engine, Ray") if name == "ray.get of tasks" else ours
        if not name.startswith("engine") and rival is not None:
            ratio = f"{statistics.median(theirs / mine for theirs, mine in zip(times, rival, strict=True)):.2f} x"
        median = statistics.median(times)
        print(f"{name:<30}{count:>10,}{median:>10.3f}{count / median:>12,.0f}{ratio:>11}")


if __name__ == "__main__":
    main()
