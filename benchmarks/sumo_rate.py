"""How much longer does a sweep of SUMO runs take than a bare shell loop over the same runs, and does it survive being killed?

    python benchmarks/sumo_rate.py [--case process|server ...] [--runs N] [--repeats N] [--json FILE]

The cut-in of `examples/sumo_cut_in`, N runs with two at a time. A process for each run: `xargs -P2` beside a sweep. Long-lived: two processes
of the example that are sent a line for each run by two threads, beside a sweep with `server=True`. Sweep and loop take turns, each in a process
of its own; both do the same runs, with the same seeds. The table shows medians over the pairs, by the clock and in processor time of all that was
run: plan, result and the start of both servers are in it, the import of modules is in neither. The same runs take SUMO itself 10 % more or less
from one minute to the next, so what is told too is the time by the clock for a second of the servers' own processor time, sweep over loop. Then
the long-lived sweep is killed twice by SIGKILL and run again: its result must be that of one that was left alone.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from command_rate import HEAD, measured, row

from sweep import Sweep, command, grid
from sweep.programs.seeds import seed_of

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS = 2
HERE = Path(__file__).parents[1] / "examples" / "sumo_cut_in"
SCRIPT = str(HERE / "cut_in.py")
FIXED = {"speed_difference": 9.0, "tau": 1.0, "reaction": 0.3, "sensor_range": 60.0, "dropout": 0.5}
GAPS = [0.4, 0.6, 0.8, 1.0]
OUTPUTS = {"collision": bool, "hard_braking": bool, "least_ttc": float}
TOLD = (
    "{{"
    + ", ".join(f'"{name}": {value}' for name, value in FIXED.items())
    + ', "time_gap": {time_gap}, "seed": {seed}}}'
)


def study(runs: int, *, server: bool) -> Sweep:
    if server:
        words = ["{python}", SCRIPT, "--serve"]
        program = command(
            words, outputs=OUTPUTS, server=True, parameters=["time_gap", *FIXED], seed_bits=31, name="sumo", timeout=60
        )
        space = grid(time_gap=GAPS, **{name: [value] for name, value in FIXED.items()})
    else:
        program = command(["{python}", SCRIPT, TOLD], outputs=OUTPUTS, seed_bits=31, name="sumo", timeout=60)
        space = grid(time_gap=GAPS)
    return Sweep(program, space, trials=runs // len(GAPS), seed=1)


def lines(runs: int) -> list[dict[str, float]]:
    """Return what is asked of the runs of the sweep, with its seeds, in its order: some runs are longer than others."""
    each = product(range(len(GAPS)), range(runs // len(GAPS)))
    return [{**FIXED, "time_gap": GAPS[point], "seed": seed_of(1, point, trial, 31)} for point, trial in each]


def loop(runs: int, *, server: bool) -> None:
    if server:
        asked = iter(lines(runs))
        threads = [threading.Thread(target=talk, args=(asked,)) for _ in range(WORKERS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return
    told = "\0".join(map(json.dumps, lines(runs)))
    words = ["xargs", "-0", "-P", str(WORKERS), "-n1", sys.executable, SCRIPT]
    subprocess.run(words, input=told, text=True, check=True, stdout=subprocess.DEVNULL)


def talk(asked: Iterator[dict[str, float]]) -> None:
    """Ask one server, each time for the next that nobody has asked for."""
    words = [sys.executable, SCRIPT, "--serve"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        process.stdout.readline()
        for each in asked:
            process.stdin.write(json.dumps({"parameters": each, "seed": each["seed"]}) + "\n")
            process.stdout.readline()
        process.stdin.close()


def swept(runs: int, *, server: bool, place: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        study(runs, server=server).run(place or f"{folder}/store", workers=WORKERS)


def one(what: str, runs: int, *, server: bool) -> dict[str, float]:
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    if what == "sweep":
        swept(len(GAPS), server=server)
    before = time.process_time()
    seconds, processor = measured(lambda: {"loop": loop, "sweep": swept}[what](runs, server=server))
    return {"seconds": seconds, "processor": processor, "of_programs": processor - (time.process_time() - before)}


def per_second(side: dict[str, float]) -> float:
    """Return the time by the clock for a second of what was run."""
    return side["seconds"] / side["of_programs"]


def in_a_process(what: str, runs: int, *, server: bool) -> dict[str, float]:
    words = [sys.executable, __file__, "--one", what, "--runs", str(runs), *(["--server"] if server else [])]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def killed(runs: int) -> dict[str, object]:
    """Kill a sweep when a third, and when two thirds of it are there; let it end; compare it with one that was left alone."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, __file__, "--one", "store", "--runs", str(runs), "--server", "--store"]
        at = []
        for part in (1 / 3, 2 / 3):
            process = subprocess.Popen([*words, f"{folder}/killed"])
            while process.poll() is None and there(folder, "killed") < part * there_in_all(runs):
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
            at.append(there(folder, "killed"))
        for name in ("killed", "whole"):
            subprocess.run([*words, f"{folder}/{name}"], check=True)
        digests = {
            name: hashlib.sha256(Path(folder, name, "result.parquet").read_bytes()).hexdigest()
            for name in ("killed", "whole")
        }
        return {
            "shards_there_when_killed": at,
            "is_same": digests["killed"] == digests["whole"],
            "sha256": digests["whole"],
        }


SHARDS = 30


def there(folder: str, name: str) -> int:
    return len(list(Path(folder, name, "map").rglob("*.parquet")))


def there_in_all(runs: int) -> int:
    return min(SHARDS, runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--case", choices=("server", "process"), nargs="+", default=["server", "process"])
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    for name, kind in (("--one", str), ("--store", str)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    parser.add_argument("--server", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one == "store":
        study(arguments.runs, server=True).run(arguments.store, workers=WORKERS, shards=SHARDS)
        return
    if arguments.one:
        print(json.dumps(one(arguments.one, arguments.runs, server=arguments.server)))
        return
    raw = []
    print(HEAD)
    for server in (each == "server" for each in arguments.case):
        pairs = [
            (in_a_process("sweep", arguments.runs, server=server), in_a_process("loop", arguments.runs, server=server))
            for _ in range(arguments.repeats)
        ]
        raw.append({"server": server, "runs": arguments.runs, "workers": WORKERS, "pairs": pairs})
        print(row("long-lived" if server else "a process a run", arguments.runs, pairs), flush=True)
        if server:
            alike = statistics.median(per_second(a) / per_second(b) for a, b in pairs)
            print(f"by the clock for a second of SUMO: {alike:.3f}", flush=True)
    if "server" in arguments.case:
        raw.append(killed(arguments.runs))
        which = "the same result" if raw[-1]["is_same"] else "ANOTHER RESULT"
        print(
            f"killed twice (with {raw[-1]['shards_there_when_killed']} of {SHARDS} shards there) and resumed: {which}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


if __name__ == "__main__":
    main()
