"""How many ns does one core need for a trial, and for a draw or step of it, beside what C, NumPy, numba and JAX need for the same estimator?

    python benchmarks/kernel_rate.py [--kernels pi,walk] [--quick] [--json FILE]

Ours is a kernel run by the compiled driver, statistics included; the others add up their values and squares. The estimators, as each side's
experts would write them, are in `estimators/`; C uses our own draws, and is compiled three ways (see `lanes.c`). Every contestant is a process
of its own, all on one core, of which one runs at a time, in turn, round by round. Ratios are medians of the rounds' ratios to ours: 0.50 is
half of our time, 2.00 twice.

`floor` is the share of our time in which this core could do the draws' multiplications alone: a draw takes 10 of Philox's of 32-bit
words and some of the floating-point operations of `FLOATING`, at the rates that vectors of the one, of the other and of both side by side reach here.
It leaves out everything else (xor, shifts, division, square root, the estimator itself), so nothing reaches 100 %.

Before it is timed, a contestant must have the right mean: C to 1e-9 standard deviations of a trial, for its draws are ours; the others within six
standard errors. Exit code 1 if one has not.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import math
import os
import platform
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Self

from estimators.cases import CASES
from estimators.timing import Estimator

GRAIN = 1 << 13  # trials; every contestant's tile divides it
WRAP = 1 << 31  # trials are counted from 0 again: C has 32 bits for them
SHORTEST_CALL = 5_000_000  # ns

# What a draw takes in `sweep_kernels.draws`, by count: multiplications of words; multiplications, additions and fma of floats.
MULTIPLICATIONS = 10
FLOATING = {"uniforms": 1, "normals": 19, "exponentials": 16}
PEAKS = ("multiply", "fma", "both")  # in lanes.c
FAST = ("-ffast-math", *(["-mprefer-vector-width=512"] if platform.machine() == "x86_64" else []))


@dataclass(frozen=True)
class Contestant:
    """A module of `estimators` with options for its `prepare`, and what it needs: a Python package, a command."""

    module: str
    options: tuple[str, ...] = ()
    package: str | None = None
    command: str | None = None

    @property
    def missing(self) -> str | None:
        if self.package and importlib.util.find_spec(self.package) is None:
            return f"{self.package} is not installed"
        if self.command and shutil.which(self.command) is None:
            return f"there is no {self.command}"
        return None

    @property
    def same_draws(self) -> bool:
        return self.module == "c"


OURS, LIBM = "ours", "C"
CONTESTANTS = {
    OURS: Contestant("ours"),
    LIBM: Contestant("c", command="gcc"),
    "C fast-math": Contestant("c", FAST, command="gcc"),
    "C polynomials": Contestant("c", (*FAST, "-DPOLYNOMIALS"), command="gcc"),
    "numpy": Contestant("numpy_arrays"),
    "numba": Contestant("numba_loops"),
    "jax": Contestant("jax_arrays", package="jax"),
}
IN_C = [name for name, each in CONTESTANTS.items() if each.module == "c"]


# ---- A contestant's process: a line of JSON in, a line of JSON out.


def estimator(contestant: Contestant, name: str) -> Estimator:
    """Make one estimator of the contestant that this process is."""
    module = importlib.import_module(f"estimators.{contestant.module}")
    run = module.prepare(name, CASES[name].arguments if name in CASES else (), *contestant.options)
    return Estimator(run, grain=GRAIN, shortest=SHORTEST_CALL, wrap=WRAP)


def answer_questions(contestant: Contestant) -> None:
    """Answer one question a line, on one core, until there are no more."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    estimators: dict[str, Estimator] = {}
    for line in sys.stdin:
        name, method, argument = json.loads(line)
        if name not in estimators:
            estimators[name] = estimator(contestant, name)
        print(json.dumps(getattr(estimators[name], method)(argument)), flush=True)


class Process:
    """A contestant in a process of its own, to be asked for what `Estimator` can tell."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, __file__, "--contestant", name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def ask(self, kernel: str, method: str, argument: float):
        print(json.dumps([kernel, method, argument]), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{' '.join(self._process.args)} ended: see above")
        return json.loads(answer)


# ---- The race.


def agreement(processes: dict[str, Process], kernel: str, trials: int) -> dict:
    """Compare means with ours over some trials; this also warms everything up."""
    found = {}
    for name, process in processes.items():
        total, squares = process.ask(kernel, "sums", trials)
        mean = total / trials
        found[name] = {"mean": mean, "std": math.sqrt(squares / trials - mean * mean)}
    for name, each in found.items():
        apart = abs(each["mean"] - found[OURS]["mean"]) / found[OURS]["std"]
        each["agrees"] = apart <= (1e-9 if CONTESTANTS[name].same_draws else 6.0 * math.sqrt(2.0 / trials))
    return found


def one_round(processes: dict[str, Process], kernel: str, seconds: float) -> dict:
    """Time each contestant once; ns a trial, and where there is C, ns an operation on one lane."""
    times = {name: process.ask(kernel, "nanoseconds", seconds) for name, process in processes.items()}
    if LIBM in processes:
        times |= {each: processes[LIBM].ask(each, "nanoseconds", seconds / 8) for each in PEAKS}
    return times


def race(processes: dict[str, Process], kernel: str, rounds: int, seconds: float, trials: int) -> dict:
    means = agreement(processes, kernel, trials)
    for process in processes.values():
        process.ask(kernel, "nanoseconds", 0.001)  # finds how many trials make a call
    times = [one_round(processes, kernel, seconds) for _ in range(rounds)]
    return {
        "units": CASES[kernel].units or means[OURS]["mean"],
        "means": means,
        "ns": {name: [each[name] for each in times] for name in times[0]},
    }


def floor(kernel: str, units: float, multiply: float, fma: float, both: float) -> float:
    """Return ns a trial for the draws' multiplications: of both kinds side by side, then of the kind that is left."""
    case = CASES[kernel]
    whole = units * MULTIPLICATIONS * (case.uniforms + case.normals + case.exponentials)
    floating = units * sum(count * getattr(case, draw) for draw, count in FLOATING.items())
    paired = min(whole, floating)
    return paired * both + (whole - paired) * multiply + (floating - paired) * fma


# ---- The table.

LEFT = f"{'kernel':<15}{'ns/trial':>10}{'ns/unit':>9} {'unit':<9}"
RIVALS = [name for name in CONTESTANTS if name != OURS]


def heading() -> str:
    ratios = "".join(f"{name:>{width(name)}}" for name in RIVALS)
    return f"{'':<15}{'ours':>19}{'':10}{'best C':>10}   time / ours\n{LEFT}{'ns/trial':>10}{ratios}{'floor':>8}"


def row(kernel: str, found: dict) -> str:
    ns = found["ns"]
    ours = median(ns[OURS])
    best = min((f"{median(ns[name]):.2f}" for name in IN_C if name in ns), key=float, default="-")
    ratios = "".join(f"{ratio(ns, name):>{width(name)}}" for name in RIVALS)
    left = f"{kernel:<15}{ours:>10.2f}{ours / found['units']:>9.2f} {CASES[kernel].unit:<9}"
    return f"{left}{best:>10}{ratios}{share(kernel, found):>8}"


def width(name: str) -> int:
    return max(len(name), 5) + 2


def ratio(ns: dict[str, list[float]], name: str) -> str:
    if name not in ns:
        return "-"
    return f"{median(theirs / ours for theirs, ours in zip(ns[name], ns[OURS], strict=True)):.2f}"


def share(kernel: str, found: dict) -> str:
    ns = found["ns"]
    if PEAKS[0] not in ns:
        return "-"
    rounds = zip(ns[OURS], *(ns[each] for each in PEAKS), strict=True)
    return f"{median(floor(kernel, found['units'], *peaks) / ours for ours, *peaks in rounds):.0%}"


# ---- The command.


def chosen(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in CASES]
    if unknown:
        refuse(f"there is no kernel {unknown[0]!r}; there are {', '.join(CASES)}")
    return names


def refuse(text: str) -> None:
    print(f"kernel_rate.py: {text}", file=sys.stderr)
    raise SystemExit(2)


def measured(kernels: list[str], rounds: int, seconds: float, trials: int) -> dict:
    """Race all contestants that can run, and print the table row by row."""
    missing = {name: each.missing for name, each in CONTESTANTS.items() if each.missing}
    for name, reason in missing.items():
        print(f"{name} is left out: {reason}")
    print(heading())
    found = {}
    with ExitStack() as stack:
        processes = {name: stack.enter_context(Process(name)) for name in CONTESTANTS if name not in missing}
        for kernel in kernels:
            found[kernel] = race(processes, kernel, rounds, seconds, trials)
            print(row(kernel, found[kernel]), flush=True)
    return {"rounds": rounds, "seconds": seconds, "missing": missing, "kernels": found}


def disagreements(kernels: dict[str, dict]) -> list[str]:
    return [
        f"{name} disagrees with us on {kernel}: {each['mean']!r}, not {found['means'][OURS]['mean']!r}"
        for kernel, found in kernels.items()
        for name, each in found["means"].items()
        if not each["agrees"]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", type=chosen, default=list(CASES), help=f"some of {','.join(CASES)}")
    parser.add_argument(
        "--device", choices=["cpu", "cuda"], default="cpu", help="what runs the kernels; cuda is cuda_rate.py"
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer and shorter rounds: under 40 s, once our kernels are compiled"
    )
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.device == "cuda":
        command = [
            sys.executable,
            str(Path(__file__).with_name("cuda_rate.py")),
            "--kernels",
            ",".join(arguments.kernels),
        ]
        command += ["--quick"] * arguments.quick + (["--json", str(arguments.json)] if arguments.json else [])
        raise SystemExit(subprocess.run(command, check=False).returncode)
    if arguments.contestant:
        answer_questions(CONTESTANTS[arguments.contestant])
        return
    raw = measured(arguments.kernels, *((3, 0.02, GRAIN) if arguments.quick else (7, 0.3, 8 * GRAIN)))
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")
    raise SystemExit("\n".join(disagreements(raw["kernels"])) or 0)


if __name__ == "__main__":
    main()
