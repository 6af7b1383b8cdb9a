"""How far do map and reduce overlap when reduce depends N_TO_N on map, and what is the engine's share of the time?

10,000 children of map, each a millisecond or so of work, and 10,000 of reduce, on the threads of this process with the journal on disk.
The engine's share is the processor time of its own thread over the wall time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

from sweep.executors.inprocess import InProcess
from sweep.jobs.definition import Container, Definition, Resources
from sweep.jobs.environment import Environment
from sweep.jobs.events import PutEnvironment, PutQueue, Register
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine, Listener
from sweep.jobs.queue import Queue
from sweep.jobs.request import Dependency, Kind, Request
from sweep.jobs.status import Status

WORKERS = 2


def work(_):
    """Wait as a compiled kernel would work: without the interpreter's lock."""
    time.sleep(0.001)


class Marks(Listener):
    """Note when children of each job ended, and the processor time of the engine's thread."""

    def __init__(self) -> None:
        self.ended: dict[str, list[tuple[float, int]]] = {}
        self.processor = 0.0

    def moved(self, move) -> None:
        self.processor = time.thread_time()
        if move.status is Status.SUCCEEDED:
            self.ended.setdefault(move.job_id, []).append((time.perf_counter(), move.last - move.first))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--children", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    raw = run(arguments.children)
    print(
        f"{raw['children']:,} map and as many reduce children in {raw['seconds']:.2f} s on {WORKERS} threads\n"
        f"first reduce child ended after {raw['first_reduce']:.2f} s, last map child after {raw['last_map']:.2f} s\n"
        f"reduce children that had ended by then: {raw['reduced_by_then']:,} ({100 * raw['reduced_by_then'] / raw['children']:.1f} %)\n"
        f"engine's thread: {raw['engine_seconds']:.2f} s of processor time, {100 * raw['engine_seconds'] / raw['seconds']:.1f} % of the wall time"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


def run(children: int) -> dict:
    marks = Marks()
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "engine")
        with Engine(lambda _, tell: InProcess({"f": work}, tell), journal, listener=marks) as engine:
            engine.ask(PutEnvironment(Environment("here", WORKERS, 1 << 30), new=True))
            for name, priority in (("map", 1), ("reduce", 2)):
                engine.ask(PutQueue(Queue(name, priority, ("here",)), new=True))
                engine.ask(Register(Definition(name, container=Container(function="f", resources=Resources()))))
            begun = time.perf_counter()
            first = engine.submit(Request("map", "map", "map", size=children))
            depends_on = (Dependency(first, Kind.N_TO_N),)
            second = engine.submit(Request("reduce", "reduce", "reduce", size=children, depends_on=depends_on))
            engine.wait([first, second])
            seconds = time.perf_counter() - begun
    last_map = marks.ended[first][-1][0]
    return {
        "children": children,
        "seconds": seconds,
        "first_reduce": marks.ended[second][0][0] - begun,
        "last_map": last_map - begun,
        "reduced_by_then": sum(count for when, count in marks.ended[second] if when < last_map),
        "engine_seconds": marks.processor,
        "threads": threading.active_count(),
    }


if __name__ == "__main__":
    main()
