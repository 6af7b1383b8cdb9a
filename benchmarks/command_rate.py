"""How much longer does a sweep of a program take than a bare loop over the same program?

    python benchmarks/command_rate.py [--quick] [--json FILE]

A program that computes for about 0.3 s, and one for about 5 ms, print a number as JSON. `xargs -P2` runs them, two at a time, for each number
of a list; a sweep runs them as trials on two threads, each in a fresh folder, watched, its result read, reduced and written. The third is a server
that answers at once: two threads that do nothing but write and read lines of two such processes, beside a sweep on two. Sweep and loop are run in
turn, each in a process of its own, many pairs of short runs rather than few of long ones, so that what else the machine does falls on both. The table
shows medians over the pairs, of the time by the clock and of the processor time of everything that was run, which others on the machine hardly
change. What a sweep of two trials takes (plan, result) is left out of both.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from sweep import Sweep, command, grid

WORKERS = 2
AWK = shutil.which("mawk") or shutil.which("awk") or "awk"
PROGRAM = 'BEGIN { for (i = 0; i < n; i++) s += i % 7; printf "{\\"y\\": %d}\\n", s + x }'
SERVER = """
import json, sys
print('{"ready": true}', flush=True)
for line in sys.stdin:
    print(json.dumps({"y": json.loads(line)["parameters"]["x"]}), flush=True)
"""
CASES = {"0.3 s": (0.3, 60), "5 ms": (0.005, 1000), "server": (0.0, 4000)}
QUICK = {"0.3 s": (0.3, 16), "5 ms": (0.005, 200), "server": (0.0, 500)}


def doubled(text: str) -> str:
    """Write braces twice, which are placeholders otherwise."""
    return text.replace("{", "{{").replace("}", "}}")


def passes(seconds: float) -> int:
    """Find how many passes of the program's loop take so long."""
    used_by = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run([AWK, "-v", "n=4000000", "-v", "x=1", PROGRAM], check=True, stdout=subprocess.DEVNULL)
        used_by.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return max(1, round(4_000_000 * seconds / min(used_by)))


class Program:
    """A program that passes through a loop so many times."""

    def __init__(self, n: int) -> None:
        self.n = n

    def loop(self, runs: int) -> None:
        numbers = "\n".join(map(str, range(runs)))
        words = ["xargs", "-P", str(WORKERS), "-I{}", AWK, "-v", f"n={self.n}", "-v", "x={}", PROGRAM]
        subprocess.run(words, input=numbers, text=True, check=True, stdout=subprocess.DEVNULL)

    def sweep(self, runs: int) -> Sweep:
        program = command([AWK, "-v", f"n={self.n}", "-v", "x={x}", doubled(PROGRAM)], outputs=["y"])
        return Sweep(program, grid(x=range(runs)), trials=1, seed=1)


class Server:
    """A server that answers at once."""

    def loop(self, runs: int) -> None:
        threads = [threading.Thread(target=self._talk, args=(range(i, runs, WORKERS),)) for i in range(WORKERS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def _talk(self, numbers: range) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        ) as process:
            process.stdout.readline()
            for x in numbers:
                process.stdin.write(json.dumps({"parameters": {"x": x}}) + "\n")
                process.stdout.readline()
            process.stdin.close()

    def sweep(self, runs: int) -> Sweep:
        program = command(["{python}", "-c", doubled(SERVER)], outputs=["y"], parameters=["x"], server=True)
        return Sweep(program, grid(x=range(runs)), trials=1, seed=1)


def used() -> float:
    """Return the processor seconds of this process and of all that it has started, keepers too: it is their subreaper."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    return sum(
        each.ru_utime + each.ru_stime
        for each in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def measured(function, *arguments) -> tuple[float, float]:
    """Return seconds by the clock, and of processors."""
    before, begun = used(), time.perf_counter()
    function(*arguments)
    seconds = time.perf_counter() - begun
    return seconds, used() - before


def swept(sweep: Sweep) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sweep.run(f"{folder}/store", workers=WORKERS)


def one(what: str, case: Program | Server, runs: int) -> dict:
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    if what == "loop":
        seconds, processor = measured(case.loop, runs)
        return {"seconds": seconds, "processor": processor}
    swept(case.sweep(2))
    once = measured(swept, case.sweep(2))
    whole = measured(swept, case.sweep(runs))
    return {"seconds": whole[0] - once[0], "processor": whole[1] - once[1], "once": once[0]}


def in_a_process(what: str, name: str, runs: int, n: int) -> dict:
    words = [sys.executable, __file__, "--one", what, "--case", name, "--runs", str(runs), "--passes", str(n)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs: under a minute")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--case", choices=CASES, nargs="+", default=list(CASES))
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    for name, kind in (("--one", str), ("--runs", int), ("--passes", int)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        case = Server() if arguments.case == ["server"] else Program(arguments.passes)
        print(json.dumps(one(arguments.one, case, arguments.runs)))
        return
    raw = []
    print(f"{HEAD}{'once s':>8}")
    for name in arguments.case:
        seconds, runs = (QUICK if arguments.quick else CASES)[name]
        n = passes(seconds) if seconds else 0
        pairs = [
            (in_a_process("sweep", name, runs, n), in_a_process("loop", name, runs, n))
            for _ in range(arguments.repeats)
        ]
        raw.append({"program": name, "runs": runs, "workers": WORKERS, "processors": os.cpu_count(), "pairs": pairs})
        once = statistics.median(sweep["once"] for sweep, _ in pairs)
        print(f"{row(name, runs, pairs)}{once:>8.2f}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


HEAD = f"{'program':<17}{'runs':>6}{'loop /s':>10}{'sweep /s':>10}{'ratio':>7}{'loop cpu ms':>13}{'sweep cpu ms':>14}{'ratio':>7}"


def row(name: str, runs: int, pairs: list) -> str:
    def median(key: str, side: int) -> float:
        return statistics.median(each[side][key] for each in pairs)

    def ratio(key: str) -> float:
        return statistics.median(a[key] / b[key] for a, b in pairs)

    return (
        f"{name:<17}{runs:>6}{runs / median('seconds', 1):>10.2f}{runs / median('seconds', 0):>10.2f}{ratio('seconds'):>7.3f}"
        f"{1e3 * median('processor', 1) / runs:>13.2f}{1e3 * median('processor', 0) / runs:>14.2f}{ratio('processor'):>7.3f}"
    )


if __name__ == "__main__":
    main()
